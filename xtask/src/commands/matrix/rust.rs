//! Toolchains of rustup's, installed beside those that are there: none of these is changed.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;
use xshell::cmd;

use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// `1.95.0`, or the first numbers of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Version(Vec<u32>);

impl TryFrom<String> for Version {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        let numbers = text.split('.').map(str::parse).collect::<Result<_, _>>();
        numbers.map(Version).with_context(|| format!("`{text}` is no version such as 1.95.0"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// An installed toolchain.
pub(super) struct Rust {
    pub(super) version: Version,
    pub(super) folder: PathBuf,
}

/// The targets that guests and cases are compiled for. Without the first there is nothing to test.
const TARGETS: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-unknown-emscripten"];

const NEWEST: &str = "newest";

/// Those that were asked for, else the workspace's own and the newest one.
pub(super) fn toolchains(
    project: &Project,
    progress: &Progress,
    wanted: &[String],
) -> anyhow::Result<Vec<Rust>> {
    let own = || -> anyhow::Result<Vec<String>> { Ok(vec![channel(project)?, NEWEST.to_owned()]) };
    let wanted = if wanted.is_empty() { own()? } else { wanted.to_vec() };
    let mut rusts: Vec<Rust> = Vec::new();
    for name in wanted {
        let version = if name == NEWEST { newest()? } else { name.try_into()? };
        if rusts.iter().all(|rust| rust.version != version) {
            rusts.push(Rust::install(progress, version)?);
        }
    }
    Ok(rusts)
}

/// The version in `rust-toolchain.toml`.
fn channel(project: &Project) -> anyhow::Result<String> {
    let file = project.root.join("rust-toolchain.toml");
    let text = fs::read_to_string(&file);
    let text = text.with_context(|| format!("cannot read `{}`", file.display()))?;
    let table: toml::Table = text.parse()?;
    let channel = table.get("toolchain").and_then(|table| table.get("channel")?.as_str());
    channel.map(str::to_owned).with_context(|| format!("`{}` has no channel", file.display()))
}

/// The newest version that rustup offers.
fn newest() -> anyhow::Result<Version> {
    // Its status tells whether there is anything to update, so it says nothing here.
    let mut rustup = Command::new("rustup");
    let output = rustup.arg("check").output().map_err(|e| process::cannot_start(&rustup, &e))?;
    newest_in(&String::from_utf8_lossy(&output.stdout)).context(
        "`rustup check` tells no newest Rust: it knows that of installed channels only, and asks the network; \
         say which one by `--rust VERSION`",
    )
}

/// `stable-… - update available: 1.95.0 (… 2026-04-14) -> 1.99.1 (… 2026-10-13)`, or just the one that is there.
fn newest_in(check: &str) -> Option<Version> {
    let line = check.lines().find(|line| line.starts_with("stable-"))?;
    let words = line.split_whitespace().filter(|word| word.contains('.'));
    words.filter_map(|word| Version::try_from(word.to_owned()).ok()).next_back()
}

impl Rust {
    fn install(progress: &Progress, version: Version) -> anyhow::Result<Self> {
        let step = progress.step(format!("Rust {version}"));
        let sh = super::shell(".".as_ref())?;
        let name = version.to_string();
        let first = TARGETS[0];
        if Self::folder(&version).is_err() {
            let install = cmd!(
                sh,
                "rustup toolchain install {name} --profile minimal --no-self-update --target {first}"
            );
            process::run(&step, install)?;
        }
        let folder = Self::folder(&version)?;
        for target in TARGETS {
            if folder.join("lib").join("rustlib").join(target).is_dir() {
                continue;
            }
            match process::run(&step, cmd!(sh, "rustup target add --toolchain {name} {target}")) {
                Err(error) if target == first || error.is::<Interrupted>() => return Err(error),
                // The tests that need it fail, and say so.
                Err(_) => progress.line(format_args!("Rust {version} is not offered for {target}")),
                Ok(()) => {}
            }
        }
        step.done(folder.display());
        Ok(Rust { version, folder })
    }

    /// Where a toolchain is, if it is installed.
    fn folder(version: &Version) -> anyhow::Result<PathBuf> {
        let mut rustup = Command::new("rustup");
        rustup.args(["which", "--toolchain", &version.to_string(), "rustc"]);
        let output = rustup.output().map_err(|e| process::cannot_start(&rustup, &e))?;
        let rustc = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
        // Not a symbolic link: it is to be there inside the root folder too.
        let rustc = rustc.canonicalize().ok().filter(|_| output.status.success());
        let folder = rustc.as_deref().and_then(|rustc| rustc.ancestors().nth(2));
        match folder {
            Some(folder) => Ok(folder.to_owned()),
            None => bail!("Rust {version} is not installed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::newest_in;

    #[test]
    fn rustup_tells_the_newest_version() {
        let newest = |text: &str| newest_in(text).map(|version| version.to_string());
        let update = "stable-x86_64-unknown-linux-gnu - update available: 1.95.0 (59807616e 2026-04-14) -> \
                      1.99.1 (58cf8f9c3 2026-10-13)\nnightly-x86_64-unknown-linux-gnu - up to date: 1.101.0-nightly";
        assert_eq!(newest(update).as_deref(), Some("1.99.1"));
        let same = "stable-x86_64-unknown-linux-gnu - up to date: 1.99.1 (58cf8f9c3 2026-10-13)";
        assert_eq!(newest(same).as_deref(), Some("1.99.1"));
        assert_eq!(newest("nightly-x86_64-unknown-linux-gnu - up to date: 1.101.0-nightly"), None);
    }
}
