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

mod artifact;
mod compiled;
mod deadline;
mod directory;
mod dlopen;
mod engine;
mod error;
mod exports;
mod input;
mod limits;
mod linker;
mod process;
mod program;
mod search;
mod trap;
mod value;

pub use ::linker::InputLimits;
pub use bytesize::ByteSize;
pub use compiled::cache::{Cache, CacheError, CacheUsage, FileKind};
pub use directory::Directory;
pub use dlopen::{Files, Libraries, LibraryHandle, Loader, OpenFlags};
pub use error::Error;
pub use exports::{function, functions};
pub use input::{check_preloads, read, read_within};
pub use limits::{Limit, Limiter, Limits};
pub use linker::Linker;
pub use process::Process;
pub use process::host::Host;
pub use process::precompiled::{load_precompiled, precompile};
pub use process::settings::Settings;
pub use process::source_map::{source_map_path, source_map_text};
pub use process::state::State;
pub use process::wasi::Wasi;
pub use program::Program;
pub use program::fuse::fuse;
pub use program::linkage::Mode;
pub use program::linked::LinkedInstance;
pub use program::preinit::preinit;
pub use search::Search;
pub use value::{ArgumentError, ArgumentErrors, display, parse_arguments};
pub use wasmtime::Val;

/// The Rust of docs/embedding.md, which the documentation tests compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
mod embedding {}
