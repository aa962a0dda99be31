//! Finds the module and the source that the code of a rewritten module came from.

use std::collections::BTreeSet;
use std::fmt;

use addr2line::gimli::{self, AbbreviationsCacheStrategy, Dwarf, LittleEndian};
use wasmparser::{Chunk, FunctionBody, Operator, Parser, Payload};

use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::names::shortened;
use crate::plan::input::InputModule;
use crate::plan::set::Set;
use crate::trace::budget::{self, Reader};
use crate::write::bound::BoundModule;
use crate::write::legacy_exceptions;

/// An instruction of one of the modules that were linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The module's index in the set.
    pub module: usize,
    /// The function's index in the module.
    pub function: u32,
    /// The instruction's offset, in bytes from the start of the module's file.
    pub offset: usize,
}

/// The place in the source of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The name of the function in the debug information, which is mangled.
    pub function: Option<String>,
    /// The path of the file in the debug information.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
}

impl BoundModule {
    /// Returns the module that defined a function of [`BoundModule::bytes`], by its index
    /// in the set, and the function's index there. `function` is an index in
    /// [`BoundModule::bytes`].
    pub fn origin_of_function(&self, function: u32) -> Option<(usize, u32)> {
        let Some(origins) = &self.origins else { return Some((self.module, function)) };
        let id = origins.functions.get(function.checked_sub(origins.first)? as usize)?;
        Some((id.module, id.index))
    }

    /// Returns the instruction that was rewritten as the one at `offset` of
    /// [`BoundModule::bytes`], in bytes from the start. Returns `None` for an instruction
    /// that no module had, and outside of all functions.
    pub fn origin(&self, set: &Set, offset: usize) -> Option<Origin> {
        let (position, body) = body_at(&self.bytes, offset)?;
        let imported = |module: usize| set.inputs[module].module.internals.imported_functions;
        let Some(origins) = &self.origins else {
            let function = imported(self.module) + position as u32;
            return Some(Origin { module: self.module, function, offset });
        };
        let function = *origins.functions.get(position)?;
        let original = Contents::read(&set.inputs[function.module].bytes).ok()?;
        let defined = function.index.checked_sub(imported(function.module))?;
        let instruction = offsets(&body).take_while(|&at| at <= offset).count().checked_sub(1)?;
        let signatures = Signatures::new(&original);
        let folded = origins.folded.get(&function.module);
        let old_offsets = offsets_of_written(&original, defined as usize, &signatures, folded)?;
        Some(Origin {
            module: function.module,
            function: function.index,
            offset: *old_offsets.get(instruction)?,
        })
    }
}

impl InputModule {
    /// Returns the offset of the body of a function, in bytes from the start of the module's file;
    /// `None` for an imported function.
    pub fn function_start(&self, function: u32) -> Option<usize> {
        let defined = function.checked_sub(self.module.internals.imported_functions)?;
        body_starts(&self.bytes).get(defined as usize).copied()
    }
}

/// Returns the name of a function in the name section of a module, unchanged.
pub fn function_name(bytes: &[u8], function: u32) -> Option<String> {
    Contents::read(bytes).ok()?.function_name(function).map(str::to_owned)
}

/// Returns the function body around an offset, and its position among the bodies.
fn body_at(bytes: &[u8], offset: usize) -> Option<(usize, FunctionBody<'_>)> {
    let bodies = Contents::read(bytes).ok()?.bodies;
    bodies.into_iter().enumerate().find(|(_, body)| body.range().contains(&offset))
}

/// Returns the offset of the body of each function that a module defines.
pub(crate) fn body_starts(bytes: &[u8]) -> Vec<usize> {
    let bodies = Contents::read(bytes).map(|contents| contents.bodies).unwrap_or_default();
    bodies.iter().map(|body| body.range().start).collect()
}

/// Returns the offset of each instruction of a function.
pub(crate) fn offsets(body: &FunctionBody<'_>) -> impl Iterator<Item = usize> + use<> {
    let operators = operators(body).map(|(_, offset)| offset);
    operators.collect::<Vec<_>>().into_iter()
}

fn operators<'a>(body: &FunctionBody<'a>) -> impl Iterator<Item = (Operator<'a>, usize)> {
    let operators = body.get_operators_reader().into_iter();
    operators.flat_map(wasmparser::OperatorsReader::into_iter_with_offsets).flatten()
}

/// Returns, for each instruction that is written for a function, the offset of the instruction that
/// it comes from. Offsets never decrease. `function` counts the functions that the module defines;
/// `folded` are the offsets of instructions that are left out.
pub(crate) fn offsets_of_written(
    contents: &Contents<'_>,
    function: usize,
    signatures: &Signatures,
    folded: Option<&BTreeSet<usize>>,
) -> Option<Vec<usize>> {
    let body = contents.bodies.get(function)?;
    let ty = *contents.functions.get(function)?;
    let mut offsets = Vec::new();
    for (operator, offset) in operators(body) {
        if legacy_exceptions::is_legacy(&operator) {
            let translation = legacy_exceptions::translate(body, ty, signatures).ok()?;
            offsets = translation.steps.into_iter().map(|(offset, _)| offset).collect();
            break;
        }
        // Any other instruction was rewritten as one.
        offsets.push(offset);
    }
    if let Some(folded) = folded {
        offsets.retain(|offset| !folded.contains(offset));
    }
    Some(offsets)
}

/// Returns the places in the source of the instruction at `offset`, in bytes from the start of the
/// file. If functions were inlined there is one place for each, the innermost first. There is none
/// for a module without debug information (DWARF).
pub fn source_lines(bytes: &[u8], offset: usize) -> Vec<SourceLine> {
    DebugInfo::read(bytes).map(|info| info.lines(offset)).unwrap_or_default()
}

/// A module's debug information (DWARF), read once.
pub struct DebugInfo<'a> {
    /// The offset of the code section's content: see [`code_start`].
    pub(crate) code: usize,
    sections: Vec<Section<'a>>,
    context: addr2line::Context<Reader<'a>>,
}

impl fmt::Debug for DebugInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DebugInfo").finish_non_exhaustive()
    }
}

/// The name of a custom section, and what is in it.
type Section<'a> = (&'a str, &'a [u8]);

/// Returns the offset of the code section's content, and the sections of debug information; `None`
/// if the module is malformed.
fn debug_sections(bytes: &[u8]) -> Option<(usize, Vec<Section<'_>>)> {
    let mut code = 0;
    let mut sections = Vec::new();
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let Ok(Chunk::Parsed { payload, consumed }) = parser.parse(rest, true) else {
            return None;
        };
        rest = &rest[consumed..];
        match payload {
            Payload::CodeSectionStart { range, size, .. } => {
                code = range.start;
                parser.skip_section();
                rest = rest.get(size as usize..)?;
            }
            Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                sections.push((section.name(), section.data()));
            }
            Payload::End(_) => return Some((code, sections)),
            _ => {}
        }
    }
}

/// Returns the offset from which a module's debug information counts addresses: the start of the
/// code section's content.
pub(crate) fn code_start(bytes: &[u8]) -> usize {
    debug_sections(bytes).map_or(0, |(code, _)| code)
}

impl<'a> DebugInfo<'a> {
    /// Reads the debug information of a module. Returns `None` if there is none, if it
    /// cannot be read, or if reading it takes far more work than its size justifies.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (code, sections) = debug_sections(bytes)?;
        if sections.is_empty() {
            return None;
        }
        let dwarf = dwarf(&sections).ok()?;
        if !budget::is_bounded(&dwarf, sections.iter().map(|(_, data)| data.len()).sum()) {
            return None;
        }
        let context = addr2line::Context::from_dwarf(dwarf).ok()?;
        Some(DebugInfo { code, sections, context })
    }

    pub(crate) fn dwarf(&self) -> gimli::Result<Dwarf<Reader<'a>>> {
        dwarf(&self.sections)
    }

    /// Returns the places in the source of an instruction, as [`source_lines`] does.
    pub fn lines(&self, offset: usize) -> Vec<SourceLine> {
        self.try_lines(offset).unwrap_or_default()
    }

    fn try_lines(&self, offset: usize) -> Option<Vec<SourceLine>> {
        let address = offset.checked_sub(self.code)? as u64;
        let mut frames = self.context.find_frames(address).skip_all_loads().ok()?;
        let mut lines = Vec::new();
        while let Some(frame) = frames.next().ok()? {
            let Some(location) = frame.location else { continue };
            let name = frame.function.and_then(|name| Some(shortened(&name.raw_name().ok()?)));
            let file = shortened(location.file.unwrap_or_default());
            lines.push(SourceLine {
                function: name,
                file,
                line: location.line,
                column: location.column.filter(|&column| column > 0),
            });
        }
        Some(lines)
    }
}

fn dwarf<'a>(sections: &[Section<'a>]) -> gimli::Result<Dwarf<Reader<'a>>> {
    let mut dwarf = Dwarf::load(|id| {
        let data = sections.iter().find(|(name, _)| *name == id.name()).map_or(&[][..], |s| s.1);
        Ok::<_, gimli::Error>(Reader::new(data, LittleEndian))
    })?;
    // Units may share the abbreviations of their entries, which are then read once.
    dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
    Ok(dwarf)
}
