//! The world of a component: what describes it, what the modules of a program lack for it, and who
//! allocates memory for its callers. Nothing here is written or run.

pub(crate) mod check;
pub(crate) mod description;
pub(crate) mod heap;
