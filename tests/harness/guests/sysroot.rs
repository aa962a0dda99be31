//! The system libraries against Emscripten's: what they have of it, and what only a real file
//! shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::trial::{ignorable, ignored};
use libtest_mimic::{Completion, Failed, Trial};
use linker::Module;

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), Failed>| {
        ignorable(format!("sysroot::{name}"), move || {
            if which::which("emcc").is_err() {
                return ignored("Emscripten is missing");
            }
            run().map(|()| Completion::Completed)
        })
    };
    vec![
        trial("it_has_what_emscripten_has", it_has_what_emscripten_has),
        trial("mmap_reads_files", mmap_reads_files),
        trial("commands_check_their_stack", commands_check_their_stack),
    ]
}

/// Archives whose symbols the system libraries need not have, by how their names begin.
const LEFT_OUT: [(&str, &str); 18] = [
    ("libGL", "WebGL is JavaScript"),
    ("libal", "OpenAL is JavaScript"),
    ("libhtml5", "the events of web pages are JavaScript"),
    ("libfetch", "`emscripten_fetch` is JavaScript"),
    ("libwebgpu", "WebGPU is JavaScript"),
    ("libembind", "Embind's other half is JavaScript"),
    ("libjsmath", "JavaScript's functions, in the place of libc's"),
    ("libasmfs", "a file system that is fetched by JavaScript"),
    ("libwasmfs", "a file system in memory; here files are WASI's"),
    ("libsockets_proxy", "sockets over WebSockets, which are JavaScript"),
    ("libemmalloc", "another `malloc` in the place of libc's, of which a program has one"),
    ("libstb_image", "images, by `-sSTB_IMAGE`; it can be linked into the module that uses it"),
    (
        "libstandalonewasm",
        "parts of commands, which are linked into them; `xtask/sysroot` has the runtime",
    ),
    ("libasan", "a sanitizer, for programs that are linked statically"),
    ("liblsan", "a sanitizer, for programs that are linked statically"),
    ("libubsan", "a sanitizer, for programs that are linked statically"),
    ("libsanitizer", "a sanitizer, for programs that are linked statically"),
    // Newer versions.
    ("libjsmalloc", "a `malloc` that calls JavaScript"),
];

/// Symbols of the other archives.
const LEFT_OUT_ALONE: [(&str, &str); 3] = [
    ("emscripten_dlopen", "opens a library while JavaScript goes on; there is `dlopen`"),
    ("_emscripten_thread_sync_code", "threads"),
    ("__wasm_longjmp_args", "the runtime has its own, as its `__wasm_longjmp` has"),
];

/// The parts of names of archives for threads, sanitizers or debugging, which have the same symbols
/// as others.
const VARIANTS: [&str; 5] = ["-mt", "-asan", "-debug", "-tracing", "-optz"];

fn it_has_what_emscripten_has() -> Result<(), Failed> {
    let known = system_symbols()?;
    let is_known = |symbol: &String| {
        known.contains(symbol) || LEFT_OUT_ALONE.iter().any(|(name, _)| symbol == name)
    };
    let folder = archives()?;
    let mut missing = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let archive = entry?.path();
        if is_compared(&archive) {
            let lacks: Vec<_> = symbols(&folder, &archive)?;
            let lacks: Vec<_> = lacks.into_iter().filter(|symbol| !is_known(symbol)).collect();
            let name = compile::stem(&archive);
            missing.extend(lacks.into_iter().map(|symbol| format!("{symbol}, of {name}.a")));
        }
    }
    missing.sort();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "the system libraries lack what Emscripten's archives have:\n{}\nadd them in xtask/src/build/sysroot/contents.rs, \
             or say in tests/harness/sysroot.rs why not",
            missing.join("\n")
        )
        .into()),
    }
}

fn is_compared(archive: &Path) -> bool {
    let name = compile::stem(archive);
    let is_left_out = LEFT_OUT.iter().any(|(beginning, _)| name.starts_with(beginning));
    let is_variant = VARIANTS.iter().any(|variant| name.contains(variant));
    compile::ending(archive) == "a" && !is_left_out && !is_variant
}

/// Returns the symbols of all system libraries that are built from Emscripten's.
fn system_symbols() -> Result<BTreeSet<String>, Failed> {
    let mut symbols = BTreeSet::new();
    for library in linker::system_libraries().filter(|file| !file.starts_with("wasi-")) {
        let bytes = fs::read(workspace::guests().join("sysroot").join(library))?;
        let exports = Module::load(library, &bytes)?.exports;
        symbols.extend(exports.into_iter().map(|export| export.name));
    }
    Ok(symbols)
}

/// Returns the folder of Emscripten's position independent archives.
fn archives() -> Result<PathBuf, Failed> {
    let output = Command::new(which::which("em-config")?).arg("CACHE").output()?;
    let cache = String::from_utf8(output.stdout)?;
    Ok(Path::new(cache.trim()).join("sysroot/lib/wasm32-emscripten/pic"))
}

/// Returns the public symbols of an archive: those that a shared library of all of it exports.
fn symbols(folder: &Path, archive: &Path) -> Result<Vec<String>, Failed> {
    let sandbox = Sandbox::empty()?;
    let linked = sandbox.path().join("linked.wasm");
    let mut lld = compile::lld()?;
    lld.args(["-shared", "--experimental-pic", "--unresolved-symbols=import-dynamic"]);
    lld.arg("--allow-multiple-definition").arg("-o").arg(&linked);
    // Other archives can use hidden symbols of libc only if they are linked with it.
    lld.arg("--whole-archive").arg(archive).args(["--no-whole-archive"]).arg(folder.join("libc.a"));
    compile::run(&mut lld)?;
    let exports = Module::load("linked", &fs::read(linked)?)?.exports;
    let public = exports.into_iter().map(|export| export.name);
    Ok(public.filter(|name| !name.starts_with("__wasm_apply_")).collect())
}

fn source(name: &str) -> PathBuf {
    workspace::root().join("tests").join("sysroot").join(name)
}

fn mmap_reads_files() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let (module, fused) = (sandbox.path().join("mmap.wasm"), sandbox.path().join("fused.wasm"));
    compile::compile(&source("mmap.c"), Role::Shared, &module)?;
    succeeds(host(&sandbox, &["fuse", "mmap.wasm", "-o", "fused.wasm"]))?;
    let expected = fs::read_to_string(source("mmap.txt"))?;
    for module in [module, fused] {
        let module = compile::stem(&module) + ".wasm";
        let run = ["run", "--dir", ".", "--invoke", "test", &module];
        let actual = succeeds(host(&sandbox, &run))?;
        console::same(&actual, &expected, "expected is tests/sysroot/mmap.txt")?;
    }
    Ok(())
}

/// The flags for commands that ask JavaScript where their stack is.
const CHECKED: [[&str; 2]; 2] = [["-O1", "-sASSERTIONS=2"], ["-O0", "-sSTACK_OVERFLOW_CHECK=2"]];

/// A program that JavaScript would start gets the bounds of its stack, and gets no answer where it
/// reports that memory has grown.
fn commands_check_their_stack() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    for flags in CHECKED {
        let mut emcc = Command::new(which::which("emcc")?);
        emcc.args(["-sSTANDALONE_WASM", "-sALLOW_MEMORY_GROWTH"]).args(flags);
        compile::run(emcc.arg(source("stack.c")).arg("-o").arg(sandbox.path().join("stack.js")))?;
        succeeds(host(&sandbox, &["fuse", "stack.wasm", "-o", "fused.wasm"]))?;
        for run in [&["stack.wasm"][..], &["--mode", "separate", "stack.wasm"], &["fused.wasm"]] {
            let run =
                |depth| host(&sandbox, &[&["run", "--max-stack", "64MiB"], run, &[depth]].concat());
            console::same(&succeeds(run("40"))?, "42\n", "it calls 40 times")?;
            let output = run("1000000").output()?;
            let error = String::from_utf8(output.stderr)?;
            if output.status.code() != Some(134) || !error.contains("the stack in linear memory") {
                return Err(format!("{flags:?}: {}\n{error}", output.status).into());
            }
        }
    }
    Ok(())
}

fn host(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    host.current_dir(sandbox.path()).args(args);
    host
}

/// Returns what a command prints that must succeed.
fn succeeds(mut command: Command) -> Result<String, Failed> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("{command:?}\n{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
