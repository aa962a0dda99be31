//! Phases *load* to *bind* for a library that joins a running program.
//!
//! The modules that run keep their addresses and slots. The new ones are gathered and resolved as
//! those of a program are, except that symbols are looked up in the running modules first. Their
//! addresses are known only after the program's own `malloc` has returned them. So bases,
//! addresses and slots stay imports of the code, [`Source::Value`](crate::Source::Value), and a
//! module is compiled once, wherever it is loaded.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::dynamic::gather::{Gathered, gather};
use crate::dynamic::module_id::ModuleId;
use crate::dynamic::running::{LoadedItem, Running};
use crate::dynamic::slots::{NewSlot, SlotChoice, SlotPosition, mem_info};
use crate::fault::Faults;
use crate::module::Import;
use crate::module::dylink::Alignment;
use crate::plan::Initialiser;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Layout, Placement, Slot, instantiation_order};
use crate::plan::library_source::LibrarySource;
use crate::plan::resolve::{ImportTarget, resolve_new, unknown_functions};
use crate::plan::set::{Set, Symbols, optional_imports};
use crate::plan::synthetic::{thread_context, unknown_imports};
use crate::write::bind::rewrite;
use crate::write::bound::BoundModule;
use crate::write::error::BindError;
use crate::write::targets::Targets;

/// The decision how a library joins a running program, with the libraries that it needs.
///
/// Methods take and return modules by their index in [`Opening::set`].
#[derive(Debug, Clone)]
pub struct Opening {
    /// The modules whose symbols are looked up, in that order: those that all modules see, system
    /// libraries, the library, and the libraries it needs, breadth first.
    plan: Plan,
    /// For each module its id, if it already runs.
    ids: Vec<Option<ModuleId>>,
    /// The library that is opened.
    library: usize,
    /// For each new module the libraries that it lists as needed.
    needed: BTreeMap<usize, Vec<usize>>,
    /// The new slots. The plan's layout has their indices once they are assigned.
    slots: Vec<NewSlot>,
    /// The number of new slots for functions of running modules.
    others: u32,
    /// For each new module, the number of elements of its part of the table.
    block_sizes: BTreeMap<usize, u32>,
}

/// The inputs that [`Opening::bind`] rewrites a module from. Two modules with equal keys bind to
/// identical bytes, as long as the openings that the keys come from exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BindKey {
    module: usize,
    /// For each module the address of its bytes, and whether it already runs.
    inputs: Vec<(usize, bool)>,
    order: Vec<usize>,
    import_targets: Vec<ImportTarget>,
}

/// The memory and the table slots that a new module needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryRequest {
    /// Bytes of memory.
    pub memory_size: u32,
    /// Alignment of the memory, in bytes.
    pub memory_alignment: Alignment,
    /// Consecutive slots of the table.
    pub table_size: u32,
    /// Alignment of the slots, in elements.
    pub table_alignment: Alignment,
}

/// The memory and the table slots that were allocated for a new module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// The address of the module's data, in bytes.
    pub memory_base: u32,
    /// The first of the module's slots.
    pub table_base: u32,
}

impl Running {
    /// Decides how a library joins the program. Nothing changes until [`Running::join`].
    ///
    /// `source` finds the libraries that it needs. `has` returns whether the host defines a
    /// function that no module does.
    ///
    /// # Errors
    ///
    /// Every fault that keeps the library from being linked.
    pub fn open(
        &self,
        input: InputModule,
        source: &mut dyn LibrarySource,
        has: &dyn Fn(&Import) -> bool,
    ) -> Result<Opening, Faults> {
        let Gathered { mut inputs, mut ids, needed, library } = gather(self, input, source)?;
        inputs.iter_mut().for_each(InputModule::export_initialiser);
        let mut set = Set::new(inputs, library);
        set.unknown_imports_trap = self.unknown_imports_trap;
        let new = set.inputs.iter().zip(&ids).filter(|(_, id)| id.is_none());
        let importers: Vec<_> = new.map(|(input, _)| input).collect();
        let mut host = set.wanted_by(&importers, &Symbols::Apart(&set));
        host.extend(optional_imports(importers).cloned());
        host.retain(has);
        set.host = host;
        let context = thread_context::module(&set, |module| ids[module].is_none());
        add_synthetic(&mut set, &mut ids, context);
        if set.unknown_imports_trap {
            let unknown = unknown_functions(&set, |module| ids[module].is_none());
            add_synthetic(&mut set, &mut ids, unknown_imports::module(&unknown, true));
        }
        Opening::new(self, set, ids, needed, library)
    }
}

/// Adds a module that the linker has written for the new modules of a set, if there is one.
fn add_synthetic(set: &mut Set, ids: &mut Vec<Option<ModuleId>>, synthetic: Option<InputModule>) {
    let Some(mut input) = synthetic else { return };
    // It leaves with the modules that use it.
    input.is_on_demand = false;
    set.inputs.push(input);
    ids.push(None);
}

impl Opening {
    fn new(
        running: &Running,
        set: Set,
        ids: Vec<Option<ModuleId>>,
        needed: BTreeMap<usize, Vec<usize>>,
        library: usize,
    ) -> Result<Self, Faults> {
        let resolution = resolve_new(&set, |module| ids[module].is_none())?;
        let (order, positions) = instantiation_order(&set, &resolution);
        let placement = |id: &Option<ModuleId>| match id.and_then(|id| running.get(id)) {
            Some(loaded) => loaded.placement,
            // Until a place is assigned to the new module.
            None => Placement::default(),
        };
        let SlotChoice { known, new, block_sizes, others } =
            SlotChoice::new(running, &set, &ids, &resolution, &positions);
        let layout = Layout {
            placements: ids.iter().map(placement).collect(),
            moved: vec![None; ids.len()],
            slots: known,
            order,
            positions,
            ..running.layout.clone()
        };
        let plan = Plan { set, resolution, layout };
        plan.check_order()?;
        Ok(Opening { plan, ids, library, needed, slots: new, others, block_sizes })
    }

    /// Returns the modules that join, in the order in which they must be instantiated.
    pub fn new_modules(&self) -> Vec<usize> {
        let order = self.plan.layout.order.iter().copied();
        order.filter(|&module| self.ids[module].is_none()).collect()
    }

    /// Returns all modules whose symbols are looked up, each with its id if it already runs.
    pub fn modules(&self) -> impl Iterator<Item = (usize, Option<ModuleId>)> + '_ {
        self.ids.iter().copied().enumerate()
    }

    /// Returns the library that is opened.
    pub fn library(&self) -> usize {
        self.library
    }

    /// Returns all modules whose symbols are looked up, in that order.
    pub fn set(&self) -> &Set {
        &self.plan.set
    }

    /// Returns a module.
    ///
    /// # Panics
    ///
    /// If [`Opening::set`] has no module of that index.
    pub fn input(&self, module: usize) -> &InputModule {
        &self.plan.set.inputs[module]
    }

    /// Returns the memory and the slots that a new module needs.
    pub fn memory_request(&self, module: usize) -> MemoryRequest {
        let info = mem_info(self.input(module));
        MemoryRequest {
            memory_size: info.memory_size,
            memory_alignment: info.memory_alignment,
            table_size: self.block_size(module),
            table_alignment: info.table_alignment,
        }
    }

    /// Returns how many slots functions of running modules need.
    pub fn other_slots(&self) -> u32 {
        self.others
    }

    /// Records the memory and slots of each of [`Opening::new_modules`], and the first of the
    /// [`Opening::other_slots`].
    pub fn assign(&mut self, assigned: &BTreeMap<usize, Assigned>, first_other: u32) {
        let layout = &mut self.plan.layout;
        for (&module, &Assigned { memory_base, table_base }) in assigned {
            layout.placements[module] = Placement { memory_base, table_base };
        }
        for &NewSlot { item, definition, position } in &self.slots {
            let index = match position {
                SlotPosition::Block(distance) => {
                    layout.placements[item.module].table_base.wrapping_add(distance)
                }
                SlotPosition::Other(distance) => first_other.wrapping_add(distance),
            };
            layout.slots.insert(item, Slot { index, definition });
        }
    }

    /// Returns the key of a new module's code. Two modules with equal keys bind to identical
    /// bytes.
    pub fn bind_key(&self, module: usize) -> BindKey {
        let inputs = self.plan.set.inputs.iter().zip(&self.ids);
        BindKey {
            module,
            inputs: inputs.map(|(input, id)| (input.bytes.as_ptr().addr(), id.is_some())).collect(),
            order: self.plan.layout.order.clone(),
            import_targets: self.plan.resolution[module].clone(),
        }
    }

    /// Rewrites a new module. The result does not depend on what is assigned to it.
    ///
    /// # Errors
    ///
    /// When its code is malformed in a way that loading it does not find.
    pub fn bind(&self, module: usize) -> Result<BoundModule, BindError> {
        let targets = Targets::without_values(&self.plan);
        let name = &self.input(module).module.name;
        rewrite(&targets, module).map_err(|error| BindError::new(name, &error))
    }

    /// Returns the value of an import of a new module, an address in bytes or a slot, by the
    /// import's index in the module. It is known after [`Opening::assign`]. Returns `None` for an
    /// import that is not a [`Source::Value`](crate::Source::Value).
    pub fn import_value(&self, module: usize, import: usize) -> Option<u32> {
        match *self.plan.resolution[module].get(import)? {
            target @ ImportTarget::Function(_) => self.plan.late_slot(module, target),
            target => self.plan.constant(module, target),
        }
    }

    /// Returns the slots to fill after all modules are instantiated: the slot, the module, and the
    /// name under which that exports the function.
    pub fn filled_slots(&self) -> impl Iterator<Item = (u32, usize, &str)> {
        self.assigned_slots().filter_map(|(slot, index)| {
            let module = slot.item.module;
            let input = self.input(module);
            let is_filled = self.ids[module].is_none() && input.slot(slot.item.index).is_some();
            let name = &input.module.exports[slot.definition.export].name;
            (!is_filled).then_some((index, module, name.as_str()))
        })
    }

    /// Returns the slots that were assigned. The caller frees them if the modules do not join.
    pub fn taken_slots(&self) -> Vec<Range<u32>> {
        let blocks = self.block_sizes.keys().map(|&module| self.block(module));
        let others = self.assigned_slots().filter_map(|(slot, index)| match slot.position {
            SlotPosition::Block(_) => None,
            SlotPosition::Other(_) => Some(index..index + 1),
        });
        blocks.filter(|block| !block.is_empty()).chain(others).collect()
    }

    /// Returns the functions to call after all modules are instantiated, in the order of
    /// [`Bound::initialisers`](crate::Bound::initialisers).
    pub fn initialisers(&self) -> Vec<Initialiser> {
        let mut calls = self.plan.initialisers();
        calls.retain(|call| self.ids[call.module].is_none());
        calls
    }

    fn placement(&self, module: usize) -> Placement {
        self.plan.layout.placements[module]
    }

    fn block_size(&self, module: usize) -> u32 {
        let size = self.block_sizes.get(&module);
        debug_assert!(size.is_some(), "only new modules have a part of the table to assign");
        size.copied().unwrap_or_default()
    }

    /// Returns the part of the table of a new module.
    fn block(&self, module: usize) -> Range<u32> {
        let start = self.placement(module).table_base;
        start..start.saturating_add(self.block_size(module))
    }

    /// Returns the new slots with their indices. There are none before [`Opening::assign`].
    fn assigned_slots(&self) -> impl Iterator<Item = (&NewSlot, u32)> {
        let slots = &self.plan.layout.slots;
        self.slots.iter().filter_map(|new| Some((new, slots.get(&new.item)?.index)))
    }

    /// Returns the libraries that a new module needs. The library that is opened also needs those
    /// that joined because one of their symbols was wanted.
    fn needed(&self, module: usize) -> Vec<usize> {
        // A module that the linker has written lists none.
        let mut needed = self.needed.get(&module).cloned().unwrap_or_default();
        if module == self.library {
            let new = self.new_modules().into_iter();
            needed.extend(new.filter(|&other| self.input(other).is_on_demand));
        }
        needed
    }

    /// Returns the other modules whose functions and data a new module uses.
    fn uses(&self, module: usize) -> Vec<usize> {
        let targets = self.plan.resolution[module].iter();
        let definitions = targets.filter_map(|target| target.definition());
        let mut used: Vec<_> =
            definitions.map(|used| used.module).filter(|&other| other != module).collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

impl Running {
    /// Records that the modules of an opening are instantiated at what was assigned to them.
    /// Returns the id of each module of the opening.
    pub fn join(&mut self, opening: &Opening) -> BTreeMap<usize, ModuleId> {
        let running = opening.modules().filter_map(|(module, id)| Some((module, id?)));
        let mut ids: BTreeMap<_, _> = running.collect();
        let new = opening.new_modules();
        for &module in &new {
            let id = self.vacant_id(&ids);
            ids.insert(module, id);
            let input = opening.input(module).clone();
            let stays = input.is_on_demand;
            let mut loaded = self.load(input, opening.placement(module), opening.block(module));
            loaded.stays = stays;
            self.modules[id.index()] = Some(loaded);
        }
        let ids_of = |modules: Vec<usize>| {
            modules.into_iter().filter_map(|module| ids.get(&module).copied()).collect()
        };
        for &module in &new {
            if let Some(loaded) = self.get_mut(ids[&module]) {
                loaded.needed = ids_of(opening.needed(module));
                loaded.uses = ids_of(opening.uses(module));
            }
        }
        for (NewSlot { item, .. }, index) in opening.assigned_slots() {
            let ItemId { module, index: function } = *item;
            self.slots.insert(LoadedItem { module: ids[&module], index: function }, index);
        }
        ids
    }

    /// Returns an id that no module has.
    fn vacant_id(&mut self, taken: &BTreeMap<usize, ModuleId>) -> ModuleId {
        let free = self.modules.iter().position(Option::is_none).map(ModuleId::from_index);
        free.filter(|id| !taken.values().any(|other| other == id)).unwrap_or_else(|| {
            self.modules.push(None);
            ModuleId::from_index(self.modules.len() - 1)
        })
    }
}
