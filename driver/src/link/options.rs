//! The options of a link, and how they change.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The options that make the module a main, which lends its memory, table and stack to the shared
/// libraries that `host` links to it.
const MAIN: [&str; 9] = [
    "--export-table",
    "--growable-table",
    "--export=__stack_pointer",
    "--export=__heap_base",
    "--export=__heap_end",
    "--export=__stack_low",
    "--export=__stack_high",
    // Without these, rust-lld makes each call of an export run all constructors.
    "--export=__wasm_call_ctors",
    "--export-if-defined=__wasm_call_dtors",
];

/// Leaves what no object defines to `host`: functions, and variables too. The address of a variable
/// is then known when the module is linked for a run, so code at fixed addresses cannot use it and
/// is an error, instead of silently using the address 0.
const IMPORT_UNDEFINED: &str = "--unresolved-symbols=import-dynamic";

/// Options of rustc that are left out.
const REPLACED: [&str; 2] = [
    // Undefined functions would be imported as well, but undefined variables would be 0.
    "--allow-undefined",
    // Messages show names as their authors wrote them.
    "--no-demangle",
];

/// Libraries that a native linker finds in the system. Here, `host` links them when the program
/// runs, if it uses something of them.
const SYSTEM_LIBRARIES: [&str; 15] = [
    "c", "m", "dl", "rt", "pthread", "util", "stdc++", "c++", "c++abi", "unwind", "gcc", "gcc_s",
    "gcc_eh", "atomic", "crypt",
];

/// The size of the stack that rustc asks for, in the last argument of `-z stack-size=…`.
const RUST_STACK: &str = "stack-size=1048576";

/// The size of the stack on Linux, which C and C++ expect: interpreters limit recursion by it.
const NATIVE_STACK: &str = "stack-size=8388608";

/// The options of a link, without the kind of linker.
#[derive(Debug)]
pub(crate) struct Options {
    list: Vec<OsString>,
}

impl Options {
    pub(crate) fn new(mut args: Vec<OsString>) -> Self {
        // rustc passes it first to a linker whose name does not say its kind.
        if args.first().is_some_and(|arg| arg == "-flavor") {
            args.drain(..args.len().min(2));
        }
        Options { list: args }
    }

    pub(crate) fn list(&self) -> &[OsString] {
        &self.list
    }

    pub(crate) fn add(&mut self, options: Vec<OsString>) {
        self.list.extend(options);
    }

    /// Returns whether the module is to be a main: it is linked neither as a shared library nor as
    /// an object, and brings no libc of its own, as programs for WASI do.
    pub(crate) fn makes_main(&self) -> bool {
        let other = ["-shared", "--shared", "-pie", "--pie", "-r", "--relocatable"];
        let is_start = |file: &Path| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("crt1"))
        };
        !self
            .list
            .iter()
            .any(|arg| other.iter().any(|other| arg == *other) || is_start(arg.as_ref()))
    }

    /// Makes the module a main.
    pub(crate) fn make_main(&mut self) {
        self.list.retain(|arg| !REPLACED.iter().any(|replaced| arg == *replaced));
        // The first is that of rustc. Another is the user's, and comes later.
        if let Some(arg) = self.list.iter_mut().find(|arg| *arg == RUST_STACK) {
            *arg = NATIVE_STACK.into();
        }
        self.list.extend(MAIN.iter().chain([&IMPORT_UNDEFINED]).map(OsString::from));
    }

    /// Leaves out the system libraries, unless the user brings a file for one.
    pub(crate) fn leave_out_libraries(&mut self, has_file: impl Fn(&OsStr) -> bool) {
        let mut kept = Vec::with_capacity(self.list.len());
        let mut args = std::mem::take(&mut self.list).into_iter();
        while let Some(arg) = args.next() {
            let following = (arg == "-l").then(|| args.next()).flatten();
            let name = following.clone().or_else(|| short_library(&arg));
            let leaves_out = |name: &OsString| is_system(name) && !has_file(name);
            if !name.is_some_and(|name| leaves_out(&name)) {
                kept.extend([Some(arg), following].into_iter().flatten());
            }
        }
        self.list = kept;
    }

    /// Returns the names of the libraries, and the folders in which they are searched.
    pub(crate) fn libraries(&self) -> (Vec<OsString>, Vec<PathBuf>) {
        (self.values("-l"), self.values("-L").into_iter().map(PathBuf::from).collect())
    }

    /// Returns the values of an option of one letter, which may be arguments of their own.
    fn values(&self, option: &str) -> Vec<OsString> {
        let mut values = Vec::new();
        let mut args = self.list.iter();
        while let Some(arg) = args.next() {
            if arg == option {
                values.extend(args.next().cloned());
            } else if let Some(value) = arg.to_str().and_then(|arg| arg.strip_prefix(option)) {
                values.push(value.into());
            }
        }
        values
    }

    /// Returns the arguments that name files, objects and archives.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let is_input = |path: &&Path| {
            let extension = path.extension().unwrap_or_default();
            ["o", "obj", "a", "rlib", "lib"].iter().any(|input| extension == *input)
        };
        let paths = self.list.iter().map(Path::new).filter(|path| path.is_file());
        let output = self.output();
        paths.filter(is_input).filter(move |path| Some(path.as_os_str()) != output)
    }

    pub(crate) fn output(&self) -> Option<&OsStr> {
        self.list.windows(2).find(|pair| pair[0] == "-o").map(|pair| pair[1].as_os_str())
    }

    /// Returns the name of the module.
    pub(crate) fn output_name(&self) -> String {
        let stem = self.output().and_then(|output| Path::new(output).file_stem());
        stem.unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Returns the library of an argument such as `-lm`.
fn short_library(arg: &OsStr) -> Option<OsString> {
    arg.to_str()?.strip_prefix("-l").map(OsString::from)
}

pub(super) fn is_system(library: &OsStr) -> bool {
    SYSTEM_LIBRARIES.iter().any(|system| library == *system)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Options {
        Options::new(args.iter().map(OsString::from).collect())
    }

    #[test]
    fn system_libraries_are_left_out_unless_there_is_a_file() {
        let mut options = options(&["-l", "stdc++", "-lc++", "-l", "mine", "-lm"]);
        options.leave_out_libraries(|name| name == "m");
        assert_eq!(options.list(), ["-l", "mine", "-lm"]);
    }

    #[test]
    fn only_a_module_that_is_no_library_becomes_a_main() {
        assert!(options(&["-flavor", "wasm", "a.o"]).makes_main());
        assert!(!options(&["a.o", "-shared"]).makes_main());
        assert!(!options(&["self-contained/crt1-command.o", "a.o"]).makes_main());
    }

    #[test]
    fn the_stack_is_as_large_as_natively() {
        let args = ["-z", RUST_STACK, "-z", RUST_STACK, "--allow-undefined"];
        let mut options = options(&args);
        options.make_main();
        assert_eq!(options.list()[..4], ["-z", NATIVE_STACK, "-z", RUST_STACK]);
        assert_eq!(options.list()[4], "--export-table");
    }
}
