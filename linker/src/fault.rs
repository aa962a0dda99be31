//! The faults that keep modules from being linked, each with named fields and a sentence.

use std::fmt;

use serde::Serialize;

use crate::c_library::{CLibrary, CLibrarySign};
use crate::convention::{ENV, GOT_FUNC, GOT_MEM};
use crate::names::module_name;
use crate::names::{demangle, printable};
use crate::types::ExternType;

/// The number of faults that a report spells out. It counts the rest.
pub(crate) const SHOWN: usize = 50;

/// A reason why modules cannot be linked.
///
/// Fields named `importer`, `provider`, `by` or `module` hold names of modules as messages call
/// them, except that `module` beside a `name` is the module name of an import, such as `env`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[non_exhaustive]
pub enum Fault {
    /// No module defines an import.
    #[error(
        "{} {}, but {}{}",
        who(importers),
        typed_symbol(module, name, expected),
        absence(module, provider, candidate),
        clause(hint)
    )]
    UnknownImport {
        /// All modules that import it, at this type.
        importers: Vec<String>,
        module: String,
        name: String,
        expected: ExternType,
        /// The module that is linked under the import's module name, if one is.
        provider: Option<String>,
        /// The export with the nearest name.
        candidate: Option<Candidate>,
        /// The probable cause, and what helps.
        hint: Option<String>,
    },
    /// An import and the export of that name have different types.
    #[error(
        "`{importer}` needs {}: expected {expected}, `{provider}` has {found}{}",
        symbol(module, name),
        clause(hint)
    )]
    TypeMismatch {
        importer: String,
        module: String,
        name: String,
        expected: ExternType,
        provider: String,
        found: ExternType,
        hint: Option<String>,
    },
    /// An import is of a kind that no other module can provide.
    #[error(
        "`{importer}` needs {}: {ty}, which cannot come from another module; what can are \
         functions, tags and mutable globals without references to types of a module's own, and \
         addresses of data",
        symbol(module, name)
    )]
    NotShared { importer: String, module: String, name: String, ty: ExternType },
    /// Two modules are not position independent, and would have the same addresses.
    #[error(
        "`{first}` and `{second}` are both mains, whose data lies at fixed addresses; build one of \
         them as a shared library (C++: `-fPIC`, `SIDE_MODULE`; Rust: `#![no_std]`), or both as \
         one module"
    )]
    TwoMains { first: String, second: String },
    /// Two modules catch C++ exceptions in different ways, so that neither catches what the other
    /// throws.
    #[error(
        "`{first}` is built with `{first_flag}` and `{second}` with `{second_flag}`, and neither \
         catches what the \
         other throws; build both with the same"
    )]
    MixedExceptions {
        first: String,
        first_flag: &'static str,
        second: String,
        second_flag: &'static str,
    },
    /// A library that is opened catches C++ exceptions in another way than the running program.
    #[error(
        "`{module}` is built with `{flag}`, but `{library}` runs already, which is for programs \
         that are built \
         otherwise; build the program with that flag and let it catch too, or give `{module}` with \
         `--link`"
    )]
    OtherExceptions { module: String, flag: &'static str, library: String },
    /// Two modules are compiled for different C libraries. A program has only one, and structures
    /// and constants of the two differ.
    #[error(
        "`{first}` is compiled for {first_library} (it {first_sign}) and `{second}` for \
         {second_library} (it {second_sign}), whose types and constants differ; compile both with \
         the same toolchain"
    )]
    MixedCLibraries {
        first: String,
        first_library: CLibrary,
        first_sign: CLibrarySign,
        second: String,
        second_library: CLibrary,
        second_sign: CLibrarySign,
    },
    /// The C library of a program is not among the system libraries.
    #[error(
        "`{module}` is compiled for {library} (it {sign}), which is not there; name the folder of \
         its `libc.so` with `-L DIR`, or let `cargo xtask setup --toolchain zig` and then `cargo \
         xtask build-all` build one"
    )]
    NoCLibrary { module: String, library: CLibrary, sign: CLibrarySign },
    /// A module is built in a way that cannot be linked.
    #[error("`{module}` {message}")]
    Unsupported { module: String, message: &'static str },
    /// A module is built to be a component, and imports functions of interfaces, such as those of
    /// WASI preview 2.
    #[error(
        "`{module}` is built to be a component: it imports {functions} {} of {}; write the \
         component with `host fuse --component` and run that, or build it for `wasm32-wasip1`",
        if *functions == 1 { "function" } else { "functions" },
        interface_list(interfaces)
    )]
    Interfaces {
        module: String,
        /// The interfaces that it imports from, in the order of their names.
        interfaces: Vec<String>,
        /// The number of functions that it imports from them.
        functions: usize,
    },
    /// A module exports a thread-local variable outside of the block of these.
    #[error(
        "`{module}` exports the thread-local variable `{}` at offset {offset} of a block of \
         {size} bytes; link it again",
        demangle(symbol)
    )]
    OutsideOfBlock { module: String, symbol: String, offset: u32, size: u32 },
    /// A library that a module lists as needed is not found.
    #[error(
        "`{by}` needs the library `{}`, which is not found; tried:\n  the linked modules, for one \
         called \
         `{}`{}",
        printable(name),
        printable(module_name(name)),
        tried.iter().map(|folder| format!("\n  {folder}")).collect::<String>()
    )]
    LibraryNotFound { by: String, name: String, tried: Vec<String> },
    /// An entry that a module lists as needed is not the name of a file.
    #[error(
        "`{by}` needs a library of the name `{}`, which is a path or no name; a library is looked \
         for by the name of \
         its file alone: link `{by}` anew with that",
        printable(name)
    )]
    LibraryName { by: String, name: String },
    /// A library cannot be used.
    #[error("{message}")]
    BadLibrary { message: String },
    /// All modules together need more memory, or a larger table, than a process can have.
    #[error("the modules need a {what} of {needed} together, but {limit} is the most")]
    TooLarge { what: &'static str, needed: u64, limit: u64 },
    /// All modules together have more symbols than
    /// [`InputLimits::max_symbols`](crate::InputLimits::max_symbols).
    #[error(
        "the modules have {symbols} symbols (imports, exports and names in `dylink.0`), but \
         {limit} is the limit for \
         all together; if they are to have that many, raise `--max-symbols`"
    )]
    TooManySymbols { symbols: usize, limit: usize },
    /// A module lacks an export that its [`Contract`](crate::Contract) demands.
    #[error(
        "`{module}` should export `{name}`: {expected}, but does not{}",
        suggestion(module, candidate)
    )]
    MissingExport { module: String, name: String, expected: ExternType, candidate: Option<String> },
    /// A module has an export of another type than its contract demands, or than the tool
    /// convention gives the name.
    #[error("`{module}` should export `{name}`: expected {expected}, found {found}")]
    ExportMismatch { module: String, name: String, expected: ExternType, found: ExternType },
    /// A module lacks an import that its contract demands.
    #[error("`{importer}` should import `{module}.{name}`: {expected}, but does not")]
    MissingImport { importer: String, module: String, name: String, expected: ExternType },
    /// A module has an import of another type than its contract demands.
    #[error("`{importer}` should import `{module}.{name}`: expected {expected}, found {found}")]
    ImportMismatch {
        importer: String,
        module: String,
        name: String,
        expected: ExternType,
        found: ExternType,
    },
}

/// An export whose name is near the one that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The module that exports it.
    pub provider: String,
    /// The module name under which `provider` is linked.
    pub module: String,
    pub name: String,
}

fn absence(wanted: &str, provider: &Option<String>, candidate: &Option<Candidate>) -> String {
    let absent = match provider {
        Some(provider) => {
            format!("`{provider}`, linked as `{}`, does not export it", printable(wanted))
        }
        None if is_process(wanted) => "no module defines it".to_owned(),
        None => format!("no module is linked as `{}`", printable(wanted)),
    };
    match candidate {
        None => absent,
        Some(c) if c.module == wanted || (c.module == ENV && is_process(wanted)) => {
            format!("`{}` exports `{}`; did you mean that?", c.provider, demangle(&c.name))
        }
        Some(c) => format!(
            "{absent}; `{}` exports `{}` and is linked as `{}`; did you mean that?",
            c.provider,
            demangle(&c.name),
            printable(&c.module)
        ),
    }
}

/// Interfaces named in a report.
const INTERFACES_SHOWN: usize = 3;

fn interface_list(interfaces: &[String]) -> String {
    let shown = interfaces.iter().take(INTERFACES_SHOWN);
    let shown = shown.map(|name| format!("`{}`", printable(name))).collect::<Vec<_>>().join(", ");
    match interfaces.len() {
        1 => shown,
        count if count <= INTERFACES_SHOWN => format!("{count} interfaces ({shown})"),
        count => format!("{count} interfaces ({shown}, …)"),
    }
}

/// Importers named in a report; the rest are counted.
const IMPORTERS_SHOWN: usize = 3;

fn who(importers: &[String]) -> String {
    let shown = importers.iter().take(IMPORTERS_SHOWN).map(|name| format!("`{name}`"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match importers.len() {
        0 | 1 => format!("{shown} needs"),
        n if n <= IMPORTERS_SHOWN => format!("{shown} need"),
        n => format!("{shown} and {} more need", n - IMPORTERS_SHOWN),
    }
}

fn clause(hint: &Option<String>) -> String {
    hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default()
}

/// Returns whether symbols of a module name are looked up in all modules that share the process's
/// memory.
pub(crate) fn is_process(module: &str) -> bool {
    [ENV, GOT_MEM, GOT_FUNC].contains(&module)
}

/// Returns a symbol in source notation. An import from `GOT.mem` or `GOT.func` is its address.
fn symbol(module: &str, name: &str) -> String {
    match module {
        GOT_MEM => format!("the address of `{}`", demangle(name)),
        GOT_FUNC => format!("a pointer to `{}`", demangle(name)),
        _ => format!("`{}.{}`", printable(module), demangle(name)),
    }
}

/// Returns a symbol with its type. The type of an address says nothing.
fn typed_symbol(module: &str, name: &str, ty: &ExternType) -> String {
    match module {
        GOT_MEM | GOT_FUNC => symbol(module, name),
        _ => format!("{}: {ty}", symbol(module, name)),
    }
}

fn suggestion(module: &str, candidate: &Option<String>) -> String {
    match candidate {
        Some(name) => format!("; `{module}` exports `{}`; did you mean that?", demangle(name)),
        None => String::new(),
    }
}

/// Every fault of a phase, in the order of the modules and their imports. As an error it is never
/// empty.
///
/// Its text has a line for each of the first 50 faults, and then the number of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Returns the faults, in order.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    /// Adds the faults of a step that may have failed.
    pub fn collect(&mut self, step: Result<(), Faults>) {
        if let Err(faults) = step {
            self.0.extend(faults.0);
        }
    }

    /// Returns the first module name that imports name and under which no module is linked. An
    /// import does not count if a hint says that linking another module does not help.
    pub fn missing_module(&self) -> Option<&str> {
        self.0.iter().find_map(|fault| match fault {
            Fault::UnknownImport { module, provider: None, hint: None, .. } => {
                Some(module.as_str())
            }
            _ => None,
        })
    }

    /// Returns whether a library that a module lists as needed was not found.
    pub fn is_library_missing(&self) -> bool {
        self.0.iter().any(|fault| matches!(fault, Fault::LibraryNotFound { .. }))
    }

    /// Returns `Ok` if there is no fault.
    ///
    /// # Errors
    ///
    /// `self`, unless it is empty.
    pub fn into_result(self) -> Result<(), Faults> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Faults(vec![fault])
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Faults(faults.into_iter().collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().take(SHOWN).enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{fault}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Faults {}
