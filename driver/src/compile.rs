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
const LEFT_OUT: [(&str, usize); 11] = [
    // cc-rs and CMake name the Rust target, and Emscripten has only its own.
    ("--target", 1),
    ("-target", 1),
    // Pointers have 32 bits.
    ("-m32", 0),
    ("-m64", 0),
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

/// The names of folders in which some crates bring parts of a libc, for a target without one, such as
/// `zstd-sys`, `lz4-sys`, `liblzma-sys` and `meshopt`. These do not fit Emscripten's.
const SHIMS: [&str; 2] = ["wasm-shim", "include_wasm32"];

/// Options that name a folder of headers in the argument after them.
const INCLUDE: [&str; 4] = ["-I", "-isystem", "-iquote", "-idirafter"];

/// A macro with which `onig_sys` makes definitions of the declarations of variables, for this target
/// alone.
const ONIG_MACRO: &str = "-DONIG_EXTERN=__attribute__((visibility(\"default\")))";

/// The beginnings of options like those of [`LEFT_OUT`].
const LEFT_OUT_PREFIXES: [&str; 3] = [
    "--target=",
    "-flto=",
    // Emscripten's libc has no function to call when a stack is broken.
    "-fstack-protector",
];

/// Options for the processor that compiles, not for the one that the code is for.
const NATIVE: [&str; 3] = ["-march=native", "-mcpu=native", "-mtune=native"];

/// Runs the compiler, with the arguments translated for it.
///
/// # Errors
///
/// If Emscripten is not installed or cannot be started, or if an assembly file is not one of
/// WebAssembly.
pub(crate) fn run(language: Language, args: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let in_file = arguments::have_file(&args);
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
    let assembly = assembly(&args).map(PathBuf::from);
    let Translated { mut list, model, ignored } = translate(language, args);
    for option in ignored {
        process::complain(&format!(
            "warning: `{option}` is ignored: it is about the processor of this machine, and the \
             code is for WebAssembly"
        ));
    }
    // The script writes a program that CMake tries out as JavaScript and a module.
    let program_file = rename_javascript(&mut list);
    let (mut command, is_clang) = match clang::command(&program, model, &list) {
        Some(clang) => (clang, true),
        None => (Command::new(program), false),
    };
    let file = if in_file { Some(arguments::in_file(&list)?) } else { None };
    match &file {
        // The script reads files in this form only.
        Some(file) => command.args(is_clang.then_some(arguments::POSIX)).arg(file.argument()),
        None => command.args(list),
    };
    let status = match assembly {
        Some(file) => assemble(&mut command, &file)?,
        None => process::run(&mut command)?,
    };
    program_file.map_or(Ok(()), |file| keep_module(&file))?;
    Ok(status)
}

/// Runs the compiler on an assembly file.
///
/// # Errors
///
/// If the file is not one of WebAssembly. The compiler would print a message for each line of it.
fn assemble(command: &mut Command, file: &Path) -> anyhow::Result<ExitCode> {
    // Only assemblers for x86 read files with this extension, and clang would ignore them.
    let is_for_x86 = file.extension().is_some_and(|extension| extension == "asm");
    let mut reason = "it is for x86".to_owned();
    if !is_for_x86 {
        let output = process::output(command)?;
        let messages = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            process::complain(messages.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        reason = messages.lines().next().unwrap_or_default().to_owned();
    }
    bail!(
        "`{}` is no assembly of WebAssembly ({reason}): if it is for another processor, turn the \
         assembly off, for which most crates have a feature, or use one that is all C",
        file.display()
    )
}

/// Renames the output of a program that CMake tries out, whose name ends with `.js`. Returns that
/// name.
fn rename_javascript(args: &mut [OsString]) -> Option<PathBuf> {
    let output = javascript(args)?;
    let file = PathBuf::from(output.clone());
    *output = file.with_extension(MODULE).into();
    Some(file)
}

/// The extension of the module of such a program.
const MODULE: &str = "js.wasm";

/// Gives the module of such a program its name. `host` runs it without the JavaScript.
fn keep_module(file: &Path) -> anyhow::Result<()> {
    let module = file.with_extension(MODULE);
    if module.is_file() {
        let cannot_write = || format!("cannot write `{}`", file.display());
        fs::rename(&module, file).with_context(cannot_write)?;
    }
    Ok(())
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
    let throws = is_cpp(language, &args) && asks_for_exceptions(&args);
    let model = throws.then_some("-fwasm-exceptions");
    let mut list: Vec<_> = model.map(OsString::from).into_iter().collect();
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
        } else if !(is_left_out(&text) || throws && text == NO_EXCEPTIONS) {
            list.push(arg);
        }
    }
    // The last option of its kind counts.
    list.push("-fPIC".into());
    Translated { list, model, ignored }
}

const EXCEPTIONS: &str = "-fexceptions";
const NO_EXCEPTIONS: &str = "-fno-exceptions";

/// Returns whether C++ has exceptions. As natively, nobody has to ask for them.
fn asks_for_exceptions(args: &[OsString]) -> bool {
    let last = args.iter().rfind(|arg| *arg == EXCEPTIONS || *arg == NO_EXCEPTIONS);
    last.is_none_or(|arg| arg == EXCEPTIONS)
}

/// Returns the folders of headers of the C libraries that a crate depends on, which cargo names to
/// its build script. Some build scripts forget them: natively, the system has these headers too.
fn dependencies(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<OsString> {
    let is_include = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("DEP_") && name.ends_with("_INCLUDE")
    };
    let mut folders: Vec<_> = variables.filter(|(name, _)| is_include(name)).collect();
    folders.sort();
    let paths = |(_, folders)| env::split_paths(&folders).collect::<Vec<_>>();
    folders.into_iter().flat_map(paths).map(OsString::from).collect()
}

fn is_shim(folder: &OsString) -> bool {
    Path::new(folder).file_name().is_some_and(|name| SHIMS.iter().any(|shim| name == *shim))
}

/// Returns whether an option, which no argument follows, is left out. `-fexceptions` would choose
/// exceptions other than those of `-fwasm-exceptions`.
fn is_left_out(option: &str) -> bool {
    let folder = option.strip_prefix("-I");
    option == EXCEPTIONS
        || folder.is_some_and(|folder| is_shim(&folder.into()))
        || option == ONIG_MACRO
        || LEFT_OUT_PREFIXES.iter().any(|prefix| option.starts_with(prefix))
}

/// Returns whether the compiler compiles C++.
fn is_cpp(language: Language, args: &[OsString]) -> bool {
    let is_cpp = |file: &OsString| {
        let extension = Path::new(file).extension().unwrap_or_default();
        ["cc", "cpp", "cxx", "c++", "C", "mm"].iter().any(|cpp| extension == *cpp)
    };
    let says = args.windows(2).any(|pair| pair[0] == "-x" && pair[1] == "c++");
    language == Language::Cpp || says || args.iter().any(|arg| arg == "-xc++" || is_cpp(arg))
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
        let args = ["--target=wasm32-unknown-unknown", "-target", "wasm32", "-m64", "-c"];
        assert_eq!(translated(&args), ["-c", "-fPIC"]);
    }

    #[test]
    fn cpp_has_exceptions_unless_it_refuses_them() {
        let exceptions = ["-fwasm-exceptions", "a.cpp", "-fPIC"];
        assert_eq!(translated(&["a.cpp"]), exceptions);
        assert_eq!(translated(&["-fno-exceptions", "-fexceptions", "a.cpp"]), exceptions);
        let args = ["-fexceptions", "-fno-exceptions", "a.cpp"];
        assert_eq!(translated(&args), ["-fno-exceptions", "a.cpp", "-fPIC"]);
        assert_eq!(translated(&["a.c"]), ["a.c", "-fPIC"]);
        let args = ["-x", "c++", "a.txt"];
        assert_eq!(translated(&args), ["-fwasm-exceptions", "-x", "c++", "a.txt", "-fPIC"]);
    }

    #[test]
    fn code_is_position_independent_whatever_the_options() {
        assert_eq!(translated(&["-fno-pie", "-c"]), ["-fno-pie", "-c", "-fPIC"]);
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
        assert_eq!(translated(&args), ["-Ilib", "-fPIC"]);
    }

    #[test]
    fn the_macro_that_breaks_onig_is_left_out() {
        assert_eq!(translated(&[ONIG_MACRO, "-DA=1"]), ["-DA=1", "-fPIC"]);
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
        assert_eq!(translated(&["-fstack-protector-strong", "-O2"]), ["-O2", "-fPIC"]);
    }

    #[test]
    fn headers_of_dependencies_are_found() {
        let two = env::join_paths(["z/include", "z/generated"]).unwrap();
        let variables =
            [("DEP_Z_ROOT", "z".into()), ("DEP_Z_INCLUDE", two), ("PATH", "bin".into())];
        let variables = variables.map(|(name, value)| (name.into(), value));
        assert_eq!(dependencies(variables.into_iter()), ["z/include", "z/generated"]);
    }
}
