//! Libraries that are opened while a program runs.
//!
//! What joins a program and how is decided by [`linker::dynamic::Running`]. Here files are found ([`files`]), modules
//! compiled once ([`crate::compiled::libraries`]), and memory, table and instances made for them ([`open`],
//! [`close`]). [`abi`] is what the program itself calls, by libdl.
//!
//! A store frees neither instances nor code before it is dropped. Their memory and slots are given back, so
//! that a library can be opened and closed as often as a store can have instances: ten thousand times, unless
//! [`Limits::max_instances`](crate::Limits::max_instances) says otherwise.

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
