//! Builds the system libraries that guests share, `libc.wasm`, `libiconv.wasm` and a libc++ for each way to
//! compile exceptions: Emscripten's own, as shared libraries that need WASI and nothing else. `libdl.wasm`, for
//! libraries that are opened while the program runs, needs `host` too.
//!
//! Emscripten's archives hold position independent code, but leave many functions to JavaScript. Those
//! come from `xtask/sysroot`, and from parts of musl that Emscripten ships as sources only.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use linker::Module;
use xshell::{Shell, cmd};

use crate::support::files;
use crate::support::lock::BuildLock;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::Project;
use crate::tools::tool::Emscripten;

/// All that is done here is in this text: with another, the libraries are made anew.
const RECIPE: &str = include_str!("mod.rs");

const LIBC: &str = "libc.wasm";
const LIBICONV: &str = "libiconv.wasm";
const LIBDL: &str = "libdl.wasm";

/// The runtime's sources in `xtask/sysroot`: those of libc, and what they include; each libc++ has one of its own.
const LIBC_RUNTIME: [&str; 8] = [
    "runtime.c",
    "start.c",
    "atexit.c",
    "paths.c",
    "files.c",
    "mappings.c",
    "refused.c",
    "strptime.c",
];
const LIBDL_RUNTIME: &str = "dlfcn.c";
const HEADERS: [&str; 2] = ["runtime.h", "uncaught.h"];

/// A libc++ for code that is compiled in one way as to exceptions.
pub(crate) struct Libcxx {
    library: &'static str,
    runtime: &'static str,
    /// Taken whole; each by its names, the newest first.
    pub(crate) archives: &'static [&'static [&'static str]],
}

/// The first is for programs in which nothing catches. Which one a program gets the linker decides.
pub(crate) const LIBCXX: [Libcxx; 3] = [
    Libcxx {
        library: "libc++.wasm",
        runtime: "uncaught.cpp",
        archives: &[&["libc++-noexcept"], &["libc++abi-noexcept"]],
    },
    Libcxx {
        library: "libc++-exceptions.wasm",
        runtime: "exceptions.cpp",
        archives: &[&["libc++"], &["libc++abi"]],
    },
    // Those of newer versions have the final encoding of exceptions; the linker translates the legacy one.
    Libcxx {
        library: "libc++-wasm-exceptions.wasm",
        runtime: "wasm-exceptions.cpp",
        archives: &[
            &["libc++-wasmexcept", "libc++-except"],
            &["libc++abi-wasmexcept", "libc++abi-except"],
            &["libunwind-wasmexcept", "libunwind-except"],
        ],
    },
];

fn libraries() -> impl Iterator<Item = &'static str> {
    [LIBC, LIBICONV, LIBDL].into_iter().chain(LIBCXX.iter().map(|libcxx| libcxx.library))
}

/// What musl has and Emscripten leaves to JavaScript: dates, the way out, the names of protocols. What it has
/// in another archive: addresses of IPv6. And what reads the environment or the program's name. Which of these files exist, and which are in its libc too, differs
/// between versions.
const MUSL: [&str; 28] = [
    "env/clearenv.c",
    "env/getenv.c",
    "env/putenv.c",
    "env/unsetenv.c",
    "exit/assert.c",
    "exit/exit.c",
    "legacy/err.c",
    "network/in6addr_any.c",
    "network/in6addr_loopback.c",
    "network/proto.c",
    "time/__month_to_secs.c",
    "time/__secs_to_tm.c",
    "time/__tm_to_secs.c",
    "time/__tz.c",
    "time/__utc.c",
    "time/__year_to_secs.c",
    "time/clock.c",
    "time/difftime.c",
    "time/ftime.c",
    "time/gettimeofday.c",
    "time/gmtime_r.c",
    "time/localtime_r.c",
    "time/mktime.c",
    "time/strftime.c",
    "time/time.c",
    "time/timegm.c",
    "time/timespec_get.c",
    "time/wcsftime.c",
];

/// The archives, taken whole since guests may need any of it. The first is the `printf` that prints a
/// `long double` in full.
pub(crate) const LIBC_ARCHIVES: [&str; 3] = ["libprintf_long_double", "libc", "libstubs"];
/// The compiler's own library, by its newer and its older name; taken whole too.
const COMPILER_RT: [&str; 2] = ["libclang_rt.builtins", "libcompiler_rt"];
/// What of libc is a library of its own: most of libc's data is tables of character sets, which few need.
/// With it goes a constant that libc keeps to itself, so that each has its own.
const ICONV: &str = "iconv.o";
const LOCALES: &str = "c_locale.o";
/// What is in libdl instead, for which Emscripten has JavaScript. Which of these there are differs between versions.
const DYNAMIC: [&str; 5] = ["dladdr.o", "dlclose.o", "dlerror.o", "dlsym.o", "dynlink.o"];
/// The tag of C++ exceptions, which newer versions of libc++abi define. All modules of a program have one, the linker's.
const TAG: &str = "__cpp_exception.o";
/// The destructors of `thread_local` objects, which libc++abi would run with those of static objects. Libc has them.
const THREAD_LOCAL: &str = "cxa_thread_atexit.o";
/// Of this one only `malloc`: the rest is an `sbrk` that takes all of memory for its own.
pub(crate) const MALLOC: &str = "libdlmalloc";

/// The module that every host provides.
const WASI: &str = "wasi_snapshot_preview1";
/// The module of what `host` provides to libdl.
const HOST: &str = "wasm_host";

/// What whoever links the libraries provides.
const CONVENTION: [&str; 7] = [
    "memory",
    "__indirect_function_table",
    "__stack_pointer",
    "__memory_base",
    "__table_base",
    "__stack_low",
    "__stack_high",
];

/// Builds the libraries unless those that are there were made of the same.
///
/// # Errors
///
/// When a tool is missing or fails, or this version of Emscripten leaves more to JavaScript than the
/// runtime knows of.
pub(crate) fn build(
    project: &Project,
    progress: &Progress,
    lock: &BuildLock,
) -> anyhow::Result<()> {
    let emscripten = Emscripten::find(project)?;
    let folder = project.target.join("sysroot");
    let published = project.guests().join("sysroot");
    let stamp = folder.join("built-from.txt");
    let inputs = inputs(project, &emscripten)?;
    let current = fs::read_to_string(&stamp).is_ok_and(|text| text == inputs);
    if current && libraries().all(|library| published.join(library).is_file()) {
        return Ok(());
    }
    let step = progress.step("libc, libc++ (Emscripten)");
    files::remove(&folder)?;
    create(&folder)?;
    create(&published)?;
    let sh = Shell::new().context("cannot read the current folder")?;
    sh.change_dir(&folder);
    let recipe = Recipe::new(project, &emscripten, &step, &sh)?;
    recipe.make_archives()?;
    recipe.build_libc()?;
    recipe.build_libiconv()?;
    recipe.build_libdl()?;
    LIBCXX.iter().try_for_each(|libcxx| recipe.build_libcxx(libcxx))?;
    check(&folder, &emscripten.version)?;
    for library in libraries() {
        files::publish(lock, &published.join(library), &read(&folder, library)?)?;
    }
    fs::write(&stamp, inputs).with_context(|| format!("cannot write `{}`", stamp.display()))?;
    step.done("built");
    Ok(())
}

/// All that the libraries are made of, as text.
fn inputs(project: &Project, emscripten: &Emscripten) -> anyhow::Result<String> {
    let mut text = format!("{}\n{}\n", emscripten.emcmake.display(), emscripten.version);
    text += RECIPE;
    let libcxx = LIBCXX.iter().map(|libcxx| &libcxx.runtime);
    for source in LIBC_RUNTIME.iter().chain(&[LIBDL_RUNTIME]).chain(libcxx).chain(&HEADERS) {
        let file = runtime(project).join(source);
        let source = fs::read_to_string(&file);
        text += &source.with_context(|| format!("cannot read `{}`", file.display()))?;
    }
    Ok(text)
}

fn runtime(project: &Project) -> PathBuf {
    project.root.join("xtask").join("sysroot")
}

fn create(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))
}

fn read(folder: &Path, library: &str) -> anyhow::Result<Vec<u8>> {
    let file = folder.join(library);
    fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// Checks that the libraries of each program need nothing but WASI, each other and the linker.
fn check(folder: &Path, version: &str) -> anyhow::Result<()> {
    let load = |library| Ok::<_, anyhow::Error>(Module::load(library, &read(folder, library)?)?);
    let (libc, libiconv, libdl) = (load(LIBC)?, load(LIBICONV)?, load(LIBDL)?);
    check_split(&libc, &libiconv)?;
    check_split(&libc, &libdl)?;
    for libcxx in &LIBCXX {
        let libcxx = load(libcxx.library)?;
        check_imports([&libc, &libiconv, &libdl, &libcxx], version)?;
        check_exports(&libcxx, version)?;
    }
    Ok(())
}

fn check_imports(modules: [&Module; 4], version: &str) -> anyhow::Result<()> {
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
        "Emscripten {version} leaves to JavaScript what xtask/sysroot lacks: {missing}\n\
        help: define it there, or install another version"
    )
}

/// What the linker defines for a program no library has too: there would be two tags of C++ exceptions, for example.
fn check_exports(library: &Module, version: &str) -> anyhow::Result<()> {
    match library.exports.iter().find(|export| linker::is_synthesised(&export.name)) {
        None => Ok(()),
        Some(export) => bail!(
            "`{}` of Emscripten {version} has a `{}` of its own, which the linker defines\n\
            help: leave the object that defines it out in xtask/src/build/sysroot/mod.rs, or install another version",
            library.name,
            export.name
        ),
    }
}

/// What two parts of libc both define they do not share: there would be two places for `errno`, for example.
fn check_split(libc: &Module, part: &Module) -> anyhow::Result<()> {
    let private = |name: &str| CONVENTION.contains(&name) || name.starts_with("__wasm_");
    let both = part.exports.iter().find(|e| !private(&e.name) && libc.export(&e.name).is_some());
    match both {
        None => Ok(()),
        Some(export) => bail!("`{}` and `{}` both define `{}`", libc.name, part.name, export.name),
    }
}

/// Runs the tools, in the folder of the objects.
struct Recipe<'a> {
    step: &'a Step<'a>,
    sh: &'a Shell,
    emcmake: &'a Path,
    /// Where the runtime's sources are.
    runtime: PathBuf,
    /// Where the sources of Emscripten's libraries are.
    system: PathBuf,
    /// Where its position independent archives are.
    archives: PathBuf,
    /// Which it knows to build.
    known: Known,
    lld: PathBuf,
}

impl<'a> Recipe<'a> {
    fn new(
        project: &Project,
        emscripten: &'a Emscripten,
        step: &'a Step<'a>,
        sh: &'a Shell,
    ) -> anyhow::Result<Self> {
        let emcmake = &emscripten.emcmake;
        let real = fs::canonicalize(emcmake).unwrap_or_else(|_| emcmake.clone());
        Ok(Recipe {
            step,
            sh,
            emcmake,
            runtime: runtime(project),
            system: real.with_file_name("system").join("lib"),
            archives: archives(emcmake)?.join("pic"),
            known: Known::ask(emcmake)?,
            lld: lld()?,
        })
    }

    /// Distributions ship the archives, in a cache that must stay as it is. Emscripten's own installer
    /// leaves them to be made.
    fn make_archives(&self) -> anyhow::Result<()> {
        let mut all = [&LIBC_ARCHIVES[..], &[self.known.compiler_rt()?, MALLOC]].concat();
        for names in LIBCXX.iter().flat_map(|libcxx| libcxx.archives) {
            all.push(self.known.one_of(names)?);
        }
        let missing: Vec<_> =
            all.into_iter().filter(|name| !self.archive(name).is_file()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.step.announce("compiling them, which takes some minutes the first time");
        let embuilder = sibling(self.emcmake, "embuilder");
        process::run(self.step, cmd!(self.sh, "{embuilder} --pic build {missing...}"))
    }

    fn build_libc(&self) -> anyhow::Result<()> {
        let runtime = LIBC_RUNTIME.map(|source| self.runtime.join(source));
        let musl = MUSL.map(|source| self.system.join("libc/musl/src").join(source));
        let musl: Vec<_> = musl.into_iter().filter(|source| source.is_file()).collect();
        // Older versions name the feature for `memory.copy`, newer ones have it on.
        let flags = ["-std=gnu2x", "-mbulk-memory", "-Wall", "-Wextra"];
        self.compile(&flags, &[], &runtime)?;
        // As Emscripten compiles musl; time zones come from JavaScript where it is not standalone. The first two
        // variables are functions' results, see start.c: their declarations become those of the functions.
        let flags = [
            "-D__environ=(*__environ_location())",
            "-D__progname=(*__progname_location())",
            "-std=c99",
            "-D_XOPEN_SOURCE=700",
            "-DEMSCRIPTEN_STANDALONE_WASM",
            "-fno-builtin",
            "-DNDEBUG",
            "-w",
        ];
        let include = [
            "libc/musl/arch/emscripten",
            "libc/musl/src/internal",
            "libc/musl/src/include",
            "libc",
            "pthread",
        ];
        self.compile(&flags, &include, &musl)?;
        let objects = [objects(&runtime), objects(&musl)].concat();
        // musl hides the function that runs exit handlers, which whoever runs guests calls, the one that prepares
        // a stream for output, by which the linker sees that there is some, and its own name for the place of
        // `errno`, which is needed where a part of it is another library.
        let flags =
            ["--export=__funcs_on_exit", "--export=__towrite", "--export=___errno_location"];
        let elsewhere = [&[ICONV][..], &DYNAMIC].concat();
        let whole = LIBC_ARCHIVES.iter().map(|name| self.without(name, &elsewhere));
        let mut whole = whole.collect::<anyhow::Result<Vec<_>>>()?;
        whole.push(self.archive(self.known.compiler_rt()?));
        self.link(LIBC, &flags, &objects, &whole, &[&self.archive(MALLOC)])
    }

    fn build_libiconv(&self) -> anyhow::Result<()> {
        let (emar, libc) = (sibling(self.emcmake, "emar"), self.archive(LIBC_ARCHIVES[1]));
        process::run(self.step, cmd!(self.sh, "{emar} x {libc} {ICONV} {LOCALES}"))?;
        let objects = [ICONV.into(), LOCALES.into()];
        self.link(LIBICONV, &[], &objects, &[], &[Path::new(LIBC)])
    }

    fn build_libdl(&self) -> anyhow::Result<()> {
        let runtime = [self.runtime.join(LIBDL_RUNTIME)];
        self.compile(&["-Wall", "-Wextra"], &[], &runtime)?;
        self.link(LIBDL, &[], &objects(&runtime), &[], &[Path::new(LIBC)])
    }

    fn build_libcxx(&self, libcxx: &Libcxx) -> anyhow::Result<()> {
        let runtime = [self.runtime.join(libcxx.runtime)];
        let include = ["libcxxabi/src", "libunwind/include"];
        self.compile(&["-Wall", "-Wextra"], &include, &runtime)?;
        // With libc among the inputs, libc++ records that it needs it.
        let whole = libcxx.archives.iter().map(|names| {
            let name = self.known.one_of(names)?;
            self.without(name, &[TAG, THREAD_LOCAL])
        });
        let whole = whole.collect::<anyhow::Result<Vec<_>>>()?;
        self.link(libcxx.library, &[], &objects(&runtime), &whole, &[Path::new(LIBC)])
    }

    fn compile(&self, flags: &[&str], include: &[&str], sources: &[PathBuf]) -> anyhow::Result<()> {
        let emcc = sibling(self.emcmake, "emcc");
        let include = include.iter().map(|folder| self.system.join(folder));
        let include = include.flat_map(|folder| ["-I".into(), folder]);
        let cmd = cmd!(self.sh, "{emcc} -c -Os -fPIC {flags...} {include...} {sources...}");
        process::run(self.step, cmd)
    }

    /// Links all of `objects` and of the archives `whole`, and what these need of `rest`.
    ///
    /// Of several definitions the first counts, so ours come before Emscripten's. Where a function has
    /// not the type that its callers expect, the linker only warns and makes the call a trap: here that is
    /// an error.
    fn link(
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
            --allow-multiple-definition --fatal-warnings --strip-debug {flags...} -o {library}
            --whole-archive {objects...} {whole...} --no-whole-archive {rest...}"
        );
        process::run(self.step, cmd)
    }

    /// A copy of an archive, in the current folder, without those of the objects that it has.
    fn without(&self, name: &str, objects: &[&str]) -> anyhow::Result<PathBuf> {
        let (emar, archive) = (sibling(self.emcmake, "emar"), self.archive(name));
        let rest = self.sh.current_dir().join(format!("{name}-rest.a"));
        fs::copy(&archive, &rest)
            .with_context(|| format!("cannot copy `{}`", archive.display()))?;
        process::run(self.step, cmd!(self.sh, "{emar} d {rest} {objects...}"))?;
        Ok(rest)
    }

    fn archive(&self, name: &str) -> PathBuf {
        self.archives.join(format!("{name}.a"))
    }
}

/// The objects that [`build`] compiles for programs in which nothing catches exceptions, those that this
/// version of Emscripten has sources for.
pub(crate) fn compiled(project: &Project) -> Vec<PathBuf> {
    let folder = project.target.join("sysroot");
    let sources =
        LIBC_RUNTIME.iter().chain([&LIBDL_RUNTIME]).chain(&MUSL).chain([&LIBCXX[0].runtime]);
    let sources: Vec<_> = sources.map(PathBuf::from).collect();
    let objects = objects(&sources).into_iter().map(|object| folder.join(object));
    objects.filter(|object| object.is_file()).collect()
}

/// Where Emscripten's archives are; those of position independent code are in a folder in it.
pub(crate) fn archives(emcmake: &Path) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(sibling(emcmake, "em-config"));
    command.arg("CACHE");
    let cache = process::ask(command)?;
    Ok(Path::new(&cache).join("sysroot/lib/wasm32-emscripten"))
}

/// The linker that the Rust toolchain brings.
pub(crate) fn lld() -> anyhow::Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir"]);
    let target = process::ask(command)?;
    let lld = format!("rust-lld{}", env::consts::EXE_SUFFIX);
    Ok(Path::new(&target).with_file_name("bin").join(lld))
}

/// The archives that a version of Emscripten can build.
pub(crate) struct Known(String);

impl Known {
    pub(crate) fn ask(emcmake: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(sibling(emcmake, "embuilder"));
        command.arg("--help");
        process::ask(command).map(Known)
    }

    fn one_of(&self, names: &[&'static str]) -> anyhow::Result<&'static str> {
        let is_known = |name: &&str| self.0.lines().any(|line| line.trim() == *name);
        let name = names.iter().copied().find(is_known);
        name.with_context(|| format!("Emscripten lacks the library `{}`", names.join("` or `")))
    }

    pub(crate) fn compiler_rt(&self) -> anyhow::Result<&'static str> {
        self.one_of(&COMPILER_RT)
    }
}

/// Where the compiler puts objects: in the current folder.
fn objects(sources: &[PathBuf]) -> Vec<PathBuf> {
    sources.iter().filter_map(|s| Some(Path::new(s.file_name()?).with_extension("o"))).collect()
}

/// Another of Emscripten's programs; on Windows they are batch files.
pub(crate) fn sibling(emcmake: &Path, name: &str) -> PathBuf {
    emcmake.with_file_name(name).with_extension(emcmake.extension().unwrap_or_default())
}
