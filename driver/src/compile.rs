//! The compiler: Emscripten's, with the options of a build script that is not made for it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use crate::Language;
use crate::arguments;
use crate::clang;
use crate::emscripten;
use crate::process;

/// Asks for the folder of Emscripten, for `wasm32.cmake`.
const EMSCRIPTEN_ROOT: &str = "--emscripten-root";

/// Asks for the version. Emscripten answers only if there is no other argument.
const VERSION: &str = "-v";

/// Options that Emscripten refuses, or that make objects which cannot be linked here. Each comes
/// with the number of arguments that follow it.
const LEFT_OUT: [(&str, usize); 14] = [
    // cc-rs and CMake name the Rust target, and Emscripten has only its own.
    ("--target", 1),
    ("-target", 1),
    ("-fno-pic", 0),
    ("-fno-PIC", 0),
    ("-fpie", 0),
    ("-fPIE", 0),
    ("-fpic", 0),
    // There is one thread. What the option changes, such as atomic instructions, needs a memory
    // that is shared between threads.
    ("-pthread", 0),
    ("-pthreads", 0),
    // The linker of Rust cannot read the bitcode of every Emscripten.
    ("-flto", 0),
    ("-ffat-lto-objects", 0),
    ("-static-libgcc", 0),
    ("-static-libstdc++", 0),
    ("-stdlib=libstdc++", 0),
];

/// The names of folders in which some crates bring parts of a libc, for a target without one. These
/// do not fit Emscripten's.
const SHIMS: [&str; 2] = ["wasm-shim", "include_wasm32"];

/// Options that name a folder of headers in the argument after them.
const INCLUDE: [&str; 4] = ["-I", "-isystem", "-iquote", "-idirafter"];

/// Macros with which crates break what they compile.
const MACROS: [&str; 2] = [
    // `onig_sys`, for this target alone: what declares a variable then defines it.
    "-DONIG_EXTERN=__attribute__((visibility(\"default\")))",
    // `pcre2-sys`, for each target that it does not know. It has no JIT for WebAssembly.
    "-DSUPPORT_JIT=1",
];

/// The beginnings of options like those of [`LEFT_OUT`].
const LEFT_OUT_PREFIXES: [&str; 3] = [
    "--target=",
    "-flto=",
    // Emscripten's libc has no function to call when a stack is broken.
    "-fstack-protector",
];

/// Options for the processor that compiles, not for the one that the code is for.
const NATIVE: [&str; 3] = ["-march=native", "-mcpu=native", "-mtune=native"];

/// Compiles, or whatever else the arguments ask of a compiler.
///
/// # Errors
///
/// If Emscripten is not installed or cannot be started, or if a file is in an assembly language.
pub(crate) fn run(language: Language, args: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let args = arguments::expand(args)?;
    let program = emscripten::program(match language {
        Language::C => "emcc",
        Language::Cpp => "em++",
    })?;
    if args.iter().any(|arg| arg == EMSCRIPTEN_ROOT) {
        return emscripten::print_root(&program);
    }
    if args == [VERSION] {
        return process::run(Command::new(program).arg(VERSION));
    }
    if let Some(file) = assembly(&args) {
        bail!(
            "`{}` is in an assembly language, and there is none for WebAssembly: turn the \
             assembly off, for which most crates have a feature, or use one that is all C",
            Path::new(file).display()
        );
    }
    let Translated { list, model, ignored } = translate(language, args);
    for option in ignored {
        process::complain(&format!(
            "warning: `{option}` is ignored: it is about the processor of this machine, and the \
             code is for WebAssembly"
        ));
    }
    match clang::command(&program, model, &list) {
        Some(mut clang) => process::run(clang.args(list)),
        None => run_script(&program, list),
    }
}

/// Runs Emscripten's script. A program that CMake tries out, whose name ends with `.js`, becomes a
/// module of that name, without the JavaScript that starts it: `host` runs it.
fn run_script(program: &Path, mut args: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let Some(output) = javascript(&mut args) else {
        return process::run(Command::new(program).args(args));
    };
    let file = PathBuf::from(output.clone());
    let module = file.with_extension("js.wasm");
    *output = module.clone().into();
    let status = process::run(Command::new(program).args(args))?;
    if module.is_file() {
        let cannot_write = || format!("cannot write `{}`", file.display());
        fs::rename(&module, &file).with_context(cannot_write)?;
    }
    Ok(status)
}

/// Returns the argument that names the output, if that is JavaScript.
fn javascript(args: &mut [OsString]) -> Option<&mut OsString> {
    let option = args.iter().position(|arg| arg == "-o")?;
    args.get_mut(option + 1).filter(|file| Path::new(file).extension() == Some(OsStr::new("js")))
}

/// The arguments for Emscripten.
struct Translated {
    list: Vec<OsString>,
    /// The option among them that says how exceptions are compiled.
    model: Option<&'static str>,
    /// Options that were left out, and that the user should know of.
    ignored: Vec<String>,
}

fn translate(language: Language, args: Vec<OsString>) -> Translated {
    let is_cpp = language == Language::Cpp || args.iter().any(is_cpp);
    // As natively, nobody has to ask for exceptions.
    let throws = is_cpp && !args.iter().any(|arg| arg == "-fno-exceptions");
    let model = throws.then_some("-fwasm-exceptions");
    let mut list: Vec<_> = ["-fPIC"].into_iter().chain(model).map(OsString::from).collect();
    for folder in dependencies(env::vars_os()) {
        list.extend(["-idirafter".into(), folder]);
    }
    let mut ignored = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        if NATIVE.contains(&&*text) {
            ignored.push(text.into_owned());
        } else if let Some(&(_, following)) = LEFT_OUT.iter().find(|(option, _)| *option == text) {
            args.by_ref().take(following).for_each(drop);
        } else if INCLUDE.contains(&&*text) {
            let folder = args.next().filter(|folder| !is_shim(folder));
            list.extend(folder.into_iter().flat_map(|folder| [arg.clone(), folder]));
        } else if !is_left_out(&text) {
            list.push(arg);
        }
    }
    Translated { list, model, ignored }
}

/// Returns the folders of headers of the C libraries that a crate depends on, which cargo names to
/// its build script. Some build scripts do without, where the system has these headers too.
fn dependencies(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<OsString> {
    let is_include = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("DEP_") && name.ends_with("_INCLUDE")
    };
    let mut folders: Vec<_> = variables.filter(|(name, _)| is_include(name)).collect();
    folders.sort();
    folders.into_iter().map(|(_, folder)| folder).collect()
}

fn is_shim(folder: &OsString) -> bool {
    Path::new(folder).file_name().is_some_and(|name| SHIMS.iter().any(|shim| name == *shim))
}

/// Returns whether an option, which no argument follows, is left out. `-fexceptions` would choose
/// exceptions other than those of `-fwasm-exceptions`.
fn is_left_out(option: &str) -> bool {
    let folder = option.strip_prefix("-I");
    option == "-fexceptions"
        || folder.is_some_and(|folder| is_shim(&folder.into()))
        || MACROS.contains(&option)
        || LEFT_OUT_PREFIXES.iter().any(|prefix| option.starts_with(prefix))
}

fn is_cpp(arg: &OsString) -> bool {
    let extension = Path::new(arg).extension().unwrap_or_default();
    ["cc", "cpp", "cxx", "c++", "C", "mm"].iter().any(|cpp| extension == *cpp)
}

/// Returns the first file to compile that is in an assembly language.
fn assembly(args: &[OsString]) -> Option<&OsString> {
    let mut before = &OsString::new();
    args.iter().find(|arg| {
        let is_output = before == "-o";
        before = arg;
        let is_option = arg.to_string_lossy().starts_with('-');
        let extension = Path::new(arg).extension().unwrap_or_default();
        let is_assembly = ["s", "S", "asm", "sx"].iter().any(|assembly| extension == *assembly);
        is_assembly && !is_option && !is_output
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(args: &[&str]) -> Vec<String> {
        let args = args.iter().map(OsString::from).collect();
        let list = translate(Language::C, args).list;
        list.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_target_of_rust_is_left_out() {
        let args = ["--target=wasm32-unknown-unknown", "-target", "wasm32", "-fno-PIC", "-c"];
        assert_eq!(translated(&args), ["-fPIC", "-c"]);
    }

    #[test]
    fn cpp_has_exceptions_unless_it_refuses_them() {
        assert_eq!(translated(&["-fexceptions", "a.cpp"]), ["-fPIC", "-fwasm-exceptions", "a.cpp"]);
        assert_eq!(
            translated(&["-fno-exceptions", "a.cpp"]),
            ["-fPIC", "-fno-exceptions", "a.cpp"]
        );
        assert_eq!(translated(&["a.c"]), ["-fPIC", "a.c"]);
    }

    #[test]
    fn options_for_this_processor_are_named() {
        let args = ["-march=native", "-O2"].map(OsString::from).to_vec();
        assert_eq!(translate(Language::C, args).ignored, ["-march=native"]);
    }

    #[test]
    fn assembly_is_found_but_not_as_output() {
        let found = |args: &[&str]| {
            let args: Vec<_> = args.iter().map(OsString::from).collect();
            assembly(&args).map(|file| file.to_string_lossy().into_owned())
        };
        assert_eq!(found(&["-c", "add.S", "-o", "add.o"]).as_deref(), Some("add.S"));
        assert_eq!(found(&["-S", "add.c", "-o", "add.s"]), None);
    }

    #[test]
    fn folders_of_parts_of_a_libc_are_left_out() {
        let args = ["-I", "wasm-shim/", "-Ilib/wasm-shim", "-isystem", "include_wasm32", "-Ilib"];
        assert_eq!(translated(&args), ["-fPIC", "-Ilib"]);
    }

    #[test]
    fn macros_that_break_crates_are_left_out() {
        let external = "-DONIG_EXTERN=__attribute__((visibility(\"default\")))";
        assert_eq!(translated(&[external, "-DSUPPORT_JIT=1", "-DA=1"]), ["-fPIC", "-DA=1"]);
    }

    #[test]
    fn programs_that_cmake_tries_out_are_known_by_their_names() {
        let mut args = ["a.o", "-o", "a.js"].map(OsString::from);
        assert_eq!(javascript(&mut args), Some(&mut OsString::from("a.js")));
        assert_eq!(javascript(&mut args[..2]), None);
        args[2] = "a.o".into();
        assert_eq!(javascript(&mut args), None);
    }

    #[test]
    fn protection_of_the_stack_is_left_out() {
        assert_eq!(translated(&["-fstack-protector-strong", "-O2"]), ["-fPIC", "-O2"]);
    }

    #[test]
    fn headers_of_dependencies_are_found() {
        let variables = [("DEP_Z_ROOT", "z"), ("DEP_Z_INCLUDE", "z/include"), ("PATH", "bin")];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(dependencies(variables.into_iter()), ["z/include"]);
    }
}
