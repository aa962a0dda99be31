//! Builds the hosts: `host` in Rust, and the programs of `host/cpp`.

use std::path::{Path, PathBuf};

use xshell::cmd;

use crate::support::lock::BuildLock;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::Project;
use crate::tools::cargo;
use crate::tools::cmake::{self, CmakeBuild, Configuration};
use crate::tools::find;
use crate::tools::tool::Tool;

/// The programs of `host/cpp`.
const CPP_PROGRAMS: [&str; 2] = ["host-cpp", "fused-cpp"];

/// Builds the program `host`.
///
/// # Errors
///
/// If it cannot be built.
pub(crate) fn build_rust(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let step = progress.step("host");
    announce_wasmtime(project, &step);
    cargo::build(project, &step, "host")?;
    step.done("built");
    Ok(())
}

/// The tools that [`build_cpp`] needs.
pub(crate) struct CppTools {
    cmake: PathBuf,
    compiler: PathBuf,
}

impl CppTools {
    /// Finds CMake and a C++ compiler.
    ///
    /// # Errors
    ///
    /// If one is not installed, with the way to install it.
    pub(crate) fn find(project: &Project) -> anyhow::Result<Self> {
        Ok(CppTools {
            cmake: find::require(project, Tool::CMake)?,
            compiler: find::require(project, Tool::CppCompiler)?,
        })
    }
}

/// Builds the programs of `host/cpp`: Wasmtime's C API with cargo, the programs with CMake.
///
/// # Errors
///
/// If a tool is missing, or something cannot be built.
pub(crate) fn build_cpp(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let step = progress.step("host-cpp");
    // Before cargo: Wasmtime's build script calls CMake too.
    let tools = CppTools::find(project)?;
    announce_wasmtime(project, &step);
    let wasmtime = cargo::build(project, &step, "wasmtime-c")?;
    let include = wasmtime.out_dir("wasmtime-c-api-impl")?.join("include");
    let include = format!("-DWASMTIME_INCLUDE={}", include.display());
    let library = format!("-DWASMTIME_LIBRARY={}", wasmtime.file("wasmtime-c")?.display());
    let _lock = BuildLock::take(&project.guests(), progress)?;
    let sh = process::shell(&project.root)?;
    let cmake = &tools.cmake;
    let source = Path::new("host").join("cpp");
    let folder = project.cpp_hosts();
    // Generators with a folder for each configuration would build for debugging by default.
    let release = ["--config", "Release"];
    let build = CmakeBuild {
        configure: cmd!(sh, "{cmake} -S {source} -B {folder} {include} {library}"),
        configuration: Configuration::new(&[
            &tools.compiler.display().to_string(),
            &project.root.display().to_string(),
            &include,
            &library,
        ]),
        build: cmake::build_command(&sh, cmake, &folder, &CPP_PROGRAMS).args(release),
        files: CPP_PROGRAMS.map(|program| project.cpp_program(program)).to_vec(),
        folder,
    };
    build.run(&step)?;
    step.done("built");
    Ok(())
}

/// Tells the user why the first build of a host takes long.
fn announce_wasmtime(project: &Project, step: &Step<'_>) {
    if !project.host().is_file() {
        step.announce("compiling Wasmtime, which takes some minutes the first time");
    }
}
