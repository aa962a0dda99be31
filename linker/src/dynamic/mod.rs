//! Libraries that join a running program, as `dlopen` opens them, and leave it again.
//!
//! [`Running`] keeps track of the modules of a program that runs. [`Running::open`] decides how a
//! library joins it and returns an [`Opening`]. Nothing has changed then. The caller
//!
//! 1. rewrites and compiles each of [`Opening::new_modules`] with [`Opening::bind`],
//! 2. allocates memory and table slots as [`Opening::memory_request`] and
//!    [`Opening::other_slots`] ask, and reports them with [`Opening::assign`],
//! 3. instantiates the modules, with the values of [`Opening::import_value`],
//! 4. fills [`Opening::filled_slots`] and records the modules with [`Running::join`],
//! 5. calls [`Opening::initialisers`].
//!
//! Two kinds of number name a module. A `usize` is an index in the opening's
//! [`Set`](crate::Set). A [`ModuleId`] names a module of the running program.

pub(crate) mod free_slots;
pub(crate) mod gather;
pub(crate) mod module_id;
pub(crate) mod opening;
pub(crate) mod running;
pub(crate) mod slots;
pub(crate) mod symbols;

pub use module_id::ModuleId;
pub use opening::{Assigned, BindKey, MemoryRequest, Opening};
pub use running::{Removed, Running};
pub use symbols::{AddressInfo, LoadedFunction, LoadedSymbol};
