//! The programs that `xtask` calls: how it finds, installs and runs them.

pub(crate) mod cargo;
pub(crate) mod cmake;
pub(crate) mod emscripten;
pub(crate) mod find;
pub(crate) mod package_managers;
pub(crate) mod rust;
pub(crate) mod tool;
pub(crate) mod zig;
