//! What a WebAssembly module asks for and offers, as plain data, and whether modules fit.
//!
//! This crate is pure: bytes in, data out. It opens no file, prints nothing and knows no runtime, so
//! a build tool can use it without compiling one. Two steps exist:
//!
//! 1. [`Module::load`] reads a module's bytes into a [`Module`]: its [`Kind`], its imports and exports
//!    with their types, and the `dylink.0` section by which a shared library tells what it needs.
//! 2. [`fit`] looks up every import of a set of modules among the exports of the others and
//!    reports every [`Fault`] at once; [`Contract::check`] compares a module with the signatures that
//!    it is expected to have.
//!
//! The words are those of the WebAssembly tool convention
//! [DynamicLinking](https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md).
//!
//! ```
//! use linker::{Module, Provider, fit};
//!
//! let calc = wat::parse_str(r#"(module (func (export "add") (param i64) (result i32) i32.const 0))"#)?;
//! let toolbox = wat::parse_str(r#"(module (import "env" "add" (func (param i32 i32) (result i32))))"#)?;
//! let calc = Module::load("calc", &calc)?;
//! let toolbox = Module::load("toolbox", &toolbox)?;
//!
//! let faults = fit(&toolbox, &[Provider::module("env", &calc)]).unwrap_err();
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
mod fit;
mod graph;
mod layout;
mod load;
mod plan;
mod resolve;
mod set;
mod types;
mod wasi;

pub use bind::{BindError, Bound, BoundModule, Source};
pub use contract::{Contract, ContractError, Expectation};
pub use demangle::demangle;
pub use dylink::{Alignment, Dylink, MemInfo, SymbolInfo};
pub use fault::{Candidate, Fault, Faults};
pub use fit::{Provider, fit};
pub use load::{Export, FEATURES, Import, Kind, LoadError, Module, validate};
pub use plan::{Initialiser, Plan};
pub use resolve::Shared;
pub use set::{Definition, Library, NoLibrary, Object, Set};
pub use types::{ExternType, FuncType, GlobalType, MemoryType, ParseFuncTypeError, TableType};
pub use wasi::WASI;
pub use wasmparser::ValType;
