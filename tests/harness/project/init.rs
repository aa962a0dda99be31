//! Projects outside of this workspace, which `host init` makes.

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::commands::{expect, succeed, text};
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("init::a_project_builds_and_passes_its_test", builds),
        trial("init::nothing_is_replaced", nothing_is_replaced),
        trial("init::names_of_no_crate_are_refused", names),
    ]
}

fn init(folder: &Path, args: &[&str]) -> Command {
    let mut init = Command::new(workspace::host());
    init.arg("init").args(args).current_dir(folder);
    init
}

fn builds() -> Result<Completion, Failed> {
    if which::which("emcmake").is_err() {
        return ignored("Emscripten is missing");
    }
    let sandbox = Sandbox::empty()?;
    succeed(&mut init(sandbox.path(), &["a folder/my-app"]))?;
    let project = sandbox.path().join("a folder").join("my-app");
    let mut test = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    workspace::clean_environment(&mut test);
    test.arg("test").current_dir(&project).env("HOST_PROGRAM", workspace::host());
    expect(&succeed(&mut test)?, "test result: ok. 1 passed")?;
    Ok(Completion::Completed)
}

fn nothing_is_replaced() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    std::fs::write(sandbox.path().join("notes.txt"), "")?;
    let output = init(sandbox.path(), &[".", "--name", "app"]).output()?;
    expect(&text(&output), "error: `.` is not empty, it has `notes.txt`")?;
    if output.status.success() || sandbox.path().join("Cargo.toml").exists() {
        return Err("it has written files all the same".into());
    }
    Ok(())
}

fn names() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    for (name, fault) in [
        ("My App", "it may have only lowercase letters, digits, `-` and `_`"),
        ("2fast", "it must begin with a letter"),
        ("fn", "it is reserved in Rust"),
    ] {
        let output = init(sandbox.path(), &[name]).output()?;
        expect(
            &text(&output),
            &format!("error: `{name}` cannot be the name of a crate:\n  {fault}"),
        )?;
    }
    Ok(())
}
