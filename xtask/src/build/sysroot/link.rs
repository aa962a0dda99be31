//! Links objects and archives to a system library.

use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::build::sysroot::optimize::optimize;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;
use crate::tools::emscripten::Emscripten;
use crate::tools::rust;

/// The tools that link and optimize a system library.
pub(super) struct LibraryLinker<'a> {
    pub(super) step: &'a Step<'a>,
    /// Runs commands in the folder of the objects.
    pub(super) sh: Shell,
    lld: PathBuf,
    wasm_opt: PathBuf,
}

impl<'a> LibraryLinker<'a> {
    /// Finds the tools. `folder` gets the objects and libraries.
    pub(super) fn new(
        step: &'a Step<'a>,
        folder: &Path,
        emscripten: &Emscripten,
    ) -> anyhow::Result<Self> {
        let (sh, lld) = (process::shell(folder)?, rust::lld()?);
        Ok(LibraryLinker { step, sh, lld, wasm_opt: emscripten.wasm_opt()? })
    }

    /// Links every object of `objects` and of the archives `whole`, and those of `rest` that they
    /// need. A shared library in `rest` is recorded as needed.
    ///
    /// The first of several definitions is used, so ours come before those of the toolchain. If a
    /// function does not have the type that its callers expect, the linker only warns and replaces
    /// the call by a trap. `--fatal-warnings` makes that an error. Names are not demangled: that
    /// would double the size of libc++, and `host` demangles those that it prints.
    pub(super) fn link(
        &self,
        library: &str,
        flags: &[&str],
        objects: &[PathBuf],
        whole: &[PathBuf],
        rest: &[&Path],
    ) -> anyhow::Result<()> {
        let lld = &self.lld;
        let cmd = cmd!(
            self.sh,
            "{lld} -flavor wasm -shared --experimental-pic --unresolved-symbols=import-dynamic
            --allow-multiple-definition --fatal-warnings --strip-debug --emit-relocs
            --no-demangle {flags...}
            -o {library}
            --whole-archive {objects...} {whole...} --no-whole-archive {rest...}"
        );
        process::run(self.step, cmd)?;
        let library = self.sh.current_dir().join(library);
        let optimized = optimize(&self.sh, self.step, &self.wasm_opt, &files::read(&library)?)
            .with_context(|| format!("cannot optimize `{}`", library.display()))?;
        files::write(&library, &optimized)
    }
}

/// Returns the names of the objects that the compiler writes for sources, in its current folder.
pub(super) fn object_names(sources: &[PathBuf]) -> Vec<PathBuf> {
    let name = |source: &PathBuf| Some(Path::new(source.file_name()?).with_extension("o"));
    sources.iter().filter_map(name).collect()
}
