//! Table slots for the functions of an opening whose address is taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::dynamic::module_id::ModuleId;
use crate::dynamic::running::{LoadedItem, Running};
use crate::module::dylink::MemInfo;
use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Slot, wanted};
use crate::plan::resolve::Resolution;
use crate::plan::set::{Definition, Set};

/// The slots of an opening.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotChoice {
    /// Slots that functions of running modules already have.
    pub(crate) known: BTreeMap<ItemId, Slot>,
    /// Slots whose index follows from where the opening's slots are.
    pub(crate) new: Vec<NewSlot>,
    /// For each new module, the number of elements of its part of the table.
    pub(crate) block_sizes: BTreeMap<usize, u32>,
    /// The number of new slots for functions of running modules.
    pub(crate) others: u32,
}

/// A function that gets a slot when the opening's slots are assigned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSlot {
    pub(crate) item: ItemId,
    pub(crate) definition: Definition,
    pub(crate) position: SlotPosition,
}

/// The position of a new slot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SlotPosition {
    /// In the part of the table of the new module that defines the function: the distance from the
    /// start of that part.
    Block(u32),
    /// Among the new slots for functions of running modules: the distance from the first of these.
    Other(u32),
}

impl SlotChoice {
    /// Chooses one slot for each function, as the layout of a program does.
    ///
    /// A function of a new module has the slot that the module's elements fill with it, or else
    /// one after those of the elements.
    pub(crate) fn new(
        running: &Running,
        set: &Set,
        ids: &[Option<ModuleId>],
        resolution: &Resolution,
        positions: &[usize],
    ) -> Self {
        let mut choice = SlotChoice::default();
        let inputs = set.inputs.iter().enumerate();
        for (module, input) in inputs.filter(|(module, _)| ids[*module].is_none()) {
            choice.block_sizes.insert(module, mem_info(input).table_size);
        }
        let mut seen = BTreeSet::new();
        for definition in wanted(resolution, positions) {
            let item = set.item(definition);
            if !seen.insert(item) {
                continue;
            }
            match ids[item.module] {
                Some(id) => {
                    let loaded = LoadedItem { module: id, index: item.index };
                    choice.choose_of_running(item, definition, running.slot(loaded));
                }
                None => {
                    let filled = set.inputs[item.module].slot(item.index);
                    choice.choose_of_new(item, definition, filled);
                }
            }
        }
        choice
    }

    fn choose_of_running(&mut self, item: ItemId, definition: Definition, known: Option<u32>) {
        match known {
            Some(index) => {
                self.known.insert(item, Slot { index, definition });
            }
            None => {
                let position = SlotPosition::Other(next(&mut self.others));
                self.new.push(NewSlot { item, definition, position });
            }
        }
    }

    fn choose_of_new(&mut self, item: ItemId, definition: Definition, filled: Option<u32>) {
        let distance = match filled {
            Some(slot) => slot,
            None => next(self.block_sizes.entry(item.module).or_default()),
        };
        self.new.push(NewSlot { item, definition, position: SlotPosition::Block(distance) });
    }
}

/// Returns the next index of a part of the table, which grows by one element.
///
/// A part of the greatest possible size does not grow. It is refused when it is allocated.
fn next(size: &mut u32) -> u32 {
    let index = *size;
    *size = size.saturating_add(1);
    index
}

/// Returns the part of memory and table that a new module asks for.
pub(crate) fn mem_info(input: &InputModule) -> MemInfo {
    let mem_info = input.module.mem_info();
    debug_assert!(mem_info.is_some(), "a module that joins is a shared library");
    mem_info.unwrap_or_default()
}
