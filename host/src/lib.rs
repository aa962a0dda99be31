//! Links WebAssembly modules of Rust and C++ and runs them on Wasmtime.
//!
//! There are two ways to use this crate:
//!
//! - [`Linker`] is for embedders that have a Wasmtime engine and store of their own. It works like
//!   [`wasmtime::Linker`], and also links modules that share a memory.
//! - [`Host`] brings an engine, WASI and [`Limits`], for programs that are not trusted.
//!
//! Both make a [`Program`] from the modules: everything is linked and compiled, and nothing runs
//! yet. All faults of the modules are known at this point. A program can be instantiated any
//! number of times.
//!
//! # A program with limits
//!
//! There are four steps:
//!
//! 1. [`Host::new`] creates the engine and sets the limits.
//! 2. [`read`] or [`InputModule::load`](::linker::InputModule::load) reads each module;
//!    [`Set::gather`](::linker::Set::gather) puts them together, with the libraries that they need.
//! 3. [`Host::link`] links and compiles them. It looks up every import and compares its type.
//! 4. [`Host::start`] instantiates the program. Call the [`Process`] with [`Process::invoke`].
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
//!
//! # More
//!
//! - The [`Linker`] page has an example with a host function; `host/examples` has complete
//!   programs.
//! - [`Linker::enable_dlopen`] lets programs open libraries while they run.
//! - [`fuse`](fn@fuse) and [`preinit`] write a program as one module for any engine;
//!   [`precompile`] writes its machine code.
//! - [`Cache`] keeps compiled code between runs. [`Host::cached`] finds a program there by its
//!   files, without linking it again.

mod artifact;
mod compiled;
mod compiler_threads;
mod component;
mod deadline;
mod digest;
mod directory;
mod dlopen;
mod error;
mod exports;
mod fault;
mod input;
mod limits;
mod linker;
mod lookup;
mod process;
mod program;
mod search;
mod trap;
mod value;
mod world;

pub use ::linker::InputLimits;
pub use bytesize::ByteSize;
pub use compiled::cache::{Cache, CacheError, CacheUsage, FileKind};
pub use component::{
    Adapter, ComponentProgram, ServeError, ServeSettings, Server, component, component_interface,
    world_exports,
};
pub use directory::Directory;
pub use dlopen::{Files, Libraries, LibraryHandle, Loader, OpenFlags};
pub use error::Error;
pub use exports::Exports;
pub use fault::{ComponentFault, ComponentFaults};
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
pub use program::files::{LinkedFiles, ProgramFile, ProgramFiles};
pub use program::fuse::fuse;
pub use program::linkage::Mode;
pub use program::linked::LinkedInstance;
pub use program::preinit::preinit;
pub use search::Search;
pub use value::{ArgumentError, ArgumentErrors, display, parse_arguments};
pub use wasmtime::Val;
pub use world::description::Wit;

/// Compiles the Rust code of docs/embedding.md.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
mod embedding {}
