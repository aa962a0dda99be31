//! Compiles and links the system libraries with Emscripten's tools.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::cmd;

use crate::build::sysroot::contents::{
    COMPILER_RT, DYNAMIC_LINKING, ICONV, LIBC, LIBC_ARCHIVE, LIBC_ARCHIVES, LIBC_SOURCES, LIBCXX,
    LIBDL, LIBDL_SOURCE, LIBICONV, LOCALES, Libcxx, MALLOC, MUSL, Part, START, TAG, THREAD_LOCAL,
};
use crate::build::sysroot::link::{LibraryLinker, object_names};
use crate::support::process;
use crate::support::progress::Step;
use crate::tools::emscripten::{Emscripten, KnownArchives};

/// The compiler options for libc's sources in `xtask/sysroot`. `memory.copy` must be enabled by
/// name for older versions; newer ones enable it by default.
const LIBC_FLAGS: [&str; 4] = ["-std=gnu2x", "-mbulk-memory", "-Wall", "-Wextra"];

/// The compiler options for musl: Emscripten's own, and that it runs without JavaScript, from which
/// it would take time zones.
///
/// The first two replace variables by the results of functions, see start.c. The declarations of
/// the variables become those of the functions.
const MUSL_FLAGS: [&str; 8] = [
    "-D__environ=(*__environ_location())",
    "-D__progname=(*__progname_location())",
    "-std=c99",
    "-D_XOPEN_SOURCE=700",
    "-DEMSCRIPTEN_STANDALONE_WASM",
    "-fno-builtin",
    "-DNDEBUG",
    "-w",
];

/// The folders with the headers of musl, in Emscripten's sources.
const MUSL_INCLUDES: [&str; 5] = [
    "libc/musl/arch/emscripten",
    "libc/musl/src/internal",
    "libc/musl/src/include",
    "libc",
    "pthread",
];

/// The symbols that musl hides and libc must export:
///
/// - the function that runs exit handlers, which the host calls;
/// - the function that prepares a stream for output, by which the linker sees that a program writes
///   to streams;
/// - musl's own name for the location of `errno`, which libiconv and libdl need.
const LIBC_EXPORTS: [&str; 3] =
    ["--export=__funcs_on_exit", "--export=__towrite", "--export=___errno_location"];

/// The tools and folders with which the libraries are built.
pub(super) struct Recipe<'a> {
    emscripten: &'a Emscripten,
    linker: LibraryLinker<'a>,
    /// The folder of our sources.
    sources: PathBuf,
    /// The folder of the sources of Emscripten's libraries.
    emscripten_sources: PathBuf,
    /// The folder of Emscripten's archives of position-independent code.
    archives: PathBuf,
    known: KnownArchives,
}

impl<'a> Recipe<'a> {
    /// Finds what the recipe needs. `folder` gets the objects and libraries; `sources` is
    /// `xtask/sysroot`.
    pub(super) fn new(
        emscripten: &'a Emscripten,
        step: &'a Step<'a>,
        folder: &Path,
        sources: PathBuf,
    ) -> anyhow::Result<Self> {
        Ok(Recipe {
            emscripten,
            linker: LibraryLinker::new(step, folder, emscripten)?,
            sources,
            emscripten_sources: emscripten.library_sources(),
            archives: emscripten.archives()?.join("pic"),
            known: emscripten.known_archives()?,
        })
    }

    /// Builds every library, in the folder of the objects.
    pub(super) fn build(&self) -> anyhow::Result<()> {
        self.build_archives()?;
        self.build_libc()?;
        self.build_libiconv()?;
        self.build_libdl()?;
        LIBCXX.iter().try_for_each(|libcxx| self.build_libcxx(libcxx))
    }

    /// Has Emscripten build those of its archives that are missing. Emscripten's own installer does
    /// not include them. Distributions do, in a cache that must not change.
    fn build_archives(&self) -> anyhow::Result<()> {
        let mut names = LIBC_ARCHIVES.to_vec();
        names.extend([self.known.one_of(&COMPILER_RT)?, MALLOC]);
        for alternatives in LIBCXX.iter().flat_map(|libcxx| libcxx.archives) {
            names.push(self.known.one_of(alternatives)?);
        }
        let missing: Vec<_> =
            names.into_iter().filter(|name| !self.archive(name).is_file()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.linker.step.announce("compiling them, which takes some minutes the first time");
        let embuilder = self.emscripten.program("embuilder");
        process::run(self.linker.step, cmd!(self.linker.sh, "{embuilder} --pic build {missing...}"))
    }

    fn build_libc(&self) -> anyhow::Result<()> {
        let ours = LIBC_SOURCES.map(|source| self.sources.join(source));
        self.compile(&LIBC_FLAGS, &[], &ours)?;
        let musl = self.emscripten_sources.join("libc/musl/src");
        let musl: Vec<_> =
            MUSL.iter().map(|name| musl.join(name)).filter(|source| source.is_file()).collect();
        self.compile(&MUSL_FLAGS, &MUSL_INCLUDES, &musl)?;
        let objects = [object_names(&ours), object_names(&musl)].concat();
        let left_out = [&[ICONV][..], &DYNAMIC_LINKING, &START].concat();
        let mut whole = Vec::new();
        for archive in LIBC_ARCHIVES {
            whole.push(self.archive_without(archive, &left_out)?);
        }
        whole.push(self.archive(self.known.one_of(&COMPILER_RT)?));
        self.linker.link(LIBC, &LIBC_EXPORTS, &objects, &whole, &[&self.archive(MALLOC)])
    }

    fn build_libiconv(&self) -> anyhow::Result<()> {
        self.extract(LIBC_ARCHIVE, &[ICONV, LOCALES])?;
        let objects = [ICONV.into(), LOCALES.into()];
        self.linker.link(LIBICONV, &[], &objects, &[], &[Path::new(LIBC)])
    }

    fn build_libdl(&self) -> anyhow::Result<()> {
        let ours = [self.sources.join(LIBDL_SOURCE)];
        self.compile(&["-Wall", "-Wextra"], &[], &ours)?;
        self.linker.link(LIBDL, &[], &object_names(&ours), &[], &[Path::new(LIBC)])
    }

    fn build_libcxx(&self, libcxx: &Libcxx) -> anyhow::Result<()> {
        let ours = [self.sources.join(libcxx.source)];
        let includes = ["libcxxabi/src", "libunwind/include"];
        self.compile(&["-Wall", "-Wextra"], &includes, &ours)?;
        let mut left_out = vec![TAG, THREAD_LOCAL];
        left_out.extend(libcxx.parts.iter().map(|part| part.object));
        let mut whole = Vec::new();
        for alternatives in libcxx.archives {
            whole.push(self.archive_without(self.known.one_of(alternatives)?, &left_out)?);
        }
        // With libc among its inputs, libc++ records that it needs libc.
        self.linker.link(libcxx.library, &[], &object_names(&ours), &whole, &[Path::new(LIBC)])?;
        libcxx.parts.iter().try_for_each(|part| self.build_part(libcxx, part))
    }

    fn build_part(&self, libcxx: &Libcxx, part: &Part) -> anyhow::Result<()> {
        let archive = self.known.one_of(libcxx.archives[part.archive])?;
        let objects = [&[part.object], part.copied].concat();
        self.extract(archive, &objects)?;
        let needed = [Path::new(libcxx.library), Path::new(LIBC)];
        let objects: Vec<_> = objects.into_iter().map(PathBuf::from).collect();
        self.linker.link(part.library, &[], &objects, &[], &needed)
    }

    /// Compiles sources to objects in the current folder. `includes` are folders in Emscripten's
    /// sources.
    fn compile(
        &self,
        flags: &[&str],
        includes: &[&str],
        sources: &[PathBuf],
    ) -> anyhow::Result<()> {
        let emcc = self.emscripten.program("emcc");
        let includes =
            includes.iter().flat_map(|folder| ["-I".into(), self.emscripten_sources.join(folder)]);
        let cmd = cmd!(self.linker.sh, "{emcc} -c -Os -fPIC {flags...} {includes...} {sources...}");
        process::run(self.linker.step, cmd)
    }

    /// Copies an archive to the current folder, without some of its objects, and returns the path
    /// of the copy. Objects that the archive does not have are ignored.
    fn archive_without(&self, name: &str, objects: &[&str]) -> anyhow::Result<PathBuf> {
        let emar = self.emscripten.program("emar");
        let archive = self.archive(name);
        let copy = self.linker.sh.current_dir().join(format!("{name}-rest.a"));
        fs::copy(&archive, &copy)
            .with_context(|| format!("cannot copy `{}`", archive.display()))?;
        process::run(self.linker.step, cmd!(self.linker.sh, "{emar} d {copy} {objects...}"))?;
        Ok(copy)
    }

    /// Copies objects of an archive to the current folder.
    fn extract(&self, name: &str, objects: &[&str]) -> anyhow::Result<()> {
        let emar = self.emscripten.program("emar");
        let archive = self.archive(name);
        process::run(self.linker.step, cmd!(self.linker.sh, "{emar} x {archive} {objects...}"))
    }

    fn archive(&self, name: &str) -> PathBuf {
        self.archives.join(format!("{name}.a"))
    }
}

/// Returns the objects in `folder` that [`Recipe::build`] has compiled for programs in which
/// nothing catches exceptions.
pub(super) fn compiled_objects(folder: &Path) -> Vec<PathBuf> {
    let libcxx = LIBCXX[0].source;
    let sources = LIBC_SOURCES.into_iter().chain([LIBDL_SOURCE]).chain(MUSL).chain([libcxx]);
    let sources: Vec<_> = sources.map(PathBuf::from).collect();
    let objects = object_names(&sources).into_iter().map(|object| folder.join(object));
    // Some versions of Emscripten lack some sources.
    objects.filter(|object| object.is_file()).collect()
}
