//! Phase *layout*: chooses the addresses of each module's data and of the stack, and the slots of
//! the table.
//!
//! ```text
//! without a main                          with a main, not position independent
//!
//! 0 ┌─────────────────────────┐           0 ┌─────────────────────────┐
//!   │ nothing: null pointers  │             │ the main's stack, data  │
//! 1024├───────────────────────┤             │ and first heap pages    │
//!   │ stack, growing down     │             │ (its initial pages)     │
//!   ├─────────────────────────┤             ├─────────────────────────┤
//!   │ data of module 1        │             │ data of module 1        │
//!   │ data of module 2        │             │ data of module 2        │
//!   ├─────────────────────────┤ __heap_base ├─────────────────────────┤
//!   │ heap                    │             │ heap                    │
//!   └─────────────────────────┘ __heap_end  └─────────────────────────┘
//! ```
//!
//! The stack is lowest, so that an overflow goes below address 0 and traps instead of overwriting
//! data. A main brings its own stack, which rustc places in the same way. A main that imports its
//! memory, or does not export its stack pointer, does not lend its stack. The others then share a
//! stack after its initial pages, and an overflow of that one overwrites those.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::convention::{ENV, MEMORY, PAGE, STACK_HIGH, STACK_LOW, STACK_POINTER, TABLE};
use crate::fault::Fault;
use crate::module::dylink::{Alignment, MemInfo};
use crate::plan::graph;
use crate::plan::input::InputModule;
use crate::plan::resolve::{ImportTarget, Resolution};
use crate::plan::set::{Definition, Set};
use crate::types::ExternType;

/// The first address that is used, so that a null pointer with a small offset points to nothing.
const FIRST_ADDRESS: u64 = 1024;
/// The default of [`Set::stack_size`] in bytes, for programs whose main does not bring a stack: as
/// much as Linux gives a process. Unused pages of it cost nothing.
const STACK_SIZE: u64 = 8 << 20;
pub(crate) const STACK_ALIGNMENT: u64 = 16;
/// The most elements that a table may have, which is Wasmtime's own limit.
pub(crate) const TABLE_LIMIT: u64 = 10_000_000;

/// A function, or an item of another kind, by its index in its module. All exports of one item have
/// the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ItemId {
    /// The index of the module in the set.
    pub(crate) module: usize,
    /// The index of the item in the index space of its kind.
    pub(crate) index: u32,
}

/// The addresses and slots of a program.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// For each module of the set.
    pub(crate) placements: Vec<Placement>,
    pub(crate) stack_low: u32,
    pub(crate) stack_high: u32,
    /// The stack pointer's initial value.
    pub(crate) stack_pointer: u32,
    pub(crate) heap_base: u32,
    /// The initial pages of the memory.
    pub(crate) pages: u64,
    /// The initial elements of the table.
    pub(crate) table_size: u32,
    /// The one slot of each function whose address is taken, or that is called by a module which is
    /// instantiated before it.
    pub(crate) slots: BTreeMap<ItemId, Slot>,
    /// Modules in the order of instantiation.
    pub(crate) order: Vec<usize>,
    /// The position of each module in that order.
    pub(crate) positions: Vec<usize>,
    /// For each module the new places of its data, if that no longer stays together.
    pub(crate) moved: Vec<Option<MovedData>>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Placement {
    pub(crate) memory_base: u32,
    pub(crate) table_base: u32,
}

/// The places of the pieces of a module's data that are left.
#[derive(Debug, Clone, Default)]
pub(crate) struct MovedData {
    /// The address at which the first piece may be.
    pub(crate) start: u32,
    /// The ranges of addresses that the pieces had from the start of the module's data, in
    /// ascending order, and the address that each piece has now.
    pub(crate) pieces: Vec<(Range<u32>, u32)>,
}

impl MovedData {
    /// Returns the address of a byte, given its distance from the start of the module's data;
    /// `None` if it is not in a piece that is left.
    pub(crate) fn address(&self, distance: u32) -> Option<u32> {
        let after = self.pieces.partition_point(|(range, _)| range.start <= distance);
        let (range, start) = self.pieces.get(after.checked_sub(1)?)?;
        range.contains(&distance).then(|| start + (distance - range.start))
    }
}

/// The slot of the null pointer, which no function has.
pub(crate) const NO_SLOT: u32 = 0;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    pub(crate) definition: Definition,
}

/// Lays out the modules of a set.
///
/// # Errors
///
/// When the memory or the table would be larger than they can be.
pub(crate) fn layout(set: &Set, resolution: &Resolution) -> Result<Layout, Fault> {
    let (order, positions) = instantiation_order(set, resolution);
    let main = set.inputs.iter().find(|input| input.is_main());
    let mut memory = Region::memory(main);
    let mut table = Region::table(main);
    let Stack { stack_low, stack_high, stack_pointer } =
        stack(main, set.stack_size.unwrap_or(STACK_SIZE), &mut memory)?;
    let mut placements = Vec::new();
    for input in &set.inputs {
        placements.push(match input.mem_info() {
            Some(info) => assign(info, &mut memory, &mut table)?,
            None => Placement::default(),
        });
    }
    let slots = slots(set, resolution, &positions, &placements, &mut table)?;
    let heap_base = memory.take(0, STACK_ALIGNMENT)?;
    reach_imports(set.inputs.iter(), &mut memory, &mut table)?;
    Ok(Layout {
        placements,
        stack_low,
        stack_high,
        stack_pointer,
        heap_base,
        pages: memory.end.div_ceil(PAGE),
        table_size: table.take(0, 1)?,
        slots,
        order,
        positions,
        moved: vec![None; set.inputs.len()],
    })
}

/// Returns the order in which modules are instantiated, and the position of each module in it.
pub(crate) fn instantiation_order(set: &Set, resolution: &Resolution) -> (Vec<usize>, Vec<usize>) {
    let items = item_edges(set, resolution);
    let order = graph::strict_dependencies_first(&call_edges(set, resolution), &items);
    let mut positions = vec![0; order.len()];
    for (position, &module) in order.iter().enumerate() {
        positions[module] = position;
    }
    (order, positions)
}

/// A region of memory or table that is assigned from its start to its end.
pub(crate) struct Region {
    /// Its name in messages.
    what: &'static str,
    /// The end of the assigned part, in bytes or elements.
    pub(crate) end: u64,
    limit: u64,
}

impl Region {
    /// Returns the memory after a main's initial pages: its data is there at fixed addresses, and
    /// its allocator may own the rest of them.
    pub(crate) fn memory(main: Option<&InputModule>) -> Self {
        let pages = main.map_or(0, |main| main.module.internals.memory_pages);
        let end = pages.saturating_mul(PAGE).max(FIRST_ADDRESS);
        Region { what: "memory", end, limit: 1 << 32 }
    }

    /// Returns the table after a main's elements. Slot 0 stays empty: it is the null function
    /// pointer.
    pub(crate) fn table(main: Option<&InputModule>) -> Self {
        let shared = main.and_then(|main| main.module.internals.shared_table);
        let end = shared.map_or(1, |table| table.minimum.max(1));
        Region { what: "table", end, limit: TABLE_LIMIT }
    }

    /// Takes `size` bytes or elements, and returns where they start.
    pub(crate) fn take(&mut self, size: u64, alignment: u64) -> Result<u32, Fault> {
        // An address that does not fit is beyond the limit, too.
        let start = self.end.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
        let end = start.saturating_add(size);
        // Something without a size has an address too, which must exist.
        let needed = start.saturating_add(size.max(1));
        let too_large = || Fault::TooLarge { what: self.what, needed, limit: self.limit };
        let address = u32::try_from(start).ok().filter(|_| end <= self.limit);
        self.end = address.map_or(self.end, |_| end);
        address.ok_or_else(too_large)
    }

    /// Extends the region to `end`, unless it reaches further already.
    pub(crate) fn reach(&mut self, end: u64) -> Result<(), Fault> {
        if end > self.limit {
            return Err(Fault::TooLarge { what: self.what, needed: end, limit: self.limit });
        }
        self.end = self.end.max(end);
        Ok(())
    }
}

/// Extends memory and table to the largest initial sizes with which some modules import those of
/// the process.
pub(crate) fn reach_imports<'o>(
    inputs: impl Iterator<Item = &'o InputModule>,
    memory: &mut Region,
    table: &mut Region,
) -> Result<(), Fault> {
    let shared = inputs.filter(|input| input.shares_memory());
    let imports = shared.flat_map(|input| &input.module.imports);
    for import in imports.filter(|import| import.module == ENV) {
        match &import.ty {
            ExternType::Memory(ty) if import.name == MEMORY => {
                memory.reach(ty.minimum.saturating_mul(PAGE))?;
            }
            ExternType::Table(ty) if import.name == TABLE => table.reach(ty.minimum)?,
            _ => {}
        }
    }
    Ok(())
}

struct Stack {
    stack_low: u32,
    stack_high: u32,
    stack_pointer: u32,
}

/// Returns the stack of a main that lends it, or else takes a new one of `size` bytes.
fn stack(main: Option<&InputModule>, size: u64, memory: &mut Region) -> Result<Stack, Fault> {
    let Some(main) = main.filter(|main| main.lends_stack()) else {
        let stack_low = memory.take(size, STACK_ALIGNMENT)?;
        let stack_high = memory.take(0, STACK_ALIGNMENT)?;
        return Ok(Stack { stack_low, stack_high, stack_pointer: stack_high });
    };
    let value = |name| main.exported_value(name);
    let initial = value(STACK_POINTER);
    debug_assert!(initial.is_some(), "a stack pointer without a known value is a fault");
    let stack_pointer = initial.unwrap_or_default();
    let stack_high = value(STACK_HIGH).unwrap_or(stack_pointer);
    // A main that does not export where its stack ends has it lowest in memory.
    let stack_low = value(STACK_LOW).unwrap_or(0);
    Ok(Stack { stack_low, stack_high, stack_pointer })
}

/// Assigns a part of memory and table to a module.
pub(crate) fn assign(
    info: MemInfo,
    memory: &mut Region,
    table: &mut Region,
) -> Result<Placement, Fault> {
    let MemInfo { memory_size, memory_alignment, table_size, table_alignment } = info;
    let align = |alignment: Alignment| u64::from(alignment);
    Ok(Placement {
        memory_base: memory.take(memory_size.into(), align(memory_alignment))?,
        table_base: table.take(table_size.into(), align(table_alignment))?,
    })
}

/// Returns for each module the modules that should be instantiated before it: those whose functions
/// it calls or whose tags it uses. Functions that it defines too do not count.
fn call_edges(set: &Set, resolution: &Resolution) -> Vec<Vec<usize>> {
    let module_called = |target: ImportTarget| match target {
        ImportTarget::Function(definition) | ImportTarget::Item(definition) => {
            Some(definition.module)
        }
        _ => None,
    };
    let edges = |module| modules_used(set, resolution, module, module_called).into_iter().collect();
    (0..set.inputs.len()).map(edges).collect()
}

/// Returns for each module the modules that must be instantiated before it, since it imports items
/// of them that cannot be called through the table.
fn item_edges(set: &Set, resolution: &Resolution) -> Vec<Vec<usize>> {
    let provider = |target: ImportTarget| match target {
        ImportTarget::Item(definition) => Some(definition.module),
        _ => None,
    };
    let edges = |module| modules_used(set, resolution, module, provider).into_iter().collect();
    (0..set.inputs.len()).map(edges).collect()
}

/// Returns the other modules that a module uses: those that `module_of` names for the targets of
/// its imports. A symbol that the module defines too, such as an inline function of C++, does not
/// count: it would work without the other module.
pub(crate) fn modules_used(
    set: &Set,
    resolution: &Resolution,
    module: usize,
    module_of: impl Fn(ImportTarget) -> Option<usize>,
) -> BTreeSet<usize> {
    let input = &set.inputs[module];
    let mut used = BTreeSet::new();
    // Nothing is known about the imports of a module that already runs.
    for (import, target) in input.module.imports.iter().zip(&resolution[module]) {
        if let Some(other) = module_of(*target)
            && other != module
            && !used.contains(&other)
            && input.definition(&import.name).is_none()
        {
            used.insert(other);
        }
    }
    used
}

/// Chooses one slot for each function: one that a main's element segment fills with it, because the
/// main's code contains its index; or else one that its own module's segment fills; or else a new
/// one.
fn slots(
    set: &Set,
    resolution: &Resolution,
    positions: &[usize],
    placements: &[Placement],
    table: &mut Region,
) -> Result<BTreeMap<ItemId, Slot>, Fault> {
    let in_main = slots_of_main(set, resolution);
    let mut slots = BTreeMap::new();
    for definition in wanted(resolution, positions) {
        let id = set.item(definition);
        if slots.contains_key(&id) {
            continue;
        }
        let own = set.inputs[id.module].slot(id.index);
        let index = match (in_main.get(&id), own) {
            (Some(&slot), _) => slot,
            (None, Some(slot)) => placements[id.module].table_base.saturating_add(slot),
            (None, None) => table.take(1, 1)?,
        };
        slots.insert(id, Slot { index, definition });
    }
    Ok(slots)
}

/// Returns the functions that need a slot, in the order of modules and imports.
pub(crate) fn wanted(resolution: &Resolution, positions: &[usize]) -> Vec<Definition> {
    let mut wanted = Vec::new();
    for (module, import_targets) in resolution.iter().enumerate() {
        for target in import_targets {
            match *target {
                ImportTarget::FunctionAddress(Some(definition)) => wanted.push(definition),
                ImportTarget::Function(d) if positions[d.module] > positions[module] => {
                    wanted.push(d)
                }
                _ => {}
            }
        }
    }
    wanted
}

/// Returns the slots that a main's element segments fill with functions of any module.
pub(crate) fn slots_of_main(set: &Set, resolution: &Resolution) -> BTreeMap<ItemId, u32> {
    let main = set.inputs.iter().position(InputModule::is_main);
    let Some(main) = main else { return BTreeMap::new() };
    let module = &set.inputs[main].module;
    let is_function = |import: &&crate::module::Import| matches!(import.ty, ExternType::Func(_));
    let imports: Vec<_> = module
        .imports
        .iter()
        .zip(&resolution[main])
        .filter(|(import, _)| is_function(import))
        .map(|(_, target)| target)
        .collect();
    let id = |&index: &u32| match imports.get(index as usize) {
        Some(ImportTarget::Function(definition)) => Some(set.item(*definition)),
        Some(_) => None,
        None => Some(ItemId { module: main, index }),
    };
    let slots = set.inputs[main].slots();
    slots.filter_map(|(index, &slot)| Some((id(index)?, slot))).collect()
}

impl Layout {
    /// Returns the address of the block of a module's thread-local variables, in bytes, if the
    /// module has one.
    pub(crate) fn thread_local_block(&self, set: &Set, module: usize) -> Option<u32> {
        let input = set.inputs[module].shares_memory().then_some(&set.inputs[module])?;
        let block = input.module.internals.thread_local.as_ref()?;
        Some(self.placements[module].memory_base.wrapping_add(block.offset))
    }
}

impl Set {
    /// Returns the item that a definition exports.
    pub(crate) fn item(&self, definition: Definition) -> ItemId {
        let index = self.inputs[definition.module].module.exports[definition.export].index;
        ItemId { module: definition.module, index }
    }
}
