//! The bodies of functions as they are written where the functions are called.

use std::collections::BTreeMap;
use std::mem;

use wasm_encoder::{Encode, Function, Instruction, ValType};

use crate::plan::layout::ItemId;
use crate::write::bound::CodeOffset;

/// The functions that are inlined, ready to be written.
pub(crate) type InlineBodies<'a> = BTreeMap<ItemId, InlineBody<'a>>;

/// The instructions that replace a call of a function. They take the arguments from the stack, and
/// leave the results there.
pub(crate) struct InlineBody<'a> {
    /// The types of the local variables that they use.
    locals: Vec<ValType>,
    instructions: Vec<InlineInstruction<'a>>,
}

/// An instruction of a function that is inlined.
#[derive(Clone)]
struct InlineInstruction<'a> {
    /// Indices of local variables count those of the body.
    instruction: Instruction<'a>,
    /// The instructions that it comes from: see [`InlinedCalls::bodies`].
    ///
    /// [`InlinedCalls::bodies`]: crate::write::bound::InlinedCalls::bodies
    origins: Vec<CodeOffset>,
}

impl InlineBody<'_> {
    /// Returns where each of the instructions comes from.
    pub(crate) fn origins(&self) -> Vec<Vec<CodeOffset>> {
        self.instructions.iter().map(|instruction| instruction.origins.clone()).collect()
    }
}

/// Makes the body of one function.
pub(crate) struct InlineBodyBuilder<'a> {
    function: ItemId,
    parameters: usize,
    /// The types of the function's own local variables, the parameters first.
    own: Vec<ValType>,
    added: Locals,
    instructions: Vec<InlineInstruction<'a>>,
}

impl<'a> InlineBodyBuilder<'a> {
    /// Starts the body of a function. `own` are the types of its local variables, those of its
    /// parameters first.
    pub(crate) fn new(function: ItemId, parameters: usize, own: Vec<ValType>) -> Self {
        let added = Locals { first: own.len() as u32, types: Vec::new() };
        InlineBodyBuilder { function, parameters, own, added, instructions: Vec::new() }
    }

    /// Adds the new form of the instruction at an offset.
    pub(crate) fn push(&mut self, offset: usize, instruction: Instruction<'a>) {
        let origins = vec![CodeOffset { function: self.function, offset }];
        self.instructions.push(InlineInstruction { instruction, origins });
    }

    /// Adds the body of a function that the instruction at an offset calls.
    pub(crate) fn inline(&mut self, offset: usize, callee: &InlineBody<'a>) {
        let call = CodeOffset { function: self.function, offset };
        let locals = self.added.indices(&callee.locals);
        for InlineInstruction { instruction, origins } in &callee.instructions {
            let mut origins = origins.clone();
            origins.push(call);
            let instruction = moved(instruction, &locals);
            self.instructions.push(InlineInstruction { instruction, origins });
        }
    }

    /// Returns the body, which takes its arguments from the stack first.
    pub(crate) fn finish(mut self) -> InlineBody<'a> {
        let types = [mem::take(&mut self.own), mem::take(&mut self.added.types)].concat();
        let reads = self.reads(types.len());
        let mut instructions = self.zeros(&types);
        instructions.extend((0..self.parameters).rev().map(|parameter| {
            of_call(match reads[parameter] {
                0 => Instruction::Drop,
                _ => Instruction::LocalSet(parameter as u32),
            })
        }));
        for next in self.instructions {
            if let Instruction::LocalGet(local) = next.instruction
                && let Some(last) = instructions.pop_if(|last| is_set(last, local))
            {
                if reads[local as usize] > 1 {
                    let instruction = Instruction::LocalTee(local);
                    instructions.push(InlineInstruction { instruction, ..last });
                }
                continue;
            }
            instructions.push(next);
        }
        with_used_locals(&types, instructions)
    }

    /// Returns how many instructions read each local variable.
    fn reads(&self, locals: usize) -> Vec<usize> {
        let mut reads = vec![0; locals];
        for InlineInstruction { instruction, .. } in &self.instructions {
            if let Instruction::LocalGet(local) = instruction {
                reads[*local as usize] += 1;
            }
        }
        reads
    }

    /// Returns the instructions that set the local variables to 0 that are read before they are
    /// set. Those of a function are 0 at each call.
    fn zeros(&self, types: &[ValType]) -> Vec<InlineInstruction<'a>> {
        let mut is_known = vec![false; types.len()];
        is_known[..self.parameters].fill(true);
        let mut zeros = Vec::new();
        for InlineInstruction { instruction, .. } in &self.instructions {
            let Some(local) = local_of(instruction) else { continue };
            let was_known = mem::replace(&mut is_known[local as usize], true);
            if !was_known && matches!(instruction, Instruction::LocalGet(_)) {
                let zero = zero(types[local as usize]);
                zeros.extend([of_call(zero), of_call(Instruction::LocalSet(local))]);
            }
        }
        zeros
    }
}

/// Returns an instruction that belongs to the call itself.
fn of_call(instruction: Instruction<'_>) -> InlineInstruction<'_> {
    InlineInstruction { instruction, origins: Vec::new() }
}

fn is_set(instruction: &InlineInstruction<'_>, local: u32) -> bool {
    matches!(instruction.instruction, Instruction::LocalSet(set) if set == local)
}

/// Returns a body whose only local variables are those that its instructions use.
fn with_used_locals<'a>(
    types: &[ValType],
    mut instructions: Vec<InlineInstruction<'a>>,
) -> InlineBody<'a> {
    let mut indices = vec![None; types.len()];
    let mut locals = Vec::new();
    for InlineInstruction { instruction, .. } in &mut instructions {
        let Some(local) = local_of(instruction) else { continue };
        let index = *indices[local as usize].get_or_insert_with(|| {
            locals.push(types[local as usize]);
            locals.len() as u32 - 1
        });
        *instruction = with_local(instruction, index);
    }
    InlineBody { locals, instructions }
}

fn local_of(instruction: &Instruction<'_>) -> Option<u32> {
    match instruction {
        Instruction::LocalGet(local)
        | Instruction::LocalSet(local)
        | Instruction::LocalTee(local) => Some(*local),
        _ => None,
    }
}

/// Returns an instruction with another local variable, if it has one.
fn with_local<'a>(instruction: &Instruction<'a>, local: u32) -> Instruction<'a> {
    match instruction {
        Instruction::LocalGet(_) => Instruction::LocalGet(local),
        Instruction::LocalSet(_) => Instruction::LocalSet(local),
        Instruction::LocalTee(_) => Instruction::LocalTee(local),
        other => other.clone(),
    }
}

/// Returns an instruction of an inlined body with the local variable that its own has become.
fn moved<'a>(instruction: &Instruction<'a>, locals: &[u32]) -> Instruction<'a> {
    match local_of(instruction) {
        Some(local) => with_local(instruction, locals[local as usize]),
        None => instruction.clone(),
    }
}

fn zero(ty: ValType) -> Instruction<'static> {
    match ty {
        ValType::I64 => Instruction::I64Const(0),
        ValType::F32 => Instruction::F32Const(0.0.into()),
        ValType::F64 => Instruction::F64Const(0.0.into()),
        _ => Instruction::I32Const(0),
    }
}

/// The code of a function into which others may be inlined.
pub(crate) struct FunctionCode {
    /// The number of local variables of each type, in order.
    declared: Vec<(u32, ValType)>,
    added: Locals,
    /// The instructions in the binary format.
    instructions: Vec<u8>,
}

impl FunctionCode {
    pub(crate) fn new(parameters: u32, declared: Vec<(u32, ValType)>) -> Self {
        let own = declared.iter().fold(parameters, |sum, (count, _)| sum.saturating_add(*count));
        let added = Locals { first: own, types: Vec::new() };
        FunctionCode { declared, added, instructions: Vec::new() }
    }

    pub(crate) fn push(&mut self, instruction: &Instruction<'_>) {
        instruction.encode(&mut self.instructions);
    }

    /// Adds the body of a function instead of its call.
    pub(crate) fn inline(&mut self, callee: &InlineBody<'_>) {
        let locals = self.added.indices(&callee.locals);
        for InlineInstruction { instruction, .. } in &callee.instructions {
            self.push(&moved(instruction, &locals));
        }
    }

    pub(crate) fn finish(mut self) -> Function {
        for ty in self.added.types {
            match self.declared.last_mut() {
                Some((count, last)) if *last == ty => *count += 1,
                _ => self.declared.push((1, ty)),
            }
        }
        let mut function = Function::new(self.declared);
        function.raw(self.instructions);
        function
    }
}

/// Local variables from index `first` on, for the bodies that are inlined into a function. Bodies
/// that follow each other share them.
struct Locals {
    first: u32,
    types: Vec<ValType>,
}

impl Locals {
    /// Returns the index of a variable for each type. Adds those that are missing.
    fn indices(&mut self, types: &[ValType]) -> Vec<u32> {
        let mut indices = Vec::new();
        for ty in types {
            let free = (self.first..).zip(&self.types);
            let mut free = free.filter(|(index, other)| *other == ty && !indices.contains(index));
            let free = free.next().map(|(index, _)| index);
            indices.push(free.unwrap_or_else(|| self.add(*ty)));
        }
        indices
    }

    fn add(&mut self, ty: ValType) -> u32 {
        self.types.push(ty);
        self.first + self.types.len() as u32 - 1
    }
}
