//! The hosts in C++, `host/cpp`: cargo builds Wasmtime's C API, CMake the programs.

use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::support::lock::BuildLock;
use crate::support::progress::Progress;
use crate::support::project::Project;
use crate::tools::cargo;
use crate::tools::cmake::{self, Configuration};
use crate::tools::tool::Tool;

pub(crate) fn build_rust(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let step = progress.step("host");
    if !project.host().is_file() {
        step.announce("compiling Wasmtime, which takes some minutes the first time");
    }
    cargo::build(project, &step, "host")?;
    step.done("built");
    Ok(())
}

/// Finds the tools that [`build_cpp`] needs: CMake and a C++ compiler.
///
/// # Errors
///
/// When one is missing, with the way out.
pub(crate) fn cpp_tools(project: &Project) -> anyhow::Result<(PathBuf, PathBuf)> {
    Ok((Tool::CMake.require(project)?, Tool::CppCompiler.require(project)?))
}

/// Builds what is stale.
///
/// # Errors
///
/// When a tool is missing, or something cannot be built.
pub(crate) fn build_cpp(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let step = progress.step("host-cpp");
    // Wasmtime's build script calls CMake too.
    let (cmake, compiler) = cpp_tools(project)?;
    if !project.host().is_file() {
        step.announce("compiling Wasmtime, which takes some minutes the first time");
    }
    let built = cargo::build(project, &step, "wasmtime-c")?;
    let include = built.out_dir("wasmtime-c-api-impl")?.join("include");
    let include = format!("-DWASMTIME_INCLUDE={}", include.display());
    let library = format!("-DWASMTIME_LIBRARY={}", built.file("wasmtime-c")?.display());

    let _lock = BuildLock::take(&project.guests(), progress)?;
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(&project.root);
    let (source, folder) = (Path::new("host").join("cpp"), project.cpp_hosts());
    let (compiler, root) = (compiler.display().to_string(), project.root.display().to_string());
    let programs = ["host-cpp", "fused-cpp"];
    // Generators that have a folder for each configuration would build for debugging.
    let release = ["--config", "Release"];
    let build = cmake::Build {
        configure: cmd!(sh, "{cmake} -S {source} -B {folder} {include} {library}"),
        configuration: Configuration::new(&[&compiler, &root, &include, &library]),
        build: cmake::build_command(&sh, &cmake, &folder, &programs).args(release),
        files: programs.map(|program| project.cpp_program(program)).to_vec(),
        folder,
    };
    build.run(&step)?;
    step.done("built");
    Ok(())
}
