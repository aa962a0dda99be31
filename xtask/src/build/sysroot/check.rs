//! Checks that the system libraries fit together and need nothing that a program would lack.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;
use linker::Module;

use crate::build::sysroot::contents::{
    CONVENTION, HOST, LIBC, LIBCXX, LIBDL, LIBICONV, WASI, wasi_libraries,
};
use crate::support::files;

/// Checks the libraries in a folder. Together, those of one program may import only WASI, what
/// `host` provides, and what the linker defines. `version` is the version of Emscripten.
pub(super) fn check(folder: &Path, version: &str) -> anyhow::Result<()> {
    let load = |library: &str| -> anyhow::Result<Module> {
        Ok(Module::load(library, &files::read(&folder.join(library))?)?)
    };
    let toolchain = format!("Emscripten {version}");
    let libc = load(LIBC)?;
    let libiconv = load(LIBICONV)?;
    let libdl = load(LIBDL)?;
    check_split(&libc, &libiconv)?;
    check_split(&libc, &libdl)?;
    for libcxx in &LIBCXX {
        let libcxx = libcxx.libraries().map(load).collect::<anyhow::Result<Vec<_>>>()?;
        let others = [&libc, &libiconv, &libdl];
        check_imports(&others.into_iter().chain(&libcxx).collect::<Vec<_>>(), &toolchain)?;
        libcxx.iter().try_for_each(|library| check_exports(library, &toolchain))?;
    }
    Ok(())
}

/// Checks the libraries for wasi-libc in the same way. `version` is the version of Zig.
pub(super) fn check_wasi(folder: &Path, version: &str) -> anyhow::Result<()> {
    let load = |library: &str| -> anyhow::Result<Module> {
        Ok(Module::load(library, &files::read(&folder.join(library))?)?)
    };
    let libraries = wasi_libraries().map(load).collect::<anyhow::Result<Vec<_>>>()?;
    let toolchain = format!("Zig {version}");
    check_imports(&libraries.iter().collect::<Vec<_>>(), &toolchain)?;
    libraries.iter().try_for_each(|library| check_exports(library, &toolchain))
}

/// Checks that every import is an export of another library or comes from the host or the linker.
fn check_imports(modules: &[&Module], toolchain: &str) -> anyhow::Result<()> {
    let exports = modules.iter().flat_map(|module| &module.exports);
    let provided: BTreeSet<_> =
        exports.map(|export| export.name.as_str()).chain(CONVENTION).collect();
    let is_provided = |name: &str| provided.contains(name) || linker::is_synthesised(name);
    let imports = modules.iter().flat_map(|module| &module.imports);
    let missing: BTreeSet<_> = imports
        .filter(|import| ![WASI, HOST].contains(&import.module.as_str()))
        .filter(|import| !is_provided(&import.name))
        .map(|import| format!("`{}`", import.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
    bail!(
        "the libraries of {toolchain} lack functions that xtask/sysroot lacks too: {missing}\n\
        help: define them there, or install another version"
    )
}

/// Checks that a library does not export what the linker defines for a whole program. There would
/// be two tags of C++ exceptions, for example.
fn check_exports(library: &Module, toolchain: &str) -> anyhow::Result<()> {
    match library.exports.iter().find(|export| linker::is_synthesised(&export.name)) {
        None => Ok(()),
        Some(export) => bail!(
            "`{}` of {toolchain} defines `{}`, which the linker defines too\n\
            help: leave out the object that defines it, in xtask/src/build/sysroot/recipe.rs, \
            or install another version",
            library.name,
            export.name
        ),
    }
}

/// Checks that libc and a library that was split off from it export no symbol twice. There would be
/// two variables `errno`, for example.
fn check_split(libc: &Module, part: &Module) -> anyhow::Result<()> {
    let is_private = |name: &str| CONVENTION.contains(&name) || name.starts_with("__wasm_");
    let is_in_both = |name: &str| !is_private(name) && libc.export(name).is_some();
    match part.exports.iter().find(|export| is_in_both(&export.name)) {
        None => Ok(()),
        Some(export) => bail!("`{}` and `{}` both define `{}`", libc.name, part.name, export.name),
    }
}
