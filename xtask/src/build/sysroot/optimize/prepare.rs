//! Prepares a library for Binaryen.

use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, FunctionSection, GlobalType, ImportSection, Instruction, NameMap, NameSection,
    ValType,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader,
    ImportSectionReader, Operator, Parser,
};

use super::constants::Constants;
use super::contents::Contents;
use super::functions::{Pinned, Tracked};
use super::{PIN, PLACEHOLDERS};

type Error = reencode::Error;

/// Returns a library with an imported global in the place of each constant that has a relocation,
/// and with the copies of pinned functions.
pub(super) fn prepare(
    library: &[u8],
    contents: &Contents<'_>,
    constants: &Constants,
    pinned: &Pinned,
) -> anyhow::Result<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    let mut reencoder = Preparation { contents, constants, pinned };
    reencoder.parse_core_module(&mut module, Parser::new(0), library)?;
    let mut names = NameMap::new();
    for index in 0..contents.functions {
        names.append(index, &Tracked { function: index, is_copy: false }.name());
    }
    for (index, function) in (contents.functions..).zip(pinned.copied()) {
        names.append(index, &Tracked { function, is_copy: true }.name());
    }
    let mut section = NameSection::new();
    section.functions(&names);
    module.section(&section);
    Ok(module.finish())
}

struct Preparation<'c> {
    contents: &'c Contents<'c>,
    constants: &'c Constants,
    pinned: &'c Pinned,
}

impl Preparation<'_> {
    fn imported_functions(&self) -> u32 {
        self.contents.imported_functions.len() as u32
    }

    /// Returns the index of the first global that stands for a constant. The global that pins
    /// functions follows them.
    fn first_constant(&self) -> u32 {
        self.contents.imported_globals.len() as u32
    }

    fn added_globals(&self) -> u32 {
        self.constants.values.len() as u32 + 1
    }

    /// Returns the code that makes a pinned function different from all others. Binaryen cannot
    /// know who reads the global.
    fn pin(&self, function: u32) -> [Instruction<'static>; 2] {
        let pin = self.first_constant() + self.constants.values.len() as u32;
        [Instruction::I32Const(function.cast_signed()), Instruction::GlobalSet(pin)]
    }

    /// Writes the code of a function, after instructions that are added.
    fn write_function(
        &mut self,
        code: &mut CodeSection,
        body: &FunctionBody<'_>,
        added: &[Instruction<'_>],
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        for instruction in added {
            function.instruction(instruction);
        }
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, offset) = operator?;
            let instruction = match (self.constants.sites.get(&offset), &operator) {
                (Some(&index), _) => Instruction::GlobalGet(self.first_constant() + index as u32),
                (None, Operator::Call { function_index }) => {
                    Instruction::Call(self.pinned.called(*function_index))
                }
                _ => self.instruction(operator)?,
            };
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}

impl Reencode for Preparation<'_> {
    type Error = Infallible;

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        let is_imported = global < self.first_constant();
        Ok(if is_imported { global } else { global + self.added_globals() })
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        for index in 0..self.constants.values.len() {
            imports.import(PLACEHOLDERS, &index.to_string(), ty);
        }
        imports.import(PLACEHOLDERS, PIN, GlobalType { mutable: true, ..ty });
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        for function in self.pinned.copied() {
            functions
                .function(self.contents.types[(function - self.imported_functions()) as usize]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let (contents, pinned) = (self.contents, self.pinned);
        for (index, body) in (self.imported_functions()..).zip(&contents.bodies) {
            let is_pinned = pinned.copies.contains_key(&index);
            let pin = is_pinned.then(|| self.pin(index));
            self.write_function(code, body, pin.as_ref().map_or(&[], |pin| pin))?;
        }
        for index in pinned.copied() {
            let body = &contents.bodies[(index - self.imported_functions()) as usize];
            self.write_function(code, body, &[])?;
        }
        Ok(())
    }

    /// Keeps the features that the code uses, which Binaryen reads.
    fn parse_custom_section(
        &mut self,
        module: &mut wasm_encoder::Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        if section.name() == "target_features" {
            module.section(&self.custom_section(section)?);
        }
        Ok(())
    }
}
