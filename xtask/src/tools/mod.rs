//! Programs that `xtask` calls: how they are found, installed and run.

pub(crate) mod cargo;
pub(crate) mod cmake;
pub(crate) mod package_managers;
pub(crate) mod rust_targets;
pub(crate) mod tool;
