//! The root folder of a Debian release: created with debootstrap, and kept for the next run.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::{Cmd, Shell, cmd};

use super::settings::Settings;
use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::Project;
use crate::tools::emscripten;

/// The programs that create and enter root folders, each with its Debian package.
const TOOLS: [(&str, &str); 3] =
    [("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("chroot", "coreutils")];

/// Checks that root folders can be created here.
///
/// # Errors
///
/// If they cannot, with the way to change that.
pub(super) fn require_tools() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("other versions are tested in root folders of Debian, which need Linux");
    }
    for (tool, package) in TOOLS {
        if which::which(tool).is_err() {
            bail!("`{tool}` not found: run `apt-get install {package}`");
        }
    }
    if !process::is_root() {
        bail!(
            "only root can create and enter root folders: \
             run `sudo env PATH=\"$PATH\" HOME=\"$HOME\" cargo xtask matrix`"
        );
    }
    Ok(())
}

/// A root folder that is ready to be entered. Nothing stays mounted in it.
pub(super) struct DebianRoot {
    /// The name of the Debian release.
    pub(super) suite: String,
    /// The version of its Emscripten.
    pub(super) emscripten: String,
    /// The folder for this release: it has the root folder, and a target folder for each Rust.
    pub(super) folder: PathBuf,
    /// The script that runs a command in the root folder.
    enter: PathBuf,
    /// Only this release is locked; others can be used at the same time.
    _lock: BuildLock,
}

impl DebianRoot {
    /// Creates the root folder, unless it exists and has the right packages.
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
        let emscripten = String::new();
        let mut root = DebianRoot { suite, emscripten, folder: folder.to_owned(), enter, _lock };
        let stamp = root.folder.join("installed.txt");
        let packages = settings.packages.join("\n");
        if !files::has_text(&stamp, &packages) {
            root.create(&step, settings)?;
            files::write(&stamp, &packages)?;
        }
        let version = root.path().join("usr/share/emscripten/emscripten-version.txt");
        root.emscripten = emscripten::parse_version(&files::read_text(&version)?);
        step.done(format_args!("Emscripten {}", root.emscripten));
        Ok(root)
    }

    /// Returns the path of the root folder itself.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Returns the folder for the machine code of the programs that the tests run.
    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// Creates the root folder and installs the packages.
    fn create(&self, step: &Step<'_>, settings: &Settings) -> anyhow::Result<()> {
        step.announce("downloading and installing it, which takes some minutes");
        let suite = &self.suite;
        let path = self.path();
        files::remove(&path)?;
        files::create_folder(&path)?;
        let sh = process::shell(Path::new("."))?;
        let mirror = mirror()?;
        // In a mount namespace of its own, so that nothing stays mounted, however it ends.
        let unshare = cmd!(sh, "unshare --mount --propagation private --");
        let debootstrap = ["debootstrap", "--variant=minbase", suite];
        process::run(step, unshare.args(debootstrap).arg(&path).args(mirror))?;
        self.apt_get(step, &sh, &["update"])?;
        let packages: Vec<_> = settings.packages.iter().map(String::as_str).collect();
        let install = [&["install", "--no-install-recommends"], packages.as_slice()].concat();
        self.apt_get(step, &sh, &install)?;
        self.apt_get(step, &sh, &["clean"])
    }

    /// Runs `apt-get` in the root folder. A mirror may serve the packages of an earlier day, whose
    /// list has expired. Its signature is checked all the same.
    fn apt_get(&self, step: &Step<'_>, sh: &Shell, args: &[&str]) -> anyhow::Result<()> {
        let keep_expired = ["-o", "Acquire::Check-Valid-Until=false"];
        let command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes"];
        let command = [&command[..], &keep_expired].concat();
        process::run(step, self.enter(sh, &command).args(args))
    }

    /// Returns a command that runs in the root folder.
    pub(super) fn enter<'s>(&self, sh: &'s Shell, args: &[&str]) -> Cmd<'s> {
        sh.cmd(&self.enter).arg(self.path()).args(args)
    }
}

/// Returns the mirror from which this machine installs packages, if it is a Debian. Otherwise
/// debootstrap chooses one.
fn mirror() -> anyhow::Result<Option<String>> {
    let Ok(apt_get) = which::which("apt-get") else { return Ok(None) };
    let sh = process::shell(Path::new("."))?;
    let format = "$(REPO_URI)";
    let origin = "Origin: Debian";
    let list = cmd!(sh, "{apt_get} indextargets --format {format} {origin}");
    let uris = list.quiet().ignore_stderr().ignore_status().read().unwrap_or_default();
    Ok(uris.lines().find(|uri| !uri.contains("security")).map(str::to_owned))
}

/// Returns the folder in which cargo keeps what it downloads.
pub(super) fn cargo_home() -> anyhow::Result<PathBuf> {
    let configured = env::var_os("CARGO_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let default = || env::home_dir().map(|home| home.join(".cargo"));
    configured.or_else(default).context("neither `CARGO_HOME` nor `HOME` is set")
}
