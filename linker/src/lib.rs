//! Links WebAssembly modules of Rust and C++: reads them as plain data, decides the target of every
//! import and the address of everything, and rewrites the modules accordingly.
//!
//! The crate is pure: bytes in, data out. It opens no file, prints nothing and knows no runtime, so
//! a build tool can use it without compiling one.
//!
//! ```
//! use linker::{InputModule, NoLibraries, Plan, Set};
//!
//! let calc = wat::parse_str(
//!     r#"(module (func (export "add") (param f64) (result i32) i32.const 0))"#,
//! )?;
//! let toolbox = wat::parse_str(
//!     r#"(module (import "env" "add" (func (param i32 i32) (result i32))))"#,
//! )?;
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
//!
//! # Dynamic linking from the beginning
//!
//! A compiler that makes a whole program knows every address in it. A compiler that makes a *shared
//! library* knows none. The library's data will be wherever there is room in the memory of a
//! program that does not exist yet, and its calls go to functions in modules that were compiled
//! elsewhere. So the compiler leaves blanks. In WebAssembly the blanks are imports, under names
//! that a tool convention has given them:
//!
//! | import | filled in with |
//! |---|---|
//! | `env.memory`, `env.__indirect_function_table`, `env.__stack_pointer` | the items that all modules of the process share |
//! | `env.__memory_base` | the address at which this module's data begins |
//! | `env.__table_base` | the slot at which this module's part of the table begins |
//! | `GOT.mem.x` | the address of the variable `x`, whichever module defines it |
//! | `GOT.func.f` | the table slot of the function `f`: a function pointer is the index of a slot |
//! | `env.f` | the function `f` itself, for calls |
//! | `env.g`, a mutable global | the global `g` itself, which is no data in memory |
//!
//! The custom section `dylink.0` says how much memory a module needs, and which libraries. A module
//! exports what it defines: functions, and for each variable a constant with its address relative
//! to `__memory_base`.
//!
//! A linker decides which definition fills each blank (*resolve*) and where everything is
//! (*layout*):
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
//! Emscripten's linker fills in the blanks in JavaScript while the program starts. This one fills
//! them in before: it rewrites each module so that bases and addresses are constants in its code
//! (*bind*). The imports that are left are functions of modules that are instantiated before it.
//! Two modules that call each other cannot both be first, so one of the two calls goes through the
//! table.
//!
//! When all modules are instantiated, their relocations are applied: pointers in data that point
//! elsewhere. Then their constructors run, in one order ([`Bound::initialisers`]). Those of a
//! library run before those of the modules that use it or need it. Libraries that nothing depends
//! on follow the order of lookup. The program's constructors run last, unless a library depends on
//! the program. No order is right for a cycle, but it is always the same: the module that is looked
//! up last comes first.
//!
//! # The phases
//!
//! Each phase is a step of the same name in a folder: `module` (one module), `plan` (the
//! decisions), `write` (the bytes), `trace` (from written code back to source), `fuse` and
//! `dynamic`.
//!
//! 1. *load*: [`Module::load`] reads a module's bytes into a [`Module`]: its [`Kind`], its imports
//!    and exports with their types, and its `dylink.0` section. [`Set::gather`] adds the libraries
//!    that modules need, and the modules that the linker writes itself.
//! 2. *resolve* finds the target of every import of the set. It reports every [`Fault`] at once.
//! 3. *layout* chooses the addresses of each module's data and of the stack, and the table's slots.
//! 4. *plan*: [`Plan::new`] returns the result of these phases, and [`Plan::warnings`] a
//!    [`Warning`] for each probable mistake.
//! 5. *bind*: [`Plan::bind`] rewrites each module by the plan.
//! 6. *fuse*: [`Plan::fuse`] writes all modules as one instead, without the functions that nothing
//!    reaches, and with their debug information if that is wanted. [`BoundModule::source_map`]
//!    returns a source map for it.
//!
//! A library that a program opens while it runs goes through the same phases: see [`dynamic`].
//! [`Contract::check`] compares a module with the signatures that it should have.
//!
//! The names are those of the WebAssembly tool convention
//! [DynamicLinking](https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md).

#![forbid(unsafe_code)]

use std::borrow::Cow;

mod c_library;
mod convention;
pub mod dynamic;
mod fault;
mod fuse;
mod hash;
mod limits;
mod module;
mod names;
mod plan;
mod shared_bytes;
mod suggest;
mod trace;
mod types;
mod write;

pub use c_library::{CLibrary, CLibrarySign};
pub use fault::{Candidate, Fault, Faults};
pub use fuse::error::{FuseError, PreinitFault};
pub use fuse::exit_hooks::leaves_work_for_the_end;
pub use fuse::{ComponentExports, FuseOptions};
pub use limits::InputLimits;
pub use module::contract::{Contract, ContractError, Expectation};
pub use module::custom_sections::OWN_SECTIONS;
pub use module::dylink::{Alignment, Dylink, MemInfo, SymbolInfo};
pub use module::error::LoadError;
pub use module::relocations::is_index_relocation;
pub use module::validate::{FEATURES, validate};
pub use module::{Export, Import, Kind, Module};
pub use names::module_name;
pub use names::{demangle, demangle_type, is_harmful, printable, printable_lines};
pub use plan::Initialiser;
pub use plan::Plan;
pub use plan::host_imports::{DYNAMIC_LINKER, WASI, host_functions};
pub use plan::input::InputModule;
pub use plan::library_source::{LibrarySource, NoLibraries};
pub use plan::report::Why;
pub use plan::resolve::Shared;
pub use plan::set::{Definition, Set};
pub use plan::symbols::{Definer, ProgramSymbol, Provider};
pub use plan::synthetic::invoke::TERMINATE;
pub use plan::system_libraries::{system_libraries, system_library};
pub use plan::warning::Warning;
pub use shared_bytes::SharedBytes;
pub use suggest::near;
pub use trace::origin::{DebugInfo, Origin, SourceLine, function_name, source_lines};
pub use trace::size::{ModuleSize, SizeReport, SymbolSize};
pub use trace::source_map::{Mappings, SourceMap};
pub use types::{ExternType, FuncType, GlobalType, MemoryType, ParseFuncTypeError, TableType};
pub use wasmparser::ValType;
pub use write::bound::{Bound, BoundModule, Source};
pub use write::error::BindError;

/// Returns whether the linker itself defines a symbol that no module of a program defines.
pub fn is_synthesised(symbol: &str) -> bool {
    plan::synthetic::invoke::is_synthesised(symbol)
        || plan::synthetic::runtime_hooks::is_hook(symbol)
}

/// Returns the fault that an instruction reports by a trap: a check that Emscripten has compiled in
/// has failed.
///
/// `offset` is that of the instruction in the module's bytes, and `function` the index of the
/// function that contains it. Returns `None` for any other instruction.
pub fn reported_fault(module: &[u8], function: u32, offset: usize) -> Option<Cow<'static, str>> {
    if module::stack_checks::is_check(module, offset) {
        return Some(module::stack_checks::STACK_HAS_OVERFLOWED.into());
    }
    fault_of_function(&function_name(module, function)?)
}

/// Returns the fault that a function which the linker has written reports by `unreachable`, by the
/// function's name.
pub fn fault_of_function(name: &str) -> Option<Cow<'static, str>> {
    if let Some(undefined) = plan::synthetic::unknown_imports::reported_fault(name) {
        return Some(undefined.into());
    }
    plan::synthetic::runtime_hooks::reported_fault(name)
        .or_else(|| write::atomics::reported_fault(name))
        .or_else(|| plan::synthetic::thread_context::reported_fault(name))
        .map(Cow::Borrowed)
}
