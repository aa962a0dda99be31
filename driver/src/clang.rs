//! Emscripten's clang, called directly. `emcc` is a script that starts it: for a small file, that
//! takes several times as long as compiling.
//!
//! The script is asked once for the command that it runs. The answer is kept in a file next to this
//! program. Where no file can be written, the script compiles.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::{NamedTempFile, TempDir};

/// A definition that separates the options of the script from those of the user.
const MARK: &str = "-DWASM_CC_ASKS";

/// Variables of the environment that change what the script does.
const VARIABLES: [&str; 4] = ["EM_CONFIG", "EM_CACHE", "EMSDK", "EM_COMPILER_WRAPPER"];

/// A variable with options that the script adds after those of the user.
const OPTIONS: &str = "EMCC_CFLAGS";

/// Returns the command that compiles in place of the script `emcc`, without the arguments of the
/// user. `model` is the option about exceptions. Returns `None` if it is not known, or if the
/// arguments ask for more than clang does.
pub(crate) fn command(emcc: &Path, model: Option<&str>, args: &[OsString]) -> Option<Command> {
    let has_options = env::var_os(OPTIONS).is_some_and(|options| !options.is_empty());
    if has_options || !args.iter().any(compiles) || args.iter().any(needs_script) {
        return None;
    }
    let file = answer_file(emcc, model)?;
    let answer = match fs::read_to_string(&file) {
        Ok(answer) => answer,
        Err(_) => ask_and_keep(&file, emcc, model)?,
    };
    let mut lines = answer.lines();
    let clang = lines.next().filter(|clang| Path::new(clang).is_file())?;
    // The script makes this folder, if it has been removed.
    let sysroot = lines.clone().find_map(|line| line.strip_prefix("--sysroot="));
    if !sysroot.is_none_or(|sysroot| Path::new(sysroot).is_dir()) {
        return None;
    }
    let mut command = Command::new(clang);
    command.args(lines);
    Some(command)
}

/// Returns whether an option makes the compiler stop before it links.
fn compiles(arg: &OsString) -> bool {
    ["-c", "-E", "-S", "-M", "-MM", "-fsyntax-only"].iter().any(|option| arg == *option)
}

/// Returns whether only the script understands an option.
fn needs_script(arg: &OsString) -> bool {
    let arg = arg.to_string_lossy();
    let starts = ["--", "-s", "-fsanitize", "-msse", "-mavx", "-gs", "-v", "-#"];
    starts.iter().any(|start| arg.starts_with(start)) && !arg.starts_with("-std")
}

/// Returns the file for the answer of this version of the script, with its settings, to this version
/// of the question.
fn answer_file(emcc: &Path, model: Option<&str>) -> Option<PathBuf> {
    let real = emcc.canonicalize().ok()?;
    let changed = real.metadata().ok()?.modified().ok()?;
    let settings = [
        env::var_os("EM_CONFIG").map(PathBuf::from),
        Some(real.with_file_name(SETTINGS)),
        env::home_dir().map(|home| home.join(SETTINGS)),
    ];
    let settings = settings.map(|file| file.and_then(|file| fs::read(file).ok()));
    let mut hasher = DefaultHasher::new();
    (emcc, real, changed, settings, VARIABLES.map(env::var_os), model).hash(&mut hasher);
    include_str!("clang.rs").hash(&mut hasher);
    let folder = env::current_exe().ok()?.parent()?.to_owned();
    Some(folder.join(format!("wasm-cc-{:016x}.txt", hasher.finish())))
}

/// The name of the file with the settings of the script.
const SETTINGS: &str = ".emscripten";

/// Asks the script for the command that it runs: the program and its options, a line each.
fn ask(emcc: &Path, model: Option<&str>) -> Option<String> {
    let folder = TempDir::new().ok()?;
    let (source, object) = (folder.path().join("empty.c"), folder.path().join("empty.o"));
    fs::write(&source, "").ok()?;
    let mut command = Command::new(emcc);
    command.args(model).args([MARK, "-v", "-c"]).arg(source).arg("-o").arg(object);
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stderr).ok()?;
    let line = text.lines().find(|line| line.contains(MARK))?;
    let args = shlex::split(line)?;
    let options = args.iter().position(|arg| arg == MARK)?;
    Some(args[..options].join("\n"))
}

/// Writes the answer, completely or not at all, and returns it. Asks only if it can be written:
/// otherwise, the script would run twice for each file.
fn ask_and_keep(file: &Path, emcc: &Path, model: Option<&str>) -> Option<String> {
    let mut written = NamedTempFile::new_in(file.parent()?).ok()?;
    let answer = ask(emcc, model)?;
    written.write_all(answer.as_bytes()).ok()?;
    written.persist(file).ok()?;
    Some(answer)
}
