//! Running components, with WASI preview 2 and limits.

mod argument;
mod export;
mod program;
mod serve;
mod state;

pub use program::ComponentProgram;
pub use serve::{ServeError, ServeSettings, Server};
