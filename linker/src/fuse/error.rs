//! Errors of writing a program as one module.

use crate::fault::Fault;
use crate::names::printable;
use crate::types::FuncType;
use crate::write::error::BindError;

/// The reason why a program cannot be written as one module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FuseError {
    #[error(
        "`{module}` keeps a memory of its own, which {user}, beside that of {other}; build it as \
         a shared library, or write a module of several memories with `host fuse --multi-memory`"
    )]
    SecondMemory {
        module: String,
        /// The use that makes the memory needed: by a function, or as an export.
        user: String,
        /// The owner of the first memory.
        other: String,
    },
    #[error("{}\nhelp: do without it, or write the program without `--preinit`", lines(faults))]
    Preinit { faults: Vec<PreinitFault> },
    #[error(
        "`{module}` exports no function `{}`, which the command is to call{}",
        printable(function),
        candidates(functions)
    )]
    NoFunction {
        module: String,
        function: String,
        /// The functions that can be called instead.
        functions: Vec<String>,
    },
    #[error(
        "`{}` is {ty}: a command can call only a function without parameters",
        printable(function)
    )]
    Parameters { function: String, ty: FuncType },
    #[error("`{module}` is a command, it has `_start`: leave `--invoke` out")]
    IsCommand { module: String },
    #[error("no module defines {}, to be exported", quoted(symbols))]
    UnknownExports { symbols: Vec<String> },
    #[error(
        "nothing can call {}: the program is a command, and only the start of a command runs \
         constructors; leave `--export` out, or write the program with `--preinit`",
        quoted(functions)
    )]
    CommandExports { functions: Vec<String> },
    #[error("`{module}` places data outside of the program's memory")]
    OutOfBounds { module: String },
    #[error("`{module}` places data at an address that is not known before it runs")]
    UnknownAddress { module: String },
    #[error("`{module}` places functions outside of the program's table")]
    OutOfTable { module: String },
    #[error("`{module}` places functions in the table at a slot that is not known before it runs")]
    UnknownSlot { module: String },
    #[error(transparent)]
    Layout(#[from] Fault),
    #[error(transparent)]
    Malformed(#[from] BindError),
}

/// A reason why a program cannot be written as its constructors leave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreinitFault {
    #[error(
        "`{module}` cannot be initialised ahead: what `{instruction}` in its function \
         `{function}` does cannot be written into a module"
    )]
    Instruction { module: String, function: String, instruction: &'static str },
    #[error(
        "`{module}` cannot be initialised ahead: a global of it holds a reference, which cannot \
         be written into a module"
    )]
    Reference { module: String },
    #[error(
        "`{module}` cannot be initialised ahead: it uses the variable `{symbol}`, which is set \
         when the program starts; call a function such as `getenv` instead"
    )]
    SetAtStart { module: String, symbol: String },
}

fn lines(faults: &[PreinitFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn quoted(symbols: &[String]) -> String {
    symbols.iter().map(|symbol| format!("`{}`", printable(symbol))).collect::<Vec<_>>().join(", ")
}

fn candidates(functions: &[String]) -> String {
    if functions.is_empty() {
        return "; it exports none without parameters".to_owned();
    }
    format!("; without parameters it exports {}", quoted(functions))
}
