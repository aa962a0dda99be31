//! Atomic instructions, which on a memory that is not shared mean the plain ones.
//!
//! Each becomes a call of a function with plain instructions. So one instruction stays one
//! instruction, and engines without threads run the result. Like the atomic instruction, the
//! function traps if its address is not aligned.

use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{BlockType, Function, Instruction, MemArg, ValType};
use wasmparser::Operator;

use crate::write::error::{Invalid, WriteError, WriteResult};

/// The functions that replace atomic instructions, in the order of their first use.
#[derive(Default)]
pub(crate) struct Atomics {
    /// The index of the first function.
    pub(crate) first: u32,
    pub(crate) functions: Vec<Atomic>,
}

impl Atomics {
    /// Returns the call that replaces an atomic instruction. `memarg` is that of the new module.
    fn replace(&mut self, name: &str, memarg: MemArg, memory64: bool) -> Instruction<'static> {
        let atomic = Atomic::new(name, memarg, memory64);
        let known = self.functions.iter().position(|other| *other == atomic);
        let position = known.unwrap_or_else(|| {
            self.functions.push(atomic);
            self.functions.len() - 1
        });
        Instruction::Call(self.first + position as u32)
    }
}

/// Returns the fault that one of these functions reports when it traps, by the function's name.
pub(crate) fn reported_fault(function: &str) -> Option<&'static str> {
    let (_, operation) = function.split_once(".atomic.")?;
    if operation.starts_with("wait") {
        Some("a wait for another thread, and threads are not supported")
    } else {
        Some("an atomic access at an unaligned address")
    }
}

/// Returns the functions of a [`Reencode`], and for each memory of the module whether it has
/// addresses of 64 bits.
pub(crate) type AtomicsOf<R> = for<'r> fn(&'r mut R) -> (&'r mut Atomics, &'r [bool]);

/// Returns the replacement of an instruction if it is atomic.
pub(crate) fn replacement<R: Reencode<Error = Invalid>>(
    to: &mut R,
    operator: &Operator<'_>,
    atomics_of: AtomicsOf<R>,
) -> WriteResult<Option<Instruction<'static>>> {
    let (name, memarg) = match parse(operator) {
        None => return Ok(None),
        Some(Parsed::Fence) => return Ok(Some(Instruction::Nop)),
        Some(Parsed::Access(name, memarg)) => (name, memarg),
    };
    let new_memarg = utils::mem_arg(to, memarg)?;
    let (atomics, memory64) = atomics_of(to);
    let unknown = Invalid::Index { kind: "memory", index: memarg.memory };
    let memory64 = memory64.get(memarg.memory as usize).ok_or(WriteError::UserError(unknown))?;
    Ok(Some(atomics.replace(name, new_memarg, *memory64)))
}

/// Returns whether an instruction belongs to the threads proposal.
pub(crate) fn is_atomic(operator: &Operator<'_>) -> bool {
    parse(operator).is_some()
}

/// An instruction of the threads proposal.
enum Parsed {
    /// A fence, which has no effect in a single thread.
    Fence,
    /// An access to memory: the name of the parser's visitor method, and the address.
    Access(&'static str, wasmparser::MemArg),
}

macro_rules! parsed {
    (@threads $visit:ident $memarg:ident) => {
        Some(Parsed::Access(stringify!($visit), *$memarg))
    };
    (@threads $visit:ident) => {
        Some(Parsed::Fence)
    };
    (@$proposal:ident $visit:ident $($arg:ident)*) => {
        None
    };
}

macro_rules! define_parse {
    ($(
        @$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*)
    )*) => {
        /// Returns an instruction of the threads proposal; `None` for any other.
        #[allow(unused_variables, reason = "the arguments of other instructions are not used")]
        fn parse(operator: &Operator<'_>) -> Option<Parsed> {
            match operator {
                $(Operator::$op $({ $($arg),* })? => parsed!(@$proposal $visit $($($arg)*)?),)*
                _ => None,
            }
        }
    };
}
wasmparser::for_each_operator!(define_parse);

/// A function with the parameters and the result of an atomic instruction.
#[derive(PartialEq)]
pub(crate) struct Atomic {
    /// The name of the instruction in the text format.
    pub(crate) name: String,
    operation: Operation,
    ty: ValType,
    /// The size of the access in bits.
    bits: u32,
    offset: u64,
    align: u32,
    memory_index: u32,
    memory64: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Load,
    Store,
    Add,
    Sub,
    And,
    Or,
    Xor,
    Exchange,
    CompareExchange,
    Wait,
    Notify,
}

/// Operations by the last word of an instruction's name, without a size and `u`.
const OPERATIONS: [(&str, Operation); 11] = [
    ("load", Operation::Load),
    ("store", Operation::Store),
    ("add", Operation::Add),
    ("sub", Operation::Sub),
    ("and", Operation::And),
    ("or", Operation::Or),
    ("xor", Operation::Xor),
    ("xchg", Operation::Exchange),
    ("cmpxchg", Operation::CompareExchange),
    ("wait", Operation::Wait),
    ("notify", Operation::Notify),
];

/// Returns the operation of the last word of an instruction's name.
fn operation(word: &str) -> Operation {
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let known = OPERATIONS.iter().find(|(operation, _)| *operation == name);
    debug_assert!(known.is_some(), "`{word}` is no atomic operation");
    known.map_or(Operation::Notify, |(_, operation)| *operation)
}

/// Returns the size of an access in bits, if a word of the instruction's name says one.
fn size_in(word: &str) -> Option<u32> {
    word.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok()
}

impl Atomic {
    /// Reads the name of a visitor method, such as `visit_i32_atomic_rmw8_add_u`,
    /// `visit_i64_atomic_load` or `visit_memory_atomic_wait32`.
    fn new(visit: &str, memarg: MemArg, memory64: bool) -> Self {
        let name = visit.trim_start_matches("visit_");
        let mut words = name.trim_end_matches("_u").split('_').skip(2).peekable();
        // `rmw8`, `load`, or `wait32`.
        let first = words.peek().copied();
        let last = words.last();
        debug_assert!(first.is_some(), "`{name}` is not the name of an atomic instruction");
        let is_wide = name.starts_with("i64") || name.ends_with("wait64");
        let full_size = if is_wide { 64 } else { 32 };
        Atomic {
            name: name.replace('_', ".").replace(".u", "_u"),
            operation: operation(last.unwrap_or_default()),
            ty: if is_wide { ValType::I64 } else { ValType::I32 },
            bits: size_in(first.unwrap_or_default()).unwrap_or(full_size),
            offset: memarg.offset,
            align: memarg.align,
            memory_index: memarg.memory_index,
            memory64,
        }
    }

    /// Returns the type of the function.
    pub(crate) fn ty(&self) -> wasmparser::FuncType {
        let i32 = wasmparser::ValType::I32;
        let i64 = wasmparser::ValType::I64;
        let address = if self.memory64 { i64 } else { i32 };
        let ty = if self.ty == ValType::I64 { i64 } else { i32 };
        match self.operation {
            Operation::Load => wasmparser::FuncType::new([address], [ty]),
            Operation::Store => wasmparser::FuncType::new([address, ty], []),
            Operation::CompareExchange => wasmparser::FuncType::new([address, ty, ty], [ty]),
            Operation::Wait => wasmparser::FuncType::new([address, ty, i64], [i32]),
            Operation::Notify => wasmparser::FuncType::new([address, i32], [i32]),
            _ => wasmparser::FuncType::new([address, ty], [ty]),
        }
    }

    /// Returns the body of the function.
    pub(crate) fn body(&self) -> Function {
        let mut body = Body { atomic: self, function: Function::new(self.locals()) };
        body.check_alignment();
        body.operation();
        body.add(Instruction::End);
        body.function
    }

    /// Returns the local for the old value, for instructions that change memory and return that.
    fn locals(&self) -> Vec<(u32, ValType)> {
        match self.operation {
            Operation::Load | Operation::Store | Operation::Wait | Operation::Notify => Vec::new(),
            _ => vec![(1, self.ty)],
        }
    }

    fn memarg(&self) -> MemArg {
        MemArg { offset: self.offset, align: self.align, memory_index: self.memory_index }
    }

    fn load(&self) -> Instruction<'static> {
        let memarg = self.memarg();
        match (self.ty, self.bits) {
            (ValType::I64, 8) => Instruction::I64Load8U(memarg),
            (ValType::I64, 16) => Instruction::I64Load16U(memarg),
            (ValType::I64, 32) => Instruction::I64Load32U(memarg),
            (ValType::I64, _) => Instruction::I64Load(memarg),
            (_, 8) => Instruction::I32Load8U(memarg),
            (_, 16) => Instruction::I32Load16U(memarg),
            _ => Instruction::I32Load(memarg),
        }
    }

    fn store(&self) -> Instruction<'static> {
        let memarg = self.memarg();
        match (self.ty, self.bits) {
            (ValType::I64, 8) => Instruction::I64Store8(memarg),
            (ValType::I64, 16) => Instruction::I64Store16(memarg),
            (ValType::I64, 32) => Instruction::I64Store32(memarg),
            (ValType::I64, _) => Instruction::I64Store(memarg),
            (_, 8) => Instruction::I32Store8(memarg),
            (_, 16) => Instruction::I32Store16(memarg),
            _ => Instruction::I32Store(memarg),
        }
    }

    /// Returns the instruction that computes the new value from the old one and the operand.
    fn compute(&self) -> Option<Instruction<'static>> {
        let is_wide = self.ty == ValType::I64;
        let (narrow, wide) = match self.operation {
            Operation::Add => (Instruction::I32Add, Instruction::I64Add),
            Operation::Sub => (Instruction::I32Sub, Instruction::I64Sub),
            Operation::And => (Instruction::I32And, Instruction::I64And),
            Operation::Or => (Instruction::I32Or, Instruction::I64Or),
            Operation::Xor => (Instruction::I32Xor, Instruction::I64Xor),
            _ => return None,
        };
        Some(if is_wide { wide } else { narrow })
    }
}

/// The parameters. The local for the old value comes after them.
const ADDRESS: u32 = 0;
const OPERAND: u32 = 1;
const REPLACEMENT: u32 = 2;

struct Body<'a> {
    atomic: &'a Atomic,
    function: Function,
}

impl Body<'_> {
    fn add(&mut self, instruction: Instruction<'_>) {
        self.function.instruction(&instruction);
    }

    /// Traps unless the address is a multiple of the size. Only the lower bits count, so the sum of
    /// address and offset may overflow.
    fn check_alignment(&mut self) {
        let bytes = self.atomic.bits as i32 / 8;
        if bytes == 1 {
            return;
        }
        self.add(Instruction::LocalGet(ADDRESS));
        if self.atomic.memory64 {
            self.add(Instruction::I32WrapI64);
        }
        self.add(Instruction::I32Const(self.atomic.offset as i32));
        self.add(Instruction::I32Add);
        self.add(Instruction::I32Const(bytes - 1));
        self.add(Instruction::I32And);
        self.add(Instruction::If(BlockType::Empty));
        self.add(Instruction::Unreachable);
        self.add(Instruction::End);
    }

    fn operation(&mut self) {
        match self.atomic.operation {
            Operation::Load => self.load(),
            Operation::Store => self.store(&[Instruction::LocalGet(OPERAND)]),
            // Without other threads it would wait for ever. On a memory that is not
            // shared it traps.
            Operation::Wait => self.add(Instruction::Unreachable),
            Operation::Notify => {
                self.load();
                self.add(Instruction::Drop);
                self.add(Instruction::I32Const(0));
            }
            Operation::CompareExchange => self.compare_exchange(),
            _ => self.exchange(),
        }
    }

    fn load(&mut self) {
        self.add(Instruction::LocalGet(ADDRESS));
        self.add(self.atomic.load());
    }

    fn store(&mut self, value: &[Instruction<'static>]) {
        self.add(Instruction::LocalGet(ADDRESS));
        value.iter().for_each(|instruction| self.add(instruction.clone()));
        self.add(self.atomic.store());
    }

    fn exchange(&mut self) {
        let old = OPERAND + 1;
        self.load();
        self.add(Instruction::LocalSet(old));
        let operand = Instruction::LocalGet(OPERAND);
        match self.atomic.compute() {
            Some(compute) => self.store(&[Instruction::LocalGet(old), operand, compute]),
            None => self.store(&[operand]),
        }
        self.add(Instruction::LocalGet(old));
    }

    /// Compares only as many bits of the expected value as the access has.
    fn compare_exchange(&mut self) {
        let old = REPLACEMENT + 1;
        let mask = u64::MAX >> (64 - self.atomic.bits);
        self.load();
        self.add(Instruction::LocalTee(old));
        self.add(Instruction::LocalGet(OPERAND));
        let (mask, and, equal) = match self.atomic.ty {
            ValType::I64 => {
                (Instruction::I64Const(mask as i64), Instruction::I64And, Instruction::I64Eq)
            }
            _ => (Instruction::I32Const(mask as i32), Instruction::I32And, Instruction::I32Eq),
        };
        [mask, and, equal].into_iter().for_each(|instruction| self.add(instruction));
        self.add(Instruction::If(BlockType::Empty));
        self.store(&[Instruction::LocalGet(REPLACEMENT)]);
        self.add(Instruction::End);
        self.add(Instruction::LocalGet(old));
    }
}
