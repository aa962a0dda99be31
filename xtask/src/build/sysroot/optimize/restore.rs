//! Restores a library that Binaryen has optimized.

use std::convert::Infallible;

use anyhow::Context;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, CustomSection, Encode, FunctionSection, ImportSection, Instruction, NameMap,
    NameSection,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader,
    ImportSectionReader, KnownCustom, Operator, Parser, Payload, RelocationEntry,
};

use super::constants::{Constant, Constants, OPCODE_SIZE};
use super::contents::{Contents, bytes_of};
use super::functions::Functions;
use super::{PIN, PLACEHOLDERS};

type Error = reencode::Error;

/// The section that makes a module a shared library. It must be the first.
const DYLINK: &str = "dylink.0";

/// A library as it was, with optimized code.
pub(super) struct Restored {
    pub(super) library: Vec<u8>,
    /// The relocations of its code.
    pub(super) relocations: Vec<RelocationEntry>,
}

/// Returns an optimized library without what was added for Binaryen, and with the constants, names
/// and custom sections of the library that it was before.
pub(super) fn restore(
    library: &[u8],
    before: &Contents<'_>,
    optimized: &[u8],
    after: &Contents<'_>,
    constants: &Constants,
    functions: &Functions,
) -> anyhow::Result<Restored> {
    let custom = custom_sections(library)?;
    let mut module = wasm_encoder::Module::new();
    for section in custom.iter().filter(|section| section.name == DYLINK) {
        module.section(section);
    }
    let mut reencoder = Restoration {
        globals: globals(after)?,
        after,
        constants,
        functions,
        relocations: Vec::new(),
    };
    reencoder.parse_core_module(&mut module, Parser::new(0), optimized)?;
    module.section(&names(before, functions));
    for section in custom.iter().filter(|section| section.name != DYLINK) {
        module.section(section);
    }
    Ok(Restored { library: module.finish(), relocations: reencoder.relocations })
}

fn names(before: &Contents<'_>, functions: &Functions) -> NameSection {
    let mut names = NameMap::new();
    for function in functions.functions.iter().filter(|function| !function.is_replaced) {
        if let Some(name) = function.old.and_then(|old| before.names.get(&old)) {
            names.append(function.index, name);
        }
    }
    let mut section = NameSection::new();
    section.functions(&names);
    section
}

/// Returns the custom sections of a library, except for those that are written again.
fn custom_sections(library: &[u8]) -> anyhow::Result<Vec<CustomSection<'_>>> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(library) {
        let Payload::CustomSection(section) = payload? else { continue };
        let is_written = matches!(
            section.as_known(),
            KnownCustom::Name(_) | KnownCustom::Linking(_) | KnownCustom::Reloc(_)
        );
        if !is_written {
            let (name, data) = (section.name().into(), section.data().into());
            sections.push(CustomSection { name, data });
        }
    }
    Ok(sections)
}

/// What an imported global of an optimized library becomes.
#[derive(Clone, Copy)]
enum Global {
    /// A global, with this index.
    Kept(u32),
    /// A constant, by its index in [`Constants::values`].
    Constant(usize),
    /// The global that pins functions.
    Pin,
}

fn globals(library: &Contents<'_>) -> anyhow::Result<Vec<Global>> {
    let mut globals = Vec::new();
    let mut next = 0;
    for (module, name) in &library.imported_globals {
        globals.push(match *module {
            PLACEHOLDERS if *name == PIN => Global::Pin,
            PLACEHOLDERS => Global::Constant(name.parse()?),
            _ => {
                next += 1;
                Global::Kept(next - 1)
            }
        });
    }
    Ok(globals)
}

struct Restoration<'c> {
    /// What each imported global becomes.
    globals: Vec<Global>,
    after: &'c Contents<'c>,
    constants: &'c Constants,
    functions: &'c Functions,
    /// The relocations of the code so far.
    relocations: Vec<RelocationEntry>,
}

impl Restoration<'_> {
    fn global(&self, index: u32) -> Global {
        let added = self.globals.iter().filter(|global| !matches!(global, Global::Kept(_)));
        let imported = self.globals.get(index as usize).copied();
        imported.unwrap_or_else(|| Global::Kept(index - added.count() as u32))
    }

    fn is_replaced(&self, defined: usize) -> bool {
        self.functions.functions[self.after.imported_functions.len() + defined].is_replaced
    }

    /// Writes the code of a function, and its relocations. `count` is the size of the number of
    /// functions before all code, in bytes.
    fn write_function(
        &mut self,
        code: &mut CodeSection,
        count: usize,
        body: &FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        let mut sites = Vec::new();
        let mut operators = body.get_operators_reader()?.into_iter().peekable();
        while let Some(operator) = operators.next() {
            let operator = operator?;
            if let Operator::I32Const { .. } = operator
                && let Some(Ok(Operator::GlobalSet { global_index })) = operators.peek()
                && let Global::Pin = self.global(*global_index)
            {
                operators.next();
                continue;
            }
            if let Operator::GlobalGet { global_index } = operator
                && let Global::Constant(index) = self.global(global_index)
            {
                let Constant { value, relocation } = self.constants.values[index];
                sites.push((function.byte_len() + OPCODE_SIZE, relocation));
                function.instruction(&Instruction::I32Const(value));
                continue;
            }
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        let start = count + code.byte_len() - function.byte_len();
        self.relocations.extend(sites.into_iter().map(|(offset, relocation)| RelocationEntry {
            offset: (start + offset) as u32,
            ..relocation
        }));
        Ok(())
    }
}

impl Reencode for Restoration<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(self.functions.functions[function as usize].index)
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        match self.global(global) {
            Global::Kept(index) => Ok(index),
            // Code has changed in a way that does not happen.
            Global::Constant(_) | Global::Pin => Err(Error::InvalidConstExpr),
        }
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        for import in section.into_imports() {
            let import = import?;
            if import.module != PLACEHOLDERS {
                self.parse_import(imports, import)?;
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        for (defined, ty) in section.into_iter().enumerate() {
            if !self.is_replaced(defined) {
                functions.function(self.type_index(ty?)?);
            }
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies = self.after.bodies.iter().enumerate();
        let bodies: Vec<_> = bodies.filter(|(defined, _)| !self.is_replaced(*defined)).collect();
        let mut count = Vec::new();
        (bodies.len() as u32).encode(&mut count);
        for (_, body) in bodies {
            self.write_function(code, count.len(), body)?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// Returns the relocations of data that is at other offsets now.
pub(super) fn moved_data(
    relocations: &[RelocationEntry],
    before: &Contents<'_>,
    after: &Contents<'_>,
) -> anyhow::Result<Vec<RelocationEntry>> {
    let moved = |entry: &RelocationEntry| {
        let offset = before.data_start + entry.offset as usize;
        let mut segments = before.data.iter().zip(&after.data);
        let (old, new) = segments
            .find(|(old, _)| bytes_of(old).contains(&offset))
            .context("a relocation of data is outside of it")?;
        let offset = bytes_of(new).start + (offset - bytes_of(old).start) - after.data_start;
        Ok(RelocationEntry { offset: offset as u32, ..*entry })
    };
    relocations.iter().map(moved).collect()
}
