//! What several suites use.

pub(crate) mod compile;
pub(crate) mod console;
#[cfg(unix)]
pub(crate) mod random;
pub(crate) mod slow;
pub(crate) mod trial;
pub(crate) mod workspace;
