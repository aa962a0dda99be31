//! The commands of `cargo xtask`, each in a module of its own.

pub(crate) mod bench;
pub(crate) mod build_all;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod clean;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod fuzz;
pub(crate) mod install;
pub(crate) mod matrix;
pub(crate) mod new;
pub(crate) mod remove;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod test;
