//! Finds the module and the source that the code of a rewritten module came from.

use std::fmt;

use addr2line::gimli::{self, AbbreviationsCacheStrategy, Dwarf, LittleEndian};
use wasmparser::{Chunk, FunctionBody, Operator, Parser, Payload};

use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::names::shortened;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::set::Set;
use crate::trace::budget::{self, Reader};
use crate::write::bound::{BoundModule, CodeOffset, Origins};
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
    /// [`BoundModule::bytes`], in bytes from the start. If its function was inlined, the call that
    /// it was written for comes next, and so on up to the function that contains it. The result is
    /// empty for an instruction that no module had, and outside of all functions.
    pub fn origins(&self, set: &Set, offset: usize) -> Vec<Origin> {
        self.find_origins(set, offset).unwrap_or_default()
    }

    fn find_origins(&self, set: &Set, offset: usize) -> Option<Vec<Origin>> {
        let (position, body) = body_at(&self.bytes, offset)?;
        let Some(origins) = &self.origins else {
            let imported = set.inputs[self.module].module.internals.imported_functions;
            let function = imported + position as u32;
            return Some(vec![Origin { module: self.module, function, offset }]);
        };
        let function = *origins.functions.get(position)?;
        let instruction = offsets(&body).take_while(|&at| at <= offset).count().checked_sub(1)?;
        let original = OriginalCode::read(set, origins, function.module)?;
        let written = *original.written(function)?.get(instruction)?;
        Some(written.origins(function).collect())
    }
}

/// The code of a module, and what was written of it.
pub(crate) struct OriginalCode<'a> {
    pub(crate) contents: Contents<'a>,
    module: usize,
    /// The number of functions that the module imports.
    imported: u32,
    signatures: Signatures,
    origins: &'a Origins,
}

/// Where a written instruction comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenInstruction<'a> {
    /// The offset of the instruction of the function itself: that of a call, if another function
    /// was inlined there.
    pub(crate) offset: usize,
    /// The instructions of inlined functions that it comes from, the innermost first.
    inlined: &'a [CodeOffset],
}

impl WrittenInstruction<'_> {
    /// Returns the instructions that it comes from, the innermost first. `function` contains it.
    pub(crate) fn origins(self, function: ItemId) -> impl Iterator<Item = Origin> {
        let call = CodeOffset { function, offset: self.offset };
        let all = self.inlined.iter().copied().chain([call]);
        all.map(|CodeOffset { function: ItemId { module, index }, offset }| Origin {
            module,
            function: index,
            offset,
        })
    }
}

impl<'a> OriginalCode<'a> {
    /// Reads a module of the set; returns `None` if it is malformed.
    pub(crate) fn read(set: &'a Set, origins: &'a Origins, module: usize) -> Option<Self> {
        let input = &set.inputs[module];
        let contents = Contents::read(&input.bytes).ok()?;
        let imported = input.module.internals.imported_functions;
        let signatures = Signatures::new(input.module.imported_tag_types(), &contents);
        Some(OriginalCode { contents, module, imported, signatures, origins })
    }

    /// Returns the body of a function.
    pub(crate) fn body(&self, function: ItemId) -> Option<&FunctionBody<'a>> {
        self.contents.bodies.get(function.index.checked_sub(self.imported)? as usize)
    }

    /// Returns where each instruction that is written for a function comes from. The offsets never
    /// decrease.
    pub(crate) fn written(&self, function: ItemId) -> Option<Vec<WrittenInstruction<'a>>> {
        let defined = function.index.checked_sub(self.imported)? as usize;
        let ty = *self.contents.functions.get(defined)?;
        let steps = offsets_of_steps(self.body(function)?, ty, &self.signatures)?;
        let folded = self.origins.folded.get(&self.module);
        let is_folded = |offset: &usize| folded.is_some_and(|folded| folded.contains(offset));
        let mut written = Vec::new();
        for offset in steps.into_iter().filter(|offset| !is_folded(offset)) {
            match self.origins.inlined.at(self.module, offset) {
                None => written.push(WrittenInstruction { offset, inlined: &[] }),
                Some(body) => written
                    .extend(body.iter().map(|inlined| WrittenInstruction { offset, inlined })),
            }
        }
        Some(written)
    }
}

/// Returns the offset of each instruction of a function, in the final encoding of exceptions. An
/// instruction that becomes several has its offset several times.
fn offsets_of_steps(
    body: &FunctionBody<'_>,
    ty: u32,
    signatures: &Signatures,
) -> Option<Vec<usize>> {
    let mut offsets = Vec::new();
    for (operator, offset) in operators(body) {
        if legacy_exceptions::is_legacy(&operator) {
            let translation = legacy_exceptions::translate(body, ty, signatures).ok()?;
            return Some(translation.steps.into_iter().map(|(offset, _)| offset).collect());
        }
        offsets.push(offset);
    }
    Some(offsets)
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
