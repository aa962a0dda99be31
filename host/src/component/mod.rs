//! Components: writing a program as one, and running them.
//!
//! A component is a module with a typed interface, its *world*, written in WIT. The encoding is
//! wit-component's; this decides what goes into it.

mod adapter;
mod check;
pub(crate) mod fault;
mod heap;
mod running;
mod world;
mod write;

pub use adapter::Adapter;
pub use fault::{ComponentFault, ComponentFaults};
pub use running::{ComponentProgram, ServeError, ServeSettings, Server};
pub use world::Wit;
pub use write::{component, world_exports};

pub(crate) use heap::REALLOC;
pub(crate) use world::World;
