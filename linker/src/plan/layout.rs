//! Phase *layout*: where each module's data, the stack and the table's elements lie.
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
//! The stack is lowest, so that an overflow goes below address 0 and traps, instead of running into
//! somebody's data. A main brings its own: rustc has it placed in the same way. A main that imports
//! its memory, or does not export its stack pointer, does not lend its stack: the others then have
//! one after its initial pages, and one that overflows runs into those.

use std::collections::{BTreeMap, HashSet};

use crate::convention::{ENV, MEMORY, PAGE, STACK_HIGH, STACK_LOW, STACK_POINTER, TABLE};
use crate::fault::Fault;
use crate::module::dylink::{Alignment, MemInfo};
use crate::plan::graph;
use crate::plan::input::InputModule;
use crate::plan::resolve::{ImportTarget, Resolution};
use crate::plan::set::{Definition, Set};
use crate::types::ExternType;

/// Addresses below are never given out, so that a null pointer with a small offset points to nothing.
const FIRST_ADDRESS: u64 = 1024;
/// Bytes of the stack of a program without a main unless [`Set::stack_size`] says otherwise: as much as
/// Linux gives a process. What is not used of it costs nothing.
const STACK_SIZE: u64 = 8 << 20;
const STACK_ALIGNMENT: u64 = 16;
/// Elements that a table may have: Wasmtime's own bound.
pub(crate) const TABLE_LIMIT: u64 = 10_000_000;

/// A function, or an item of another kind, however it is exported: its module's place in the set, and its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ItemId {
    pub(crate) module: usize,
    pub(crate) index: u32,
}

/// Where everything lies.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// For each module of the set.
    pub(crate) placements: Vec<Placement>,
    pub(crate) stack_low: u32,
    pub(crate) stack_high: u32,
    /// The stack pointer's initial value.
    pub(crate) stack_pointer: u32,
    pub(crate) heap_base: u32,
    /// Pages that the memory has from the start.
    pub(crate) pages: u64,
    /// Elements that the table has from the start.
    pub(crate) table_size: u32,
    /// The canonical slot of each function whose address somebody takes, or that a module calls which
    /// is instantiated before it.
    pub(crate) slots: BTreeMap<ItemId, Slot>,
    /// Modules in the order of instantiation.
    pub(crate) order: Vec<usize>,
    /// The place of each module in that order.
    pub(crate) positions: Vec<usize>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Placement {
    pub(crate) memory_base: u32,
    pub(crate) table_base: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    pub(crate) definition: Definition,
}

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
        placements.push(place(input, &mut memory, &mut table)?);
    }
    let slots = slots(set, resolution, &positions, &placements, &mut table)?;
    let heap_base = memory.take(0, STACK_ALIGNMENT)?;
    memory.reach(minimum_of_imports(set, |ty| match ty {
        ExternType::Memory(memory) => memory.minimum.saturating_mul(PAGE),
        _ => 0,
    }))?;
    table.reach(minimum_of_imports(set, |ty| match ty {
        ExternType::Table(table) => table.minimum,
        _ => 0,
    }))?;
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
    })
}

/// The order in which modules are instantiated, and the place of each in it.
pub(crate) fn instantiation_order(set: &Set, resolution: &Resolution) -> (Vec<usize>, Vec<usize>) {
    let order = graph::dependencies_first(&call_edges(set, resolution));
    let mut positions = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, &module)| positions[module] = at);
    (order, positions)
}

/// Room that is given out from its start to its end.
struct Region {
    what: &'static str,
    end: u64,
    limit: u64,
}

impl Region {
    /// A main's data lies at fixed addresses, and its allocator may own what is left of its initial pages.
    fn memory(main: Option<&InputModule>) -> Self {
        let pages = main.map_or(0, |main| main.module.internals.memory_pages);
        let end = pages.saturating_mul(PAGE).max(FIRST_ADDRESS);
        Region { what: "memory", end, limit: 1 << 32 }
    }

    /// Slot 0 stays empty: it is the null function pointer.
    fn table(main: Option<&InputModule>) -> Self {
        let shared = main.and_then(|main| main.module.internals.shared_table);
        let end = shared.map_or(1, |table| table.minimum.max(1));
        Region { what: "table", end, limit: TABLE_LIMIT }
    }

    fn take(&mut self, size: u64, alignment: u64) -> Result<u32, Fault> {
        // An address that does not fit is beyond the limit, too.
        let start = self.end.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
        let end = start.saturating_add(size);
        // Even what has no size has an address, and so the place of a byte or an element.
        let needed = start.saturating_add(size.max(1));
        let too_large = || Fault::TooLarge { what: self.what, needed, limit: self.limit };
        let start =
            u32::try_from(start).ok().filter(|_| end <= self.limit).ok_or_else(too_large)?;
        self.end = end;
        Ok(start)
    }

    /// Goes as far as this, if it does not already.
    fn reach(&mut self, end: u64) -> Result<(), Fault> {
        if end > self.limit {
            return Err(Fault::TooLarge { what: self.what, needed: end, limit: self.limit });
        }
        self.end = self.end.max(end);
        Ok(())
    }
}

/// The most that a module wants to find of what it imports, the program's memory or its table.
fn minimum_of_imports(set: &Set, minimum: impl Fn(&ExternType) -> u64) -> u64 {
    let shared = set.inputs.iter().filter(|input| input.shares_memory());
    let imports = shared.flat_map(|input| &input.module.imports);
    let imports = imports.filter(|import| import.module == ENV);
    let imports = imports.filter(|import| [MEMORY, TABLE].contains(&import.name.as_str()));
    imports.map(|import| minimum(&import.ty)).max().unwrap_or(0)
}

struct Stack {
    stack_low: u32,
    stack_high: u32,
    stack_pointer: u32,
}

/// A main that lends its stack brings it. For all other programs there is a new one of so many bytes.
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

fn place(input: &InputModule, memory: &mut Region, table: &mut Region) -> Result<Placement, Fault> {
    let Some(info) = input.mem_info() else { return Ok(Placement::default()) };
    let MemInfo { memory_size, memory_alignment, table_size, table_alignment } = info;
    let align = |alignment: Alignment| u64::from(alignment);
    Ok(Placement {
        memory_base: memory.take(memory_size.into(), align(memory_alignment))?,
        table_base: table.take(table_size.into(), align(table_alignment))?,
    })
}

/// For each module, those whose functions it calls directly, or whose tags it uses: they are better instantiated before it. Not
/// those of functions that it defines too, for which it would not need them.
fn call_edges(set: &Set, resolution: &Resolution) -> Vec<Vec<usize>> {
    let targets = |(module, import_targets): (usize, &Vec<ImportTarget>)| {
        let input = &set.inputs[module];
        // Of a module that runs already nothing is asked.
        let exports = input.symbols().filter(|_| !import_targets.is_empty());
        let own: HashSet<_> = exports.collect();
        let imports = input.module.imports.iter().zip(import_targets);
        let mut targets: Vec<_> = imports
            .filter(|(import, _)| !own.contains(import.name.as_str()))
            .filter_map(|(_, target)| match target {
                ImportTarget::Function(definition) | ImportTarget::Item(definition) => {
                    Some(definition.module)
                }
                _ => None,
            })
            .collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    };
    resolution.iter().enumerate().map(targets).collect()
}

/// Chooses one slot a function: one that a main's element segment fills with it, since the main's code
/// has that number in it; else one that its own module's fills; else a new one.
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

/// The functions that need a slot, in the order of modules and imports.
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

impl Set {
    pub(crate) fn item(&self, definition: Definition) -> ItemId {
        let index = self.inputs[definition.module].module.exports[definition.export].index;
        ItemId { module: definition.module, index }
    }
}
