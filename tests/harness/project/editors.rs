//! The files by which editors and CMake users build and read the guests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use crate::support::commands::{expect, succeed};
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("editors::each_cpp_file_of_the_guests_has_its_command", commands),
        ignorable("editors::cmake_knows_the_presets", presets),
    ]
}

/// The build writes the list: of CMake projects, and of guests without CMake.
fn commands() -> Result<(), Failed> {
    let root = workspace::root();
    let list = fs::read_to_string(root.join("target").join("compile_commands.json"))?;
    let list: Vec<Value> = serde_json::from_str(&list)?;
    let files: Vec<PathBuf> = list
        .iter()
        .filter_map(|entry| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            text("command")
                .filter(|command| command.contains("-std=") || command.contains("-c"))?;
            fs::canonicalize(Path::new(text("directory")?).join(text("file")?)).ok()
        })
        .collect();
    for source in
        ["toolbox-cpp/src/toolbox.cpp", "tour/cpp/tour.cpp", "examples/spell-server/cpp/spell.cpp"]
    {
        if !files.contains(&fs::canonicalize(root.join(source))?) {
            return Err(format!("there is no command for `{source}`: {files:?}").into());
        }
    }
    Ok(())
}

fn presets() -> Result<Completion, Failed> {
    let Ok(cmake) = which::which("cmake") else { return ignored("CMake is missing") };
    for project in ["toolbox-cpp", "tour/cpp"] {
        let mut list = Command::new(&cmake);
        list.arg("--list-presets").current_dir(workspace::root().join(project));
        expect(&succeed(&mut list)?, "\"wasm\"")?;
    }
    Ok(Completion::Completed)
}
