//! One source file to one module, in each language and each role that the language has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

use super::workspace;

/// The role of a module in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Not position independent; lends the others its memory, table and stack. Rust with std.
    Main,
    /// Position independent: C, C++, and Rust with `#![no_std]` or for Emscripten, since std is not
    /// elsewhere.
    Shared,
    /// Has a memory of its own, and gives and takes nothing but functions.
    Plain,
}

impl Role {
    /// Returns the role of a case's source. Only Rust has a choice.
    pub(crate) fn of(source: &Path) -> Self {
        let no_std = || fs::read_to_string(source).is_ok_and(|text| text.contains("#![no_std]"));
        let is_main = ending(source) == "rs" && !is_for_emscripten(source) && !no_std();
        if is_main { Role::Main } else { Role::Shared }
    }
}

/// The endings of source files.
pub(crate) const ENDINGS: [&str; 4] = ["wat", "c", "cpp", "rs"];

pub(crate) fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The target for which Rust has a position independent std.
const EMSCRIPTEN: &str = "wasm32-unknown-emscripten";

/// Rust with std as a shared library, which a source is by its first line.
fn is_for_emscripten(source: &Path) -> bool {
    ending(source) == "rs" && rust_target(source) == EMSCRIPTEN
}

/// The target of a Rust source whose first line names none, and the one whose std contains
/// wasi-libc.
const PLAIN: &str = "wasm32-unknown-unknown";
const WASIP1: &str = "wasm32-wasip1";

/// Returns the target of a Rust source.
fn rust_target(source: &Path) -> &'static str {
    let wanted = head(source, "Target");
    [EMSCRIPTEN, WASIP1]
        .into_iter()
        .find(|target| wanted.as_deref() == Some(target))
        .unwrap_or(PLAIN)
}

/// The target for which Zig compiles C and C++.
const WASI: &str = "wasm32-wasi";

/// C or C++ for wasi-libc, which a source is by its first line.
pub(crate) fn is_for_wasi(source: &Path) -> bool {
    matches!(ending(source).as_str(), "c" | "cpp")
        && head(source, "Target").as_deref() == Some(WASI)
}

/// Returns what the first lines of a source say about a key: `// Target: wasm32-wasi`.
fn head(source: &Path, key: &str) -> Option<String> {
    let text = fs::read_to_string(source).ok()?;
    let lines = text.lines().map_while(|line| line.strip_prefix("// ")?.split_once(": "));
    let value = lines.into_iter().find(|(name, _)| *name == key)?.1;
    Some(value.to_owned())
}

/// The reason for which a test of wasi-libc does not run.
pub(crate) const NO_ZIG: &str = "Zig is missing: `cargo xtask setup --toolchain zig`";

/// Returns the path of Zig.
pub(crate) fn zig() -> Option<PathBuf> {
    let program = format!("zig{}", std::env::consts::EXE_SUFFIX);
    let ours = workspace::root().join(".tools/zig/ziglang").join(program);
    Some(ours).filter(|path| path.is_file()).or_else(|| which::which("zig").ok())
}

/// Returns the folder of a target's libraries in the toolchain.
fn target_libraries(target: &[&str]) -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    let output = rustc.args(["--print", "target-libdir"]).args(target).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end()))
}

/// Returns the reason if a source cannot be compiled here.
pub(crate) fn missing_compiler(source: &Path) -> Option<String> {
    if ending(source) == "rs" {
        let target = rust_target(source);
        // The tests themselves are built with the guests for this one.
        if target == PLAIN {
            return None;
        }
        let is_there = target_libraries(&["--target", target]).is_some_and(|path| path.is_dir());
        return (!is_there).then(|| format!("the Rust target {target} is missing"));
    }
    if is_for_wasi(source) {
        return zig().is_none().then(|| NO_ZIG.to_owned());
    }
    let needs_emcc = matches!(ending(source).as_str(), "c" | "cpp");
    let is_missing = needs_emcc && which::which("emcc").is_err();
    is_missing.then(|| "Emscripten is missing".to_owned())
}

pub(crate) fn compile(source: &Path, role: Role, module: &Path) -> Result<(), Failed> {
    compile_with(&flags(source), source, role, module)
}

/// With flags that are for C and C++.
pub(crate) fn compile_with(
    flags: &[String],
    source: &Path,
    role: Role,
    module: &Path,
) -> Result<(), Failed> {
    let mut command = match ending(source).as_str() {
        "wat" => return Ok(fs::write(module, text(source)?)?),
        "rs" if is_for_emscripten(source) => return rust_for_emscripten(source, module),
        "rs" => rustc(role, rust_target(source)),
        _ if is_for_wasi(source) => return zig_for_wasi(flags, source, module),
        _ => emcc(flags, source, role),
    };
    let folder = workspace::built(&key(&command, source)?, |folder| {
        run(command.arg(source).arg("-o").arg(folder.join(MODULE)))
    })?;
    fs::copy(folder.join(MODULE), module)?;
    Ok(())
}

/// Returns the module of a file in the text format. Its first line may name a world, in a WIT file
/// beside it, that it then describes: `;; World: FILE NAME`.
fn text(source: &Path) -> Result<Vec<u8>, Failed> {
    let mut module = wat::parse_file(source)?;
    let text = fs::read_to_string(source)?;
    let first = text.lines().next().unwrap_or_default();
    if let Some((file, world)) = first.strip_prefix(";; World: ").and_then(|it| it.split_once(' '))
    {
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve.push_path(source.with_file_name(file))?;
        let world = resolve.select_world(&[package], Some(world))?;
        let encoding = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, encoding)?;
    }
    Ok(module)
}

/// The file that a compiler writes, in a folder that is kept.
const MODULE: &str = "module.wasm";

/// Returns the key of what a command makes of a source: the same command of the same compiler, from
/// the same source and headers, makes the same module.
pub(crate) fn key(command: &Command, source: &Path) -> Result<impl Hash + use<>, Failed> {
    Ok((format!("{command:?}"), version(command), sources(source)?))
}

/// Returns the version that a compiler prints. Each compiler is asked once.
fn version(compiler: &Command) -> String {
    static VERSIONS: Mutex<BTreeMap<OsString, String>> = Mutex::new(BTreeMap::new());
    let mut versions = VERSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let program = compiler.get_program().to_owned();
    let ask = || {
        let output = Command::new(&program).arg("--version").output();
        output.map(|o| format!("{o:?}")).unwrap_or_default()
    };
    versions.entry(program.clone()).or_insert_with(ask).clone()
}

/// Returns a source and the headers in its folder.
fn sources(source: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Failed> {
    let mut sources = BTreeMap::from([(source.to_owned(), fs::read(source)?)]);
    for entry in fs::read_dir(source.parent().unwrap_or(Path::new(".")))? {
        let path = entry?.path();
        if ending(&path) == "h" {
            sources.insert(path.clone(), fs::read(path)?);
        }
    }
    Ok(sources)
}

/// Compiles to an archive with std in it, and links that by the toolchain's own linker.
fn rust_for_emscripten(source: &Path, module: &Path) -> Result<(), Failed> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--crate-type", "staticlib", "-O", "--crate-name", "case"]);
    rustc.args(["--target", EMSCRIPTEN, "-C", "relocation-model=pic", "-C", "panic=unwind"]);
    rustc.args(["-C", "debuginfo=line-tables-only"]);
    let folder = workspace::built(&key(&rustc, source)?, |folder| {
        let archive = folder.join("module.a");
        run(rustc.arg(source).arg("-o").arg(&archive))?;
        let mut lld = lld()?;
        lld.arg("--export=test").args(SHARED);
        run(lld.arg(&archive).arg("-o").arg(folder.join(MODULE)))?;
        Ok(fs::remove_file(archive)?)
    })?;
    fs::copy(folder.join(MODULE), module)?;
    Ok(())
}

/// Compiles with Zig to an object, and links that by the Rust toolchain's linker: Zig's own would
/// put its libc into each module.
fn zig_for_wasi(flags: &[String], source: &Path, module: &Path) -> Result<(), Failed> {
    let mut zig = Command::new(zig().ok_or("Zig is missing")?);
    let cache = workspace::kept().join("zig");
    zig.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
    zig.arg(if ending(source) == "c" { "cc" } else { "c++" });
    zig.args(["-target", WASI, "-c", "-Os", "-g", "-Wall", "-Wextra"]);
    zig.args(["-fPIC", "-fvisibility=default"]).args(flags);
    let folder = workspace::built(&key(&zig, source)?, |folder| {
        let object = folder.join("module.o");
        run(zig.arg(source).arg("-o").arg(&object))?;
        run(lld()?.args(SHARED).arg(&object).arg("-o").arg(folder.join(MODULE)))?;
        Ok(fs::remove_file(object)?)
    })?;
    fs::copy(folder.join(MODULE), module)?;
    Ok(())
}

/// Returns the toolchain's own linker for WebAssembly.
pub(crate) fn lld() -> Result<Command, Failed> {
    let libraries = target_libraries(&[]).ok_or("rustc does not tell its folder")?;
    let mut lld = Command::new(libraries.with_file_name("bin").join("rust-lld"));
    lld.args(["-flavor", "wasm"]);
    Ok(lld)
}

pub(crate) fn run(command: &mut Command) -> Result<(), Failed> {
    workspace::clean_environment(command);
    let result = command.output()?;
    match result.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}\n{}", String::from_utf8_lossy(&result.stderr)).into()),
    }
}

/// Returns the flags for a source, from its first lines: `// Flags: -fexceptions`.
pub(crate) fn flags(source: &Path) -> Vec<String> {
    let flags = head(source, "Flags").unwrap_or_default();
    flags.split_whitespace().map(str::to_owned).collect()
}

fn emcc(flags: &[String], source: &Path, role: Role) -> Command {
    let program = if ending(source) == "c" { "emcc" } else { "em++" };
    let mut command = Command::new(which::which(program).unwrap_or_else(|_| program.into()));
    command.args(["-Os", "-Wall", "-Wextra", "-msimd128"]);
    // It allows no threads, and changes nothing of a shared library.
    if !flags.iter().any(|flag| flag == "-pthread") {
        command.arg("-sSTANDALONE_WASM");
    }
    command.args(["-sWASM_BIGINT", "--no-entry", "-g"]).args(flags);
    command.arg(match role {
        Role::Plain => "-sERROR_ON_UNDEFINED_SYMBOLS=0",
        Role::Shared | Role::Main if flags.iter().any(|flag| flag == "-sMAIN_MODULE=2") => {
            "-sSTANDALONE_WASM"
        }
        Role::Shared | Role::Main => "-sSIDE_MODULE=1",
    });
    if ending(source) == "cpp" {
        command.arg("-std=c++17");
    }
    command
}

/// The link arguments that make a Rust cdylib a main: it lends its memory, table and stack, and
/// imports what it only declares.
pub(crate) const MAIN: [&str; 8] = [
    "--export-table",
    "--growable-table",
    "--import-undefined",
    "--export=__stack_pointer",
    "--export=__heap_base",
    "--export=__heap_end",
    "--export=__stack_low",
    "--export=__stack_high",
];

/// The link arguments that make it a shared library.
const SHARED: [&str; 3] = ["--experimental-pic", "-shared", "--unresolved-symbols=import-dynamic"];

/// A source may ask by `cfg(shared)` whether it has to do without std.
fn rustc(role: Role, target: &str) -> Command {
    let mut command = Command::new("rustc");
    command.args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-C", "panic=abort"]);
    command.args(["--target", target, "--crate-name", "case"]);
    command.args(["-C", "debuginfo=line-tables-only"]);
    if role == Role::Shared {
        command.args(["--cfg", "shared", "-C", "relocation-model=pic"]);
    }
    let link_args: &[&str] = match role {
        Role::Main => &MAIN,
        Role::Shared => &SHARED,
        Role::Plain => &[],
    };
    for arg in link_args {
        command.args(["-C", &format!("link-arg={arg}")]);
    }
    command
}
