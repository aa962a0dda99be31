//! Cases in which modules are compiled, linked and run: folders with a `main.*`.
//!
//! - `main.*` exports `test`, which returns 42; a success is nothing that happens by itself.
//! - `lib-*.*` are linked to it in the order of their names, `needed-*.*` only if a module asks for them.
//! - `.wat` is the text format. `.c` and `.cpp` become shared libraries by Emscripten. `.rs` becomes a main
//!   with std, or with `#![no_std]` a shared library.
//! - `stdout.txt` is what the program prints, if anything; `plan.txt` how it is linked, where every module is
//!   in the text format and so the same everywhere; `error.txt` why it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};

use crate::console;
use crate::workspace::{self, Sandbox};

pub(crate) fn trial(folder: PathBuf) -> Trial {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Trial::ignorable_test(format!("link::{name}"), move || run(&folder))
}

/// Whether a case's folder is one of these.
pub(crate) fn is_link_case(folder: &Path) -> bool {
    let main = |ending: &&str| folder.join(format!("main.{ending}")).is_file();
    !folder.join("case.md").is_file() && ENDINGS.iter().any(main)
}

const ENDINGS: [&str; 4] = ["wat", "c", "cpp", "rs"];

fn run(folder: &Path) -> Result<Completion, Failed> {
    let sources = sources(folder)?;
    if let Some(reason) = sources.iter().find_map(|source| missing_compiler(source)) {
        return crate::ignored(&reason);
    }
    let sandbox = Sandbox::empty()?;
    for source in &sources {
        compile(source, sandbox.path())?;
    }
    let links = sources.iter().filter(|source| stem(source).starts_with("lib-"));
    let links: Vec<_> = links.map(|source| format!("{}.wasm", stem(source))).collect();
    if sources.iter().all(|source| ending(source) == "wat") {
        check_plan(folder, sandbox.path(), &links)?;
    }
    if !folder.join("error.txt").is_file() {
        check_run(folder, sandbox.path(), &links)?;
    }
    Ok(Completion::Completed)
}

/// `host COMMAND`, with the case's libraries.
fn host(command: &str, folder: &Path, links: &[String]) -> Command {
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    host.current_dir(folder).args([command, "-L", "."]);
    host.args(links.iter().flat_map(|link| ["--link", link]));
    host
}

fn check_plan(case: &Path, folder: &Path, links: &[String]) -> Result<(), Failed> {
    let output = host("plan", folder, links).arg("main.wasm").output()?;
    let (golden, other) = match output.status.success() {
        true => ("plan.txt", "error.txt"),
        false => ("error.txt", "plan.txt"),
    };
    if std::env::var_os("TESTS_BLESS").is_some() {
        let _ = fs::remove_file(case.join(other));
    }
    let text = [output.stdout, output.stderr].concat();
    compare(&case.join(golden), &String::from_utf8(text)?)
}

fn check_run(case: &Path, folder: &Path, links: &[String]) -> Result<(), Failed> {
    let output = host("run", folder, links).args(["--invoke", "test", "main.wasm"]).output()?;
    check_output(case, output)?;
    check_fused(case, folder, links)
}

/// The same once more, as one module.
fn check_fused(case: &Path, folder: &Path, links: &[String]) -> Result<(), Failed> {
    let fused = host("fuse", folder, links)
        .args(["main.wasm", "--export", "test", "--multi-memory", "-o", "fused.wasm"])
        .output()?;
    if !fused.status.success() {
        return Err(format!("fuse: {}", String::from_utf8_lossy(&fused.stderr)).into());
    }
    let run = host("run", folder, &[]).args(["--invoke", "test", "fused.wasm"]).output()?;
    check_output(case, run)
        .map_err(|e| format!("fused: {}", e.message().unwrap_or_default()).into())
}

fn check_output(case: &Path, output: std::process::Output) -> Result<(), Failed> {
    let text = String::from_utf8(output.stdout)?;
    if output.status.success() && !text.lines().any(|line| line == "42") {
        return Err(format!("`test` did not return 42:\n{text}").into());
    }
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}\n{text}{errors}", output.status).into());
    }
    let golden = case.join("stdout.txt");
    match golden.is_file() || text != "42\n" {
        true => compare(&golden, &text),
        false => Ok(()),
    }
}

fn compare(golden: &Path, actual: &str) -> Result<(), Failed> {
    if std::env::var_os("TESTS_BLESS").is_some() {
        return Ok(fs::write(golden, actual)?);
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    console::same(actual, &expected, "`cargo xtask test --bless` rewrites what is expected")
}

/// The sources of a case, in the order of their names.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = files.into_iter().map(|file| file.path()).collect();
    files.retain(|file| ENDINGS.contains(&ending(file).as_str()));
    files.sort();
    Ok(files)
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn missing_compiler(source: &Path) -> Option<String> {
    let emcc = || which::which("emcc").is_err().then(|| "Emscripten is missing".to_owned());
    match ending(source).as_str() {
        "c" | "cpp" => emcc(),
        _ => None,
    }
}

fn compile(source: &Path, folder: &Path) -> Result<(), Failed> {
    let output = folder.join(format!("{}.wasm", stem(source)));
    let mut command = match ending(source).as_str() {
        "wat" => return Ok(fs::write(output, wat::parse_file(source)?)?),
        "rs" => rustc(source)?,
        _ => emcc(source),
    };
    workspace::clean_environment(&mut command);
    let result = command.arg(source).arg("-o").arg(&output).output()?;
    match result.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}\n{}", String::from_utf8_lossy(&result.stderr)).into()),
    }
}

fn emcc(source: &Path) -> Command {
    let program = if ending(source) == "c" { "emcc" } else { "em++" };
    let mut command = Command::new(which::which(program).unwrap_or_else(|_| program.into()));
    command.args(["-Os", "-Wall", "-Wextra", "-msimd128", "-sSIDE_MODULE=1", "-sSTANDALONE_WASM"]);
    command.args(["-sWASM_BIGINT", "--no-entry", "--profiling-funcs"]);
    if ending(source) == "cpp" {
        command.arg("-std=c++17");
    }
    command
}

/// What makes a Rust cdylib a main: it lends its memory, table and stack.
pub(crate) const MAIN: [&str; 7] = [
    "--export-table",
    "--growable-table",
    "--export=__stack_pointer",
    "--export=__heap_base",
    "--export=__heap_end",
    "--export=__stack_low",
    "--export=__stack_high",
];

/// What makes it a shared library; the shipped std is not position independent.
const SHARED: [&str; 3] = ["--experimental-pic", "-shared", "--unresolved-symbols=import-dynamic"];

fn rustc(source: &Path) -> Result<Command, Failed> {
    let shared = fs::read_to_string(source)?.contains("#![no_std]");
    let mut command = Command::new("rustc");
    command.args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-C", "panic=abort"]);
    command.args(["--target", "wasm32-unknown-unknown", "--crate-name", "case"]);
    if shared {
        command.args(["-C", "relocation-model=pic"]);
    }
    for arg in if shared { SHARED.as_slice() } else { &MAIN } {
        command.args(["-C", &format!("link-arg={arg}")]);
    }
    Ok(command)
}
