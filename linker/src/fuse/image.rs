//! What memory and table hold when a program starts, as far as that is known before it runs.

use std::collections::BTreeMap;

use wasmparser::{ConstExpr, FunctionBody, Operator, ValType};

use crate::module::sections::Contents;
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::write::targets::{FunctionTarget, GlobalTarget, SharedTarget, Targets};

/// The bytes of a memory that something was written to, in chunks.
#[derive(Debug)]
pub(crate) struct Image {
    chunks: BTreeMap<u32, [u8; CHUNK]>,
    size: u64,
}

const CHUNK: usize = 256;

/// Zeros between two segments take as much room as the second one's header.
const GAP: usize = 8;

impl Image {
    /// For a memory of so many bytes.
    pub(crate) fn new(size: u64) -> Self {
        Image { chunks: BTreeMap::new(), size }
    }

    /// Writes at an address; `None` if that is outside of the memory.
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Option<()> {
        self.check(address, bytes.len() as u64)?;
        let (mut at, mut left) = (address as usize, bytes);
        while !left.is_empty() {
            let (chunk, offset) = ((at / CHUNK) as u32, at % CHUNK);
            let (now, later) = left.split_at(left.len().min(CHUNK - offset));
            let chunk = self.chunks.entry(chunk).or_insert([0; CHUNK]);
            chunk[offset..offset + now.len()].copy_from_slice(now);
            (at, left) = (at + now.len(), later);
        }
        Some(())
    }

    /// Sets bytes to zero; `None` as above.
    pub(crate) fn clear(&mut self, address: u32, length: u32) -> Option<()> {
        self.check(address, length.into())?;
        let (start, end) = (u64::from(address), u64::from(address) + u64::from(length));
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

    /// What is to be written, in order: without the zeros that memory starts with anyway.
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

/// What a function without parameters and results does, if all of it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Store { address: u32, value: Value },
    Clear { address: u32, length: u32 },
}

/// A number of 32 bits, and what it is the address of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) number: u32,
    pub(crate) of: Provenance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A plain number.
    Nothing,
    /// A slot of the table.
    Slot,
    /// Data of a module.
    Data(usize),
}

impl Effect {
    pub(crate) fn apply(self, image: &mut Image) -> Option<()> {
        match self {
            Effect::Store { address, value } => image.write(address, &value.number.to_le_bytes()),
            Effect::Clear { address, length } => image.clear(address, length),
        }
    }
}

/// Calls within calls that are followed.
const DEPTH: usize = 8;

/// What a function does, if it only writes numbers that are known to addresses that are known: relocations
/// do, and the clearing of data that starts as zero.
pub(crate) fn effects(
    targets: &Targets<'_>,
    contents: &[Contents<'_>],
    function: ItemId,
) -> Option<Vec<Effect>> {
    let bodies = contents[function.module].bodies.iter();
    let left = bodies.map(|body| body.range().len()).sum();
    let mut collector = Collector { targets, contents, left, effects: Vec::new() };
    collector.function(function, DEPTH)?;
    Some(collector.effects)
}

struct Collector<'p, 'a> {
    targets: &'p Targets<'p>,
    contents: &'p [Contents<'a>],
    /// Instructions that may still be followed: as many as the module has bytes of code, for each once. Functions that
    /// call each other several times over would have no end otherwise.
    left: usize,
    effects: Vec<Effect>,
}

impl Collector<'_, '_> {
    fn function(&mut self, function: ItemId, depth: usize) -> Option<()> {
        let FunctionTarget::Defined(id) = self.targets.function(function) else { return None };
        let module = id.module;
        let defined = id.index - self.targets.imported(module).functions;
        let body = self.contents[module].bodies.get(defined as usize)?;
        let mut locals = locals(body)?;
        let mut stack: Vec<Value> = Vec::new();
        for operator in body.get_operators_reader().ok()? {
            self.left = self.left.checked_sub(1)?;
            match operator.ok()? {
                Operator::I32Store { memarg } if self.is_shared(module, memarg.memory) => {
                    let (value, address) = (stack.pop()?, stack.pop()?);
                    let address = address.number.checked_add(u32::try_from(memarg.offset).ok()?)?;
                    self.effects.push(Effect::Store { address, value });
                }
                Operator::MemoryFill { mem } if self.is_shared(module, mem) => {
                    let (length, value, address) = (stack.pop()?, stack.pop()?, stack.pop()?);
                    (value.number == 0).then_some(())?;
                    let (address, length) = (address.number, length.number);
                    self.effects.push(Effect::Clear { address, length });
                }
                Operator::Call { function_index } => {
                    let callee = ItemId { module, index: function_index };
                    let depth = depth.checked_sub(1)?;
                    stack.is_empty().then_some(())?;
                    self.function(callee, depth)?;
                }
                Operator::LocalGet { local_index } => {
                    stack.push(*locals.get(local_index as usize)?);
                }
                Operator::LocalTee { local_index } => {
                    *locals.get_mut(local_index as usize)? = *stack.last()?;
                }
                Operator::LocalSet { local_index } => {
                    *locals.get_mut(local_index as usize)? = stack.pop()?;
                }
                Operator::Nop => {}
                Operator::Return | Operator::End => break,
                operator => {
                    let value = constant(self.targets, module, &operator, &mut stack)?;
                    stack.push(value);
                }
            }
        }
        stack.is_empty().then_some(())
    }

    /// Of a memory that a module keeps for itself there is no image.
    fn is_shared(&self, module: usize, memory: u32) -> bool {
        self.targets.memory(ItemId { module, index: memory }) == SharedTarget::Shared
    }
}

/// Locals of such a function, by which compilers keep a number that is written twice.
const LOCALS: usize = 1000;

/// The locals of a function without parameters as they are at its start.
fn locals(body: &FunctionBody<'_>) -> Option<Vec<Value>> {
    let zero = Value { number: 0, of: Provenance::Nothing };
    let mut locals = Vec::new();
    for group in body.get_locals_reader().ok()? {
        let (count, ty) = group.ok()?;
        let count = locals.len().saturating_add(count as usize);
        (ty == ValType::I32 && count <= LOCALS).then_some(())?;
        locals.resize(count, zero);
    }
    Some(locals)
}

/// The value of a constant expression of a module.
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

fn constant(
    targets: &Targets<'_>,
    module: usize,
    operator: &Operator<'_>,
    stack: &mut Vec<Value>,
) -> Option<Value> {
    let mut both = |number: fn(u32, u32) -> u32| {
        let (right, left) = (stack.pop()?, stack.pop()?);
        let of = match (left.of, right.of) {
            (of, Provenance::Nothing) | (Provenance::Nothing, of) => of,
            _ => return None,
        };
        Some(Value { number: number(left.number, right.number), of })
    };
    match *operator {
        Operator::I32Const { value } => {
            Some(Value { number: value.cast_unsigned(), of: Provenance::Nothing })
        }
        Operator::I32Add => both(u32::wrapping_add),
        Operator::I32Sub => both(u32::wrapping_sub),
        Operator::I32Mul => both(u32::wrapping_mul),
        Operator::GlobalGet { global_index } => {
            global(targets, ItemId { module, index: global_index })
        }
        _ => None,
    }
}

/// The value of an imported global that is one of the linker's.
fn global(targets: &Targets<'_>, id: ItemId) -> Option<Value> {
    let GlobalTarget::Constant(number) = targets.global(id) else { return None };
    let (_, target) = targets.imported_global(id)?;
    let of = match target {
        ImportTarget::MemoryBase => Provenance::Data(id.module),
        ImportTarget::DataAddress(Some(definition)) => Provenance::Data(definition.module),
        ImportTarget::TableBase | ImportTarget::FunctionAddress(Some(_)) => Provenance::Slot,
        _ => Provenance::Nothing,
    };
    Some(Value { number, of })
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

    /// Whether a module of the text format still has a start function when it is fused.
    fn starts(text: &str) -> bool {
        let input = InputModule::load("module", wat::parse_str(text).unwrap()).unwrap();
        let plan = Plan::new(Set::gather(input, Vec::new(), &mut NoLibraries).unwrap()).unwrap();
        let fused = plan.fuse(&FuseOptions::default()).unwrap();
        let mut payloads = Parser::new(0).parse_all(&fused.modules[0].bytes);
        payloads.any(|payload| matches!(payload, Ok(Payload::StartSection { .. })))
    }

    /// As Emscripten's optimiser writes them.
    #[test]
    fn relocations_by_way_of_locals_are_done_before() {
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

    /// The start function calls ten times one that calls ten times one, and so on.
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

    /// Groups of few bytes each declare as many as there may be.
    #[test]
    fn locals_are_counted_before_they_take_room() {
        let count = |groups: usize| {
            let body =
                wasm_encoder::Function::new(vec![(1000, wasm_encoder::ValType::I32); groups]);
            let bytes = body.into_raw_body();
            locals(&FunctionBody::new(BinaryReader::new(&bytes, 0))).map(|locals| locals.len())
        };
        assert_eq!((count(1), count(2), count(3)), (Some(1000), None, None));
    }

    proptest! {
        /// An image holds what a memory would that all was written to.
        #[test]
        fn holds_what_memory_would(
            writes in prop::collection::vec(
                (0u32..300, prop::collection::vec(0u8..3, 0..40), any::<bool>()), 0..40),
        ) {
            let (mut image, mut memory) = (Image::new(256), vec![0; 256]);
            for (address, bytes, clear) in writes {
                let range = address as usize..address as usize + bytes.len();
                let fits = range.end <= memory.len();
                let written = match clear {
                    true => image.clear(address, bytes.len() as u32),
                    false => image.write(address, &bytes),
                };
                prop_assert_eq!(written.is_some(), fits);
                match clear {
                    _ if !fits => {}
                    true => memory[range].fill(0),
                    false => memory[range].copy_from_slice(&bytes),
                }
            }
            let mut found = vec![0; 256];
            let mut last_end = 0;
            for (start, bytes) in image.segments() {
                prop_assert!(start >= last_end && bytes.first() != Some(&0) && bytes.last() != Some(&0));
                last_end = start + bytes.len() as u32;
                found[start as usize..last_end as usize].copy_from_slice(&bytes);
            }
            prop_assert_eq!(found, memory);
        }
    }
}
