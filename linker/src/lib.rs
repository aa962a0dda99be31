//! Targets WebAssembly modules: what each asks for and offers as plain data, where everything is to lie, and
//! the modules rewritten accordingly.
//!
//! # Dynamic linking, for somebody who never saw it
//!
//! A compiler that makes a whole program knows every address in it. One that makes a *shared library*
//! knows none: the library's data will lie wherever there is room in the memory of a program that does not
//! exist yet, and its calls go to functions in modules that were compiled elsewhere. So it leaves blanks. In
//! WebAssembly the blanks are imports, under names that a tool convention has given them:
//!
//! | import | what is to be filled in |
//! |---|---|
//! | `env.memory`, `env.__indirect_function_table`, `env.__stack_pointer` | what all modules of the process share |
//! | `env.__memory_base` | where this module's data begins |
//! | `env.__table_base` | where this module's part of the table begins |
//! | `GOT.mem.x` | the address of the variable `x`, whoever defines it |
//! | `GOT.func.f` | the table slot of the function `f`: a function pointer is its number |
//! | `env.f` | the function `f` itself, to be called |
//!
//! How much room a module wants, and which libraries it needs, stands in its custom section `dylink.0`. What
//! it defines it exports: functions, and variables as constants that hold their address relative to
//! `__memory_base`.
//!
//! A linker decides which definition each blank gets (*resolve*) and where everything lies (*layout*):
//!
//! ```text
//!                    without a main                        with a main, which is not position independent
//!           0 ┌─────────────────────────────┐             0 ┌─────────────────────────────┐
//!             │ nothing: null pointers      │               │ the main's stack, its data  │
//!        1024 ├─────────────────────────────┤               │ at fixed addresses, and the │
//!             │ stack, growing downwards    │               │ rest of its initial pages   │
//!             ├─────────────────────────────┤               ├─────────────────────────────┤
//!  memory_base│ data of the first library   │    memory_base│ data of the first library   │
//!             ├─────────────────────────────┤               ├─────────────────────────────┤
//!  memory_base│ data of the second library  │    memory_base│ data of the second library  │
//!  heap_base  ├─────────────────────────────┤    heap_base  ├─────────────────────────────┤
//!             │ heap, growing upwards       │               │ heap, growing upwards       │
//!             └─────────────────────────────┘               └─────────────────────────────┘
//! ```
//!
//! Emscripten's linker fills in the blanks in JavaScript while the program starts. This one fills them in
//! before: it rewrites each module so that bases and addresses are constants in its code (*bind*), and what
//! is left are calls of functions in modules that are instantiated before it. Two modules that call each other
//! cannot both come first; there one of the calls goes through the table.
//!
//! When all modules exist, their relocations are applied, pointers in data that point to somewhere else, and
//! then their constructors run, in one order ([`Bound::initialisers`]): those of a library before those of the
//! modules that use it or need it; libraries that nothing depends on in the order in which they are looked up;
//! the program's last, unless a library depends on the program. In a cycle no order is right, but it is the same
//! every time: the module that is looked up last comes first.
//!
//! # This crate
//!
//! This crate is pure: bytes in, data out. It opens no file, prints nothing and knows no runtime, so
//! a build tool can use it without compiling one. The phases, a file each:
//!
//! 1. *load*: [`Module::load`] reads a module's bytes into a [`Module`]: its [`Kind`], its imports and
//!    exports with their types, and the `dylink.0` section by which a shared library tells what it needs.
//!    [`Set::gather`] adds the libraries that others need, and a module of what the linker itself defines.
//! 2. *resolve*: every import of the set to what it stands for. Every [`Fault`] is reported at once.
//! 3. *layout*: where each module's data, the stack and the table's elements lie.
//! 4. *plan*: the result of the three, a [`Plan`], and each [`Warning`] of what is probably not meant.
//! 5. *bind*: [`Plan::bind`] rewrites each module, so that what was decided is in it.
//! 6. *fuse*: [`Plan::fuse`] writes all of them as one instead, without what nothing reaches, and with their
//!    debug information if that is asked for; [`BoundModule::source_map`] tells it beside the module.
//!
//! [`Contract::check`] compares a module with the signatures that it is expected to have.
//!
//! The words are those of the WebAssembly tool convention
//! [DynamicLinking](https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md).
//!
//! ```
//! use linker::{NoLibraries, InputModule, Plan, Set};
//!
//! let calc = wat::parse_str(r#"(module (func (export "add") (param f64) (result i32) i32.const 0))"#)?;
//! let toolbox = wat::parse_str(r#"(module (import "env" "add" (func (param i32 i32) (result i32))))"#)?;
//! let calc = InputModule::load("calc", calc)?;
//! let toolbox = InputModule::load("toolbox", toolbox)?;
//!
//! let faults = Plan::new(Set::gather(toolbox, vec![calc], &mut NoLibraries)?).unwrap_err();
//! assert_eq!(
//!     faults.to_string(),
//!     "`toolbox` needs `env.add`: expected (i32, i32) -> i32, `calc` has (f64) -> i32",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod convention;
pub mod dynamic;
mod fault;
mod fuse;
mod limits;
mod module;
mod names;
mod plan;
mod suggest;
mod trace;
mod types;
mod write;

pub use fault::{Candidate, Fault, Faults};
pub use fuse::FuseOptions;
pub use fuse::error::{FuseError, PreinitFault};
pub use limits::InputLimits;
pub use module::contract::{Contract, ContractError, Expectation};
pub use module::dylink::{Alignment, Dylink, MemInfo, SymbolInfo};
pub use module::error::LoadError;
pub use module::validate::{FEATURES, validate};
pub use module::{Export, Import, Kind, Module};
pub use names::module_name;
pub use names::{demangle, is_harmful, printable, printable_lines};
pub use plan::Initialiser;
pub use plan::Plan;
pub use plan::host_imports::{DYNAMIC_LINKER, WASI, host_functions};
pub use plan::input::InputModule;
pub use plan::library_source::{LibrarySource, NoLibraries};
pub use plan::report::Why;
pub use plan::resolve::Shared;
pub use plan::set::{Definition, Set};
pub use plan::synthetic::invoke::TERMINATE;
pub use plan::system_libraries::{system_libraries, system_library};
pub use plan::warning::Warning;
pub use trace::origin::{DebugInfo, Origin, SourceLine, function_name, source_lines};
pub use trace::source_map::{Mappings, SourceMap};
pub use types::{ExternType, FuncType, GlobalType, MemoryType, ParseFuncTypeError, TableType};
pub use wasmparser::ValType;
pub use write::bound::{Bound, BoundModule, Source};
pub use write::error::BindError;

/// Returns whether a program may leave a symbol that no module of it defines to the linker.
pub fn is_synthesised(symbol: &str) -> bool {
    plan::synthetic::invoke::is_synthesised(symbol)
        || plan::synthetic::runtime_hooks::is_hook(symbol)
}

/// Returns the fault that an instruction of a module reports by a trap: one that a check of Emscripten's has
/// found. `offset` is that of the instruction in the module's bytes, and `function` the index of the one that
/// it is in.
pub fn reported_fault(module: &[u8], function: u32, offset: usize) -> Option<&'static str> {
    let overflow = module::stack_checks::is_check(module, offset);
    let overflow = overflow.then_some(module::stack_checks::STACK_HAS_OVERFLOWED);
    overflow.or_else(|| fault_of_function(&function_name(module, function)?))
}

/// Returns the fault that a function of the linker's own reports by `unreachable`, by the function's name.
pub fn fault_of_function(name: &str) -> Option<&'static str> {
    plan::synthetic::runtime_hooks::reported_fault(name)
        .or_else(|| write::atomics::reported_fault(name))
}
