//! The system libraries of programs for wasi-libc: `wasi-libc.wasm`, `wasi-libdl.wasm` and
//! `wasi-libc++.wasm`.
//!
//! They are the libraries of Zig, which compiles them from sources that it includes, as shared
//! libraries. Of the toolchains with wasi-libc, it is the one that compiles them as
//! position-independent code wherever it is installed.

mod archive;
mod exceptions;

use std::path::{Path, PathBuf};

use anyhow::Context;
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};

use crate::build::sysroot::contents::{
    LIBDL_SOURCE, STACK_PROTECTOR, WASI_LIBC, WASI_LIBC_LEFT_OUT, WASI_LIBC_SOURCE, WASI_LIBCXX,
    WASI_LIBDL, WASI_STACK_PROTECTOR,
};
use crate::build::sysroot::link::{LibraryLinker, object_names};
use crate::support::files;
use crate::support::process;
use crate::tools::zig::{SHARED, TARGET, Zig};

/// The text of everything here that determines how the libraries are built.
pub(super) const RECIPE: &str =
    concat!(include_str!("archive.rs"), include_str!("exceptions.rs"), include_str!("mod.rs"));

/// Zig's archives that libc is made of.
const LIBC_ARCHIVES: [&str; 3] = ["libc.a", "libzigc.a", "libcompiler_rt.a"];
/// Zig's archives that libc++ is made of. They stand where [`Part`] expects them.
const LIBCXX_ARCHIVES: [&str; 2] = ["libc++.a", "libc++abi.a"];

/// The linker's option that exports hidden symbols: all of Zig's are.
const EXPORTS: [&str; 1] = ["--export-all"];

/// Builds the libraries in the folder of the objects.
pub(super) struct WasiRecipe<'a> {
    pub(super) zig: &'a Zig,
    pub(super) linker: LibraryLinker<'a>,
    /// The folder of our sources.
    pub(super) sources: PathBuf,
}

impl WasiRecipe<'_> {
    pub(super) fn build(&self) -> anyhow::Result<()> {
        let archives = self.build_archives()?;
        self.build_libc(&archives)?;
        self.build_libdl()?;
        self.build_stack_protector(&archives)?;
        self.build_libcxx(&archives)?;
        self.build_libcxx_exceptions(&archives)
    }

    /// Has Zig compile its libraries, and returns the paths of their archives, which it names in
    /// the command that would link them.
    fn build_archives(&self) -> anyhow::Result<Vec<PathBuf>> {
        self.linker.step.announce("compiling them, which takes a minute the first time");
        let sh = &self.linker.sh;
        files::write(&sh.current_dir().join("empty.c"), b"")?;
        let command = self.zig.command(sh, "build-lib").args([
            "-dynamic",
            "-fPIC",
            "-O",
            "ReleaseSmall",
            "-target",
            TARGET,
            "-lc",
            "-lc++",
            "--import-symbols",
            "--verbose-link",
            "-femit-bin=empty.wasm",
            "empty.c",
        ]);
        let output = process::output(command.into())?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = text.lines().find(|line| line.starts_with("wasm-ld ")).with_context(|| {
            format!("`zig build-lib --verbose-link` names no libraries:\n{}", text.trim_end())
        })?;
        let words = line.split_whitespace().filter(|word| word.ends_with(".a"));
        Ok(words.map(PathBuf::from).collect())
    }

    fn build_libc(&self, archives: &[PathBuf]) -> anyhow::Result<()> {
        let ours = [self.sources.join(WASI_LIBC_SOURCE)];
        self.compile("cc", &[], &ours)?;
        let is_kept = |object: &str| !WASI_LIBC_LEFT_OUT.contains(&object);
        let mut whole = Vec::new();
        for archive in LIBC_ARCHIVES {
            whole.push(self.copy(archives, archive, archive, &is_kept)?);
        }
        self.linker.link(WASI_LIBC, &EXPORTS, &object_names(&ours), &whole, &[])?;
        self.write_stub(WASI_LIBC)
    }

    fn build_libdl(&self) -> anyhow::Result<()> {
        let ours = [self.sources.join(LIBDL_SOURCE)];
        self.compile("cc", &[], &ours)?;
        self.linker.link(WASI_LIBDL, &[], &object_names(&ours), &[], &[&self.stub(WASI_LIBC)])
    }

    fn build_stack_protector(&self, archives: &[PathBuf]) -> anyhow::Result<()> {
        let is_it = |object: &str| object == STACK_PROTECTOR;
        let archive = self.copy(archives, LIBC_ARCHIVES[0], "stack-protector.a", &is_it)?;
        let libc = self.stub(WASI_LIBC);
        self.linker.link(WASI_STACK_PROTECTOR, &EXPORTS, &[], &[archive], &[&libc])
    }

    fn build_libcxx(&self, archives: &[PathBuf]) -> anyhow::Result<()> {
        let libcxx = &WASI_LIBCXX;
        let ours = [self.sources.join(libcxx.source)];
        let libcxxabi = self.zig.library_sources()?.join("libcxxabi").join("src");
        self.compile("c++", &["-fno-exceptions".as_ref(), "-I".as_ref(), &libcxxabi], &ours)?;
        let is_kept = |object: &str| libcxx.parts.iter().all(|part| part.object != object);
        let mut whole = Vec::new();
        for archive in LIBCXX_ARCHIVES {
            whole.push(self.copy(archives, archive, archive, &is_kept)?);
        }
        let libc = self.stub(WASI_LIBC);
        self.linker.link(libcxx.library, &EXPORTS, &object_names(&ours), &whole, &[&libc])?;
        self.write_stub(libcxx.library)?;
        for part in &libcxx.parts {
            let is_part = |object: &str| object == part.object || part.copied.contains(&object);
            let name = format!("{}.a", part.library);
            let archive = self.copy(archives, LIBCXX_ARCHIVES[part.archive], &name, &is_part)?;
            let needed = [&*self.stub(libcxx.library), &libc];
            self.linker.link(part.library, &EXPORTS, &[], &[archive], &needed)?;
        }
        Ok(())
    }

    /// Compiles sources to objects in the current folder.
    fn compile(&self, compiler: &str, flags: &[&Path], sources: &[PathBuf]) -> anyhow::Result<()> {
        let command = self.zig.command(&self.linker.sh, compiler);
        let command =
            command.args(["-target", TARGET, "-c", "-Os"]).args(SHARED).args(["-Wall", "-Wextra"]);
        process::run(self.linker.step, command.args(flags).args(sources))
    }

    /// Copies objects of one of Zig's archives to the current folder. A program can replace their weak
    /// functions.
    fn copy(
        &self,
        archives: &[PathBuf],
        name: &str,
        copy: &str,
        keeps: &dyn Fn(&str) -> bool,
    ) -> anyhow::Result<PathBuf> {
        let copy = self.linker.sh.current_dir().join(copy);
        archive::copy_replaceable(find(archives, name)?, &copy, keeps)?;
        Ok(copy)
    }

    /// Returns the path of a library as others are linked with it: it exports the same, but does not
    /// list its symbols. The linker takes those that are local to an object for its exports.
    fn stub(&self, library: &str) -> PathBuf {
        self.linker.sh.current_dir().join("stubs").join(library)
    }

    fn write_stub(&self, library: &str) -> anyhow::Result<()> {
        let bytes = files::read(&self.linker.sh.current_dir().join(library))?;
        let mut stub = Module::new();
        for payload in Parser::new(0).parse_all(&bytes) {
            match payload? {
                Payload::CustomSection(section) if section.name() != "dylink.0" => {}
                payload => {
                    if let Some((id, range)) = payload.as_section() {
                        stub.section(&RawSection { id, data: &bytes[range] });
                    }
                }
            }
        }
        let path = self.stub(library);
        files::create_folder(path.parent().unwrap_or(Path::new(".")))?;
        files::write(&path, stub.finish())
    }
}

/// Finds one of Zig's archives by its file name.
fn find<'a>(archives: &'a [PathBuf], name: &str) -> anyhow::Result<&'a Path> {
    let is_it = |path: &&PathBuf| path.file_name().is_some_and(|file| file == name);
    let archive = archives.iter().find(is_it).map(PathBuf::as_path);
    archive.with_context(|| format!("Zig links no `{name}`"))
}
