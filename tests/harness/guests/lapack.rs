//! LAPACK and BLAS, in Fortran, that somebody else has compiled: two side modules of webR, which is
//! R for browsers. Flang's runtime is in them. Only a program in C that calls them is built here.

use std::fs;
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::fetched::NpmPackage;
use crate::support::trial::{ignorable, ignored};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![ignorable("lapack::equations_are_solved", equations_are_solved)]
}

const WEBR: NpmPackage = NpmPackage {
    name: "webr",
    version: "0.6.0",
    integrity: "sha512-M2b8m3/ZBk7XMIR7LD97s5k/9jUla83Z0Hl4b+WnrK7XmSMpZdajCiP3XkSzHKHDUgscHKe+lVU\
                vk3aym8q0bw==",
    files: &["dist/libRblas.so", "dist/libRlapack.so"],
};

/// LAPACK names BLAS as needed, and both call a function of the program.
fn equations_are_solved() -> Result<Completion, Failed> {
    let folder = workspace::root().join("tests").join("real").join("lapack");
    let source = folder.join("main.c");
    if let Some(reason) = compile::missing_compiler(&source) {
        return ignored(&reason);
    }
    let libraries = match WEBR.fetch()? {
        Ok(folder) => folder.join("dist"),
        Err(reason) => return ignored(&reason),
    };
    let sandbox = Sandbox::empty()?;
    compile::compile(&source, Role::Shared, &sandbox.path().join("main.wasm"))?;
    let host = |args: &[&str]| {
        let mut host = Command::new(workspace::host());
        workspace::clean_environment(&mut host);
        console::outcome(&host.current_dir(sandbox.path()).args(args).output()?)
    };
    let lapack = libraries.join("libRlapack.so").display().to_string();
    let libraries = libraries.display().to_string();
    let linked = ["-L", &libraries, "--link", &lapack, "main.wasm"];
    let fuse = [["fuse"].as_slice(), &linked, &["-o", "fused.wasm"]].concat();
    console::same(&host(&fuse)?, "", "it says nothing")?;
    let expected = fs::read_to_string(folder.join("expected.txt"))?;
    let separate = [["run", "--mode", "separate"].as_slice(), &linked].concat();
    let programs = [[["run"].as_slice(), &linked].concat(), separate, vec!["run", "fused.wasm"]];
    for program in programs {
        console::same(&host(&program)?, &expected, &format!("{program:?}"))?;
    }
    Ok(Completion::Completed)
}
