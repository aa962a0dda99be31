//! The paths of the workspace, and copies of it that a test may change.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;
use tempfile::TempDir;

/// The folder of this workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Cargo's target folder: this program is in `TARGET/release/deps`.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).map(Path::to_owned).unwrap_or_default()
}

/// The guests as they were built.
pub(crate) fn guests() -> PathBuf {
    target().join("guests")
}

pub(crate) fn host() -> PathBuf {
    target().join("release").join(format!("host{}", std::env::consts::EXE_SUFFIX))
}

/// The programs of `host/cpp`, as far as they are built.
pub(crate) const CPP_PROGRAMS: [&str; 2] = ["host-cpp", "fused-cpp"];

pub(crate) fn cpp_program(name: &str) -> PathBuf {
    let folder = target().join("cmake").join("host+cpp");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The `xtask` that started the tests.
pub(crate) fn xtask() -> PathBuf {
    match std::env::var_os("TESTS_XTASK") {
        Some(path) => path.into(),
        None => target().join("debug").join(format!("xtask{}", std::env::consts::EXE_SUFFIX)),
    }
}

/// Returns the folder of what tests keep for the next run. `cargo xtask clean` removes it.
pub(crate) fn kept() -> PathBuf {
    target().join("tests")
}

/// Returns the folder in which `host` keeps compiled code for tests that have none of their own.
fn cache() -> PathBuf {
    kept().join("cache")
}

/// Returns the folder in which `host` keeps the compiled code of a case.
///
/// A folder holds 512 MiB, and `host` removes what was not used for the longest time. All programs
/// with libc++ are larger than that, and in one folder none would be found in the next run.
pub(crate) fn cache_of_case(name: &str) -> PathBuf {
    const FOLDERS: u64 = 8;
    kept().join(format!("cache-{}", hash(name) % FOLDERS))
}

/// Returns the folder that `fill` has filled, in this run of the tests or an earlier one with the
/// same key.
pub(crate) fn built(
    key: &impl Hash,
    fill: impl FnOnce(&Path) -> Result<(), Failed>,
) -> Result<PathBuf, Failed> {
    let folder = kept().join("built");
    let built = folder.join(format!("{:016x}", hash(key)));
    if built.is_dir() {
        return Ok(built);
    }
    fs::create_dir_all(&folder)?;
    let unfinished = tempfile::tempdir_in(&folder)?;
    fill(unfinished.path())?;
    match fs::rename(unfinished.path(), &built) {
        // Another process may have been faster.
        Err(_) if built.is_dir() => Ok(built),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(built),
    }
}

/// Returns the same number for the same value in each run of the tests.
fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Takes from a command what the machine or `cargo test` have set: output is plain and in English,
/// cargo builds into the folder's own target folder, and does not use the network. Compiled code is
/// kept apart.
pub(crate) fn clean_environment(command: &mut Command) {
    for name in [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "RUSTFLAGS",
        "MAKEFLAGS",
        "CFLAGS",
        "CXXFLAGS",
    ] {
        command.env_remove(name);
    }
    command.env("CARGO_TERM_QUIET", "true").env("CARGO_NET_OFFLINE", "true");
    command.env("NO_COLOR", "1").env("LC_ALL", "C").env("HOST_CACHE_DIR", cache());
}

/// A folder with copies of files that ends with the test.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn empty() -> io::Result<Self> {
        Ok(Sandbox { folder: tempfile::Builder::new().prefix("tests-").tempdir()? })
    }

    /// A copy of the workspace's sources, with the dependencies compiled.
    pub(crate) fn of_workspace() -> io::Result<Self> {
        let sandbox = Self::of_sources()?;
        link_compiled(&target(), &sandbox.path().join("target"))?;
        Ok(sandbox)
    }

    /// A copy of the workspace's sources, with nothing compiled.
    pub(crate) fn of_sources() -> io::Result<Self> {
        let sandbox = Self::empty()?;
        copy(&root(), sandbox.path(), &["target", ".git", ".tools"])?;
        Ok(sandbox)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives a copy of the workspace the Zig that `setup` has installed to the original. One on
    /// `PATH` is found anyway.
    pub(crate) fn link_zig(&self) -> io::Result<()> {
        #[cfg(unix)]
        use std::os::unix::fs::symlink as link;
        #[cfg(windows)]
        use std::os::windows::fs::symlink_dir as link;
        let tools = self.path().join(".tools");
        let zig = root().join(".tools").join("zig");
        if zig.is_dir() {
            fs::create_dir_all(&tools)?;
            link(zig, tools.join("zig"))?;
        }
        Ok(())
    }

    /// A `cargo xtask` that works on this copy.
    pub(crate) fn xtask(&self, args: &[&str]) -> Command {
        let mut command = Command::new(xtask());
        command.args(args).current_dir(self.path());
        clean_environment(&mut command);
        command
    }
}

/// A sandbox for several tests, which the first of them fills.
#[derive(Default)]
pub(crate) struct Shared {
    sandbox: OnceLock<Result<Sandbox, String>>,
}

impl Shared {
    /// The folder, and what went wrong when it was filled for every test that asks.
    pub(crate) fn path(
        &self,
        fill: impl FnOnce(&Path) -> Result<(), Failed>,
    ) -> Result<&Path, Failed> {
        let make = || {
            let sandbox = Sandbox::empty().map_err(|error| error.to_string())?;
            fill(sandbox.path()).map_err(|error| error.message().unwrap_or_default().to_owned())?;
            Ok(sandbox)
        };
        Ok(self.sandbox.get_or_init(make).as_ref()?.path())
    }
}

/// Copies a folder's files and folders, except some at its top.
pub(crate) fn copy(from: &Path, to: &Path, except: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if except.iter().any(|except| name == *except) {
            continue;
        }
        let to = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to, &[])?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Returns the Rust files in a folder and in the folders below it.
pub(crate) fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The size in bytes from which files of cargo are hard links in a copy.
const LARGE: u64 = 64 * 1024;

/// Gives a copy of the workspace what is compiled already, so that only the workspace's own crates
/// are compiled again. Libraries and programs are hard links: compilers replace them. The smaller
/// files, which cargo changes in place, are copies. Symbolic links, which build scripts make, are left
/// out: they lead to the original.
fn link_compiled(from: &Path, to: &Path) -> io::Result<()> {
    for profile in ["release", "debug", "wasm32-unknown-unknown/release"] {
        for folder in ["build", "deps", ".fingerprint"] {
            let folder = Path::new(profile).join(folder);
            if from.join(&folder).is_dir() {
                link_folder(&from.join(&folder), &to.join(&folder))?;
            }
        }
    }
    Ok(())
}

fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            link_folder(&entry.path(), &to)?;
        } else if metadata.is_file()
            && (metadata.len() < LARGE || fs::hard_link(entry.path(), &to).is_err())
        {
            fs::copy(entry.path(), &to)?;
            // By this, cargo tells what is up to date.
            File::options().write(true).open(&to)?.set_modified(metadata.modified()?)?;
        }
    }
    Ok(())
}
