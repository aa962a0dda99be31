//! The content of a memory that is known before the program runs.
//!
//! An [`Image`] is what a memory holds. [`effects`] evaluates functions that only write numbers,
//! such as relocations, so that their effects become part of an image.

use std::collections::BTreeMap;

use wasmparser::{ConstExpr, FunctionBody, Operator, ValType};

use crate::module::sections::Contents;
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::write::targets::{FunctionTarget, GlobalTarget, SharedTarget, Targets};

/// The bytes of a memory, in chunks; a chunk to which nothing is written is left out.
#[derive(Debug)]
pub(crate) struct Image {
    /// The chunks, by address divided by [`CHUNK`].
    chunks: BTreeMap<u32, [u8; CHUNK]>,
    /// The size of the memory in bytes.
    size: u64,
}

/// The size of a chunk in bytes.
const CHUNK: usize = 256;

/// As many zeros between two segments take the same space as the header of the second segment.
const GAP: usize = 8;

impl Image {
    /// Returns the image of an empty memory of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        Image { chunks: BTreeMap::new(), size }
    }

    /// Writes bytes at an address; returns `None` if some are outside of the memory.
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Option<()> {
        self.check(address, bytes.len() as u64)?;
        let mut position = address as usize;
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = position % CHUNK;
            let chunk = self.chunks.entry((position / CHUNK) as u32).or_insert([0; CHUNK]);
            let (now, later) = rest.split_at(rest.len().min(CHUNK - offset));
            chunk[offset..offset + now.len()].copy_from_slice(now);
            position += now.len();
            rest = later;
        }
        Some(())
    }

    /// Sets bytes to zero; returns `None` if some are outside of the memory.
    pub(crate) fn clear(&mut self, address: u32, length: u32) -> Option<()> {
        self.check(address, length.into())?;
        let start = u64::from(address);
        let end = start + u64::from(length);
        let first = address / CHUNK as u32;
        for (&chunk, bytes) in self.chunks.range_mut(first..) {
            let begin = u64::from(chunk) * CHUNK as u64;
            if begin >= end {
                break;
            }
            let from = start.saturating_sub(begin).min(CHUNK as u64) as usize;
            let to = (end - begin).min(CHUNK as u64) as usize;
            bytes[from..to].fill(0);
        }
        Some(())
    }

    fn check(&self, address: u32, length: u64) -> Option<()> {
        (u64::from(address) + length <= self.size).then_some(())
    }

    /// Returns the segments that write the image, by ascending address. A memory starts with zeros,
    /// so these are left out.
    pub(crate) fn segments(&self) -> Vec<(u32, Vec<u8>)> {
        let mut segments: Vec<(u32, Vec<u8>)> = Vec::new();
        for (&chunk, bytes) in &self.chunks {
            for (offset, &byte) in bytes.iter().enumerate() {
                let address = chunk * CHUNK as u32 + offset as u32;
                match segments.last_mut() {
                    _ if byte == 0 => {}
                    Some((start, segment)) if address - *start <= (segment.len() + GAP) as u32 => {
                        segment.resize((address - *start) as usize, 0);
                        segment.push(byte);
                    }
                    _ => segments.push((address, vec![byte])),
                }
            }
        }
        segments
    }
}

/// A write to the shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Store { address: Value, value: Value },
    Clear { address: Value, length: u32 },
}

/// A number of 32 bits, and what it is the address of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) bits: u32,
    pub(crate) provenance: Provenance,
}

/// The origin of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A plain number.
    Number,
    /// A slot of the table.
    Slot,
    /// An address in the data of the module with this index.
    Data {
        module: usize,
        /// The address of the symbol from which it was computed; `None` if that was the start of
        /// the module's data.
        symbol: Option<u32>,
    },
}

/// The depth of nested calls that is followed.
const CALL_DEPTH: usize = 8;

/// Returns the effects of a function without parameters and results, if it only writes known
/// numbers to known addresses: relocations do, and functions that clear data that starts as zero.
pub(crate) fn effects(
    targets: &Targets<'_>,
    contents: &[Contents<'_>],
    function: ItemId,
) -> Option<Vec<Effect>> {
    let bodies = contents[function.module].bodies.iter();
    let left = bodies.map(|body| body.range().len()).sum();
    let mut collector = Collector { targets, contents, left, effects: Vec::new() };
    collector.function(function, CALL_DEPTH)?;
    Some(collector.effects)
}

/// Evaluates a function, and collects its effects.
struct Collector<'p, 'a> {
    targets: &'p Targets<'p>,
    contents: &'p [Contents<'a>],
    /// The number of instructions that may still be followed. At first it is the number of bytes of
    /// the module's code, so each instruction may be followed once. Without a limit, functions that
    /// call each other several times take exponential time.
    left: usize,
    effects: Vec<Effect>,
}

impl Collector<'_, '_> {
    fn function(&mut self, function: ItemId, depth: usize) -> Option<()> {
        let FunctionTarget::Defined(id) = self.targets.function(function) else { return None };
        let defined = id.index - self.targets.imported(id.module).functions;
        let body = self.contents[id.module].bodies.get(defined as usize)?;
        let mut locals = locals(body)?;
        let mut stack: Vec<Value> = Vec::new();
        for operator in body.get_operators_reader().ok()? {
            self.left = self.left.checked_sub(1)?;
            match operator.ok()? {
                Operator::Return | Operator::End => break,
                Operator::Call { function_index } => {
                    stack.is_empty().then_some(())?;
                    let callee = ItemId { module: id.module, index: function_index };
                    self.function(callee, depth.checked_sub(1)?)?;
                }
                operator => self.operator(id.module, &operator, &mut locals, &mut stack)?,
            }
        }
        stack.is_empty().then_some(())
    }

    /// Evaluates an instruction; returns `None` for one whose effect is not known.
    fn operator(
        &mut self,
        module: usize,
        operator: &Operator<'_>,
        locals: &mut [Value],
        stack: &mut Vec<Value>,
    ) -> Option<()> {
        match *operator {
            Operator::I32Store { memarg } if self.is_shared(module, memarg.memory) => {
                let value = stack.pop()?;
                let mut address = stack.pop()?;
                address.bits = address.bits.checked_add(u32::try_from(memarg.offset).ok()?)?;
                self.effects.push(Effect::Store { address, value });
            }
            Operator::MemoryFill { mem } if self.is_shared(module, mem) => {
                let length = stack.pop()?.bits;
                let value = stack.pop()?.bits;
                let address = stack.pop()?;
                (value == 0).then_some(())?;
                self.effects.push(Effect::Clear { address, length });
            }
            Operator::LocalGet { local_index } => stack.push(*locals.get(local_index as usize)?),
            Operator::LocalTee { local_index } => {
                *locals.get_mut(local_index as usize)? = *stack.last()?;
            }
            Operator::LocalSet { local_index } => {
                *locals.get_mut(local_index as usize)? = stack.pop()?;
            }
            Operator::Nop => {}
            _ => {
                let value = constant(self.targets, module, operator, stack)?;
                stack.push(value);
            }
        }
        Some(())
    }

    /// Returns whether a memory is the shared one. There is no image of the others.
    fn is_shared(&self, module: usize, memory: u32) -> bool {
        self.targets.memory(ItemId { module, index: memory }) == SharedTarget::Shared
    }
}

/// The most locals that a function may have to be evaluated. Compilers use them for a number that
/// is written twice.
const LOCALS: usize = 1000;

/// Returns the initial values of the locals of a function without parameters.
fn locals(body: &FunctionBody<'_>) -> Option<Vec<Value>> {
    let zero = Value { bits: 0, provenance: Provenance::Number };
    let mut locals = Vec::new();
    for group in body.get_locals_reader().ok()? {
        let (count, ty) = group.ok()?;
        let total = locals.len().saturating_add(count as usize);
        (ty == ValType::I32 && total <= LOCALS).then_some(())?;
        locals.resize(total, zero);
    }
    Some(locals)
}

/// Returns the value of a constant expression of a module, if it is known.
pub(crate) fn value(
    targets: &Targets<'_>,
    module: usize,
    expression: &ConstExpr<'_>,
) -> Option<Value> {
    let mut stack = Vec::new();
    for operator in expression.get_operators_reader() {
        match operator.ok()? {
            Operator::End => break,
            operator => {
                let value = constant(targets, module, &operator, &mut stack)?;
                stack.push(value);
            }
        }
    }
    stack.pop()
}

/// Returns the value that an instruction of a constant expression pushes, if it is known.
fn constant(
    targets: &Targets<'_>,
    module: usize,
    operator: &Operator<'_>,
    stack: &mut Vec<Value>,
) -> Option<Value> {
    match *operator {
        Operator::I32Const { value } => {
            Some(Value { bits: value.cast_unsigned(), provenance: Provenance::Number })
        }
        Operator::I32Add => add(stack),
        Operator::I32Sub => {
            let subtrahend = number(stack)?;
            let value = stack.pop()?;
            Some(Value { bits: value.bits.wrapping_sub(subtrahend), ..value })
        }
        Operator::I32Mul => {
            let bits = number(stack)?.wrapping_mul(number(stack)?);
            Some(Value { bits, provenance: Provenance::Number })
        }
        Operator::GlobalGet { global_index } => {
            global(targets, ItemId { module, index: global_index })
        }
        _ => None,
    }
}

/// Pops two values and adds them; returns `None` if both are addresses or slots.
fn add(stack: &mut Vec<Value>) -> Option<Value> {
    let right = stack.pop()?;
    let left = stack.pop()?;
    let provenance = match (left.provenance, right.provenance) {
        (provenance, Provenance::Number) | (Provenance::Number, provenance) => provenance,
        _ => return None,
    };
    Some(Value { bits: left.bits.wrapping_add(right.bits), provenance })
}

/// Pops a value; returns `None` if it is an address or a slot.
fn number(stack: &mut Vec<Value>) -> Option<u32> {
    let Value { bits, provenance } = stack.pop()?;
    (provenance == Provenance::Number).then_some(bits)
}

/// Returns the value of an imported global that the linker sets.
fn global(targets: &Targets<'_>, id: ItemId) -> Option<Value> {
    let GlobalTarget::Constant(bits) = targets.global(id) else { return None };
    let (_, target) = targets.imported_global(id)?;
    let provenance = match target {
        ImportTarget::MemoryBase => Provenance::Data { module: id.module, symbol: None },
        ImportTarget::DataAddress(Some(definition)) => {
            Provenance::Data { module: definition.module, symbol: Some(bits) }
        }
        ImportTarget::TableBase | ImportTarget::FunctionAddress(Some(_)) => Provenance::Slot,
        _ => Provenance::Number,
    };
    Some(Value { bits, provenance })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasmparser::{BinaryReader, FunctionBody, Parser, Payload};

    use super::{Image, locals};
    use crate::FuseOptions;
    use crate::InputModule;
    use crate::NoLibraries;
    use crate::Plan;
    use crate::Set;

    /// Returns whether a module in the text format still has a start function when it is fused.
    fn starts(text: &str) -> bool {
        let input = InputModule::load("module", wat::parse_str(text).unwrap()).unwrap();
        let plan = Plan::new(Set::gather(input, Vec::new(), &mut NoLibraries).unwrap()).unwrap();
        let fused = plan.fuse(&FuseOptions::default()).unwrap();
        let mut payloads = Parser::new(0).parse_all(&fused.modules[0].bytes);
        payloads.any(|payload| matches!(payload, Ok(Payload::StartSection { .. })))
    }

    /// Emscripten's optimiser writes relocations in this way.
    #[test]
    fn relocations_through_locals_are_applied_ahead() {
        assert!(!starts(
            r#"(module
                (@dylink.0 (mem-info (memory 12 2)))
                (import "env" "memory" (memory 0))
                (import "env" "__memory_base" (global $base i32))
                (func $relocate (local i32 i32)
                    (i32.store (global.get $base)
                        (local.tee 0 (i32.add (global.get $base) (i32.const 8))))
                    (i32.store offset=4 (global.get $base) (local.get 0)))
                (start $relocate)
                (func (export "pointer") (result i32) (i32.load (global.get $base))))"#,
        ));
    }

    /// The start function calls a function ten times that calls another ten times, and so on.
    #[test]
    fn calls_that_multiply_are_left_to_the_program() {
        let functions = (1..9).map(|n| {
            let call = format!("(call $f{})", n - 1);
            format!("(func $f{n} {})", call.repeat(10))
        });
        let functions = functions.collect::<String>();
        assert!(starts(&format!(
            r#"(module
                (@dylink.0 (mem-info (memory 12 2)))
                (import "env" "memory" (memory 0))
                (import "env" "__memory_base" (global $base i32))
                (func $f0 (i32.store (global.get $base) (i32.const 1)))
                {functions}
                (start $f8)
                (func (export "one") (result i32) (i32.load (global.get $base))))"#
        )));
    }

    /// A few bytes can declare any number of locals.
    #[test]
    fn locals_are_counted_before_they_take_memory() {
        let count = |groups: usize| {
            let body =
                wasm_encoder::Function::new(vec![(1000, wasm_encoder::ValType::I32); groups]);
            let bytes = body.into_raw_body();
            locals(&FunctionBody::new(BinaryReader::new(&bytes, 0))).map(|locals| locals.len())
        };
        assert_eq!((count(1), count(2), count(3)), (Some(1000), None, None));
    }

    proptest! {
        /// An image holds what a memory would hold after the same writes.
        #[test]
        fn an_image_holds_what_a_memory_would(
            writes in prop::collection::vec(
                (0u32..300, prop::collection::vec(0u8..3, 0..40), any::<bool>()), 0..40),
        ) {
            let mut image = Image::new(256);
            let mut memory = vec![0; 256];
            for (address, bytes, clear) in writes {
                let range = address as usize..address as usize + bytes.len();
                let fits = range.end <= memory.len();
                let written = if clear {
                    image.clear(address, bytes.len() as u32)
                } else {
                    image.write(address, &bytes)
                };
                prop_assert_eq!(written.is_some(), fits);
                if fits && clear {
                    memory[range].fill(0);
                } else if fits {
                    memory[range].copy_from_slice(&bytes);
                }
            }
            let mut found = vec![0; 256];
            let mut last_end = 0;
            for (start, bytes) in image.segments() {
                prop_assert!(start >= last_end);
                prop_assert!(bytes.first() != Some(&0) && bytes.last() != Some(&0));
                last_end = start + bytes.len() as u32;
                found[start as usize..last_end as usize].copy_from_slice(&bytes);
            }
            prop_assert_eq!(found, memory);
        }
    }
}
