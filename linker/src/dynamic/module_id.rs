//! The identity of a module in a running program.

use std::fmt;

/// The identity of a module in a running program, by which [`Running`](crate::dynamic::Running)
/// finds it.
///
/// A module keeps its id while it takes part. The id of a module that has left may be given to
/// another one later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(usize);

impl ModuleId {
    /// Returns the id with an index. A module that the program started with has the index that it
    /// has in the set of [`Plan::set`](crate::Plan::set).
    pub const fn from_index(index: usize) -> Self {
        ModuleId(index)
    }

    /// Returns the index: a small number, so that it can index a list.
    pub const fn index(self) -> usize {
        self.0
    }
}

impl fmt::Debug for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
