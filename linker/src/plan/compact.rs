//! Lays out again what is left of the modules.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::convention::PAGE;
use crate::fault::Fault;
use crate::plan::input::InputModule;
use crate::plan::layout::{
    Layout, MovedData, Placement, Region, STACK_ALIGNMENT, assign, reach_imports,
};
use crate::plan::set::Set;

/// A piece of a module's data, which stays or goes as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its addresses, counted from the start of the module's data.
    pub(crate) range: Range<u32>,
    /// Its alignment in bytes.
    alignment: u32,
    /// The distance of its start from a multiple of the alignment.
    misalignment: u32,
}

impl Piece {
    /// Returns a piece of a module's data, which has an alignment, that is one variable.
    ///
    /// The alignment of a variable is not known. But a variable that is at a multiple of `n` bytes
    /// now cannot need more than these `n` bytes.
    pub(crate) fn of_variable(range: Range<u32>, of_module: u32) -> Self {
        let own = 1_u32.checked_shl(range.start.trailing_zeros());
        let alignment = own.map_or(of_module, |own| own.min(of_module));
        Piece { range, alignment, misalignment: 0 }
    }

    /// Returns a piece that may have variables anywhere inside: all of them stay as aligned as they
    /// are.
    pub(crate) fn of_variables(range: Range<u32>, of_module: u32) -> Self {
        Piece { alignment: of_module, misalignment: range.start % of_module, range }
    }

    /// Returns the number of bytes to leave free before the piece, if it is placed at or after an
    /// address.
    fn padding(&self, address: u64) -> u32 {
        let missing = u64::from(self.misalignment).wrapping_sub(address);
        // An alignment is a power of two, so wrapping changes nothing.
        (missing % u64::from(self.alignment)) as u32
    }
}

/// What is left of a module that shares memory.
#[derive(Debug)]
pub(crate) enum Remainder {
    /// Nothing.
    Nothing,
    /// All of its data, or none, and all of its slots, or none.
    Whole { has_data: bool, has_slots: bool },
    /// Some pieces of its data, in ascending order, and some of its slots.
    Pieces { data: Vec<Piece>, slots: Vec<u32> },
}

/// A new layout, and the new slot of each old one.
pub(crate) struct Compacted {
    pub(crate) layout: Layout,
    /// The first slot that is not a main's. Those before do not move.
    pub(crate) first_slot: u32,
    pub(crate) slots: BTreeMap<u32, u32>,
}

impl Layout {
    /// Returns the layout of what is left of each module. Nothing that a main brings moves.
    /// `canonical` are the slots in use that are in the part of no module.
    ///
    /// # Errors
    ///
    /// If it would be larger than a memory or table can be. It is never larger than this layout.
    pub(crate) fn compact(
        &self,
        set: &Set,
        remainders: &[Remainder],
        canonical: &[u32],
    ) -> Result<Compacted, Fault> {
        let main = set.inputs.iter().find(|input| input.is_main());
        let mut regions = Regions { memory: Region::memory(main), table: Region::table(main) };
        let has_own_stack = main.is_none_or(|main| !main.lends_stack());
        if has_own_stack {
            regions.memory.reach(self.stack_high.into())?;
        }
        let first_slot = regions.table.take(0, 1)?;
        let mut new = Compacted { layout: self.clone(), first_slot, slots: BTreeMap::new() };
        for (module, remainder) in remainders.iter().enumerate() {
            let input = &set.inputs[module];
            let old = self.placements[module];
            let placement = match remainder {
                Remainder::Nothing => old,
                Remainder::Whole { has_data, has_slots } => {
                    regions.place_whole(input, *has_data, *has_slots, old, &mut new.slots)?
                }
                Remainder::Pieces { data, slots } => {
                    new.layout.moved[module] = Some(regions.place_pieces(data)?);
                    regions.place_slots(slots, &mut new.slots)?;
                    Placement::default()
                }
            };
            new.layout.placements[module] = placement;
        }
        let canonical: Vec<_> =
            canonical.iter().copied().filter(|slot| *slot >= first_slot).collect();
        regions.place_slots(&canonical, &mut new.slots)?;
        new.layout.heap_base = regions.memory.take(0, STACK_ALIGNMENT)?;
        let whole = set.inputs.iter().zip(remainders);
        let whole = whole.filter(|(_, remainder)| matches!(remainder, Remainder::Whole { .. }));
        let whole = whole.map(|(input, _)| input);
        reach_imports(whole, &mut regions.memory, &mut regions.table)?;
        new.layout.pages = regions.memory.end.div_ceil(PAGE);
        new.layout.table_size = regions.table.take(0, 1)?;
        for slot in new.layout.slots.values_mut() {
            slot.index = new.slots.get(&slot.index).copied().unwrap_or(slot.index);
        }
        Ok(new)
    }

    /// Returns the address of a byte of a module's data, given its distance from the start of that
    /// data; `None` if nothing is left of it.
    pub(crate) fn place(&self, module: usize, distance: u32) -> Option<u32> {
        match &self.moved[module] {
            Some(moved) => moved.address(distance),
            None => Some(self.placements[module].memory_base.wrapping_add(distance)),
        }
    }

    /// Returns the address of a byte of a module's data like [`Layout::place`]. The address of data
    /// that is left out is 0: nothing that is left uses it.
    pub(crate) fn address(&self, module: usize, distance: u32) -> u32 {
        self.place(module, distance).unwrap_or_default()
    }
}

/// The memory and the table, up to what is placed so far.
struct Regions {
    memory: Region,
    table: Region,
}

impl Regions {
    fn place_whole(
        &mut self,
        input: &InputModule,
        has_data: bool,
        has_slots: bool,
        old: Placement,
        moved: &mut BTreeMap<u32, u32>,
    ) -> Result<Placement, Fault> {
        let Some(mut info) = input.mem_info() else { return Ok(old) };
        if !has_data {
            info.memory_size = 0;
        }
        if !has_slots {
            info.table_size = 0;
        }
        let new = assign(info, &mut self.memory, &mut self.table)?;
        let slots = 0..info.table_size;
        moved.extend(slots.map(|slot| (old.table_base + slot, new.table_base + slot)));
        Ok(new)
    }

    fn place_pieces(&mut self, pieces: &[Piece]) -> Result<MovedData, Fault> {
        let mut moved = MovedData { start: self.memory.take(0, 1)?, pieces: Vec::new() };
        for piece in pieces {
            let padding = piece.padding(self.memory.end);
            let size = u64::from(padding) + piece.range.len() as u64;
            let address = self.memory.take(size, 1)? + padding;
            moved.pieces.push((piece.range.clone(), address));
        }
        Ok(moved)
    }

    fn place_slots(&mut self, slots: &[u32], moved: &mut BTreeMap<u32, u32>) -> Result<(), Fault> {
        for &slot in slots {
            moved.insert(slot, self.table.take(1, 1)?);
        }
        Ok(())
    }
}
