//! Checks the dependencies with cargo-deny, by `deny.toml`. `cargo xtask setup --deny` installs it;
//! who has not done so sees these tests as ignored, strictly too, for it takes some minutes.

use std::process::Command;

use crate::support::trial::ignorable;
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("dependencies::licences_duplicates_and_sources", || {
            deny(&["licenses", "bans", "sources"])
        }),
        ignorable("dependencies::advisories", advisories),
    ]
}

/// The tests use no network: what is known is what was fetched last, by `cargo deny fetch`.
fn advisories() -> Result<Completion, Failed> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let databases = std::fs::read_dir(cargo_home.ok_or("there is no home")?.join("advisory-dbs"));
    if !databases.into_iter().flatten().flatten().any(|entry| entry.path().join(".git").is_dir()) {
        let reason = "there is no database of advisories: `cargo deny fetch` gets it";
        return Ok(Completion::ignored_with(reason));
    }
    deny(&["advisories"])
}

fn deny(checks: &[&str]) -> Result<Completion, Failed> {
    let ours = workspace::root().join(".tools").join("bin");
    let found =
        which::which("cargo-deny").or_else(|_| which::which_in("cargo-deny", Some(ours), "."));
    let Ok(program) = found else {
        return Ok(Completion::ignored_with("cargo-deny is missing: `cargo xtask setup --deny`"));
    };
    let mut command = Command::new(program);
    workspace::clean_environment(&mut command);
    // A warning is of an entry of `deny.toml` that nothing needs any more.
    command.args(["--offline", "check", "-D", "warnings"]).args(checks);
    let output = command.current_dir(workspace::root()).output()?;
    match output.status.success() {
        true => Ok(Completion::Completed),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
