//! Moves what a program needs together: its data, and its slots of the table.

use std::collections::HashMap;

use crate::fuse::error::FuseError;
use crate::fuse::image::{Provenance, Value};
use crate::fuse::program::Program;
use crate::fuse::symbols::{Place, Site, Symbols, Target};
use crate::plan::Plan;
use crate::plan::compact::{MovedSlots, Piece, Remainder};
use crate::plan::layout::Layout;
use crate::write::bound::DataOrigin;
use crate::write::live::Live;

/// The new places of a program's data and slots.
pub(crate) struct Moves<'a> {
    /// The layout with the old places.
    old: &'a Layout,
    /// The plan with the new ones.
    pub(crate) plan: Plan,
    /// The new slots; `None` if all functions keep theirs.
    slots: Option<MovedSlots>,
}

impl<'a> Moves<'a> {
    /// Chooses the places of what is needed. Everything stays where it is if the data of each module
    /// stays together.
    ///
    /// # Errors
    ///
    /// If the memory or the table would be too large.
    pub(crate) fn choose(program: &Program<'a>, live: &Live) -> Result<Self, FuseError> {
        let plan = program.targets.plan;
        let old = &plan.layout;
        if live.active.iter().all(|&module| program.symbols[module].is_none()) {
            return Ok(Moves { old, plan: plan.clone(), slots: None });
        }
        let mut slots_of = vec![Vec::new(); plan.set.inputs.len()];
        let mut canonical = Vec::new();
        let owners = SlotOwners::new(plan);
        for &slot in &live.slots {
            match owners.owner(slot) {
                Some(module) => slots_of[module].push(slot),
                None => canonical.push(slot),
            }
        }
        let modules = slots_of.into_iter().enumerate();
        let remainders = modules.map(|(module, slots)| remainder(program, live, module, slots));
        let remainders: Vec<_> = remainders.collect();
        let (layout, slots) =
            old.compact(&plan.set, &remainders, &canonical).map_err(FuseError::Layout)?;
        Ok(Moves { old, plan: Plan { layout, ..plan.clone() }, slots: Some(slots) })
    }

    /// Returns the new slot of an old one.
    pub(crate) fn slot(&self, slot: u32) -> u32 {
        self.slots.as_ref().map_or(slot, |slots| slots.slot(slot))
    }

    /// Returns the new address of a place in the data of a module.
    pub(crate) fn place(&self, module: usize, symbols: &Symbols, place: Place) -> u32 {
        let start = match place.piece {
            Some(piece) => self.plan.layout.address(module, symbols.pieces[piece].range.start),
            None => self.start(module),
        };
        start.wrapping_add(place.distance)
    }

    /// Returns the address at which the data of a module starts.
    fn start(&self, module: usize) -> u32 {
        let layout = &self.plan.layout;
        let moved = layout.moved[module].as_ref();
        moved.map_or(layout.placements[module].memory_base, |moved| moved.start)
    }

    /// Returns what a number becomes that is an address or a slot.
    pub(crate) fn value(&self, value: Value) -> u32 {
        match value.provenance {
            Provenance::Number => value.bits,
            Provenance::Slot => self.slot(value.bits),
            Provenance::Data { module, symbol } => {
                let base = self.old.placements[module].memory_base;
                let symbol = symbol.unwrap_or(base);
                let new = self.plan.layout.address(module, symbol.wrapping_sub(base));
                new.wrapping_add(value.bits.wrapping_sub(symbol))
            }
        }
    }

    /// Returns what a pointer in the data of a module becomes.
    pub(crate) fn target(&self, module: usize, symbols: &Symbols, target: Target) -> u32 {
        match target {
            Target::Own(place) => self.place(module, symbols, place),
            Target::Value(value) => self.value(value),
        }
    }

    /// Returns where the data comes from that is left of each module.
    pub(crate) fn data_origins(&self, program: &Program<'_>, live: &Live) -> Vec<DataOrigin> {
        let inputs = program.targets.plan.set.inputs.iter().enumerate();
        let origins = inputs.flat_map(|(module, input)| {
            let whole = input.mem_info().filter(|_| live.images.contains(&module));
            match &program.symbols[module] {
                Some(symbols) => self.piece_origins(module, symbols, live),
                None => Vec::from_iter(whole.map(|info| DataOrigin {
                    module,
                    symbol: None,
                    address: self.start(module),
                    size: info.memory_size,
                })),
            }
        });
        origins.collect()
    }

    fn piece_origins(&self, module: usize, symbols: &Symbols, live: &Live) -> Vec<DataOrigin> {
        let origin = |piece: usize| {
            let Piece { range, .. } = &symbols.pieces[piece];
            DataOrigin {
                module,
                symbol: symbols.names[piece],
                address: self.plan.layout.address(module, range.start),
                size: range.len() as u32,
            }
        };
        symbols.needed(module, live).map(origin).collect()
    }

    /// Returns the new values of the constants in the code of a module, by the offset of their
    /// instruction in it: those of addresses and slots.
    pub(crate) fn constants(&self, program: &Program<'_>, module: usize) -> HashMap<usize, u32> {
        let Some(symbols) = &program.symbols[module] else { return HashMap::new() };
        let sites = symbols.sites().map(|(offset, site)| match *site {
            Site::Data { place, .. } => (offset, self.place(module, symbols, place)),
            Site::Slot { value, .. } => {
                let old = self.old.placements[module].table_base.wrapping_add(value);
                (offset, self.slot(old))
            }
        });
        sites.collect()
    }
}

/// Returns what is left of a module. `slots` are those in its part of the table that are needed.
fn remainder(program: &Program<'_>, live: &Live, module: usize, slots: Vec<u32>) -> Remainder {
    if !live.active.contains(&module) {
        return Remainder::Nothing;
    }
    let Some(symbols) = &program.symbols[module] else {
        return Remainder::Whole { has_data: live.images.contains(&module) };
    };
    let data = symbols.needed(module, live).map(|piece| symbols.pieces[piece].clone());
    Remainder::Pieces { data: data.collect(), slots }
}

/// The modules in whose parts of the table slots are.
struct SlotOwners {
    /// The first slot of each part, in ascending order, with the slot after the last and the
    /// module.
    parts: Vec<(u32, u32, usize)>,
}

impl SlotOwners {
    fn new(plan: &Plan) -> Self {
        let inputs = plan.set.inputs.iter().enumerate();
        let parts = inputs.filter_map(|(module, input)| {
            let start = plan.layout.placements[module].table_base;
            Some((start, start.checked_add(input.mem_info()?.table_size)?, module))
        });
        let mut parts: Vec<_> = parts.filter(|(start, end, _)| start < end).collect();
        parts.sort_unstable();
        SlotOwners { parts }
    }

    /// Returns the module whose part a slot is in; `None` for a slot that is in no part.
    fn owner(&self, slot: u32) -> Option<usize> {
        let after = self.parts.partition_point(|(start, ..)| *start <= slot);
        let (_, end, module) = self.parts.get(after.checked_sub(1)?)?;
        (slot < *end).then_some(*module)
    }
}
