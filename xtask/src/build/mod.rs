//! The guests, the system libraries and the hosts: how they are described, built, checked and run.

pub(crate) mod bindings;
pub(crate) mod c_compiler;
pub(crate) mod check;
pub(crate) mod compile_commands;
pub(crate) mod demo;
pub(crate) mod driver;
pub(crate) mod guests;
pub(crate) mod hosts;
pub(crate) mod manifest;
pub(crate) mod publish;
pub(crate) mod sources;
pub(crate) mod sysroot;
