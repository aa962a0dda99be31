//! A module that shares nothing, which is left as it is; only its exceptions get the final
//! encoding, its atomic instructions become plain ones, and its checks of the stack get its bounds.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, CustomSection, FunctionSection, GlobalSection, Instruction, Module,
    TypeSection,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FuncType, FunctionBody, FunctionSectionReader, Global,
    Operator, OperatorsReader, Parser, TypeSectionReader,
};

use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::module::stack_checks;
use crate::plan::input::InputModule;
use crate::write::atomics::{self, Atomics, Parts, is_atomic};
use crate::write::emit;
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::legacy_exceptions::{self, Step};

/// Rewrites a module; `None` if there is nothing to do.
///
/// # Errors
///
/// When code is malformed.
pub(crate) fn rewrite(input: &InputModule) -> WriteResult<Option<Vec<u8>>> {
    let contents = Contents::read(&input.bytes)?;
    let imported = input.module.internals.imported_functions;
    let bounds = stack_checks::initial_values(&contents, imported, None);
    let is_rewritten = |op: Operator<'_>| legacy_exceptions::is_legacy(&op) || is_atomic(&op);
    if bounds.is_empty() && !contents.bodies.iter().flat_map(operators).any(is_rewritten) {
        return Ok(None);
    }
    let signatures = Signatures::new(&contents);
    let first_type = contents.types.iter().map(|group| group.types().len() as u32).sum();
    let first = imported + contents.functions.len() as u32;
    let mut alone = Alone {
        functions: &contents.functions,
        memory64: input.module.memory64(&contents),
        signatures,
        atomics: Atomics { first, ..Atomics::default() },
        types: Vec::new(),
        first_type,
        bounds,
        next_global: input.module.internals.imported_globals,
    };
    for (&ty, body) in contents.functions.iter().zip(&contents.bodies) {
        alone.add_types(ty, body)?;
        alone.add_atomics(body)?;
    }
    let mut module = Module::new();
    alone.parse_core_module(&mut module, Parser::new(0), &input.bytes)?;
    Ok(Some(module.finish()))
}

fn has_legacy(body: &FunctionBody<'_>) -> bool {
    operators(body).any(|operator| legacy_exceptions::is_legacy(&operator))
}

fn operators<'a>(body: &FunctionBody<'a>) -> impl Iterator<Item = Operator<'a>> {
    let operators = body.get_operators_reader().into_iter();
    operators.flat_map(OperatorsReader::into_iter).flatten()
}

struct Alone<'a> {
    /// The types of the functions that were not written yet.
    functions: &'a [u32],
    memory64: Vec<bool>,
    signatures: Signatures,
    atomics: Atomics,
    /// What blocks need, after those that the module has.
    types: Vec<FuncType>,
    first_type: u32,
    /// Initial values of the globals that hold the stack's bounds.
    bounds: BTreeMap<u32, u32>,
    /// The index of the next global that is written.
    next_global: u32,
}

impl Alone<'_> {
    fn add_types(&mut self, ty: u32, body: &FunctionBody<'_>) -> WriteResult<()> {
        if !has_legacy(body) {
            return Ok(());
        }
        for (_, step) in legacy_exceptions::translate(body, ty, &self.signatures)?.steps {
            if let Step::Block(ty) = step {
                self.add_type(ty);
            }
        }
        Ok(())
    }

    /// Finds the functions that a body calls in place of atomic instructions. They are known before
    /// the section with their types is written.
    fn add_atomics(&mut self, body: &FunctionBody<'_>) -> WriteResult<()> {
        for operator in operators(body).filter(is_atomic) {
            self.instruction(operator)?;
        }
        let types: Vec<_> = self.atomics.functions.iter().map(|atomic| atomic.ty()).collect();
        types.into_iter().for_each(|ty| self.add_type(ty));
        Ok(())
    }

    fn add_type(&mut self, ty: FuncType) {
        if !self.types.contains(&ty) {
            self.types.push(ty);
        }
    }

    fn type_of(&self, ty: &FuncType) -> WriteResult<u32> {
        let place = self.types.iter().position(|known| known == ty);
        Ok(self.first_type + place.ok_or(WriteError::UserError(Invalid::Type))? as u32)
    }

    fn type_of_block(&mut self, ty: &FuncType) -> WriteResult<BlockType> {
        Ok(BlockType::FunctionType(self.type_of(ty)?))
    }
}

impl Reencode for Alone<'_> {
    type Error = Invalid;

    fn parse_type_section(
        &mut self,
        to: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> WriteResult<()> {
        utils::parse_type_section(self, to, section)?;
        for ty in self.types.clone() {
            to.ty().func_type(&self.func_type(ty)?);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        to: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> WriteResult<()> {
        utils::parse_function_section(self, to, section)?;
        for atomic in &self.atomics.functions {
            to.function(self.type_of(&atomic.ty())?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        to: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> WriteResult<()> {
        utils::parse_code_section(self, to, section)?;
        self.atomics.functions.iter().for_each(|atomic| {
            to.function(&atomic.body());
        });
        Ok(())
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> WriteResult<Instruction<'a>> {
        let parts: Parts<Self> = |to| (&mut to.atomics, &to.memory64);
        match atomics::replacement(self, &operator, parts)? {
            Some(plain) => Ok(plain),
            None => utils::instruction(self, operator),
        }
    }

    fn parse_global(&mut self, to: &mut GlobalSection, global: Global<'_>) -> WriteResult<()> {
        let bound = self.bounds.get(&self.next_global);
        self.next_global += 1;
        match bound {
            None => utils::parse_global(self, to, global),
            Some(&bound) => {
                emit::write_bound(to, bound);
                Ok(())
            }
        }
    }

    fn parse_function_body(
        &mut self,
        to: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> WriteResult<()> {
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
    ) -> WriteResult<()> {
        if !section.name().starts_with(".debug_") {
            to.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        }
        Ok(())
    }
}
