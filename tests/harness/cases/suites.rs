//! The tests of others for dynamic linking, and the tests here that check the same: the tables in
//! `tests/suites/*.md`.
//!
//! Each table is a test. It has the columns `Their test`, `Case` and `Difference`:
//!
//! - Each of their tests has one row.
//! - `Case` names tests here, such as `link::dlopen`, or is `—` if there is none. Then the
//!   difference says why.
//! - The difference is empty if the case checks the same. It starts with `Refused:` if we refuse
//!   what they accept, and with `Differs:` if we accept it and do something else. Then it quotes,
//!   between backticks, what pins this down: of a refusal the output that the case expects, of
//!   other behaviour the text of any of its files. So if the reason is gone, the case has to
//!   change, and the row with it. Any other text only explains the case.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use super::folders::folders;
use crate::support::markdown::code_spans;
use crate::support::trial::trial;

/// Returns a test for each table. `tests` are the names of all tests.
pub(crate) fn trials(tests: &[String]) -> Vec<Trial> {
    let table = |file: PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let tests = tests.to_vec();
        trial(&format!("suites::{name}"), move || table_is_right(&file, &tests))
    };
    tables().into_iter().map(table).collect()
}

fn tables() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut tables: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "md")).collect();
    tables.sort();
    tables
}

/// Checks every row, and reports all that are wrong.
fn table_is_right(file: &Path, tests: &[String]) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    let rows = rows(&text)?;
    if rows.is_empty() {
        return Err(format!("{} has no table with {COLUMNS:?}", file.display()).into());
    }
    let folders = folders();
    let mut seen = BTreeSet::new();
    let mut wrong = String::new();
    for row in &rows {
        if !seen.insert(row.theirs) {
            wrong += &format!("{}: has two rows\n", row.theirs);
        }
        if let Err(reason) = row.check(tests, &folders) {
            wrong += &format!("{}: {reason}\n", row.theirs);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

const COLUMNS: [&str; 3] = ["Their test", "Case", "Difference"];

/// The `Case` of a test that no case can check.
const NONE: &str = "—";

struct Row<'a> {
    theirs: &'a str,
    case: &'a str,
    difference: &'a str,
}

/// Returns the rows of all tables with [`COLUMNS`].
fn rows(text: &str) -> Result<Vec<Row<'_>>, String> {
    let mut rows = Vec::new();
    let mut is_table = false;
    for line in text.lines() {
        match cells(line) {
            None => is_table = false,
            Some(cells) if cells == COLUMNS => is_table = true,
            Some(cells) if is_table => match cells[..] {
                [theirs, ..] if theirs.starts_with("---") => {}
                [theirs, case, difference] => rows.push(Row { theirs, case, difference }),
                _ => return Err(format!("not three cells: {line}")),
            },
            Some(_) => {}
        }
    }
    Ok(rows)
}

/// Returns the cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

impl Row<'_> {
    fn check(&self, tests: &[String], folders: &[PathBuf]) -> Result<(), String> {
        if self.case == NONE {
            return match self.difference {
                "" => Err("neither a case nor a reason why there is none".to_owned()),
                _ => Ok(()),
            };
        }
        let named: Vec<_> = code_spans(self.case).collect();
        if named.is_empty() {
            return Err(format!("`{}` names no case", self.case));
        }
        if let Some(missing) = named.iter().find(|name| !tests.iter().any(|test| test == *name)) {
            return Err(format!("there is no test `{missing}`"));
        }
        let is_named = |folder: &&PathBuf| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            ["link", "case"].iter().any(|kind| named.contains(&&*format!("{kind}::{name}")))
        };
        let folders: Vec<_> = folders.iter().filter(is_named).collect();
        self.is_pinned(&folders)
    }

    /// Checks that the cases have what the difference quotes.
    fn is_pinned(&self, folders: &[&PathBuf]) -> Result<(), String> {
        let is_refused = self.difference.starts_with("Refused:");
        if !is_refused && !self.difference.starts_with("Differs:") {
            return Ok(());
        }
        let files = if is_refused { expected_output(folders) } else { all_files(folders) };
        let text: String = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
        let mut quoted = code_spans(self.difference).peekable();
        if quoted.peek().is_none() {
            return Err("the difference quotes nothing".to_owned());
        }
        match quoted.find(|quote| !text.contains(*quote)) {
            Some(missing) => Err(format!("{} does not have `{missing}`", self.case)),
            None => Ok(()),
        }
    }
}

/// Returns the files that may say how cases are refused.
fn expected_output(folders: &[&PathBuf]) -> Vec<PathBuf> {
    let names = ["error.txt", "stdout.txt", "case.md"];
    folders.iter().flat_map(|folder| names.map(|name| folder.join(name))).collect()
}

fn all_files(folders: &[&PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
