//! What the references in a module lead to, followed through the imports of all.

use crate::convention::STACK_POINTER;
use crate::module::Import;
use crate::plan::Plan;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{ImportTarget, Shared};
use crate::types::ExternType;
use crate::write::bound::Source;

/// The plan, with what is asked of it for every instruction at hand.
pub(crate) struct Targets<'a> {
    pub(crate) plan: &'a Plan,
    /// Whether addresses and slots are known. Those of modules that join a running program are not until they
    /// are instantiated: so that their code is the same wherever they lie.
    are_numbers_known: bool,
    modules: Vec<Indices>,
}

/// For each kind the places of a module's imports among all of them, and what a main defines for all.
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

/// How many items of each kind a module imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Imported {
    pub(crate) functions: u32,
    pub(crate) tables: u32,
    pub(crate) memories: u32,
    pub(crate) globals: u32,
    pub(crate) tags: u32,
}

/// What a call, or a function's name, leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FunctionTarget<'a> {
    Defined(ItemId),
    Host(&'a Import),
    /// A weak symbol that nothing defines.
    Undefined,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GlobalTarget {
    Constant(u32),
    /// A number that is known when the module is instantiated: that of this import.
    Number(usize),
    StackPointer,
    Defined(ItemId),
}

/// The slot of a function that is called through the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LateSlot {
    Known(u32),
    /// That of the function that is this import.
    Number(usize),
}

/// A memory or table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedTarget {
    /// The one of the process.
    Shared,
    Defined(ItemId),
}

impl<'a> Targets<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let modules = plan.set.inputs.iter().map(Indices::new).collect();
        Targets { plan, are_numbers_known: true, modules }
    }

    /// Of modules whose addresses and slots are not known yet.
    pub(crate) fn without_numbers(plan: &'a Plan) -> Self {
        // What runs already has all of its imports.
        let inputs = plan.set.inputs.iter().zip(&plan.resolution);
        let indices = inputs.map(|(input, import_targets)| match import_targets.is_empty() {
            true => Indices::default(),
            false => Indices::new(input),
        });
        Targets { plan, are_numbers_known: false, modules: indices.collect() }
    }

    /// How many items of each kind a module imports.
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

    /// The import by which a module has a function that it does not define, and what it stands for.
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

    /// Where a module that is instantiated by itself gets an import from.
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

    pub(crate) fn function(&self, id: ItemId) -> FunctionTarget<'a> {
        match self.follow(id, |indices| &indices.functions) {
            Ok(id) => FunctionTarget::Defined(id),
            Err(End { module, import, target: ImportTarget::Host }) => {
                FunctionTarget::Host(&self.plan.set.inputs[module].module.imports[import])
            }
            Err(_) => FunctionTarget::Undefined,
        }
    }

    pub(crate) fn global(&self, id: ItemId) -> GlobalTarget {
        match self.follow(id, |indices| &indices.globals) {
            Ok(id) if self.modules[id.module].stack_pointer == Some(id.index) => {
                GlobalTarget::StackPointer
            }
            Ok(id) => GlobalTarget::Defined(id),
            Err(End { target: ImportTarget::Shared(_), .. }) => GlobalTarget::StackPointer,
            Err(End { import, .. }) if !self.are_numbers_known => GlobalTarget::Number(import),
            Err(End { module, target, .. }) => {
                GlobalTarget::Constant(self.plan.constant(module, target).unwrap_or_default())
            }
        }
    }

    pub(crate) fn table(&self, id: ItemId) -> SharedTarget {
        match self.follow(id, |indices| &indices.tables) {
            Ok(id) if self.modules[id.module].table != Some(id.index) => SharedTarget::Defined(id),
            _ => SharedTarget::Shared,
        }
    }

    pub(crate) fn memory(&self, id: ItemId) -> SharedTarget {
        match self.follow(id, |indices| &indices.memories) {
            Ok(id) if self.modules[id.module].memory != Some(id.index) => SharedTarget::Defined(id),
            _ => SharedTarget::Shared,
        }
    }

    /// The slot through which a module calls a function of one that is instantiated after it.
    pub(crate) fn late_slot(&self, id: ItemId, target: ImportTarget) -> Option<LateSlot> {
        match self.are_numbers_known {
            true => self.plan.late_slot(id.module, target).map(LateSlot::Known),
            false => {
                let import = *self.modules[id.module].functions.get(id.index as usize)?;
                self.plan.is_late(id.module, target).then_some(LateSlot::Number(import))
            }
        }
    }

    /// The tag that is meant: no host has any, so some module defines it.
    pub(crate) fn tag(&self, id: ItemId) -> ItemId {
        self.follow(id, |indices| &indices.tags).unwrap_or(id)
    }

    /// Modules that pass on what they import do so from others that are instantiated before them: this
    /// ends.
    fn follow(&self, mut id: ItemId, of: fn(&Indices) -> &[usize]) -> Result<ItemId, End> {
        while let Some(&import) = of(&self.modules[id.module]).get(id.index as usize) {
            // What a module that runs already has imported, it has.
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

/// The import at which a chain of them ends that leads to nothing a module defines.
struct End {
    module: usize,
    import: usize,
    target: ImportTarget,
}

impl Indices {
    fn new(input: &crate::plan::input::InputModule) -> Self {
        let mut indices = Indices::default();
        for (place, import) in input.module.imports.iter().enumerate() {
            match import.ty {
                ExternType::Func(_) => indices.functions.push(place),
                ExternType::Table(_) => indices.tables.push(place),
                ExternType::Memory(_) => indices.memories.push(place),
                ExternType::Global(_) => indices.globals.push(place),
                ExternType::Tag(_) => indices.tags.push(place),
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
