//! Programs that `setup` compiles for this workspace only, if its flags ask for them.

use crate::flags::SetupFlags;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};
use crate::tools::cargo;

/// A program to install with `cargo install`, to `.tools`.
pub(super) struct Extra {
    program: &'static str,
    package: &'static str,
    version: &'static str,
    /// Further arguments of `cargo install`.
    args: &'static [&'static str],
}

/// The Wasmtime that `cargo xtask bench` compares with.
///
/// It has the version that `host` has as a library, and only the features that it needs to run
/// modules with a cache. More features would make its start slower.
const WASMTIME: Extra = Extra {
    program: "wasmtime",
    package: "wasmtime-cli",
    version: "48.0.8",
    args: &["--no-default-features", "--features", "run,cranelift,cache,parallel-compilation,wat"],
};

/// The program that checks the dependencies against `deny.toml`.
const DENY: Extra =
    Extra { program: "cargo-deny", package: "cargo-deny", version: "0.20.2", args: &[] };

/// The program that `cargo xtask fuzz` needs in addition to a nightly Rust.
const FUZZ: Extra =
    Extra { program: "cargo-fuzz", package: "cargo-fuzz", version: "0.13.2", args: &[] };

/// Returns the programs that the flags ask for and that are not installed.
pub(super) fn missing(project: &Project, flags: &SetupFlags) -> Vec<Extra> {
    let extras = [(flags.bench, WASMTIME), (flags.fuzz, FUZZ), (flags.deny, DENY)];
    let wanted = extras.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, extra)| extra);
    wanted.filter(|extra| project.program(extra.program).is_none()).collect()
}

impl Extra {
    /// Prints the command that installs the program. Runs it, unless this is a dry run.
    pub(super) fn install(
        &self,
        project: &Project,
        progress: &Progress,
        flags: &SetupFlags,
    ) -> anyhow::Result<()> {
        let sh = process::shell(&project.root)?;
        let command = sh
            .cmd(project::cargo())
            .args(["install", "--locked", "--root"])
            .arg(project.tools())
            .args([self.package, "--version", self.version])
            .args(self.args);
        progress.line(format_args!("commands to run:\n  {command}"));
        if flags.dry_run {
            return Ok(());
        }
        let step = progress.step(self.program);
        step.announce("compiling it, which takes some minutes");
        // The number of crates is not known before cargo has resolved them.
        cargo::run(&step, command, || None)?;
        step.done("installed");
        Ok(())
    }
}
