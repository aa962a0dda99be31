//! The memories of a fused program, and what the shared one holds at the start.

use wasmparser::{Data, DataKind};

use crate::convention::PAGE;
use crate::fuse::error::FuseError;
use crate::fuse::image::{Effect, Image, value};
use crate::fuse::program::Program;
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

/// Returns the content of the shared memory: the data of the modules that need it, after their
/// relocations.
///
/// # Errors
///
/// If data or a relocation is outside of the memory.
pub(crate) fn image(program: &Program<'_>, live: &Live) -> Result<Image, FuseError> {
    let plan = program.targets.plan;
    let mut image = Image::new(plan.layout.pages * PAGE);
    for &module in plan.layout.order.iter().filter(|&module| live.images.contains(module)) {
        for data in &program.contents[module].data {
            place(program, module, data, &mut image)?;
        }
        let start = program.starts[module].iter().filter_map(|start| start.effects.as_ref());
        apply(program, module, start.flatten(), &mut image)?;
    }
    for call in program.initialisers.iter().filter(|call| call.is_relocation) {
        let module = call.function.module;
        if live.images.contains(&module) {
            apply(program, module, call.effects.iter().flatten(), &mut image)?;
        }
    }
    Ok(image)
}

/// Writes an active segment of the shared memory.
fn place(
    program: &Program<'_>,
    module: usize,
    data: &Data<'_>,
    image: &mut Image,
) -> Result<(), FuseError> {
    let DataKind::Active { memory_index, offset_expr } = &data.kind else { return Ok(()) };
    if program.targets.memory(ItemId { module, index: *memory_index }) != SharedTarget::Shared {
        return Ok(());
    }
    let name = || program.targets.plan.set.inputs[module].module.name.clone();
    let offset = value(program.targets, module, offset_expr)
        .ok_or_else(|| FuseError::UnknownAddress { module: name() })?;
    let written = image.write(offset.bits, data.data);
    written.ok_or_else(|| FuseError::OutOfBounds { module: name() })
}

fn apply<'e>(
    program: &Program<'_>,
    module: usize,
    effects: impl Iterator<Item = &'e Effect>,
    image: &mut Image,
) -> Result<(), FuseError> {
    let name = || program.targets.plan.set.inputs[module].module.name.clone();
    for effect in effects {
        effect.apply(image).ok_or_else(|| FuseError::OutOfBounds { module: name() })?;
    }
    Ok(())
}
