//! Libraries that are opened while a program runs.
//!
//! [`linker::dynamic::Running`] decides which modules join a program and how. This folder finds
//! the files ([`files`]), and gives modules their memory, table slots and instances ([`open`],
//! [`close`]); [`crate::compiled::libraries`] compiles each module once. [`abi`] has the functions
//! that the program itself calls, through libdl. [`loader`] is for embedders.
//!
//! A store frees neither instances nor code until it is dropped. It does reuse the memory and slots
//! of closed libraries. A library can therefore be opened and closed as often as a store can have
//! instances: ten thousand times by default, see
//! [`Limits::max_instances`](crate::Limits::max_instances).

mod abi;
mod close;
mod files;
mod libraries;
mod loader;
mod open;
mod session;

pub(crate) use abi::{define, define_async};
pub use files::Files;
pub(crate) use libraries::Accessor;
pub use libraries::Libraries;
pub use loader::{LibraryHandle, Loader};
pub use session::OpenFlags;
