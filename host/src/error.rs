//! What can go wrong, each kind with named fields and a sentence.

use std::io;
use std::path::PathBuf;

use linker::{Faults, FuncType, LoadError};

use crate::limits::Limit;
use crate::value::ArgumentErrors;

/// Why a program was not linked, not started, or ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("cannot read `{}`: {}", path.display(), reason(path, error))]
    Read { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("`{}` is not valid in the text format: {message}", path.display())]
    Text { path: PathBuf, message: String },
    #[error("`{module}` cannot be compiled: {message}")]
    Compile { module: String, message: String },
    #[error(
        "`{first}` and `{second}` are both to be linked as `{name}`; give each a name of its own"
    )]
    DuplicatePreload { name: String, first: String, second: String },
    #[error("`{name}` is WASI, which the host provides: preload under another name")]
    ReservedName { name: String },
    #[error(
        "`{}` is code that `host compile` made; it is trusted as this program is, and can do all that you can: \
         if you know who made it, add `--allow-precompiled` to `host run`, else run the modules that it was made of",
        path.display()
    )]
    IsPrecompiled { path: PathBuf },
    #[error("`{}` cannot be run: {message}; compile it again with `host compile`", path.display())]
    Precompiled { path: PathBuf, message: String },
    #[error(
        "`{}` was compiled to run without fuel: give it a time limit with `--timeout` instead, or run the modules \
         that it was made of",
        path.display()
    )]
    PrecompiledFuel { path: PathBuf },
    #[error(transparent)]
    Link(Faults),
    #[error(transparent)]
    Bind(#[from] linker::BindError),
    #[error(transparent)]
    Fuse(#[from] linker::FuseError),
    #[error("`{}` is no system library; those are {}", linker::printable(name), system_libraries())]
    NoSystemLibrary { name: String },
    #[error(
        "`{}` cannot take the place of {name}: it is a {kind}, and must be a shared library",
        path.display()
    )]
    Replacement { name: String, path: PathBuf, kind: linker::Kind },
    /// An embedder's linker lacks functions, each with its type.
    #[error("the host has no{}", functions_of_host(missing))]
    HostFunctions { missing: Vec<(String, String)> },
    /// A limit has ended the program, or has kept it from starting; `backtrace` as in [`Error::Trap`], where code
    /// ran into it.
    #[error(
        "{what} {limit}, the limit of `{}`{}{}",
        limit.flag(),
        lines("wasm backtrace:", backtrace),
        help(stale_maps)
    )]
    Limit { what: String, limit: Limit, backtrace: Vec<String>, stale_maps: Vec<PathBuf> },
    /// A start function or constructor did not return, or a module could not be instantiated.
    #[error("{what} failed: {}", Error::message(error))]
    Start { what: String, error: wasmtime::Error },
    /// A library was not opened, or something of it is not there.
    #[error("`{}`: {message}", linker::printable(name))]
    Library { name: String, message: String },
    /// A constructor needs what is not there before the program runs; `backtrace` as in [`Error::Trap`].
    #[error(
        "the constructors of `{module}` cannot run ahead: {reason}; leave that to a function that is called \
         later, or write the program without `--preinit`{}",
        lines("wasm backtrace:", backtrace)
    )]
    Preinit { module: String, reason: String, backtrace: Vec<String> },
    #[error("cannot open the directory `{}`: {message}", path.display())]
    Directory { path: PathBuf, message: String },
    #[error(
        "`{module}` exports no function `{}`{}",
        linker::printable(name),
        candidates(functions)
    )]
    NoFunction {
        module: String,
        name: String,
        /// What could be called instead.
        functions: Vec<(String, FuncType)>,
    },
    #[error(transparent)]
    ArgumentErrors(#[from] ArgumentErrors),
    #[error("{what} cannot be called: {message}")]
    Call { what: String, message: String },
    /// The code that ran into an error; `backtrace` has a line a frame, the innermost first. Source maps that
    /// are of other files than those they lie beside tell nothing.
    #[error("{what} trapped: {trap}{}{}", lines("wasm backtrace:", backtrace), help(stale_maps))]
    Trap { what: String, trap: String, backtrace: Vec<String>, stale_maps: Vec<PathBuf> },
    #[error("{what} is not called: an earlier call did not return; start the program again")]
    Poisoned { what: String },
    /// The guest asked to end with this code; 0 is success.
    #[error("exit with code {0}")]
    Exit(i32),
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

fn functions_of_host(missing: &[(String, String)]) -> String {
    let missing: Vec<_> = missing.iter().map(|(name, ty)| format!(" `{name}`: {ty}")).collect();
    missing.join(", ") + "; define it in the `wasmtime::Linker` (for WASI, by `wasmtime_wasi::p1`)"
}

/// What failed when a module was not instantiated.
fn system_libraries() -> String {
    let names = linker::system_libraries().map(linker::module_name);
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn instantiation(module: &str, error: &wasmtime::Error) -> String {
    // What is wrong with a segment is a trap too, in no function.
    let frames = error.downcast_ref::<wasmtime::WasmBacktrace>();
    let ran = frames.is_some_and(|frames| !frames.frames().is_empty());
    match ran || error.is::<wasmtime::ThrownException>() {
        true => format!("the start function of `{module}`"),
        false => format!("the instantiation of `{module}`"),
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

    /// Adds the reason for a trap.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        if let Error::Trap { trap, .. } = &mut self {
            *trap = format!("{trap}: {reason}");
        }
        self
    }

    /// A limit without a place in the code.
    pub(crate) fn limit(what: impl Into<String>, limit: Limit) -> Self {
        Error::Limit { what: what.into(), limit, backtrace: Vec::new(), stale_maps: Vec::new() }
    }

    /// A module of which there is no instance: because of its start function, if guest code ran.
    pub(crate) fn instantiation(module: &str, error: wasmtime::Error) -> Self {
        Error::Start { what: instantiation(module, &error), error }
    }

    /// A message of Wasmtime's on one line, the causes after each other. It may have names of a module's.
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
