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
    pub(crate) inlined: InlinedCalls,
    /// The layout of a fused program.
    pub(crate) layout: Option<Layout>,
    /// Where the data of a fused program comes from.
    pub(crate) data: Vec<DataOrigin>,
}

/// The calls that became the code of the functions that they call.
#[derive(Debug, Clone, Default)]
pub(crate) struct InlinedCalls {
    /// For each module, the called functions by the offset of the call.
    pub(crate) calls: BTreeMap<usize, BTreeMap<usize, ItemId>>,
    /// For each called function, where the instructions come from that are written for a call: each
    /// from an instruction of that function, or of one that was inlined into it, then from the call
    /// there, and so on, the innermost function first. An instruction without any belongs to the
    /// call itself.
    pub(crate) bodies: BTreeMap<ItemId, Vec<Vec<CodeOffset>>>,
}

impl InlinedCalls {
    /// Returns where the instructions come from that are written for the call at an offset of a
    /// module; `None` if it is still a call, or something else.
    pub(crate) fn at(&self, module: usize, offset: usize) -> Option<&[Vec<CodeOffset>]> {
        let callee = self.calls.get(&module)?.get(&offset)?;
        self.bodies.get(callee).map(Vec::as_slice)
    }
}

/// An instruction of a function, by its offset in the module's file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeOffset {
    pub(crate) function: ItemId,
    pub(crate) offset: usize,
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
