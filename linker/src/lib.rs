//! Links WebAssembly modules: what each asks for and offers as plain data, where everything is to lie, and
//! the modules rewritten accordingly.
//!
//! This crate is pure: bytes in, data out. It opens no file, prints nothing and knows no runtime, so
//! a build tool can use it without compiling one. The phases, a file each:
//!
//! 1. *load*: [`Module::load`] reads a module's bytes into a [`Module`]: its [`Kind`], its imports and
//!    exports with their types, and the `dylink.0` section by which a shared library tells what it needs.
//!    [`Set::gather`] adds the libraries that others need.
//! 2. *resolve*: every import of the set to what it stands for. Every [`Fault`] is reported at once.
//! 3. *layout*: where each module's data, the stack and the table's elements lie.
//! 4. *plan*: the result of the three, a [`Plan`].
//! 5. *bind*: [`Plan::bind`] rewrites each module, so that what was decided is in it.
//!
//! [`Contract::check`] compares a module with the signatures that it is expected to have.
//!
//! The words are those of the WebAssembly tool convention
//! [DynamicLinking](https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md).
//!
//! ```
//! use linker::{NoLibrary, Object, Plan, Set};
//!
//! let calc = wat::parse_str(r#"(module (func (export "add") (param i64) (result i32) i32.const 0))"#)?;
//! let toolbox = wat::parse_str(r#"(module (import "env" "add" (func (param i32 i32) (result i32))))"#)?;
//! let calc = Object::load("calc", calc)?;
//! let toolbox = Object::load("toolbox", toolbox)?;
//!
//! let faults = Plan::new(Set::gather(toolbox, vec![calc], &mut NoLibrary)?).unwrap_err();
//! assert_eq!(
//!     faults.to_string(),
//!     "`toolbox` needs `env.add`: expected (i32, i32) -> i32, `calc` has (i64) -> i32",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bind;
mod contract;
mod convention;
mod demangle;
mod dylink;
mod fault;
mod graph;
mod hint;
mod layout;
mod load;
mod nearest;
mod plan;
mod report;
mod resolve;
mod set;
mod types;
mod wasi;

pub use bind::{BindError, Bound, BoundModule, Source};
pub use contract::{Contract, ContractError, Expectation};
pub use demangle::{demangle, printable};
pub use dylink::{Alignment, Dylink, MemInfo, SymbolInfo};
pub use fault::{Candidate, Fault, Faults};
pub use load::{Export, FEATURES, Import, Kind, LoadError, Module, validate};
pub use plan::{Initialiser, Plan};
pub use report::Why;
pub use resolve::Shared;
pub use set::{Definition, Library, NoLibrary, Object, SYSTEM_LIBRARIES, Set};
pub use types::{ExternType, FuncType, GlobalType, MemoryType, ParseFuncTypeError, TableType};
pub use wasi::{WASI, wasi_functions};
pub use wasmparser::ValType;
