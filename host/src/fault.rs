//! What keeps a program from becoming a component.

use std::fmt;
use std::path::PathBuf;

use linker::{ExternType, FuncType, printable};

/// All faults of a program that is to be a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentFaults(Vec<ComponentFault>);

impl ComponentFaults {
    /// Returns the faults.
    pub fn as_slice(&self) -> &[ComponentFault] {
        &self.0
    }

    /// Returns `Ok` if there is no fault.
    pub(crate) fn check(faults: Vec<ComponentFault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(ComponentFaults(faults)) }
    }
}

impl fmt::Display for ComponentFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        f.write_str(&faults.join("\n"))
    }
}

impl std::error::Error for ComponentFaults {}

impl From<ComponentFault> for ComponentFaults {
    fn from(fault: ComponentFault) -> Self {
        ComponentFaults(vec![fault])
    }
}

/// A reason why a program cannot become a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentFault {
    /// The section of a module that describes its world cannot be read.
    #[error("the section `component-type` of `{module}` cannot be read: {message}")]
    Section { module: String, message: String },
    /// The WIT files cannot be read, or have no such world.
    #[error("the WIT in `{}` cannot be used: {message}", path.display())]
    Wit { path: PathBuf, message: String },
    /// The worlds of two modules do not fit together.
    #[error(
        "the world of {} contradicts that of `{}`: {message}; generate the bindings of all \
         modules from the same WIT",
        quoted(known),
        printable(contradicting)
    )]
    Contradiction { known: Vec<String>, contradicting: String, message: String },
    /// Nothing says what the component exports.
    #[error(
        "nothing says what a component of `{module}` exports: it is no command, and no module has \
         a section `component-type`; name the world with `--wit DIR --world NAME`, or generate \
         bindings with wit-bindgen, which write the section"
    )]
    NoWorld { module: String },
    /// No module exports a function of the world.
    #[error("no module exports `{}`: {ty}, of the world{}", printable(name), found(near))]
    Missing {
        name: String,
        ty: FuncType,
        /// A module and an export of it with a similar name.
        near: Option<(String, String)>,
    },
    /// A function of the world has another type in the core module.
    #[error(
        "`{module}` exports `{}`: {found}, and the world needs {ty}; generate the bindings anew \
         from the same WIT",
        printable(name)
    )]
    ExportType { module: String, name: String, ty: FuncType, found: ExternType },
    /// A module imports a function of the world as another type.
    #[error(
        "`{importer}` imports `{}.{}`: {found}, and the world has {ty}; generate the bindings anew \
         from the same WIT",
        printable(module),
        printable(name)
    )]
    ImportType { importer: String, module: String, name: String, ty: FuncType, found: ExternType },
    /// A module imports what another module of the program exports, by the world.
    #[error(
        "`{importer}` imports `{interface}`, which `{exporter}` exports, and a component cannot \
         call itself by its world: call the functions by their names in C, or write a component \
         of each module and compose them with `wac plug`"
    )]
    Itself { importer: String, interface: String, exporter: String },
    /// Several modules export a function of the world.
    #[error(
        "{} export `{}`, and a component has one: remove the others",
        quoted(modules),
        printable(name)
    )]
    Twice { name: String, modules: Vec<String> },
    /// The world needs memory to be allocated, and nothing allocates it.
    #[error(
        "no module exports `cabi_realloc`: (i32, i32, i32, i32) -> i32, by which a caller allocates \
         memory for {}; bindings of wit-bindgen have it, and a shared library gets one from the \
         libc of the sysroot, if `--sysroot DIR` names its folder",
        quoted(functions)
    )]
    NoRealloc {
        /// The functions that need it.
        functions: Vec<String>,
    },
    /// A module gets memory that is allocated for it, and must be allocated in its own heap.
    #[error(
        "`{module}` gets strings or lists by {}, and frees them in a heap of its own, but it \
         exports no `cabi_realloc`: (i32, i32, i32, i32) -> i32 that allocates there; bindings of \
         wit-bindgen define it, and without them you define it in `{module}`",
        quoted(functions)
    )]
    NoOwnRealloc {
        module: String,
        /// Its functions that need it.
        functions: Vec<String>,
    },
    /// The heap of a module would contain the memory of the adapter.
    #[error(
        "the heap of `{module}`, which Emscripten has linked, takes all memory, and it exports no \
         `cabi_realloc`, so the adapter for WASI would share memory with it; build it as a side \
         module, with `-sSIDE_MODULE=1 --no-entry`, or, if it opens no files, export `realloc` with \
         `-sMAIN_MODULE=2 -sEXPORTED_FUNCTIONS=_main,_realloc`"
    )]
    TakesAllMemory { module: String },
    /// Memory that a caller allocates in one heap would be freed in another.
    #[error(
        "`{first}` and `{second}` both {direction} functions with strings or lists, and each frees \
         them in a heap of its own, but a component allocates them in one; let one of the two \
         {direction} these functions, and call it from the other"
    )]
    TwoHeaps { first: String, second: String, direction: &'static str },
    /// A fused module no longer tells the heaps of its parts apart.
    #[error(
        "`{first}` and `{second}` take part in the world with heaps of their own, which one module \
         does not tell apart any more: write the component at once, with `host fuse --component`"
    )]
    JoinedHeaps { first: String, second: String },
    /// A module that keeps its own memory takes part in the world.
    #[error(
        "`{module}` keeps a memory of its own, beside that of {other}, and both are called by the \
         component's world, which has one memory; build it as a shared library, or make a \
         component of each"
    )]
    OtherMemory { module: String, other: String },
    /// The world has functions of WASI preview 3.
    #[error(
        "asynchronous functions, streams and futures, as WASI preview 3 has them, cannot be used \
         here, and the world has {}: choose a world of WASI preview 2",
        quoted(functions)
    )]
    Async { functions: Vec<String> },
    /// The adapter cannot be read.
    #[error("the adapter `{}` cannot be used: {message}", path.display())]
    Adapter { path: PathBuf, message: String },
    /// The encoder refuses the module.
    #[error("`{module}` cannot become a component: {message}")]
    Encode { module: String, message: String },
}

/// The number of names that a message spells out.
const SHOWN: usize = 5;

fn quoted(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(|name| format!("`{}`", printable(name)));
    let shown = shown.collect::<Vec<_>>();
    match (shown.as_slice(), names.len().saturating_sub(SHOWN)) {
        ([], _) => "the other modules".to_owned(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

fn found(near: &Option<(String, String)>) -> String {
    match near {
        None => String::new(),
        Some((module, name)) => {
            format!("; `{module}` exports `{}`; did you mean that?", printable(name))
        }
    }
}
