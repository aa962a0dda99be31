//! The written modules, the sources of their imports, and the functions to call when all exist.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Layout};
use crate::plan::resolve::Shared;
use crate::plan::{Initialiser, Plan};

/// The modules of a program as they are instantiated.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The module that exports the memory, the table and the stack pointer, and imports nothing.
    /// `None` if no module shares any of these.
    pub base: Option<Vec<u8>>,
    /// The modules, in the order of instantiation.
    pub modules: Vec<BoundModule>,
    /// The module that fills the canonical table slots, if there are any. It is instantiated last,
    /// before the first initialiser is called.
    pub slots: Option<BoundModule>,
    /// The functions to call, in this order, when all instances exist: the relocations of all
    /// modules, then the constructors. The constructors of a module come after those of the
    /// modules that it depends on. Modules that nothing depends on come in the order in which they
    /// are looked up, the program last.
    pub initialisers: Vec<Initialiser>,
}

/// A written module, and the source of each of its imports.
#[derive(Debug, Clone)]
pub struct BoundModule {
    /// The module's index in the set. The module that fills the slots has the index after the last.
    pub module: usize,
    /// The module in the binary format.
    pub bytes: Vec<u8>,
    /// Where each import comes from, in the order of the imports.
    pub imports: Vec<Source>,
    /// The functions that its own were, unless the code is still that of the input module.
    pub(crate) origins: Option<Origins>,
}

impl BoundModule {
    /// Returns the address of a data symbol in the process's memory when this module runs, in bytes,
    /// or the slot of a function, like [`Plan::address`]. [`Plan::fuse`] moves both. Returns `None`
    /// for a symbol that it left out. `plan` is the plan that this module was written from.
    pub fn address(&self, plan: &Plan, symbol: &str) -> Option<u32> {
        let layout = self.origins.as_ref().and_then(|origins| origins.layout.as_ref());
        plan.address_in(layout.unwrap_or(&plan.layout), symbol)
    }
}

/// For each function from index `first` on that some module defines, which function it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    pub(crate) first: u32,
    pub(crate) functions: Vec<ItemId>,
    /// For each module the offsets of instructions of functions that are written, which are left
    /// out themselves.
    pub(crate) folded: BTreeMap<usize, BTreeSet<usize>>,
    /// The layout of a fused program.
    pub(crate) layout: Option<Layout>,
    /// Where the data of a fused program comes from.
    pub(crate) data: Vec<DataOrigin>,
}

/// A part of the data of a fused program, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataOrigin {
    pub(crate) module: usize,
    /// The index of a symbol of that module which names this part; `None` if no symbol does.
    pub(crate) symbol: Option<u32>,
    /// The part's address in the process's memory.
    pub(crate) address: u32,
    pub(crate) size: u32,
}

impl Origins {
    /// Returns the origins of a module whose functions keep their indices.
    pub(crate) fn all(input: &InputModule, module: usize) -> Self {
        let first = input.module.internals.imported_functions;
        let functions = first..first + input.module.internals.defined_functions;
        let functions = functions.map(|index| ItemId { module, index }).collect();
        Origins { first, functions, ..Origins::default() }
    }
}

/// The source of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// An export of the base module.
    Shared(Shared),
    /// An export of another module of the set.
    Export {
        /// The other module's index in the set.
        module: usize,
        /// The name of the export.
        name: String,
    },
    /// A function of the host.
    Host {
        /// The module name of the import.
        module: String,
        /// The name of the import.
        name: String,
    },
    /// An `i32` that is known when the module is instantiated: the value of one of the imports of
    /// the input module.
    Value {
        /// The index of that import among the imports of the input module.
        import: usize,
    },
}
