//! The modules of a program, prepared for marking what it needs.

use std::collections::BTreeMap;

use wasmparser::{
    ConstExpr, Data, DataKind, Element, ElementKind, ExternalKind, FunctionBody, Operator,
};

use crate::convention::{INIT_MEMORY, RELOCATIONS};
use crate::fuse::error::FuseError;
use crate::fuse::image::{Effect, effects, value};
use crate::fuse::symbols::Symbols;
use crate::module::sections::Contents;
use crate::names::demangle;
use crate::plan;
use crate::plan::layout::ItemId;
use crate::plan::set::Definition;
use crate::types::ExternType;
use crate::write::error::{BindError, WriteResult};
use crate::write::inlinable::Inlinable;
use crate::write::part::table_of;
use crate::write::targets::{SharedTarget, Targets};

/// The modules of a program, and what each does when it starts.
pub(crate) struct Program<'a> {
    pub(crate) targets: &'a Targets<'a>,
    /// The sections of each module.
    pub(crate) contents: Vec<Contents<'a>>,
    /// The function in each slot of the shared table, as the module that fills the slot refers to
    /// it.
    pub(crate) table: BTreeMap<u32, ItemId>,
    /// For each module the slots that it fills.
    filled: Vec<Vec<u32>>,
    /// For each module its start function.
    pub(crate) starts: Vec<Option<Start>>,
    /// The functions that are called when all modules exist, in order.
    pub(crate) initialisers: Vec<Initialiser>,
    /// For each module the indices of its own initialisers.
    own_initialisers: Vec<Vec<usize>>,
    /// For each module the pieces of its data; `None` if its data stays together.
    pub(crate) symbols: Vec<Option<Symbols>>,
    /// The functions that are inlined where they are called.
    pub(crate) inlinable: Inlinable,
}

/// The start function of a module.
pub(crate) struct Start {
    pub(crate) function: ItemId,
    /// What it does, if all of that is known.
    pub(crate) effects: Option<Vec<Effect>>,
}

/// A function that prepares a module.
pub(crate) struct Initialiser {
    pub(crate) function: ItemId,
    pub(crate) is_relocation: bool,
    /// Whether it takes the address of the block of the module's thread-local variables.
    pub(crate) takes_block: bool,
    /// The number of its results, which mean nothing.
    pub(crate) results: usize,
    /// What it does, if all of that is known.
    pub(crate) effects: Option<Vec<Effect>>,
}

impl Initialiser {
    /// Returns whether nothing is left to do when the program runs.
    pub(crate) fn is_done(&self) -> bool {
        self.effects.as_ref().is_some_and(|effects| self.is_relocation || effects.is_empty())
    }
}

/// An item that can be used from outside of the program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root {
    Item(ExternalKind, ItemId),
    /// The address of a variable.
    Address(Definition),
}

impl<'a> Program<'a> {
    /// Reads the modules of a plan.
    ///
    /// # Errors
    ///
    /// If a module is malformed.
    pub(crate) fn new(targets: &'a Targets<'a>) -> WriteResult<Self> {
        let inputs = &targets.plan.set.inputs;
        let contents = inputs.iter().map(|input| Contents::read(&input.bytes));
        let contents = contents.collect::<wasmparser::Result<Vec<_>>>()?;
        let starts: Vec<_> =
            (0..contents.len()).map(|module| start(targets, &contents, module)).collect();
        let calls = targets.plan.initialisers();
        let initialisers = calls.iter().filter_map(|call| {
            let start = starts[call.module].as_ref();
            let are_known = !copies_data(&contents[call.module], start);
            initialiser(targets, &contents, call, are_known)
        });
        let initialisers: Vec<_> = initialisers.collect();
        let mut own_initialisers = vec![Vec::new(); contents.len()];
        for (index, call) in initialisers.iter().enumerate() {
            own_initialisers[call.function.module].push(index);
        }
        Ok(Program {
            targets,
            table: BTreeMap::new(),
            filled: vec![Vec::new(); contents.len()],
            starts,
            initialisers,
            own_initialisers,
            symbols: contents.iter().map(|_| None).collect(),
            inlinable: Inlinable::default(),
            contents,
        })
    }

    /// Finds the pieces of the data of each module.
    pub(crate) fn find_symbols(&mut self) {
        let wanted = (0..self.contents.len()).filter(|&m| self.are_relocations_known(m));
        for module in wanted.collect::<Vec<_>>() {
            let symbols = Symbols::find(
                self.targets,
                &self.contents[module],
                module,
                &self.table,
                self.relocations_of(module),
            );
            self.symbols[module] = symbols;
        }
    }

    /// Finds the functions that are inlined. The others keep their calls.
    pub(crate) fn find_inlinable(&mut self) {
        self.inlinable = Inlinable::find(self.targets, &self.contents);
    }

    /// Follows other targets from now on. They differ only in what ends the program.
    pub(crate) fn with_targets<'b>(self, targets: &'b Targets<'b>) -> Program<'b>
    where
        'a: 'b,
    {
        Program { targets, ..self }
    }

    /// Fills the shared table as instantiating the modules in order would, canonical slots last.
    ///
    /// # Errors
    ///
    /// If an element segment is outside of the table, or its slot is not known.
    pub(crate) fn fill_table(&mut self) -> Result<(), FuseError> {
        let plan = self.targets.plan;
        for &module in &plan.layout.order {
            for element in self.contents[module].elements.clone() {
                self.fill(module, element)?;
            }
        }
        let slots = plan.layout.slots.values();
        self.table.extend(slots.map(|slot| (slot.index, plan.set.item(slot.definition))));
        self.table.iter().for_each(|(&slot, id)| self.filled[id.module].push(slot));
        Ok(())
    }

    /// Fills the slots of an active segment of the shared table.
    fn fill(&mut self, module: usize, element: Element<'_>) -> Result<(), FuseError> {
        let ElementKind::Active { table_index, offset_expr } = &element.kind else {
            return Ok(());
        };
        let table = ItemId { module, index: table_of(*table_index) };
        if self.targets.table(table) != SharedTarget::Shared {
            return Ok(());
        }
        let plan = self.targets.plan;
        let name = &plan.set.inputs[module].module.name;
        let offset = value(self.targets, module, offset_expr)
            .ok_or_else(|| FuseError::UnknownSlot { module: name.clone() })?;
        let functions = crate::module::functions(element.items)
            .map_err(|error| BindError::new(name, &error.into()))?;
        let end = u64::from(offset.bits) + functions.len() as u64;
        if end > u64::from(plan.layout.table_size) {
            return Err(FuseError::OutOfTable { module: name.clone() });
        }
        for (slot, index) in (offset.bits..).zip(functions) {
            match index {
                Some(index) => self.table.insert(slot, ItemId { module, index }),
                None => self.table.remove(&slot),
            };
        }
        Ok(())
    }

    /// Returns the body of a function; `None` for an imported one.
    pub(crate) fn body(&self, id: ItemId) -> Option<&FunctionBody<'a>> {
        let defined = id.index.checked_sub(self.targets.imported(id.module).functions)?;
        self.contents[id.module].bodies.get(defined as usize)
    }

    /// Returns the slot of the table with a distance from a module's first slot.
    pub(crate) fn own_slot(&self, module: usize, distance: u32) -> u32 {
        self.targets.plan.layout.placements[module].table_base.wrapping_add(distance)
    }

    /// Returns the slots that a module fills.
    pub(crate) fn filled(&self, module: usize) -> &[u32] {
        &self.filled[module]
    }

    /// Returns whether a shared library fills addresses or slots that are plain numbers. No
    /// compiler writes such segments, and nothing in the code shows who uses them.
    pub(crate) fn has_fixed_segments(&self, module: usize) -> bool {
        let is_fixed_data = |data: &Data<'_>| match &data.kind {
            DataKind::Active { memory_index, offset_expr } => {
                let memory = ItemId { module, index: *memory_index };
                self.targets.memory(memory) == SharedTarget::Shared && is_plain(offset_expr)
            }
            DataKind::Passive => false,
        };
        let is_fixed_element = |element: &Element<'_>| match &element.kind {
            ElementKind::Active { table_index, offset_expr } => {
                let table = ItemId { module, index: table_of(*table_index) };
                self.targets.table(table) == SharedTarget::Shared && is_plain(offset_expr)
            }
            _ => false,
        };
        let Contents { data, elements, .. } = &self.contents[module];
        self.targets.plan.set.inputs[module].shares_memory()
            && (data.iter().any(is_fixed_data) || elements.iter().any(is_fixed_element))
    }

    pub(crate) fn initialisers_of(&self, module: usize) -> impl Iterator<Item = &Initialiser> {
        self.own_initialisers[module].iter().map(|&index| &self.initialisers[index])
    }

    /// Returns what a module does to memory before the program runs, as far as that is known.
    pub(crate) fn relocations_of(&self, module: usize) -> impl Iterator<Item = &Effect> {
        let start = self.starts[module].iter().filter_map(|start| start.effects.as_ref());
        let relocations = self.initialisers_of(module).filter(|call| call.is_relocation);
        start.chain(relocations.filter_map(|call| call.effects.as_ref())).flatten()
    }

    /// Returns whether all that a module does to memory before the program runs is known.
    pub(crate) fn are_relocations_known(&self, module: usize) -> bool {
        let start = self.starts[module].iter().all(|start| start.effects.is_some());
        let mut relocations = self.initialisers_of(module).filter(|call| call.is_relocation);
        start && relocations.all(|call| call.effects.is_some())
    }

    /// Returns the name of a function in messages.
    pub(crate) fn function_name(&self, id: ItemId) -> String {
        match self.contents[id.module].function_name(id.index) {
            Some(name) => demangle(name).into_owned(),
            None => format!("function {}", id.index),
        }
    }
}

fn start(targets: &Targets<'_>, contents: &[Contents<'_>], module: usize) -> Option<Start> {
    let function = ItemId { module, index: contents[module].start? };
    Some(Start { function, effects: effects(targets, contents, function) })
}

fn initialiser(
    targets: &Targets<'_>,
    contents: &[Contents<'_>],
    call: &plan::Initialiser,
    are_effects_known: bool,
) -> Option<Initialiser> {
    let export = targets.plan.set.inputs[call.module].module.export(&call.name)?;
    let ExternType::Func(ty) = &export.ty else { return None };
    let function = ItemId { module: call.module, index: export.index };
    let is_known = are_effects_known && ty.params.is_empty();
    Some(Initialiser {
        function,
        is_relocation: RELOCATIONS.contains(&call.name.as_str()),
        takes_block: call.argument.is_some(),
        results: ty.results.len(),
        effects: is_known.then(|| effects(targets, contents, function)).flatten(),
    })
}

/// Returns whether a module copies data to its memory when it starts. It does that before its
/// relocations, so these cannot be applied earlier.
fn copies_data(contents: &Contents<'_>, start: Option<&Start>) -> bool {
    let has_passive = contents.data.iter().any(|data| matches!(data.kind, DataKind::Passive));
    let is_start_known = start.is_none_or(|start| start.effects.is_some());
    has_passive && (!is_start_known || contents.exported_function(INIT_MEMORY).is_some())
}

/// Returns whether an offset does not depend on where the module is placed.
fn is_plain(offset: &ConstExpr<'_>) -> bool {
    let mut operators = offset.get_operators_reader().into_iter().flatten();
    !operators.any(|operator| matches!(operator, Operator::GlobalGet { .. }))
}
