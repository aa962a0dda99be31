//! Writes the definitions of a module with the new indices of all that they refer to.

use std::collections::BTreeMap;
use std::iter;

use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{
    BlockType, DataSection, ElementSection, Elements, Function, Instruction, ValType,
};
use wasmparser::{Element, ElementItems, FunctionBody, Operator};

use crate::module::stack_checks;
use crate::plan::layout::ItemId;
use crate::write::atomics::{self, Atomics, AtomicsOf};
use crate::write::encode::{Sections, Types, is_simple, simple, write_bound};
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::fold::Constants;
use crate::write::inlinable::is_caller;
use crate::write::inline::{FunctionCode, InlineBodies, InlineBody, InlineBodyBuilder};
use crate::write::legacy_exceptions::{self, Step, Translation};
use crate::write::part::{GlobalIndex, Indices, Part, RedirectedCall, lookup};
use crate::write::targets::{GlobalTarget, SharedTarget, Targets};

/// What fills the process's memory and table at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitialContent {
    /// The active segments of the modules.
    Segments,
    /// Segments of the linker. To code that refers to it, an active segment of a module is empty.
    Image,
}

/// Assigns the indices of a module's types if some types need others: these keep their order.
///
/// # Errors
///
/// If a type refers to one that does not exist.
pub(crate) fn assign_types(indices: &mut Indices, types: &mut Types) -> WriteResult<()> {
    if indices.types.groups.iter().all(|group| simple(group).is_some()) {
        return Ok(());
    }
    let mut old = 0;
    for group in indices.types.groups.clone() {
        let size = group.types().len();
        let first = types.reserve(size as u32);
        let new = &mut indices.types.indices[old..old + size];
        new.iter_mut().zip(first..).for_each(|(new, index)| *new = Some(index));
        old += size;
        let mut section = types.take_section();
        let mut atomics = Atomics::default();
        let mut reindexer = Reindexer::new(indices, types, &mut atomics);
        let written = reindexer.parse_recursive_type_group(section.ty(), group);
        types.put_section(section);
        written?;
    }
    Ok(())
}

/// Writes everything that a module defines and that has an index.
///
/// # Errors
///
/// If code is malformed.
pub(crate) fn write_part(
    part: &mut Part<'_>,
    targets: &Targets<'_>,
    content: InitialContent,
    inlined: &InlineBodies<'_>,
    to: &mut Sections,
) -> WriteResult<()> {
    part.write_names(targets.imported(part.module).functions, &mut to.names);
    write_functions(part, targets, inlined, to)?;
    write_globals(part, targets, to)?;
    write_tables(part, targets, to)?;
    write_memories(part, targets, to);
    write_tags(part, to)?;
    write_elements(part, targets, content, to)?;
    write_data(part, targets, content, to)
}

fn write_functions(
    part: &mut Part<'_>,
    targets: &Targets<'_>,
    inlined: &InlineBodies<'_>,
    to: &mut Sections,
) -> WriteResult<()> {
    let start = targets.plan.set.inputs[part.module].start_and_constructors();
    let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
    let redirected = part.redirected;
    let keeps_data = part.keeps_data;
    reindexer.keeps_data = keeps_data;
    let constants = &mut part.constants;
    let functions = part.contents.functions.iter().zip(&part.contents.bodies);
    for (index, (&ty, body)) in (targets.imported(part.module).functions..).zip(functions) {
        let Some(new) = lookup(&reindexer.indices.functions, index) else { continue };
        if part.equal.contains_key(&index) {
            continue;
        }
        reindexer.inlined = is_caller(body).then_some(inlined);
        let is_start = start.filter(|(start, _)| *start == index);
        reindexer.skipped_call = is_start.map(|(_, constructors)| constructors);
        reindexer.redirected = redirected.filter(|call| call.caller == index);
        let type_index = reindexer.type_index(ty)?;
        to.functions.insert(new, type_index, reindexer.body(ty, body, constants)?);
    }
    part.inlined_calls = reindexer.inlined_calls;
    Ok(())
}

/// Returns the code of a function of a part as it is written where the function is called.
/// `inlined` has those functions already that are inlined into this one.
///
/// # Errors
///
/// If the code is malformed.
pub(crate) fn inline_body<'a>(
    part: &mut Part<'a>,
    targets: &Targets<'_>,
    id: ItemId,
    inlined: &InlineBodies<'a>,
    to: &mut Sections,
) -> WriteResult<InlineBody<'a>> {
    let unknown = || WriteError::UserError(Invalid::Index { kind: "function", index: id.index });
    let defined = id.index.checked_sub(targets.imported(id.module).functions);
    let defined = defined.ok_or_else(unknown)? as usize;
    let functions = part.contents.functions.get(defined);
    let (&ty, body) = functions.zip(part.contents.bodies.get(defined)).ok_or_else(unknown)?;
    let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
    let parameters = reindexer.parameters(ty)?;
    let mut locals = Vec::new();
    for &ty in &parameters {
        locals.push(reindexer.val_type(ty)?);
    }
    for declared in body.get_locals_reader()? {
        let (count, ty) = declared?;
        locals.extend(iter::repeat_n(reindexer.val_type(ty)?, count as usize));
    }
    let mut builder = InlineBodyBuilder::new(id, parameters.len(), locals);
    let steps = steps(body)?;
    let constants = &mut part.constants;
    let steps = if constants.values.is_empty() { steps } else { constants.apply(steps) };
    for (offset, step) in steps {
        let callee = reindexer.inlined_callee(&step).and_then(|callee| inlined.get(&callee));
        match (callee, step) {
            (Some(callee), _) => builder.inline(offset, callee),
            (None, Step::Operator(Operator::End)) => {}
            (None, step) => {
                let instruction = instruction(&mut reindexer, step, Reindexer::type_of_block)?;
                builder.push(offset, instruction);
            }
        }
    }
    Ok(builder.finish())
}

/// Returns the instructions of a function, each with its offset.
fn steps<'a>(body: &FunctionBody<'a>) -> WriteResult<Vec<(usize, Step<'a>)>> {
    let mut steps = Vec::new();
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, offset) = operator?;
        steps.push((offset, Step::Operator(operator)));
    }
    Ok(steps)
}

/// Writes the globals. Those that hold a bound of the stack hold it from the start.
fn write_globals(part: &mut Part<'_>, targets: &Targets<'_>, to: &mut Sections) -> WriteResult<()> {
    let module = part.module;
    let imported = targets.imported(module);
    let stack = targets.plan.stack(module);
    let bounds = stack_checks::initial_values(&part.contents, imported.functions, stack);
    let is_own = |index| targets.global(part.id(index)) != GlobalTarget::StackPointer;
    let globals = (imported.globals..).zip(&part.contents.globals);
    let own: Vec<_> = globals.filter(|(index, _)| is_own(*index)).collect();
    let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
    for (index, global) in own {
        if lookup(&reindexer.indices.globals, index).is_none() {
            continue;
        }
        match bounds.get(&index) {
            None => reindexer.parse_global(&mut to.globals, global.clone())?,
            Some(&bound) => write_bound(&mut to.globals, bound),
        }
    }
    Ok(())
}

fn write_tables(part: &mut Part<'_>, targets: &Targets<'_>, to: &mut Sections) -> WriteResult<()> {
    let is_own = |index| targets.table(part.id(index)) != SharedTarget::Shared;
    let tables = (targets.imported(part.module).tables..).zip(&part.contents.tables);
    let own: Vec<_> = tables.filter(|(index, _)| is_own(*index)).collect();
    let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
    for (index, table) in own {
        if lookup(&reindexer.indices.tables, index).is_some() {
            reindexer.parse_table(&mut to.tables, table.clone())?;
        }
    }
    Ok(())
}

fn write_memories(part: &Part<'_>, targets: &Targets<'_>, to: &mut Sections) {
    let memories = (targets.imported(part.module).memories..).zip(&part.contents.memories);
    for (index, &memory) in memories {
        let is_own = targets.memory(part.id(index)) != SharedTarget::Shared;
        if is_own && lookup(&part.indices.memories, index).is_some() {
            let mut memory = wasm_encoder::MemoryType::from(memory);
            // No memory of 32-bit addresses has more pages than this.
            let raised = |maximum: u64| maximum.max((maximum + to.more_pages).min(1 << 16));
            memory.maximum = memory.maximum.map(raised);
            to.memories.memory(memory);
        }
    }
}

fn write_tags(part: &mut Part<'_>, to: &mut Sections) -> WriteResult<()> {
    let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
    for &tag in &part.contents.tags {
        to.tags.tag(reindexer.tag_type(tag)?);
    }
    Ok(())
}

fn write_elements(
    part: &mut Part<'_>,
    targets: &Targets<'_>,
    content: InitialContent,
    to: &mut Sections,
) -> WriteResult<()> {
    for (index, element) in (0..).zip(&part.contents.elements) {
        if lookup(&part.indices.elements, index).is_none() {
            continue;
        }
        let is_placed = part.is_placed_element(targets, element);
        let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
        match content {
            InitialContent::Image if is_placed => {
                reindexer.write_empty_element(element, &mut to.elements)?;
            }
            _ => reindexer.parse_element(&mut to.elements, element.clone())?,
        }
    }
    Ok(())
}

fn write_data(
    part: &mut Part<'_>,
    targets: &Targets<'_>,
    content: InitialContent,
    to: &mut Sections,
) -> WriteResult<()> {
    for (index, data) in (0..).zip(&part.contents.data) {
        if lookup(&part.indices.data, index).is_none() {
            continue;
        }
        let is_placed = part.is_placed_data(targets, data);
        let mut reindexer = Reindexer::new(&mut part.indices, &mut to.types, &mut to.atomics);
        match content {
            InitialContent::Image if is_placed => write_empty_data(&mut to.data),
            _ => reindexer.parse_data(&mut to.data, data.clone())?,
        }
    }
    Ok(())
}

fn write_empty_data(to: &mut DataSection) {
    to.passive([]);
}

/// Returns a function whose exceptions were in the legacy encoding.
///
/// # Errors
///
/// If it is malformed, or the type of a block cannot be written.
pub(crate) fn translated<R: Reencode<Error = Invalid>>(
    reencode: &mut R,
    body: &FunctionBody<'_>,
    translation: Translation<'_>,
    type_of_block: fn(&mut R, &wasmparser::FuncType) -> WriteResult<BlockType>,
) -> WriteResult<Function> {
    let mut function = Function::new(locals(reencode, body, translation.exceptions)?);
    for (_, step) in translation.steps {
        function.instruction(&instruction(reencode, step, type_of_block)?);
    }
    Ok(function)
}

/// Returns the number of local variables of each type, those for exceptions last.
fn locals<R: Reencode<Error = Invalid>>(
    reencode: &mut R,
    body: &FunctionBody<'_>,
    exceptions: u32,
) -> WriteResult<Vec<(u32, ValType)>> {
    let mut locals = Vec::new();
    for declared in body.get_locals_reader()? {
        let (count, ty) = declared?;
        locals.push((count, reencode.val_type(ty)?));
    }
    if exceptions > 0 {
        locals.push((exceptions, ValType::EXNREF));
    }
    Ok(locals)
}

/// Returns the instruction of a step.
fn instruction<'s, R: Reencode<Error = Invalid>>(
    reencode: &mut R,
    step: Step<'s>,
    type_of_block: fn(&mut R, &wasmparser::FuncType) -> WriteResult<BlockType>,
) -> WriteResult<Instruction<'s>> {
    Ok(match step {
        Step::Operator(operator) => reencode.instruction(operator)?,
        Step::Block(ty) => Instruction::Block(type_of_block(reencode, &ty)?),
        Step::BrTable { targets, default } => Instruction::BrTable(targets.into(), default),
    })
}

/// Re-encodes the items of a module with their new indices.
struct Reindexer<'r> {
    indices: &'r mut Indices,
    types: &'r mut Types,
    atomics: &'r mut Atomics,
    /// A function that the body in work does not call: it is called elsewhere.
    skipped_call: Option<u32>,
    /// The call in the body in work that becomes one of another function.
    redirected: Option<RedirectedCall>,
    /// Whether instructions that drop data segments are left out.
    keeps_data: bool,
    /// The functions that are inlined into the body in work; `None` if none are.
    inlined: Option<&'r InlineBodies<'r>>,
    /// The functions that were inlined instead of calls, by the offset of the call.
    inlined_calls: BTreeMap<usize, ItemId>,
}

impl<'r> Reindexer<'r> {
    fn new(indices: &'r mut Indices, types: &'r mut Types, atomics: &'r mut Atomics) -> Self {
        Reindexer {
            indices,
            types,
            atomics,
            skipped_call: None,
            redirected: None,
            keeps_data: false,
            inlined: None,
            inlined_calls: BTreeMap::new(),
        }
    }

    /// Writes the body of a function of type `ty`, in the final encoding of exceptions and with the
    /// new values of constants.
    fn body(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        constants: &mut Constants,
    ) -> WriteResult<Function> {
        if !constants.values.is_empty() {
            return self.body_with_constants(ty, body, constants);
        }
        let mut code = self.code(ty, body, 0)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            if legacy_exceptions::is_legacy(&operator) {
                let signatures = &self.indices.types.signatures;
                let translation = legacy_exceptions::translate(body, ty, signatures)?;
                return self.translated_body(ty, body, translation);
            }
            self.write_step(offset, Step::Operator(operator), &mut code)?;
        }
        Ok(code.finish())
    }

    fn body_with_constants(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        constants: &mut Constants,
    ) -> WriteResult<Function> {
        let steps = steps(body)?;
        let is_legacy = |(_, step): &(usize, Step<'_>)| match step {
            Step::Operator(operator) => legacy_exceptions::is_legacy(operator),
            Step::Block(_) | Step::BrTable { .. } => false,
        };
        let signatures = &self.indices.types.signatures;
        let mut translation = if steps.iter().any(is_legacy) {
            legacy_exceptions::translate(body, ty, signatures)?
        } else {
            Translation { exceptions: 0, steps }
        };
        translation.steps = constants.apply(translation.steps);
        self.translated_body(ty, body, translation)
    }

    fn translated_body(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        translation: Translation<'_>,
    ) -> WriteResult<Function> {
        let mut code = self.code(ty, body, translation.exceptions)?;
        for (offset, step) in translation.steps {
            self.write_step(offset, step, &mut code)?;
        }
        Ok(code.finish())
    }

    /// Returns a function of type `ty` without instructions, with the local variables of a body.
    fn code(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        exceptions: u32,
    ) -> WriteResult<FunctionCode> {
        let parameters = self.parameters(ty)?.len() as u32;
        Ok(FunctionCode::new(parameters, locals(self, body, exceptions)?))
    }

    /// Returns the types of the parameters of a function of type `ty`.
    fn parameters(&self, ty: u32) -> WriteResult<Vec<wasmparser::ValType>> {
        let ty = self.indices.types.signatures.function(ty);
        Ok(ty.ok_or(WriteError::UserError(Invalid::Type))?.params().to_vec())
    }

    /// Writes the step that comes from the instruction at an offset.
    fn write_step(
        &mut self,
        offset: usize,
        step: Step<'_>,
        to: &mut FunctionCode,
    ) -> WriteResult<()> {
        if let Some(callee) = self.inlined_callee(&step)
            && let Some(body) = self.inlined.and_then(|inlined| inlined.get(&callee))
        {
            to.inline(body);
            self.inlined_calls.insert(offset, callee);
            return Ok(());
        }
        to.push(&instruction(self, step, Self::type_of_block)?);
        Ok(())
    }

    /// Returns the function that is inlined instead of a step, if that is the call of one.
    fn inlined_callee(&self, step: &Step<'_>) -> Option<ItemId> {
        let Step::Operator(Operator::Call { function_index }) = step else { return None };
        let redirected = self.redirected.map(|call| call.callee);
        let is_written = ![self.skipped_call, redirected].contains(&Some(*function_index));
        self.indices.inlined.get(function_index).copied().filter(|_| is_written)
    }

    fn type_of_block(&mut self, ty: &wasmparser::FuncType) -> WriteResult<BlockType> {
        match (ty.params(), ty.results()) {
            ([], []) => Ok(BlockType::Empty),
            ([], [only]) => Ok(BlockType::Result(self.val_type(*only)?)),
            _ if is_simple(ty) => Ok(BlockType::FunctionType(self.types.function(ty)?)),
            _ => {
                let encoded = self.func_type(ty.clone())?;
                Ok(BlockType::FunctionType(self.types.add(&encoded)))
            }
        }
    }

    /// Writes a passive segment without elements, of the type that the segment has.
    fn write_empty_element(
        &mut self,
        element: &Element<'_>,
        to: &mut ElementSection,
    ) -> WriteResult<()> {
        to.passive(match element.items {
            ElementItems::Functions(_) => Elements::Functions(Vec::new().into()),
            ElementItems::Expressions(ty, _) => {
                Elements::Expressions(self.ref_type(ty)?, Vec::new().into())
            }
        });
        Ok(())
    }
}

impl Reencode for Reindexer<'_> {
    type Error = Invalid;

    fn type_index(&mut self, ty: u32) -> WriteResult<u32> {
        self.indices.types.intern(ty, self.types)
    }

    fn function_index(&mut self, function: u32) -> WriteResult<u32> {
        reindexed(&self.indices.functions, function, "function")
    }

    /// Writes an expression of constants as one constant: not every engine can add in such an
    /// expression, and the bases to which compilers add have become constants.
    fn const_expr(
        &mut self,
        expression: wasmparser::ConstExpr<'_>,
    ) -> WriteResult<wasm_encoder::ConstExpr> {
        let mut values: Vec<i32> = Vec::new();
        for operator in expression.get_operators_reader() {
            let instruction = self.instruction(operator?)?;
            let combine: fn(i32, i32) -> i32 = match instruction {
                Instruction::I32Const(value) => {
                    values.push(value);
                    continue;
                }
                Instruction::End => break,
                Instruction::I32Add => i32::wrapping_add,
                Instruction::I32Sub => i32::wrapping_sub,
                Instruction::I32Mul => i32::wrapping_mul,
                _ => return utils::const_expr(self, expression),
            };
            let Some((right, left)) = values.pop().zip(values.pop()) else {
                return utils::const_expr(self, expression);
            };
            values.push(combine(left, right));
        }
        match values[..] {
            [value] => Ok(wasm_encoder::ConstExpr::i32_const(value)),
            _ => utils::const_expr(self, expression),
        }
    }

    fn global_index(&mut self, global: u32) -> WriteResult<u32> {
        match lookup(&self.indices.globals, global) {
            Some(GlobalIndex::Value(index) | GlobalIndex::Global(index)) => Ok(index),
            Some(GlobalIndex::Constant(_)) | None => {
                Err(WriteError::UserError(Invalid::Index { kind: "global", index: global }))
            }
        }
    }

    fn table_index(&mut self, table: u32) -> WriteResult<u32> {
        reindexed(&self.indices.tables, table, "table")
    }

    fn memory_index(&mut self, memory: u32) -> WriteResult<u32> {
        reindexed(&self.indices.memories, memory, "memory")
    }

    fn tag_index(&mut self, tag: u32) -> WriteResult<u32> {
        reindexed(&self.indices.tags, tag, "tag")
    }

    fn element_index(&mut self, element: u32) -> WriteResult<u32> {
        reindexed(&self.indices.elements, element, "element segment")
    }

    fn data_index(&mut self, data: u32) -> WriteResult<u32> {
        reindexed(&self.indices.data, data, "data segment")
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> WriteResult<Instruction<'a>> {
        if let Operator::Call { function_index } = operator {
            if self.skipped_call == Some(function_index) {
                return Ok(Instruction::Nop);
            }
            if let Some(call) = self.redirected.filter(|call| call.callee == function_index) {
                return Ok(Instruction::Call(call.target));
            }
        }
        let atomics: AtomicsOf<Self> = |to| (to.atomics, &to.indices.memory64);
        if let Some(plain) = atomics::replacement(self, &operator, atomics)? {
            return Ok(plain);
        }
        match operator {
            Operator::DataDrop { .. } if self.keeps_data => Ok(Instruction::Nop),
            Operator::GlobalGet { global_index } => {
                match lookup(&self.indices.globals, global_index) {
                    Some(GlobalIndex::Constant(value)) => {
                        Ok(Instruction::I32Const(value.cast_signed()))
                    }
                    _ => utils::instruction(self, operator),
                }
            }
            Operator::GlobalSet { global_index } => {
                match lookup(&self.indices.globals, global_index) {
                    Some(GlobalIndex::Constant(_) | GlobalIndex::Value(_)) => {
                        Err(WriteError::UserError(Invalid::Assignment))
                    }
                    _ => utils::instruction(self, operator),
                }
            }
            _ => utils::instruction(self, operator),
        }
    }
}

fn reindexed(indices: &[Option<u32>], index: u32, kind: &'static str) -> WriteResult<u32> {
    lookup(indices, index).ok_or(WriteError::UserError(Invalid::Index { kind, index }))
}
