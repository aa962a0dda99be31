//! What every other part uses: processes, files, output for the user, and the workspace's paths.

pub(crate) mod changes;
pub(crate) mod child;
pub(crate) mod files;
pub(crate) mod interrupt;
pub(crate) mod lock;
pub(crate) mod markdown;
pub(crate) mod process;
pub(crate) mod progress;
pub(crate) mod project;
