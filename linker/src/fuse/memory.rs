//! The memories of a fused program, and what the shared one holds at the start.

use wasmparser::{Data, DataKind};

use crate::convention::PAGE;
use crate::fuse::error::FuseError;
use crate::fuse::image::{Effect, Image, value};
use crate::fuse::moves::Moves;
use crate::fuse::program::Program;
use crate::fuse::symbols::Symbols;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::write::live::Live;
use crate::write::targets::SharedTarget;

/// Checks that the program has one memory.
///
/// # Errors
///
/// If modules keep a memory besides the first one.
pub(crate) fn check_single(program: &Program<'_>, live: &Live) -> Result<(), FuseError> {
    let inputs = &program.targets.plan.set.inputs;
    let name = |id: &ItemId| inputs[id.module].module.name.clone();
    let mut own = live.memories.iter();
    let first = if inputs.iter().any(InputModule::shares_memory) {
        "the process".to_owned()
    } else {
        let Some((first, _)) = own.next() else { return Ok(()) };
        format!("`{}`", name(first))
    };
    let Some((second, user)) = own.next() else { return Ok(()) };
    Err(FuseError::SecondMemory {
        module: name(second),
        user: match user {
            Some(id) => format!("its function `{}` uses", program.function_name(*id)),
            None => "is exported".to_owned(),
        },
        other: first,
    })
}

/// Returns the content of the shared memory: the data that is needed, after its relocations.
///
/// # Errors
///
/// If data or a relocation is outside of the memory.
pub(crate) fn image(
    program: &Program<'_>,
    live: &Live,
    moves: &Moves<'_>,
) -> Result<Image, FuseError> {
    let image = Image::new(moves.plan.layout.pages * PAGE);
    let mut writer = ImageWriter { program, live, moves, image };
    for &module in &moves.plan.layout.order {
        writer.data(module)?;
        let start = program.starts[module].iter().filter_map(|start| start.effects.as_ref());
        writer.effects(module, start.flatten())?;
    }
    for call in program.initialisers.iter().filter(|call| call.is_relocation) {
        writer.effects(call.function.module, call.effects.iter().flatten())?;
    }
    Ok(writer.image)
}

/// Writes the content of the shared memory.
struct ImageWriter<'w, 'a> {
    program: &'w Program<'a>,
    live: &'w Live,
    moves: &'w Moves<'w>,
    image: Image,
}

impl ImageWriter<'_, '_> {
    /// Writes the data of a module.
    fn data(&mut self, module: usize) -> Result<(), FuseError> {
        if let Some(symbols) = &self.program.symbols[module] {
            for piece in symbols.needed(module, self.live) {
                let written = self.piece(module, symbols, piece);
                written.ok_or_else(|| self.out_of_bounds(module))?;
            }
        } else if self.live.images.contains(&module) {
            for data in &self.program.contents[module].data {
                self.segment(module, data)?;
            }
        }
        Ok(())
    }

    /// Writes a piece of a module's data, with its pointers; returns `None` if that is outside of
    /// the memory.
    fn piece(&mut self, module: usize, symbols: &Symbols, piece: usize) -> Option<()> {
        let range = &symbols.pieces[piece].range;
        let start = self.moves.plan.layout.place(module, range.start)?;
        for (address, data) in symbols.segments.iter().zip(&self.program.contents[module].data) {
            let from = range.start.max(*address);
            let to = range.end.min(address + data.data.len() as u32);
            if from < to {
                let bytes = &data.data[(from - address) as usize..(to - address) as usize];
                self.image.write(start + (from - range.start), bytes)?;
            }
        }
        for (address, &target) in symbols.pointers_in(piece) {
            let value = self.moves.target(module, symbols, target);
            self.image.write(start + (address - range.start), &value.to_le_bytes())?;
        }
        Some(())
    }

    /// Writes an active segment of the shared memory.
    fn segment(&mut self, module: usize, data: &Data<'_>) -> Result<(), FuseError> {
        let DataKind::Active { memory_index, offset_expr } = &data.kind else { return Ok(()) };
        let targets = self.program.targets;
        if targets.memory(ItemId { module, index: *memory_index }) != SharedTarget::Shared {
            return Ok(());
        }
        let offset = value(targets, module, offset_expr)
            .ok_or_else(|| FuseError::UnknownAddress { module: self.name(module) })?;
        let written = self.image.write(self.moves.value(offset), data.data);
        written.ok_or_else(|| self.out_of_bounds(module))
    }

    /// Applies what relocations of a module do, unless its pieces have it already.
    fn effects<'e>(
        &mut self,
        module: usize,
        effects: impl Iterator<Item = &'e Effect>,
    ) -> Result<(), FuseError> {
        if !self.live.images.contains(&module) || self.program.symbols[module].is_some() {
            return Ok(());
        }
        for effect in effects {
            let written = match *effect {
                Effect::Store { address, value } => {
                    let value = self.moves.value(value);
                    let address = self.moves.value(address);
                    self.image.write(address, &value.to_le_bytes())
                }
                Effect::Clear { address, length } => {
                    self.image.clear(self.moves.value(address), length)
                }
            };
            written.ok_or_else(|| self.out_of_bounds(module))?;
        }
        Ok(())
    }

    fn name(&self, module: usize) -> String {
        self.program.targets.plan.set.inputs[module].module.name.clone()
    }

    fn out_of_bounds(&self, module: usize) -> FuseError {
        FuseError::OutOfBounds { module: self.name(module) }
    }
}
