//! What is written: modules, where their imports come from, and what is called when all exist.

use serde::{Deserialize, Serialize};

use crate::plan::Initialiser;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::resolve::Shared;

/// The modules of a program as they are instantiated.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Exports the memory, the table and the stack pointer, and imports nothing. Without it no module
    /// shares anything.
    pub base: Option<Vec<u8>>,
    /// In the order of instantiation.
    pub modules: Vec<BoundModule>,
    /// Fills the canonical table slots, if there are any. To be instantiated last, before any initialiser
    /// is called.
    pub slots: Option<BoundModule>,
    /// What must be called after all instances exist, in this order: relocations of all modules, then
    /// constructors. Those of a module come after those of the modules that it depends on. Modules that
    /// nothing depends on come in the order in which they are looked up, the program last.
    pub initialisers: Vec<Initialiser>,
}

/// A module and where each of its imports comes from, in order.
#[derive(Debug, Clone)]
pub struct BoundModule {
    /// Its place in the set; past the end for the one that fills the slots.
    pub module: usize,
    pub bytes: Vec<u8>,
    pub imports: Vec<Source>,
    /// What its functions were, if its code is other than that of the module.
    pub(crate) origins: Option<Origins>,
}

/// What each function was that some module defines, from a number on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    pub(crate) first: u32,
    pub(crate) functions: Vec<ItemId>,
}

impl Origins {
    /// Of a module whose functions are still those that it had.
    pub(crate) fn all(input: &InputModule, module: usize) -> Self {
        let first = input.module.internals.imported_functions;
        let functions = first..first + input.module.internals.defined_functions;
        Origins { first, functions: functions.map(|index| ItemId { module, index }).collect() }
    }
}

/// Where an import comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The base module.
    Shared(Shared),
    /// Another module of the set.
    Export { module: usize, name: String },
    /// The host.
    Host { module: String, name: String },
    /// A number that is known when the module is instantiated: that of one of its imports as they were.
    Value { import: usize },
}
