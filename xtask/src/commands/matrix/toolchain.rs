//! Rust toolchains, which rustup installs in addition to the present ones. It changes none of
//! those.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;
use xshell::cmd;

use crate::support::child;
use crate::support::files;
use crate::support::interrupt::Interrupted;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;

/// A version such as `1.95.0`, or the first numbers of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Version(Vec<u32>);

impl TryFrom<String> for Version {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        let numbers = text.split('.').map(str::parse).collect::<Result<_, _>>();
        numbers.map(Version).with_context(|| format!("`{text}` is not a version such as 1.95.0"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// An installed toolchain.
pub(super) struct Toolchain {
    pub(super) version: Version,
    pub(super) folder: PathBuf,
}

/// The targets of guests and test cases. Without the first one, nothing can be tested.
const TARGETS: [&str; 3] = ["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-unknown-emscripten"];

const NEWEST: &str = "newest";

/// Installs the wanted toolchains, or else the one of the workspace and the newest one.
pub(super) fn install_all(
    project: &Project,
    progress: &Progress,
    wanted: &[String],
) -> anyhow::Result<Vec<Toolchain>> {
    let names = if wanted.is_empty() {
        vec![channel(project)?, NEWEST.to_owned()]
    } else {
        wanted.to_vec()
    };
    let mut toolchains: Vec<Toolchain> = Vec::new();
    for name in names {
        let version = if name == NEWEST { newest()? } else { name.try_into()? };
        if toolchains.iter().all(|toolchain| toolchain.version != version) {
            toolchains.push(Toolchain::install(progress, version)?);
        }
    }
    Ok(toolchains)
}

/// Returns the version in `rust-toolchain.toml`.
fn channel(project: &Project) -> anyhow::Result<String> {
    let file = project.root.join("rust-toolchain.toml");
    let table: toml::Table = files::read_text(&file)?.parse()?;
    let channel = table.get("toolchain").and_then(|table| table.get("channel")?.as_str());
    channel.map(str::to_owned).with_context(|| format!("`{}` has no channel", file.display()))
}

/// Asks rustup for the newest version.
fn newest() -> anyhow::Result<Version> {
    // Its status only says whether there is an update.
    let mut rustup = Command::new("rustup");
    let output = rustup.arg("check").output().map_err(|e| child::cannot_start(&rustup, &e))?;
    newest_in(&String::from_utf8_lossy(&output.stdout)).context(
        "`rustup check` reports no newest Rust: it needs the network and an installed stable \
         channel; choose a version with `--rust VERSION`",
    )
}

/// Returns the newest stable version in the output of `rustup check`: the last one in a line such
/// as `stable-… - update available: 1.95.0 (… 2026-04-14) -> 1.99.1 (… 2026-10-13)`.
fn newest_in(check: &str) -> Option<Version> {
    let line = check.lines().find(|line| line.starts_with("stable-"))?;
    let words = line.split_whitespace().filter(|word| word.contains('.'));
    words.filter_map(|word| Version::try_from(word.to_owned()).ok()).next_back()
}

impl Toolchain {
    /// Installs a toolchain, unless it is installed, and those of [`TARGETS`] that it lacks.
    fn install(progress: &Progress, version: Version) -> anyhow::Result<Self> {
        let step = progress.step(format!("Rust {version}"));
        let sh = process::shell(Path::new("."))?;
        let name = version.to_string();
        let first = TARGETS[0];
        if Self::folder(&version).is_err() {
            let install = cmd!(sh, "rustup toolchain install {name} --target {first}");
            let options = ["--profile", "minimal", "--no-self-update"];
            process::run(&step, install.args(options))?;
        }
        let folder = Self::folder(&version)?;
        for target in TARGETS {
            if folder.join("lib").join("rustlib").join(target).is_dir() {
                continue;
            }
            match process::run(&step, cmd!(sh, "rustup target add --toolchain {name} {target}")) {
                Err(error) if target == first || error.is::<Interrupted>() => return Err(error),
                // The tests that need the target fail.
                Err(_) => progress.line(format_args!("Rust {version} has no target {target}")),
                Ok(()) => {}
            }
        }
        step.done(folder.display());
        Ok(Toolchain { version, folder })
    }

    /// Returns the folder of a toolchain.
    ///
    /// # Errors
    ///
    /// If it is not installed.
    fn folder(version: &Version) -> anyhow::Result<PathBuf> {
        let mut rustup = Command::new("rustup");
        rustup.args(["which", "--toolchain", &version.to_string(), "rustc"]);
        let output = rustup.output().map_err(|e| child::cannot_start(&rustup, &e))?;
        if !output.status.success() {
            bail!("Rust {version} is not installed");
        }
        let rustc = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
        // The real path also exists in a root folder; a symbolic link may not.
        let folder =
            rustc.canonicalize().ok().and_then(|rustc| Some(rustc.ancestors().nth(2)?.into()));
        folder.with_context(|| format!("Rust {version} is not installed"))
    }
}

#[cfg(test)]
mod tests {
    use super::newest_in;

    #[test]
    fn the_newest_version_is_read_from_rustup_check() {
        let newest = |text: &str| newest_in(text).map(|version| version.to_string());
        let update = "stable-x86_64-unknown-linux-gnu - update available: \
                      1.95.0 (59807616e 2026-04-14) -> 1.99.1 (58cf8f9c3 2026-10-13)\n\
                      nightly-x86_64-unknown-linux-gnu - up to date: 1.101.0-nightly";
        assert_eq!(newest(update).as_deref(), Some("1.99.1"));
        let same = "stable-x86_64-unknown-linux-gnu - up to date: 1.99.1 (58cf8f9c3 2026-10-13)";
        assert_eq!(newest(same).as_deref(), Some("1.99.1"));
        assert_eq!(newest("nightly-x86_64-unknown-linux-gnu - up to date: 1.101.0-nightly"), None);
    }
}
