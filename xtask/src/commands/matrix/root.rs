//! The root folder of a Debian: made by debootstrap, kept for the next time, and nothing stays mounted in it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::{Cmd, cmd};

use super::settings::Settings;
use super::shell;
use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::Project;

/// What root folders are made and entered with, and the packages that have it.
const TOOLS: [(&str, &str); 3] =
    [("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("chroot", "coreutils")];

/// # Errors
///
/// When root folders cannot be made here, with the way out.
pub(super) fn require_tools() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("other versions are tested in root folders of Debian, which only Linux can enter");
    }
    for (tool, package) in TOOLS {
        if which::which(tool).is_err() {
            bail!("`{tool}` not found: run `apt-get install {package}`");
        }
    }
    if !is_root() {
        bail!(
            "only root can make and enter root folders: \
             run `sudo env PATH=\"$PATH\" HOME=\"$HOME\" cargo xtask matrix`"
        );
    }
    Ok(())
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

pub(super) struct Root {
    /// The Debian's name.
    pub(super) suite: String,
    /// The version of its Emscripten.
    pub(super) emscripten: String,
    /// What belongs to this Debian: the root folder, and a folder for each Rust.
    pub(super) folder: PathBuf,
    /// The script that runs a command in it.
    enter: PathBuf,
    /// Other Debians may be used meanwhile, this one not.
    _lock: BuildLock,
}

impl Root {
    pub(super) fn prepare(
        project: &Project,
        progress: &Progress,
        folder: &Path,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let suite = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _lock = BuildLock::take(folder, progress)?;
        let step = progress.step(format!("root folder of {suite}"));
        let enter = project.root.join("tests").join("matrix").join("enter");
        let (emscripten, folder) = (String::new(), folder.to_owned());
        let mut root = Root { suite, emscripten, folder, enter, _lock };
        let stamp = root.folder.join("installed.txt");
        let packages = settings.packages.join("\n");
        if !fs::read_to_string(&stamp).is_ok_and(|text| text == packages) {
            root.make(&step, settings)?;
            fs::write(&stamp, &packages)
                .with_context(|| format!("cannot write `{}`", stamp.display()))?;
        }
        let file = root.path().join("usr/share/emscripten/emscripten-version.txt");
        let version = fs::read_to_string(&file);
        let version = version.with_context(|| format!("cannot read `{}`", file.display()))?;
        root.emscripten = version.trim().trim_matches('"').to_owned();
        step.done(format_args!("Emscripten {}", root.emscripten));
        Ok(root)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Where programs that the tests compile to machine code are kept.
    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    fn make(&self, step: &Step<'_>, settings: &Settings) -> anyhow::Result<()> {
        step.announce("downloading and installing it, which takes some minutes");
        let (suite, path) = (&self.suite, self.path());
        files::remove(&path)?;
        let sh = shell(".".as_ref())?;
        fs::create_dir_all(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        let mirror = mirror()?;
        // What it mounts while it works goes with it too, however it ends.
        let make = cmd!(
            sh,
            "unshare --mount --propagation private -- debootstrap --variant=minbase {suite} {path} {mirror...}"
        );
        process::run(step, make)?;
        let packages = &settings.packages;
        let apt = |args: &[&str]| {
            let command =
                self.enter(&sh, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes"]);
            process::run(step, command.args(args))
        };
        apt(&["update"])?;
        let install: Vec<_> = packages.iter().map(String::as_str).collect();
        apt(&[&["install", "--no-install-recommends"], install.as_slice()].concat())?;
        apt(&["clean"])
    }

    /// A command in it, by the script.
    pub(super) fn enter<'s>(&self, sh: &'s xshell::Shell, args: &[&str]) -> Cmd<'s> {
        sh.cmd(&self.enter).arg(self.path()).args(args)
    }
}

/// Where this machine takes Debian from, if it is one; else debootstrap knows.
fn mirror() -> anyhow::Result<Option<String>> {
    let sh = shell(".".as_ref())?;
    let Ok(apt_get) = which::which("apt-get") else { return Ok(None) };
    let (format, origin) = ("$(REPO_URI)", "Origin: Debian");
    let targets = cmd!(sh, "{apt_get} indextargets --format {format} {origin}");
    let targets = targets.quiet().ignore_stderr().ignore_status().read().unwrap_or_default();
    Ok(targets.lines().find(|uri| !uri.contains("security")).map(str::to_owned))
}

/// Where cargo keeps what it downloads.
pub(super) fn cargo_home() -> anyhow::Result<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || env::home_dir().map(|home| home.join(".cargo"));
    named.or_else(usual).context("neither `CARGO_HOME` nor `HOME` is set")
}
