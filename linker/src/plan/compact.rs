//! Lays out again what is left of the modules.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::convention::PAGE;
use crate::fault::Fault;
use crate::plan::input::InputModule;
use crate::plan::layout::{
    Layout, MovedData, NO_SLOT, Placement, Region, STACK_ALIGNMENT, assign, reach_imports,
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
    /// Whether all of its bytes are zero when the program starts.
    is_zero: bool,
}

impl Piece {
    /// Returns a piece in which no variable needs more than an alignment, which is a power of two.
    /// All of them stay as aligned as they are.
    pub(crate) fn new(range: Range<u32>, alignment: u32, is_zero: bool) -> Self {
        Piece { alignment, misalignment: range.start % alignment, range, is_zero }
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
    /// All of its data, or none, and all of its slots.
    Whole { has_data: bool },
    /// Some pieces of its data, in ascending order, and some of its slots.
    Pieces { data: Vec<Piece>, slots: Vec<u32> },
}

/// The new slots of functions.
#[derive(Debug)]
pub(crate) struct MovedSlots {
    /// The first slot that is not a main's. Those before do not move.
    first: u32,
    /// The new slot of each old one that is left.
    slots: BTreeMap<u32, u32>,
}

impl MovedSlots {
    /// Returns the new slot of an old one. A slot that is not left becomes the null pointer: a call
    /// of an empty slot traps like a call of that.
    pub(crate) fn slot(&self, old: u32) -> u32 {
        if old < self.first { old } else { self.slots.get(&old).copied().unwrap_or(NO_SLOT) }
    }
}

impl Layout {
    /// Returns the layout of what is left of each module. Nothing that a main brings moves.
    /// `canonical` are the slots in use that are in the part of no module.
    ///
    /// Pieces that are zero are behind all other data, the largest last. A program seldom writes to
    /// all of a large one, so what it writes to is on few pages.
    ///
    /// # Errors
    ///
    /// If it would be larger than a memory or table can be.
    pub(crate) fn compact(
        &self,
        set: &Set,
        remainders: &[Remainder],
        canonical: &[u32],
    ) -> Result<(Layout, MovedSlots), Fault> {
        let main = set.inputs.iter().find(|input| input.is_main());
        let mut regions = Regions { memory: Region::memory(main), table: Region::table(main) };
        let has_own_stack = main.is_none_or(|main| !main.lends_stack());
        if has_own_stack {
            regions.memory.reach(self.stack_high.into())?;
        }
        let first = regions.table.take(0, 1)?;
        let mut moved = MovedSlots { first, slots: BTreeMap::new() };
        let mut layout = self.clone();
        for (module, remainder) in remainders.iter().enumerate() {
            let input = &set.inputs[module];
            let old = self.placements[module];
            if matches!(remainder, Remainder::Nothing | Remainder::Whole { has_data: false }) {
                layout.moved[module] = input.mem_info().map(|_| MovedData::default());
            }
            let placement = match remainder {
                Remainder::Nothing => old,
                Remainder::Whole { has_data } => {
                    regions.place_whole(input, *has_data, old, &mut moved.slots)?
                }
                Remainder::Pieces { data, slots } => {
                    let start = regions.memory.take(0, 1)?;
                    let mut moved_data = MovedData { start, pieces: Vec::new() };
                    for piece in data.iter().filter(|piece| !piece.is_zero) {
                        regions.place_piece(piece, &mut moved_data)?;
                    }
                    layout.moved[module] = Some(moved_data);
                    regions.place_slots(slots, &mut moved.slots)?;
                    Placement::default()
                }
            };
            layout.placements[module] = placement;
        }
        regions.place_zero_pieces(remainders, &mut layout.moved)?;
        let canonical: Vec<_> = canonical.iter().copied().filter(|slot| *slot >= first).collect();
        regions.place_slots(&canonical, &mut moved.slots)?;
        layout.heap_base = regions.memory.take(0, STACK_ALIGNMENT)?;
        let whole = set.inputs.iter().zip(remainders);
        let whole = whole.filter(|(_, remainder)| matches!(remainder, Remainder::Whole { .. }));
        let whole = whole.map(|(input, _)| input);
        reach_imports(whole, &mut regions.memory, &mut regions.table)?;
        layout.pages = regions.memory.end.div_ceil(PAGE);
        layout.table_size = regions.table.take(0, 1)?;
        layout.slots.values_mut().for_each(|slot| slot.index = moved.slot(slot.index));
        Ok((layout, moved))
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
        old: Placement,
        moved: &mut BTreeMap<u32, u32>,
    ) -> Result<Placement, Fault> {
        let Some(mut info) = input.mem_info() else { return Ok(old) };
        if !has_data {
            info.memory_size = 0;
        }
        let new = assign(info, &mut self.memory, &mut self.table)?;
        let slots = 0..info.table_size;
        moved.extend(slots.map(|slot| (old.table_base + slot, new.table_base + slot)));
        Ok(new)
    }

    fn place_piece(&mut self, piece: &Piece, moved: &mut MovedData) -> Result<(), Fault> {
        let padding = piece.padding(self.memory.end);
        let size = u64::from(padding) + piece.range.len() as u64;
        let address = self.memory.take(size, 1)? + padding;
        moved.pieces.push((piece.range.clone(), address));
        Ok(())
    }

    fn place_zero_pieces(
        &mut self,
        remainders: &[Remainder],
        moved: &mut [Option<MovedData>],
    ) -> Result<(), Fault> {
        let mut zero = Vec::new();
        for (module, remainder) in remainders.iter().enumerate() {
            if let Remainder::Pieces { data, .. } = remainder {
                zero.extend(data.iter().filter(|piece| piece.is_zero).map(|piece| (module, piece)));
            }
        }
        zero.sort_by_key(|(_, piece)| piece.range.len());
        for (module, piece) in zero {
            if let Some(moved) = &mut moved[module] {
                self.place_piece(piece, moved)?;
            }
        }
        for moved in moved.iter_mut().flatten() {
            moved.pieces.sort_by_key(|(range, _)| range.start);
        }
        Ok(())
    }

    fn place_slots(&mut self, slots: &[u32], moved: &mut BTreeMap<u32, u32>) -> Result<(), Fault> {
        for &slot in slots {
            moved.insert(slot, self.table.take(1, 1)?);
        }
        Ok(())
    }
}
