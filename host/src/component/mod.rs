//! Components: writing a program as one, and running them.
//!
//! A component is a module with typed interfaces, its *world*, which is written in WIT. The
//! encoding is wit-component's; `world` decides what goes into it.

mod adapter;
mod interface;
mod running;
mod write;

pub use adapter::Adapter;
pub use interface::component_interface;
pub use running::{ComponentProgram, ServeError, ServeSettings, Server};
pub use write::{component, world_exports};
