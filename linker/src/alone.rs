//! A module that shares nothing, which is left as it is; only its exceptions get the final encoding.

use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{BlockType, CodeSection, CustomSection, Module, TypeSection};
use wasmparser::{
    CustomSectionReader, FuncType, FunctionBody, OperatorsReader, Parser, TypeSectionReader,
};

use crate::contents::Contents;
use crate::emit::{self, Error, Invalid, Result};
use crate::legacy_exceptions::{self, Signatures, Step};

/// Rewrites a module; `None` if there is nothing to do.
///
/// # Errors
///
/// When code is malformed.
pub(crate) fn rewrite(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let contents = Contents::read(bytes)?;
    if !contents.bodies.iter().any(has_legacy) {
        return Ok(None);
    }
    let signatures = Signatures::new(&contents);
    let first_type = contents.types.iter().map(|group| group.types().len() as u32).sum();
    let mut alone =
        Alone { functions: &contents.functions, signatures, types: Vec::new(), first_type };
    for (&ty, body) in contents.functions.iter().zip(&contents.bodies) {
        alone.add_types(ty, body)?;
    }
    let mut module = Module::new();
    alone.parse_core_module(&mut module, Parser::new(0), bytes)?;
    Ok(Some(module.finish()))
}

fn has_legacy(body: &FunctionBody<'_>) -> bool {
    let operators = body.get_operators_reader().into_iter().flat_map(OperatorsReader::into_iter);
    operators.flatten().any(|operator| legacy_exceptions::is_legacy(&operator))
}

struct Alone<'a> {
    /// The types of the functions that were not written yet.
    functions: &'a [u32],
    signatures: Signatures,
    /// What blocks need, after those that the module has.
    types: Vec<FuncType>,
    first_type: u32,
}

impl Alone<'_> {
    fn add_types(&mut self, ty: u32, body: &FunctionBody<'_>) -> Result<()> {
        if !has_legacy(body) {
            return Ok(());
        }
        for (_, step) in legacy_exceptions::translate(body, ty, &self.signatures)?.steps {
            if let Step::Block(ty) = step
                && !self.types.contains(&ty)
            {
                self.types.push(ty);
            }
        }
        Ok(())
    }

    fn type_of_block(&mut self, ty: &FuncType) -> Result<BlockType> {
        let place = self.types.iter().position(|known| known == ty);
        let place = place.ok_or(Error::UserError(Invalid::Type))?;
        Ok(BlockType::FunctionType(self.first_type + place as u32))
    }
}

impl Reencode for Alone<'_> {
    type Error = Invalid;

    fn parse_type_section(
        &mut self,
        to: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<()> {
        utils::parse_type_section(self, to, section)?;
        for ty in self.types.clone() {
            to.ty().func_type(&self.func_type(ty)?);
        }
        Ok(())
    }

    fn parse_function_body(&mut self, to: &mut CodeSection, body: FunctionBody<'_>) -> Result<()> {
        match self.functions.split_off_first() {
            Some(&ty) if has_legacy(&body) => {
                let translation = legacy_exceptions::translate(&body, ty, &self.signatures)?;
                to.function(&emit::translated(self, &body, translation, Self::type_of_block)?);
                Ok(())
            }
            _ => utils::parse_function_body(self, to, body),
        }
    }

    /// Debug information would be of other code: it is looked up in the module as it was. The others are as they were, for
    /// a module may be valid whatever they hold.
    fn parse_custom_section(
        &mut self,
        to: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<()> {
        if !section.name().starts_with(".debug_") {
            to.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        }
        Ok(())
    }
}
