//! Rewrites a module that shares nothing with others.
//!
//! It stays as it is, except that its exceptions get the final encoding, its atomic instructions
//! become plain ones, and its stack checks get the bounds of its stack.

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
use crate::write::atomics::{self, Atomics, AtomicsOf, is_atomic};
use crate::write::encode::write_bound;
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::legacy_exceptions::{self, Step};
use crate::write::reindex::translated;

/// Returns a rewritten module; `None` if there is nothing to change.
///
/// # Errors
///
/// If code is malformed.
pub(crate) fn rewrite(input: &InputModule) -> WriteResult<Option<Vec<u8>>> {
    let contents = Contents::read(&input.bytes)?;
    let imported = input.module.internals.imported_functions;
    let bounds = stack_checks::initial_values(&contents, imported, None);
    let is_rewritten = |op: Operator<'_>| legacy_exceptions::is_legacy(&op) || is_atomic(&op);
    if bounds.is_empty() && !contents.bodies.iter().flat_map(operators).any(is_rewritten) {
        return Ok(None);
    }
    let signatures = Signatures::new(input.module.imported_tag_types(), &contents);
    let first_type = contents.types.iter().map(|group| group.types().len() as u32).sum();
    let first = imported + contents.functions.len() as u32;
    let mut rewriter = Standalone {
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
        rewriter.add_types(ty, body)?;
        rewriter.add_atomics(body)?;
    }
    let mut module = Module::new();
    rewriter.parse_core_module(&mut module, Parser::new(0), &input.bytes)?;
    Ok(Some(module.finish()))
}

fn has_legacy(body: &FunctionBody<'_>) -> bool {
    operators(body).any(|operator| legacy_exceptions::is_legacy(&operator))
}

fn operators<'a>(body: &FunctionBody<'a>) -> impl Iterator<Item = Operator<'a>> {
    let operators = body.get_operators_reader().into_iter();
    operators.flat_map(OperatorsReader::into_iter).flatten()
}

/// Re-encodes the module.
struct Standalone<'a> {
    /// The types of the functions that are still to be written.
    functions: &'a [u32],
    memory64: Vec<bool>,
    signatures: Signatures,
    atomics: Atomics,
    /// The types that are added to those of the module.
    types: Vec<FuncType>,
    first_type: u32,
    /// The values of the globals that hold the bounds of the stack, by index.
    bounds: BTreeMap<u32, u32>,
    /// The index of the next global that is written.
    next_global: u32,
}

impl Standalone<'_> {
    /// Adds the types that the blocks of a translated body need.
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

    /// Finds the functions that replace the atomic instructions of a body. This comes before the
    /// section with their types is written.
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
        let mut types = (self.first_type..).zip(&self.types);
        let found = types.find(|(_, known)| *known == ty).map(|(index, _)| index);
        found.ok_or(WriteError::UserError(Invalid::Type))
    }

    fn type_of_block(&mut self, ty: &FuncType) -> WriteResult<BlockType> {
        Ok(BlockType::FunctionType(self.type_of(ty)?))
    }
}

impl Reencode for Standalone<'_> {
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
        let atomics: AtomicsOf<Self> = |to| (&mut to.atomics, &to.memory64);
        match atomics::replacement(self, &operator, atomics)? {
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
                write_bound(to, bound);
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
                to.function(&translated(self, &body, translation, Self::type_of_block)?);
                Ok(())
            }
            _ => utils::parse_function_body(self, to, body),
        }
    }

    /// Leaves debug information out: it would describe other code, and is looked up in the input
    /// module. The other sections stay as they are, since a module is valid whatever they contain.
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
