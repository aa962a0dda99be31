//! Programs that `setup` installs for this workspace only, if its flags ask for them.

use xshell::{Cmd, Shell};

use crate::flags::{SetupFlags, Toolchain};
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::{self, Project};
use crate::tools::cargo;
use crate::tools::find;
use crate::tools::tool::Tool;
use crate::tools::zig::Zig;

/// A program to install to `.tools`.
pub(super) struct Extra {
    program: &'static str,
    package: &'static str,
    version: &'static str,
    installer: Installer,
}

/// The way to install a program.
enum Installer {
    /// `cargo install`, with further arguments.
    Cargo(&'static [&'static str]),
    /// `pip install`, to a folder of its own. It downloads this many megabytes.
    Pip(u32),
    /// `npm install`, to a folder of its own. It downloads this many megabytes.
    Npm(u32),
}

/// The Wasmtime that `cargo xtask bench` compares with.
///
/// It has the version that `host` has as a library, and only the features that it needs to run
/// modules with a cache, and to serve components. More features would make its start slower.
const WASMTIME: Extra = Extra {
    program: "wasmtime",
    package: "wasmtime-cli",
    version: "48.0.8",
    installer: Installer::Cargo(&[
        "--no-default-features",
        "--features",
        "run,serve,component-model-async,cranelift,cache,parallel-compilation,pooling-allocator,gc-drc,wat",
    ]),
};

/// The program that checks the dependencies against `deny.toml`.
const DENY: Extra = Extra {
    program: "cargo-deny",
    package: "cargo-deny",
    version: "0.20.2",
    installer: Installer::Cargo(&[]),
};

/// The program that `cargo xtask fuzz` needs in addition to a nightly Rust.
const FUZZ: Extra = Extra {
    program: "cargo-fuzz",
    package: "cargo-fuzz",
    version: "0.13.2",
    installer: Installer::Cargo(&[]),
};

/// The compiler for programs for wasi-libc. Its releases are on PyPI too, where a package manager
/// checks what it downloads.
const ZIG: Extra =
    Extra { program: "zig", package: "ziglang", version: "0.15.2", installer: Installer::Pip(100) };

/// The program that writes the bindings of a component's world for C and C++.
const WIT_BINDGEN: Extra = Extra {
    program: "wit-bindgen",
    package: "wit-bindgen-cli",
    version: "0.57.1",
    installer: Installer::Cargo(&["--no-default-features", "--features", "c"]),
};

/// The program that runs components on JavaScript engines.
const JCO: Extra = Extra {
    program: "jco",
    package: "@bytecodealliance/jco",
    version: "1.35.0",
    installer: Installer::Npm(100),
};

/// The library with which bindgen reads headers, for systems whose clang does not include it.
const LIBCLANG: Extra = Extra {
    program: "libclang",
    package: "libclang",
    version: "18.1.1",
    installer: Installer::Pip(25),
};

/// Returns the programs that the flags ask for and that are not installed.
pub(super) fn missing(project: &Project, flags: &SetupFlags) -> Vec<Extra> {
    let tools = [
        (flags.bench, WASMTIME),
        (flags.fuzz, FUZZ),
        (flags.deny, DENY),
        (flags.components, WIT_BINDGEN),
    ];
    let wanted = tools.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, extra)| extra);
    let mut missing: Vec<_> =
        wanted.filter(|extra| project.program(extra.program).is_none()).collect();
    if flags.toolchain == Some(Toolchain::Zig) && Zig::find(project).is_none() {
        missing.push(ZIG);
    }
    if flags.libclang && !project.libclang().is_dir() {
        missing.push(LIBCLANG);
    }
    if flags.components && !project.tools().join(JCO.program).join("node_modules").is_dir() {
        missing.push(JCO);
    }
    missing
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
        let command = self.command(project, &sh)?;
        progress.line(format_args!("commands to run:\n  {command}"));
        if flags.dry_run {
            return Ok(());
        }
        let step = progress.step(self.program);
        match self.installer {
            Installer::Cargo(_) => {
                step.announce("compiling it, which takes some minutes");
                // The number of crates is not known before cargo has resolved them.
                cargo::run(&step, command, || None)?;
            }
            Installer::Pip(megabytes) | Installer::Npm(megabytes) => {
                step.announce(format_args!("downloading it, about {megabytes} MB"));
                process::run(&step, command)?;
            }
        }
        step.done("installed");
        Ok(())
    }

    /// Returns the tool that installs the program, if not every machine with this workspace has it.
    pub(super) fn needs(&self) -> Option<Tool> {
        match self.installer {
            Installer::Cargo(_) => None,
            Installer::Pip(_) => Some(Tool::Pip),
            Installer::Npm(_) => Some(Tool::Npm),
        }
    }

    /// Returns the command that installs the program.
    fn command<'s>(&self, project: &Project, sh: &'s Shell) -> anyhow::Result<Cmd<'s>> {
        let Extra { program, package, version, installer } = self;
        match installer {
            Installer::Cargo(args) => Ok(sh
                .cmd(project::cargo())
                .args(["install", "--locked", "--root"])
                .arg(project.tools())
                .args([package, "--version", version])
                .args(*args)),
            Installer::Pip(_) => {
                let python = find::require(project, Tool::Pip)?;
                let folder = project.tools().join(program);
                let package = format!("{package}=={version}");
                let pip = sh.cmd(python).args(["-m", "pip", "install", "--no-deps", "--target"]);
                Ok(pip.arg(folder).arg(package))
            }
            Installer::Npm(_) => {
                let npm = find::require(project, Tool::Npm)?;
                let folder = project.tools().join(program);
                let package = format!("{package}@{version}");
                let npm = sh.cmd(npm).args(["install", "--no-audit", "--no-fund", "--prefix"]);
                Ok(npm.arg(folder).arg(package))
            }
        }
    }
}
