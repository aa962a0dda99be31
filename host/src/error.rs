//! The errors of linking, starting and running programs.

use std::io;
use std::path::PathBuf;

use linker::{Faults, FuncType, LoadError};

use crate::fault::ComponentFaults;
use crate::limits::Limit;
use crate::value::ArgumentErrors;

/// The reason why a program was not linked, not started, or ended early.
///
/// The message of each error names the module and the symbol, and says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", path.display(), reason(path, error))]
    Read { path: PathBuf, error: io::Error },
    /// A module's bytes are not valid, or exceed the input limits.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file in the text format has a syntax error.
    #[error("`{}` is not valid in the text format: {message}", path.display())]
    Text { path: PathBuf, message: String },
    /// Wasmtime cannot compile a module.
    #[error("`{module}` cannot be compiled: {message}")]
    Compile { module: String, message: String },
    /// Two modules are preloaded under one name.
    #[error(
        "`{first}` and `{second}` are both to be linked as `{name}`; give each a name of its own"
    )]
    DuplicatePreload { name: String, first: String, second: String },
    /// A module is preloaded under the name of WASI.
    #[error("`{name}` is WASI, which the host provides: preload under another name")]
    ReservedName { name: String },
    /// A file is compiled code, where a module is expected.
    #[error(
        "`{}` is code that `host compile` made; it is trusted as this program is, and can do all \
         that you can: \
         if you know who made it, add `--allow-precompiled` to `host run`, else run the modules \
         that it was made of",
        path.display()
    )]
    IsPrecompiled { path: PathBuf },
    /// A file of compiled code is damaged, or was compiled for another version or processor.
    #[error("`{}` cannot be run: {message}; compile it again with `host compile`", path.display())]
    Precompiled { path: PathBuf, message: String },
    /// A limit of fuel is set, which compiled code in files does not count.
    #[error(
        "`{}` was compiled to run without fuel: give it a time limit with `--timeout` instead, \
         or run the modules \
         that it was made of",
        path.display()
    )]
    PrecompiledFuel { path: PathBuf },
    /// The modules do not fit together.
    #[error(transparent)]
    Link(Faults),
    /// A module cannot be written for its place in the program.
    #[error(transparent)]
    Bind(#[from] linker::BindError),
    /// The modules cannot be fused to one.
    #[error(transparent)]
    Fuse(#[from] linker::FuseError),
    /// The program cannot become a component.
    #[error(transparent)]
    Component(#[from] ComponentFaults),
    /// A component imports what the host does not define.
    #[error(
        "`{component}` imports {}, which this host does not define; compose it with a component \
         that exports that, by `wac plug`",
        missing.join(", ")
    )]
    ComponentImports {
        component: String,
        /// The interfaces and functions, or why one of WASI is not the host's.
        missing: Vec<String>,
    },
    /// A component exports no such function, or several of this name.
    #[error(
        "`{component}` exports {} function `{}`{}",
        if *is_ambiguous { "more than one" } else { "no" },
        linker::printable(name),
        exported(functions)
    )]
    NoComponentFunction {
        component: String,
        name: String,
        is_ambiguous: bool,
        /// The functions that it exports, as WIT writes them.
        functions: Vec<String>,
    },
    /// The arguments of a call of a component cannot be parsed.
    #[error("cannot call `{function}`\n  {}", faults.join("\n  "))]
    ComponentArguments { function: String, faults: Vec<String> },
    /// A component is no command.
    #[error(
        "`{component}` is no command, it does not export `wasi:cli/run`; {}{}",
        other_use(functions),
        exported(functions)
    )]
    NoCommand { component: String, functions: Vec<String> },
    /// A file is no component, where one is expected.
    #[error(
        "`{component}` is no component: {}",
        if std::path::Path::new(component).is_dir() {
            "it is a folder"
        } else {
            "write one with `host fuse --component`"
        }
    )]
    NoComponent { component: String },
    /// A component answers no HTTP requests.
    #[error(
        "`{component}` answers no requests, it does not export `wasi:http/incoming-handler`{}",
        exported(functions)
    )]
    NoServer { component: String, functions: Vec<String> },
    /// A file replaces a system library that does not exist.
    #[error("`{}` is no system library; those are {}", linker::printable(name), system_libraries())]
    NoSystemLibrary { name: String },
    /// A file replaces a system library but is not a shared library.
    #[error(
        "`{}` cannot take the place of {name}: it is a {kind}, and must be a shared library",
        path.display()
    )]
    Replacement { name: String, path: PathBuf, kind: linker::Kind },
    /// The embedder's linker lacks functions that modules import: their names and types.
    #[error("the host has no{}", functions_of_host(missing))]
    HostFunctions { missing: Vec<(String, String)> },
    /// A limit ended the program or prevented its start. `backtrace` is as in [`Error::Trap`], if
    /// code reached the limit.
    #[error(
        "{what} {limit}, the limit of `{}`{}{}",
        limit.flag(),
        lines("wasm backtrace:", backtrace),
        help(stale_maps)
    )]
    Limit { what: String, limit: Limit, backtrace: Vec<String>, stale_maps: Vec<PathBuf> },
    /// A start function or constructor did not return, or a module cannot be instantiated. `what`
    /// names it.
    #[error("{what} failed: {}", Error::message(error))]
    Start { what: String, error: wasmtime::Error },
    /// A library cannot be opened or closed, or lacks a symbol.
    #[error("`{}`: {message}", linker::printable(name))]
    Library { name: String, message: String },
    /// A constructor needs something that does not exist before the program runs. `backtrace` is as
    /// in [`Error::Trap`].
    #[error(
        "the constructors of `{module}` cannot run ahead: {reason}; leave that to a function \
         that is called \
         later, or write the program without `--preinit`{}",
        lines("wasm backtrace:", backtrace)
    )]
    Preinit { module: String, reason: String, backtrace: Vec<String> },
    /// A directory for the guest cannot be opened.
    #[error("cannot open the directory `{}`: {message}", path.display())]
    Directory { path: PathBuf, message: String },
    /// The module does not export the function.
    #[error(
        "`{module}` exports no function `{}`{}",
        linker::printable(name),
        candidates(functions)
    )]
    NoFunction {
        module: String,
        name: String,
        /// The names and types of the functions that it exports.
        functions: Vec<(String, FuncType)>,
    },
    /// The arguments of a call cannot be parsed.
    #[error(transparent)]
    ArgumentErrors(#[from] ArgumentErrors),
    /// A function cannot be called with these types.
    #[error("{what} cannot be called: {message}")]
    Call { what: String, message: String },
    /// Guest code trapped. `backtrace` has one line per frame, the innermost first. `stale_maps`
    /// are source maps that were not used because they belong to other files.
    #[error("{what} trapped: {trap}{}{}", lines("wasm backtrace:", backtrace), help(stale_maps))]
    Trap { what: String, trap: String, backtrace: Vec<String>, stale_maps: Vec<PathBuf> },
    /// An earlier call of the process did not return.
    #[error("{what} is not called: an earlier call did not return; start the program again")]
    Poisoned { what: String },
    /// The guest exited with this code. 0 is success.
    #[error("exit with code {0}")]
    Exit(i32),
    /// The files that a program was linked from have changed since it was found in the cache.
    #[error("the files of the program have changed since it started; start it again")]
    FilesChanged,
    /// The host or the linker cannot be set up.
    #[error("the host could not be set up: {message}")]
    Setup { message: String },
}

fn reason(path: &std::path::Path, error: &io::Error) -> String {
    match error.kind() {
        _ if path.is_dir() => "it is a folder, not a module".to_owned(),
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

fn candidates(functions: &[(String, FuncType)]) -> String {
    if functions.is_empty() {
        return "; it exports no functions at all".to_owned();
    }
    let functions = functions.iter().map(|(name, ty)| format!("{}: {ty}", linker::printable(name)));
    let functions: Vec<_> = functions.collect();
    lines("; it exports:", &functions)
}

/// Returns how a component can be used that is no command.
fn other_use(functions: &[String]) -> &'static str {
    if functions.iter().any(|function| function.starts_with("wasi:http/incoming-handler@")) {
        "it answers HTTP requests: run it with `host serve`"
    } else {
        "call one of its exports with `--invoke NAME`, which comes before the file"
    }
}

fn exported(functions: &[String]) -> String {
    if functions.is_empty() {
        return "; it exports no functions at all".to_owned();
    }
    lines("; it exports:", functions)
}

fn functions_of_host(missing: &[(String, String)]) -> String {
    let missing: Vec<_> = missing.iter().map(|(name, ty)| format!(" `{name}`: {ty}")).collect();
    missing.join(", ") + "; define it in the `wasmtime::Linker` (for WASI, by `wasmtime_wasi::p1`)"
}

fn system_libraries() -> String {
    let names = linker::system_libraries().map(linker::module_name);
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns what failed when a module was not instantiated: its start function if guest code ran.
pub(crate) fn instantiation(module: &str, error: &wasmtime::Error) -> String {
    // A fault of a segment is a trap too, but in no function.
    let frames = error.downcast_ref::<wasmtime::WasmBacktrace>();
    let ran = frames.is_some_and(|frames| !frames.frames().is_empty());
    if ran || error.is::<wasmtime::ThrownException>() {
        format!("the start function of `{module}`")
    } else {
        format!("the instantiation of `{module}`")
    }
}

fn lines(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "{}{heading}\n  {}",
        if heading.starts_with(';') { "" } else { "\n" },
        lines.join("\n  ")
    )
}

fn help(stale_maps: &[PathBuf]) -> String {
    let help = stale_maps.iter().map(|path| {
        format!(
            "\nhelp: `{}` is of another file than the one beside it, and was not used; \
             write both anew with `host fuse`",
            path.display()
        )
    });
    help.collect()
}

impl Error {
    pub(crate) fn compile(module: &str, error: &wasmtime::Error) -> Self {
        Error::Compile { module: module.to_owned(), message: Error::message(error) }
    }

    pub(crate) fn start(what: String, error: wasmtime::Error) -> Self {
        Error::Start { what, error }
    }

    /// Adds a reason to a trap.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        if let Error::Trap { trap, .. } = &mut self {
            *trap = format!("{trap}: {reason}");
        }
        self
    }

    /// Creates the error of a limit without a backtrace.
    pub(crate) fn limit(what: impl Into<String>, limit: Limit) -> Self {
        Error::Limit { what: what.into(), limit, backtrace: Vec::new(), stale_maps: Vec::new() }
    }

    /// Creates the error of a module that was not instantiated.
    pub(crate) fn instantiation(module: &str, error: wasmtime::Error) -> Self {
        Error::Start { what: instantiation(module, &error), error }
    }

    /// Returns the message of a Wasmtime error and its causes on one line. Names of modules in it
    /// are made printable.
    pub(crate) fn message(error: &wasmtime::Error) -> String {
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        linker::printable(&causes.join(": ")).into_owned()
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Error::Link(faults)
    }
}
