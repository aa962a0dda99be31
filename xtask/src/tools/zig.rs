//! An installed Zig, whose compiler for C and C++ includes wasi-libc and libc++ as sources.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, anyhow};
use xshell::{Cmd, Shell};

use crate::support::process;
use crate::support::project::Project;

/// The target for which Zig compiles.
pub(crate) const TARGET: &str = "wasm32-wasi";

/// The compiler options for code of shared libraries. For WebAssembly, clang hides symbols by
/// default.
pub(crate) const SHARED: [&str; 2] = ["-fPIC", "-fvisibility=default"];

/// The compiler options for C++ that catches exceptions. To the first one, clang's driver adds the
/// others; Zig leaves the driver out.
pub(crate) const EXCEPTIONS: [&str; 4] =
    ["-fwasm-exceptions", "-mexception-handling", "-mllvm", "-wasm-enable-eh"];

/// An installed Zig.
#[derive(Debug)]
pub(crate) struct Zig {
    pub(crate) program: PathBuf,
    pub(crate) version: String,
    /// The folder in which Zig keeps what it compiles.
    cache: PathBuf,
}

impl Zig {
    /// Finds Zig: the one that `setup` installs, or else one on `PATH`. Returns `None` if there is
    /// none.
    pub(crate) fn find(project: &Project) -> Option<Self> {
        let ours = project.zig().join("ziglang").join(format!("zig{EXE_SUFFIX}"));
        let program = Some(ours).filter(|path| path.is_file());
        let program = program.or_else(|| which::which("zig").ok())?;
        let mut command = Command::new(&program);
        command.arg("version");
        let version = process::read(command).ok()?;
        Some(Zig { program, version, cache: project.target.join("zig") })
    }

    /// Finds Zig like [`Zig::find`].
    ///
    /// # Errors
    ///
    /// If it is not installed, with the way to install it.
    pub(crate) fn require(project: &Project) -> anyhow::Result<Self> {
        let missing =
            || anyhow!("`zig` not found: run `cargo xtask setup --toolchain zig`, or install Zig");
        Self::find(project).with_context(missing)
    }

    /// Returns a command of Zig, such as `cc`.
    pub(crate) fn command<'s>(&self, sh: &'s Shell, command: &str) -> Cmd<'s> {
        sh.cmd(&self.program)
            .env("ZIG_GLOBAL_CACHE_DIR", &self.cache)
            .env("ZIG_LOCAL_CACHE_DIR", &self.cache)
            .arg(command)
    }

    /// Asks for the folder with the sources and headers of Zig's libraries.
    pub(crate) fn library_sources(&self) -> anyhow::Result<PathBuf> {
        let mut command = Command::new(&self.program);
        command.arg("env");
        let text = process::read(command)?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut fields = lines.map(|(name, value)| (name.trim(), value.trim()));
        let folder = fields.find(|(name, _)| *name == ".lib_dir");
        let quoted = folder.map(|(_, value)| value.trim_matches([',', '"']).to_owned());
        let folder = quoted.context("`zig env` does not name its `lib_dir`")?;
        // It may be relative to the current folder.
        Ok(std::path::absolute(folder)?)
    }
}
