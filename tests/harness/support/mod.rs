//! Helpers for several suites.

pub(crate) mod commands;
pub(crate) mod compile;
pub(crate) mod console;
pub(crate) mod fetched;
pub(crate) mod follow;
pub(crate) mod markdown;
pub(crate) mod node;
#[cfg(unix)]
pub(crate) mod random;
pub(crate) mod slow;
pub(crate) mod trial;
#[cfg(unix)]
pub(crate) mod unix;
pub(crate) mod workspace;
