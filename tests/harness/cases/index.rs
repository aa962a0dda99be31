//! `tests/cases/README.md`, the index of all cases: the name of each and what it shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use super::folders::folders;
use crate::support::console;
use crate::support::trial::trial;

pub(crate) fn trial_of_index() -> Trial {
    trial("cases::the_index_is_complete", index_is_complete)
}

fn index_is_complete() -> Result<(), Failed> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join("README.md");
    let index = index()?;
    if std::env::var_os("TESTS_BLESS").is_some() {
        return Ok(fs::write(file, index)?);
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    console::same(&index, &expected, "`cargo xtask test --bless` writes the index")
}

const HEAD: &str = "\
# Cases

Each folder is one test. A `case.md` is a console session, the test `case::NAME`. A folder with a `main.*`
is a program that is compiled, linked and run, the test `link::NAME`; `tests/harness/cases/link.rs` says
what its files mean. This list is generated from the first lines of the cases: `cargo xtask test --bless`
writes it.
";

fn index() -> Result<String, Failed> {
    let mut topics = BTreeMap::<String, Vec<String>>::new();
    for case in folders() {
        let name = |path: Option<&Path>| {
            path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
        };
        let (topic, case_name) = (name(case.parent()), name(Some(&case)));
        let summary =
            summary(&case)?.ok_or_else(|| format!("{case_name} does not say what it shows"))?;
        let line = format!("- [`{case_name}`]({topic}/{case_name}): {summary}\n");
        topics.entry(topic).or_default().push(line);
    }
    let mut index = HEAD.to_owned();
    for (topic, lines) in topics {
        index += &format!("\n## {topic}\n\n{}", lines.concat());
    }
    Ok(index)
}

/// Returns what a case shows: the title of its `case.md`, or the first sentence of the comment at
/// the top of `main.*`.
fn summary(case: &Path) -> Result<Option<String>, Failed> {
    let session = case.join("case.md");
    if session.is_file() {
        let text = fs::read_to_string(session)?;
        return Ok(text.lines().find_map(|line| line.strip_prefix("# ")).map(str::to_owned));
    }
    let is_main = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == "main");
    let mut files = fs::read_dir(case)?.filter_map(|entry| Some(entry.ok()?.path()));
    let main = files.find(is_main).ok_or("a case has a `case.md` or a `main.*`")?;
    let text = fs::read_to_string(main)?;
    let lines = text.lines().map_while(comment).filter(|line| !is_directive(line));
    let comment = lines.collect::<Vec<_>>().join(" ");
    Ok((!comment.is_empty()).then(|| first_sentence(&comment)))
}

/// Returns the text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let marks = ["//!", "//", ";;"];
    marks.iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

/// Returns whether a comment is for the compiler: `Flags: -fexceptions`.
fn is_directive(comment: &str) -> bool {
    comment.starts_with("Flags: ") || comment.starts_with("Target: ")
}

fn first_sentence(text: &str) -> String {
    text.find(". ").map_or(text, |end| &text[..=end]).to_owned()
}
