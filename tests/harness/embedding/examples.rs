//! Runs the examples of `host` and compares their output with the one in their documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace;

const EXAMPLES: [&str; 5] = ["embed", "host_functions", "instances", "dlopen", "limits"];

pub(crate) fn trials() -> Vec<Trial> {
    let example = |name: &'static str| ignorable(format!("examples::{name}"), move || run(name));
    let mut trials: Vec<_> = EXAMPLES.into_iter().map(example).collect();
    trials.push(trial("examples::all_are_listed", all_are_listed));
    trials
}

fn run(name: &str) -> Result<Completion, Failed> {
    let program = program(name);
    if !program.is_file() {
        return ignored("the example is not built: run `cargo test --release -p host`");
    }
    let documented = documented_output(&source(name))?;
    let mut command = Command::new(program);
    workspace::clean_environment(&mut command);
    // The project's folder, from which `embed` finds the guests.
    let folder = workspace::target().parent().map(Path::to_owned).unwrap_or_default();
    let output = command.current_dir(folder).output()?;
    let printed = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{name}` failed ({}): {error}", output.status).into());
    }
    if printed != documented {
        return Err(
            format!("`{name}` prints\n{printed}but its documentation has\n{documented}").into()
        );
    }
    Ok(Completion::Completed)
}

fn folder() -> PathBuf {
    workspace::root().join("host").join("examples")
}

fn source(name: &str) -> PathBuf {
    folder().join(name).with_extension("rs")
}

fn program(name: &str) -> PathBuf {
    let folder = workspace::target().join("release").join("examples");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Returns the lines that follow the command in the documentation of an example.
fn documented_output(source: &Path) -> Result<String, Failed> {
    let text = fs::read_to_string(source)?;
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let output = lines.skip_while(|line| !line.starts_with("$ cargo run")).skip(1);
    Ok(output.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect())
}

fn all_are_listed() -> Result<(), Failed> {
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !EXAMPLES.contains(&name.as_str()) {
            return Err(format!("add `{name}` to the list of tests/harness/examples.rs").into());
        }
    }
    Ok(())
}
