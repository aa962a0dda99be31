//! Console sessions in Markdown: commands after `$ `, then their output, then `? STATUS` unless it
//! is 0.
//!
//! In the expected output `[..]` stands for any text within a line and a line `...` for any lines.

use std::ffi::OsString;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use libtest_mimic::Failed;
use snapbox::{Assert, Data, Redactions};

use super::workspace;

/// A fenced block of a Markdown file.
pub(crate) struct Block<'a> {
    /// The word after the opening fence: `console`, `diff`.
    pub(crate) language: &'a str,
    pub(crate) text: &'a str,
    /// The range of `text` in the file.
    pub(crate) span: Range<usize>,
}

/// The fenced blocks of a Markdown file, in order.
pub(crate) fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(open) = markdown[at..].find("```").map(|i| at + i) {
        let Some(start) = markdown[open..].find('\n').map(|i| open + i + 1) else { break };
        let Some(end) = markdown[start..].find("```").map(|i| start + i) else { break };
        let language = markdown[open + 3..start].trim();
        blocks.push(Block { language, text: &markdown[start..end], span: start..end });
        at = end + 3;
    }
    blocks
}

/// The place in which commands run.
pub(crate) struct Place {
    /// The current folder, which `cd` changes.
    pub(crate) folder: PathBuf,
    /// Variables of the environment.
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

/// Runs the commands of a console block in a folder and returns the block as it should be: as it
/// is, if all output was as expected.
pub(crate) fn run(block: &str, folder: &Path) -> Result<String, Failed> {
    run_in(block, &mut Place { folder: folder.to_owned(), variables: Vec::new() })
}

/// Runs the commands of a console block, as [`run`] does.
pub(crate) fn run_in(block: &str, place: &mut Place) -> Result<String, Failed> {
    let mut session = String::new();
    for entry in block.split_inclusive('\n').fold(Vec::<String>::new(), join_entries) {
        let (command, expected) = entry.split_once('\n').unwrap_or((&entry, ""));
        let actual = execute(command.trim_start_matches("$ "), place)?;
        let folder = &place.folder;
        let same = assertion(folder)?.try_eq(None, Data::text(&*actual), Data::text(expected));
        let redactions = assertion(folder)?;
        let output = match same {
            Ok(()) => expected.to_owned(),
            Err(_) => redactions.redactions().redact(&actual),
        };
        session.push_str(&format!("{command}\n{output}"));
    }
    Ok(session)
}

/// Fails with the difference, if there is one, and what to do about it.
pub(crate) fn same(actual: &str, expected: &str, help: &str) -> Result<(), Failed> {
    Ok(assert().try_eq(Some(&help), Data::text(actual), Data::text(expected))?)
}

/// Puts a line to the command before it.
fn join_entries(mut entries: Vec<String>, line: &str) -> Vec<String> {
    match entries.last_mut() {
        Some(entry) if !line.starts_with("$ ") => entry.push_str(line),
        _ => entries.push(line.to_owned()),
    }
    entries
}

fn assertion(folder: &Path) -> Result<Assert, Failed> {
    let mut redactions = Redactions::new();
    redactions.insert("[ROOT]", folder.to_string_lossy().into_owned())?;
    redactions.insert("[EXE]", std::env::consts::EXE_SUFFIX)?;
    Ok(assert().redact_with(redactions))
}

/// Only on Windows is a backslash part of a path: elsewhere it begins an escape.
fn assert() -> Assert {
    Assert::new().normalize_paths(cfg!(windows))
}

/// Runs one command; its output and, unless it is 0, its status.
fn execute(line: &str, place: &mut Place) -> Result<String, Failed> {
    if let Some(folder) = line.strip_prefix("cd ") {
        place.folder = place.folder.join(folder).canonicalize()?;
        return Ok(String::new());
    }
    let mut words = shlex::split(line).ok_or_else(|| format!("cannot read `{line}`"))?;
    let assignments = words.iter().take_while(|word| is_assignment(word)).count();
    let mut command = command(&words.split_off(assignments))?;
    command.envs(words.iter().filter_map(|word| word.split_once('=')));
    command.envs(place.variables.iter().map(|(name, value)| (name, value)));
    let (mut reader, writer) = io::pipe()?;
    command
        .current_dir(&place.folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn().map_err(|e| format!("cannot run `{line}`: {e}"))?;
    drop(command);
    let mut output = String::new();
    reader.read_to_string(&mut output)?;
    output.push_str(&status(child.wait()?));
    Ok(output)
}

/// Formats a status: the last line of the output, or nothing if it is 0.
pub(crate) fn status(status: ExitStatus) -> String {
    match status.code() {
        Some(0) => String::new(),
        Some(code) => format!("? {code}\n"),
        None => format!("? {status}\n"),
    }
}

/// Returns what a program has printed to both streams, and its status.
pub(crate) fn outcome(output: &Output) -> Result<String, Failed> {
    let texts = [output.stdout.clone(), output.stderr.clone()].concat();
    Ok(String::from_utf8(texts)? + &status(output.status))
}

/// `NAME=VALUE` before the program.
fn is_assignment(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    word.contains('=') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `host`, the programs of `host/cpp` and `cargo xtask` are those that were just built.
fn command(words: &[String]) -> Result<Command, Failed> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut command = match words.as_slice() {
        ["host", args @ ..] => with_args(workspace::host(), args),
        ["cargo", "xtask", args @ ..] => with_args(workspace::xtask(), args),
        [program, args @ ..] if workspace::CPP_PROGRAMS.contains(program) => {
            with_args(workspace::cpp_program(program), args)
        }
        [program, args @ ..] => with_args(program.into(), args),
        [] => return Err("an empty command".into()),
    };
    workspace::clean_environment(&mut command);
    Ok(command)
}

fn with_args(program: std::path::PathBuf, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}
