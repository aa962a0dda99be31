//! From the code of a rewritten module back to the module and the source that it came from.

use addr2line::gimli::{self, Dwarf, EndianSlice, LittleEndian};
use wasmparser::{FunctionBody, Parser, Payload};

use crate::bind::BoundModule;
use crate::contents::Contents;
use crate::set::Set;

/// An instruction of one of the modules that were linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The module's place in the set.
    pub module: usize,
    /// The function's index in the module.
    pub function: u32,
    /// In bytes from the start of the module's file.
    pub offset: usize,
}

/// A function in the source, and the line that an instruction came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// As the debug information has it, which is mangled.
    pub function: Option<String>,
    pub file: String,
    /// Counted from 1.
    pub line: Option<u32>,
}

impl BoundModule {
    /// The module that defined one of the functions of [`BoundModule::bytes`], and its index there.
    pub fn origin_of_function(&self, function: u32) -> Option<(usize, u32)> {
        let Some(origins) = &self.origins else { return Some((self.module, function)) };
        let id = origins.functions.get(function.checked_sub(origins.first)? as usize)?;
        Some((id.module, id.index))
    }

    /// The instruction that the one at `offset` of [`BoundModule::bytes`] was before it was rewritten;
    /// `None` for one that no module has, or outside of all functions.
    pub fn origin(&self, set: &Set, offset: usize) -> Option<Origin> {
        let (place, body) = body_at(&self.bytes, offset)?;
        let imported = |module: usize| set.objects[module].module.internals.imported_functions;
        let Some(origins) = &self.origins else {
            let function = imported(self.module) + place as u32;
            return Some(Origin { module: self.module, function, offset });
        };
        let function = *origins.functions.get(place)?;
        let original = Contents::read(&set.objects[function.module].bytes).ok()?;
        let defined = function.index.checked_sub(imported(function.module))?;
        let original = original.bodies.get(defined as usize)?;
        // Each instruction was rewritten as one.
        let instruction = offsets(&body).take_while(|&at| at <= offset).count().checked_sub(1)?;
        let offset = offsets(original).nth(instruction)?;
        Some(Origin { module: function.module, function: function.index, offset })
    }
}

/// The name that a module's name section gives a function, as it is there.
pub fn function_name(bytes: &[u8], function: u32) -> Option<String> {
    Contents::read(bytes).ok()?.function_name(function).map(str::to_owned)
}

/// The function body around an offset, and its place among them.
fn body_at(bytes: &[u8], offset: usize) -> Option<(usize, FunctionBody<'_>)> {
    let bodies = Contents::read(bytes).ok()?.bodies;
    bodies.into_iter().enumerate().find(|(_, body)| body.range().contains(&offset))
}

/// Where each instruction of a function begins.
fn offsets(body: &FunctionBody<'_>) -> impl Iterator<Item = usize> + use<> {
    let operators = body.get_operators_reader().into_iter();
    let offsets = operators.flat_map(wasmparser::OperatorsReader::into_iter_with_offsets);
    offsets.flatten().map(|(_, offset)| offset).collect::<Vec<_>>().into_iter()
}

/// The source of an instruction, the innermost of functions inlined into each other first; empty for a
/// module without debug information (DWARF).
pub fn source_lines(bytes: &[u8], offset: usize) -> Vec<SourceLine> {
    try_source_lines(bytes, offset).unwrap_or_default()
}

fn try_source_lines(bytes: &[u8], offset: usize) -> Option<Vec<SourceLine>> {
    let mut code = 0;
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::CodeSectionStart { range, .. } => code = range.start,
            Payload::CustomSection(section) => sections.push((section.name(), section.data())),
            _ => {}
        }
    }
    let section = |id: gimli::SectionId| {
        let data = sections.iter().find(|(name, _)| *name == id.name()).map_or(&[][..], |s| s.1);
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    };
    let context = addr2line::Context::from_dwarf(Dwarf::load(section).ok()?).ok()?;
    // Addresses of WebAssembly's debug information count from the code section's content.
    let address = offset.checked_sub(code)? as u64;
    let mut frames = context.find_frames(address).skip_all_loads().ok()?;
    let mut lines = Vec::new();
    while let Some(frame) = frames.next().ok()? {
        let Some(location) = frame.location else { continue };
        let name = frame.function.and_then(|name| Some(name.raw_name().ok()?.into_owned()));
        let file = location.file.unwrap_or_default().to_owned();
        lines.push(SourceLine { function: name, file, line: location.line });
    }
    Some(lines)
}
