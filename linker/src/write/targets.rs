//! Follows the references in a module to what they mean, through the imports of all modules.

use crate::convention::STACK_POINTER;
use crate::module::Import;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{ImportTarget, Shared};
use crate::types::ExternType;
use crate::write::bound::Source;

/// The plan, with an index for the questions that each instruction asks.
pub(crate) struct Targets<'a> {
    pub(crate) plan: &'a Plan,
    /// Whether addresses and slots are known. Those of a module that joins a running program are
    /// not known until it is instantiated, so that its code is the same at any address.
    are_values_known: bool,
    modules: Vec<Indices>,
}

/// For each item kind, which of a module's imports are of this kind, in order; and the indices of
/// what a main defines for all modules.
#[derive(Default)]
struct Indices {
    functions: Vec<usize>,
    tables: Vec<usize>,
    memories: Vec<usize>,
    globals: Vec<usize>,
    tags: Vec<usize>,
    stack_pointer: Option<u32>,
    table: Option<u32>,
    memory: Option<u32>,
}

/// The number of items of each kind that a module imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Imported {
    pub(crate) functions: u32,
    pub(crate) tables: u32,
    pub(crate) memories: u32,
    pub(crate) globals: u32,
    pub(crate) tags: u32,
}

/// The meaning of a reference to a function.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FunctionTarget<'a> {
    Defined(ItemId),
    Host(&'a Import),
    /// A weak symbol that nothing defines.
    Undefined,
}

/// The meaning of a reference to a global.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GlobalTarget {
    Constant(u32),
    /// The value of the import with this index, which is known when the module is instantiated.
    Value(usize),
    StackPointer,
    Defined(ItemId),
}

/// The table slot through which a function is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LateSlot {
    Known(u32),
    /// The value of the import with this index, a function.
    Value(usize),
}

/// A call by which a function allocates the block of its module's thread-local variables. The
/// linker has placed that block, so the call returns its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockAllocation {
    pub(crate) caller: u32,
    pub(crate) callee: u32,
    pub(crate) block: BlockAddress,
}

/// The address of a block of thread-local variables, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BlockAddress {
    Known(u32),
    /// The sum of a number and `__memory_base`, which is the value of the import with this index.
    Value {
        import: usize,
        offset: u32,
    },
}

/// The meaning of a reference to a memory or table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedTarget {
    /// The memory or table of the process.
    Shared,
    Defined(ItemId),
}

impl<'a> Targets<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let modules = plan.set.inputs.iter().map(Indices::new).collect();
        Targets { plan, are_values_known: true, modules }
    }

    /// Returns the targets of modules whose addresses and slots are not known yet.
    pub(crate) fn without_values(plan: &'a Plan) -> Self {
        let inputs = plan.set.inputs.iter().zip(&plan.resolution);
        let indices = inputs.map(|(input, import_targets)| {
            // A running module has no targets here: it already has all of its imports.
            if import_targets.is_empty() { Indices::default() } else { Indices::new(input) }
        });
        Targets { plan, are_values_known: false, modules: indices.collect() }
    }

    /// Returns the number of items of each kind that a module imports.
    pub(crate) fn imported(&self, module: usize) -> Imported {
        let indices = &self.modules[module];
        Imported {
            functions: indices.functions.len() as u32,
            tables: indices.tables.len() as u32,
            memories: indices.memories.len() as u32,
            globals: indices.globals.len() as u32,
            tags: indices.tags.len() as u32,
        }
    }

    /// Returns the import behind a function that a module does not define, and its target.
    pub(crate) fn imported_function(&self, id: ItemId) -> Option<(&'a Import, ImportTarget)> {
        self.import(id.module, *self.modules[id.module].functions.get(id.index as usize)?)
    }

    pub(crate) fn imported_global(&self, id: ItemId) -> Option<(&'a Import, ImportTarget)> {
        self.import(id.module, *self.modules[id.module].globals.get(id.index as usize)?)
    }

    pub(crate) fn imported_tag(&self, id: ItemId) -> Option<(&'a Import, ImportTarget)> {
        self.import(id.module, *self.modules[id.module].tags.get(id.index as usize)?)
    }

    fn import(&self, module: usize, import: usize) -> Option<(&'a Import, ImportTarget)> {
        let target = self.plan.resolution[module][import];
        Some((&self.plan.set.inputs[module].module.imports[import], target))
    }

    /// Returns the source of an import of a module that is instantiated by itself.
    pub(crate) fn source(&self, import: &Import, target: ImportTarget) -> Source {
        match target {
            ImportTarget::Function(definition) | ImportTarget::Item(definition) => {
                let module = &self.plan.set.inputs[definition.module].module;
                let name = module.exports[definition.export].name.clone();
                Source::Export { module: definition.module, name }
            }
            _ => Source::Host { module: import.module.clone(), name: import.name.clone() },
        }
    }

    /// Returns the meaning of a function index of a module.
    pub(crate) fn function(&self, id: ItemId) -> FunctionTarget<'a> {
        match self.follow(id, |indices| &indices.functions) {
            Ok(id) => FunctionTarget::Defined(id),
            Err(End { module, import, target: ImportTarget::Host }) => {
                FunctionTarget::Host(&self.plan.set.inputs[module].module.imports[import])
            }
            Err(_) => FunctionTarget::Undefined,
        }
    }

    /// Returns the meaning of a global index of a module.
    pub(crate) fn global(&self, id: ItemId) -> GlobalTarget {
        match self.follow(id, |indices| &indices.globals) {
            Ok(id) if self.modules[id.module].stack_pointer == Some(id.index) => {
                GlobalTarget::StackPointer
            }
            Ok(id) => GlobalTarget::Defined(id),
            Err(End { target: ImportTarget::Shared(_), .. }) => GlobalTarget::StackPointer,
            Err(End { import, .. }) if !self.are_values_known => GlobalTarget::Value(import),
            Err(End { module, target, .. }) => {
                GlobalTarget::Constant(self.constant(module, target))
            }
        }
    }

    fn constant(&self, module: usize, target: ImportTarget) -> u32 {
        let value = self.plan.constant(module, target);
        debug_assert!(value.is_some(), "an imported global means {target:?}");
        value.unwrap_or_default()
    }

    /// Returns the meaning of a table index of a module.
    pub(crate) fn table(&self, id: ItemId) -> SharedTarget {
        match self.follow(id, |indices| &indices.tables) {
            Ok(id) if self.modules[id.module].table != Some(id.index) => SharedTarget::Defined(id),
            _ => SharedTarget::Shared,
        }
    }

    /// Returns the meaning of a memory index of a module.
    pub(crate) fn memory(&self, id: ItemId) -> SharedTarget {
        match self.follow(id, |indices| &indices.memories) {
            Ok(id) if self.modules[id.module].memory != Some(id.index) => SharedTarget::Defined(id),
            _ => SharedTarget::Shared,
        }
    }

    /// Returns the slot through which a module calls a function of a module that is instantiated
    /// later; `None` for any other function.
    pub(crate) fn late_slot(&self, id: ItemId, target: ImportTarget) -> Option<LateSlot> {
        if self.are_values_known {
            return self.plan.late_slot(id.module, target).map(LateSlot::Known);
        }
        let import = *self.modules[id.module].functions.get(id.index as usize)?;
        self.plan.is_late(id.module, target).then_some(LateSlot::Value(import))
    }

    /// Returns the call by which a module allocates the block of its thread-local variables, if it
    /// has one.
    pub(crate) fn block_allocation(&self, module: usize) -> Option<BlockAllocation> {
        let input = &self.plan.set.inputs[module];
        let block = input.module.internals.thread_local.as_ref()?;
        let initialiser = block.initialiser.as_ref().filter(|_| input.shares_memory())?;
        let callee = initialiser.allocation?;
        let address = if self.are_values_known {
            BlockAddress::Known(self.plan.layout.thread_local_block(&self.plan.set, module)?)
        } else {
            let mut targets = self.plan.resolution[module].iter();
            let import = targets.position(|target| *target == ImportTarget::MemoryBase)?;
            BlockAddress::Value { import, offset: block.offset }
        };
        Some(BlockAllocation { caller: initialiser.function, callee, block: address })
    }

    /// Returns whether a function allocates the block of its module's thread-local variables.
    pub(crate) fn allocates_block(&self, function: ItemId) -> bool {
        let allocation = self.block_allocation(function.module);
        allocation.is_some_and(|allocation| allocation.caller == function.index)
    }

    /// Returns the tag that a tag index means. A module defines it, since hosts have no tags.
    pub(crate) fn tag(&self, id: ItemId) -> ItemId {
        let tag = self.follow(id, |indices| &indices.tags);
        debug_assert!(tag.is_ok(), "no module defines a tag");
        tag.unwrap_or(id)
    }

    /// Follows an item from import to export, up to the module that defines it. This ends: modules
    /// that export what they import get it from modules that are instantiated before them.
    fn follow(&self, mut id: ItemId, of: fn(&Indices) -> &[usize]) -> Result<ItemId, End> {
        while let Some(&import) = of(&self.modules[id.module]).get(id.index as usize) {
            // A module that already runs has what it imports.
            let Some(&target) = self.plan.resolution[id.module].get(import) else { break };
            match target {
                ImportTarget::Function(definition) | ImportTarget::Item(definition) => {
                    id = self.plan.set.item(definition);
                }
                target => return Err(End { module: id.module, import, target }),
            }
        }
        Ok(id)
    }
}

/// The last import of a chain of imports that does not end at a definition.
struct End {
    module: usize,
    import: usize,
    target: ImportTarget,
}

impl Indices {
    fn new(input: &InputModule) -> Self {
        let mut indices = Indices::default();
        for (index, import) in input.module.imports.iter().enumerate() {
            match import.ty {
                ExternType::Func(_) => indices.functions.push(index),
                ExternType::Table(_) => indices.tables.push(index),
                ExternType::Memory(_) => indices.memories.push(index),
                ExternType::Global(_) => indices.globals.push(index),
                ExternType::Tag(_) => indices.tags.push(index),
            }
        }
        if input.is_main() {
            let index = |name| input.module.export(name).map(|export| export.index);
            indices.stack_pointer = index(STACK_POINTER);
            indices.table = input.module.internals.shared_table.map(|table| table.index);
            indices.memory = index(Shared::Memory.export_name());
        }
        indices
    }
}
