//! Links WebAssembly modules and runs them on Wasmtime.
//!
//! Embedders that bring a store and host functions of their own use [`Linker`], in the manner of
//! [`wasmtime::Linker`]. For programs that need WASI and limits there are four steps, each of which can fail only with what it is about:
//!
//! 1. [`Host::new`]: the engine, and the [`Limits`] that programs run under.
//! 2. [`read`] or [`linker::InputModule::load`]: a module's bytes to what it asks for and offers; several to a
//!    [`linker::Set`].
//! 3. [`Host::link`]: a set to a [`Program`]. Every import is looked up and its type compared here, so
//!    that all faults are known before any guest code runs.
//! 4. [`Host::start`]: an instance of it, a [`Process`], that can be called.
//!
//! ```
//! use host::{Host, Limits, Val, Wasi};
//! use linker::{NoLibraries, InputModule, Set};
//!
//! let calc = wat::parse_str(
//!     r#"(module (func (export "add") (param i32 i32) (result i32)
//!         (i32.add (local.get 0) (local.get 1))))"#,
//! )?;
//! let toolbox = wat::parse_str(
//!     r#"(module (import "env" "add" (func $add (param i32 i32) (result i32)))
//!         (func (export "foo") (param i32) (result i32)
//!             (call $add (i32.const 1) (local.get 0))))"#,
//! )?;
//!
//! let host = Host::new(Limits::default())?;
//! let calc = InputModule::load("calc", calc)?;
//! let toolbox = InputModule::load("toolbox", toolbox)?;
//! let program = host.link(Set::gather(toolbox, vec![calc], &mut NoLibraries)?)?;
//! let mut process = host.start(&program, &Wasi::default())?;
//! let results = process.invoke("foo", &[Val::I32(7)])?;
//! assert_eq!(results[0].i32(), Some(8));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backtrace;
mod cache;
mod code;
mod container;
mod deadline;
mod engine;
mod error;
mod fuse;
mod host_functions;
mod libraries;
mod limits;
mod linked;
mod linker;
mod output;
mod precompiled;
mod preinit;
mod process;
mod program;
mod sandbox;
mod search;
mod source_map;
mod value;
mod wasi;

pub use ::linker::InputLimits;
pub use cache::{Cache, CacheError, CacheUsage};
pub use engine::Settings;
pub use error::Error;
pub use fuse::fuse;
pub use libraries::{Files, Libraries, Library, Loader, OpenFlags};
pub use limits::{Limit, Limiter, Limits};
pub use linked::Linked;
pub use linker::Linker;
pub use precompiled::{precompile, run_precompiled};
pub use preinit::preinit;
pub use process::Process;
pub use program::{Mode, Program, check_preloads, function, functions, read, read_within};
pub use sandbox::{Host, State};
pub use search::Search;
pub use source_map::{source_map_path, source_map_text};
pub use value::{ArgumentError, Arguments, display, parse_arguments};
pub use wasi::{Directory, Wasi};
pub use wasmtime::Val;

/// The Rust of docs/embedding.md, which the documentation tests compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
mod embedding {}
