//! Compares what a case does elsewhere with what its files say.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;

use crate::cases::link::Case;
use crate::support::console;

/// Compares what a case does elsewhere with what it should do. If the note in `file` says that they
/// differ, and why, they must differ.
pub(crate) fn same_but_for(
    file: &str,
    case: &Case,
    actual: &str,
    expected: &str,
    emcc: &Path,
) -> Result<(), Failed> {
    let note = case.file(file);
    let same = console::same(actual, expected, &format!("`{file}` may say why they differ"));
    match (applies(&note, emcc)?, same) {
        (false, same) => same,
        (true, Err(_)) => Ok(()),
        (true, Ok(())) => Err(format!("they are the same, but {file} says:\n{note}").into()),
    }
}

/// Returns what the case's files expect: what is printed, and the status.
pub(crate) fn expected(case: &Case) -> String {
    let (stdout, error) = (case.file("stdout.txt"), case.file("error.txt"));
    match error.lines().last() {
        Some(status) => format!("{stdout}{status}\n"),
        None if stdout.is_empty() => "42\n".to_owned(),
        None => stdout,
    }
}

/// Returns whether there is a note, and it is about this version of Emscripten.
fn applies(note: &str, emcc: &Path) -> Result<bool, Failed> {
    let before = note.strip_prefix("Before ").and_then(|rest| rest.split_once(':'));
    match before {
        None => Ok(!note.is_empty()),
        Some((limit, _)) => {
            let output = Command::new(emcc).arg("--version").output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let ours = text.split_whitespace().map(numbers).find(|numbers| numbers.len() == 3);
            Ok(ours.ok_or("em++ tells no version")? < numbers(limit))
        }
    }
}

/// Returns the numbers of a version, or none if the word is not a version.
fn numbers(word: &str) -> Vec<u32> {
    let word = word.split('-').next().unwrap_or_default();
    word.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}
