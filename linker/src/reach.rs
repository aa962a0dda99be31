//! What of a program can be reached from its exports: the rest is left out of a fused one.

use std::collections::HashSet;

use crate::layout::ItemId;

/// Items by the module that defines them.
#[derive(Default)]
pub(crate) struct Reach {
    pub(crate) functions: HashSet<ItemId>,
    /// Imported functions, by the module that refers to them.
    pub(crate) imports: HashSet<ItemId>,
    pub(crate) globals: HashSet<ItemId>,
    pub(crate) tables: HashSet<ItemId>,
    pub(crate) memories: HashSet<ItemId>,
    pub(crate) elements: HashSet<ItemId>,
    pub(crate) data: HashSet<ItemId>,
}
