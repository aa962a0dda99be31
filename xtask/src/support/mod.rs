//! What every other part uses: processes, files, output to the user, and paths of the workspace.

pub(crate) mod files;
pub(crate) mod interrupt;
pub(crate) mod lock;
pub(crate) mod markdown;
pub(crate) mod process;
pub(crate) mod progress;
pub(crate) mod project;
