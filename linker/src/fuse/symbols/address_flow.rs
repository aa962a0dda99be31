//! Checks how code uses `__memory_base` and `__table_base`.
//!
//! Position-independent code makes an address by adding a constant to `__memory_base`, and a slot
//! by adding one to `__table_base`. If a relocation says which symbol each of these constants
//! means, and the code uses the bases for nothing else, then no other instruction depends on where
//! the module's data and slots are. The check follows both through the stack and the locals of a
//! function. It knows the instructions that compilers use for this, and refuses all others.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    BlockType, Catch, ContType, FrameKind, FuncType, ModuleArity, Operator, RefType, SubType,
};

use crate::module::relocations::RelocationKind;

/// What the check asks about the module of a function.
pub(crate) trait CodeContext {
    /// Returns what is relative to a global, if that is `__memory_base` or `__table_base`.
    fn base(&self, global: u32) -> Option<RelocationKind>;

    /// Returns what a constant is relative to, if a relocation says what it means. `offset` is that
    /// of the instruction in the module.
    fn relocated(&self, offset: usize, value: u32) -> Result<Option<Relocated>, Misfit>;

    /// Returns the type of a function.
    fn function(&self, index: u32) -> Option<&FuncType>;

    /// Returns whether the last parameter of a function is the handle of a module.
    fn takes_handle(&self, function: u32) -> bool;

    /// Returns the function type of an index of the type section.
    fn ty(&self, index: u32) -> Option<&FuncType>;
}

/// A constant that is relative to a base, by what its relocation says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relocated {
    /// The address of a variable.
    Address,
    /// The slot of a function.
    Slot,
    /// The start of the module's data, which stands for the module. It is also the address of a
    /// variable, and only the use shows which of both is meant.
    Handle,
}

impl Relocated {
    /// Returns what it is relative to.
    fn base(self) -> RelocationKind {
        match self {
            Relocated::Address | Relocated::Handle => RelocationKind::Address,
            Relocated::Slot => RelocationKind::Slot,
        }
    }
}

/// The code is not as the check expects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfit;

/// Checks the code of a function, which is given with the offset of each instruction.
///
/// # Errors
///
/// If the code uses a base in another way than in a sum with a relocated constant, or a relocated
/// constant in another way than in a sum with its base, or the handle of the module in another way
/// than as the argument of a function that takes one.
pub(crate) fn check(
    operators: &[(Operator<'_>, usize)],
    context: &impl CodeContext,
) -> Result<(), Misfit> {
    let mut unknown_in_loops = BTreeSet::new();
    let mut effort = operators.len().saturating_mul(MOST_EFFORT);
    for _ in 0..MOST_PASSES {
        let known = unknown_in_loops.len();
        let mut flow = Flow {
            context,
            stack: Vec::new(),
            locals: Some(Locals::new()),
            frames: vec![Frame::new(FrameState::Block, 0, Arity::default())],
            loops: 0,
            unknown_in_loops: &mut unknown_in_loops,
            effort: &mut effort,
        };
        for (operator, offset) in operators {
            flow.operator(operator, *offset)?;
        }
        if unknown_in_loops.len() == known {
            return Ok(());
        }
    }
    Err(Misfit)
}

/// The most times that a function is read. It is read again if a loop changes which locals hold a
/// base.
const MOST_PASSES: usize = 16;

/// The most locals and blocks that are looked at for each instruction of a function, on average.
/// Compilers keep few bases in locals. Without a limit, a function with many of them, and many
/// blocks inside each other, would take quadratic time and memory.
const MOST_EFFORT: usize = 64;

/// A value on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// A value that does not depend on a base, or the address of a symbol.
    Plain,
    Base(RelocationKind),
    /// A relocated constant, to be added to the base.
    Offset(Relocated),
    /// The handle of the module.
    Handle,
}

/// The locals that hold a base or a handle, or may. All others hold plain values.
type Locals = BTreeMap<u32, Local>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Local {
    Base(RelocationKind),
    Handle,
    /// It depends on the way that the code has taken.
    Unknown,
}

/// A block of the code around an instruction.
struct Frame {
    state: FrameState,
    /// The number of values on the stack below those of the block.
    height: usize,
    arity: Arity,
    /// The locals where the block ends; `None` if nothing reaches that yet.
    end: Option<Locals>,
    /// The frames at whose ends exceptions arrive that are thrown inside.
    catches: Vec<usize>,
    /// The locals where the handlers of a legacy `try` begin.
    handler: Option<Locals>,
}

enum FrameState {
    Block,
    /// A loop, with its number in the function and the locals where it begins.
    Loop(usize, Option<Locals>),
    /// An `if` without its `else`, with the locals where that begins.
    If(Option<Locals>),
    Try,
}

impl Frame {
    fn new(state: FrameState, height: usize, arity: Arity) -> Self {
        Frame { state, height, arity, end: None, catches: Vec::new(), handler: None }
    }

    /// Returns the number of values that a branch to it takes.
    fn label_arity(&self) -> usize {
        match self.state {
            FrameState::Loop(..) => self.arity.parameters,
            _ => self.arity.results,
        }
    }
}

/// The numbers of values that a block takes and leaves.
#[derive(Clone, Copy, Default)]
struct Arity {
    parameters: usize,
    results: usize,
}

/// The state at an instruction.
struct Flow<'f, C> {
    context: &'f C,
    /// The values whose kind is known. What a block has besides is plain.
    stack: Vec<Value>,
    /// `None` where the code cannot be reached.
    locals: Option<Locals>,
    frames: Vec<Frame>,
    /// The number of loops so far.
    loops: usize,
    /// The locals which hold a base in some rounds of a loop only, by the number of the loop.
    unknown_in_loops: &'f mut BTreeSet<(usize, u32)>,
    /// The number of locals and blocks that may still be looked at.
    effort: &'f mut usize,
}

impl<C: CodeContext> Flow<'_, C> {
    fn operator(&mut self, operator: &Operator<'_>, offset: usize) -> Result<(), Misfit> {
        if self.control(operator)? || self.locals.is_none() {
            return Ok(());
        }
        match *operator {
            Operator::I32Const { value } => {
                let kind = self.context.relocated(offset, value.cast_unsigned())?;
                self.stack.push(kind.map_or(Value::Plain, Value::Offset));
            }
            Operator::GlobalGet { global_index } => {
                let kind = self.context.base(global_index);
                self.stack.push(kind.map_or(Value::Plain, Value::Base));
            }
            Operator::LocalGet { local_index } => {
                let value = self.local(local_index)?;
                self.stack.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.assign(local_index, value)?;
            }
            Operator::LocalTee { local_index } => {
                let value = self.pop();
                self.assign(local_index, value)?;
                self.stack.push(value);
            }
            Operator::I32Add => {
                let sum = sum(self.pop(), self.pop())?;
                self.stack.push(sum);
            }
            Operator::Select => {
                let (condition, second, first) = (self.pop(), self.pop(), self.pop());
                if condition != Value::Plain || first != second {
                    return Err(Misfit);
                }
                self.stack.push(first);
            }
            Operator::Drop => {
                self.pop();
            }
            Operator::Call { function_index } => {
                if self.context.takes_handle(function_index) {
                    self.pop_handle()?;
                }
                self.call(self.context.function(function_index))?
            }
            Operator::CallIndirect { type_index, .. } => {
                self.pop_plain(1)?;
                self.call(self.context.ty(type_index))?;
            }
            _ => {
                let (taken, left) = operator.operator_arity(&NoTypes).ok_or(Misfit)?;
                self.pop_plain(taken as usize)?;
                self.push_plain(left as usize)?;
            }
        }
        Ok(())
    }

    /// Replaces an argument that may be a handle by a plain value.
    fn pop_handle(&mut self) -> Result<(), Misfit> {
        let value = self.pop();
        self.stack.push(Value::Plain);
        if matches!(value, Value::Plain | Value::Handle) { Ok(()) } else { Err(Misfit) }
    }

    /// Returns the number of values on the stack below those of the innermost block.
    fn height(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.height)
    }

    fn pop(&mut self) -> Value {
        let is_known = self.stack.len() > self.height();
        self.stack.pop_if(|_| is_known).unwrap_or(Value::Plain)
    }

    fn pop_plain(&mut self, count: usize) -> Result<(), Misfit> {
        let rest = self.expect_plain(count)?;
        self.stack.truncate(rest);
        Ok(())
    }

    /// Checks that the last values of the block are plain. Returns the number of those below.
    fn expect_plain(&self, count: usize) -> Result<usize, Misfit> {
        let rest = self.stack.len().saturating_sub(count).max(self.height());
        let is_plain = self.stack[rest..].iter().all(|value| *value == Value::Plain);
        if is_plain { Ok(rest) } else { Err(Misfit) }
    }

    fn push_plain(&mut self, count: usize) -> Result<(), Misfit> {
        self.spend(count)?;
        self.stack.extend((0..count).map(|_| Value::Plain));
        Ok(())
    }

    /// Returns the numbers of values that a block takes and leaves.
    fn arity(&self, ty: BlockType) -> Result<Arity, Misfit> {
        Ok(match ty {
            BlockType::Empty => Arity::default(),
            BlockType::Type(_) => Arity { parameters: 0, results: 1 },
            BlockType::FuncType(index) => {
                let ty = self.context.ty(index).ok_or(Misfit)?;
                Arity { parameters: ty.params().len(), results: ty.results().len() }
            }
        })
    }

    fn call(&mut self, ty: Option<&FuncType>) -> Result<(), Misfit> {
        let ty = ty.ok_or(Misfit)?;
        self.pop_plain(ty.params().len())?;
        self.push_plain(ty.results().len())
    }

    fn local(&self, local: u32) -> Result<Value, Misfit> {
        match self.locals.as_ref().and_then(|locals| locals.get(&local)) {
            None => Ok(Value::Plain),
            Some(Local::Base(kind)) => Ok(Value::Base(*kind)),
            Some(Local::Handle) => Ok(Value::Handle),
            Some(Local::Unknown) => Err(Misfit),
        }
    }

    fn assign(&mut self, local: u32, value: Value) -> Result<(), Misfit> {
        let Some(locals) = &mut self.locals else { return Ok(()) };
        let new = match value {
            Value::Plain => None,
            Value::Base(kind) => Some(Local::Base(kind)),
            Value::Handle => Some(Local::Handle),
            Value::Offset(_) => return Err(Misfit),
        };
        let old = match new {
            Some(new) => locals.insert(local, new),
            None => locals.remove(&local),
        };
        if old != new {
            self.reach_handlers()?;
        }
        Ok(())
    }

    /// Handles an instruction that begins, ends or leaves a block; returns whether it is one.
    fn control(&mut self, operator: &Operator<'_>) -> Result<bool, Misfit> {
        match operator {
            Operator::Block { blockty } => self.begin(FrameState::Block, *blockty)?,
            Operator::Loop { blockty } => self.begin_loop(*blockty)?,
            Operator::If { blockty } => {
                self.pop_plain(1)?;
                self.spend_on_locals(1)?;
                self.begin(FrameState::If(self.locals.clone()), *blockty)?;
            }
            Operator::Else => self.begin_else()?,
            Operator::End | Operator::Delegate { .. } => self.end()?,
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth)?;
                self.forget();
            }
            Operator::BrIf { relative_depth } => {
                self.pop_plain(1)?;
                self.branch(*relative_depth)?;
            }
            Operator::BrTable { targets } => {
                self.pop_plain(1)?;
                for depth in targets.targets() {
                    self.branch(depth.map_err(|_| Misfit)?)?;
                }
                self.branch(targets.default())?;
                self.forget();
            }
            Operator::Return
            | Operator::Unreachable
            | Operator::Throw { .. }
            | Operator::Rethrow { .. }
            | Operator::ThrowRef
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. } => {
                self.leave_stack()?;
                self.forget();
            }
            Operator::TryTable { try_table } => {
                self.begin_try_table(try_table.ty, &try_table.catches)?;
            }
            Operator::Try { blockty } => {
                self.begin(FrameState::Try, *blockty)?;
                self.reach_handlers()?;
            }
            Operator::Catch { .. } | Operator::CatchAll => {
                self.leave_stack()?;
                self.spend_on_locals(2)?;
                let frame = self.frames.last_mut().ok_or(Misfit)?;
                join(&mut frame.end, self.locals.as_ref());
                self.locals.clone_from(&frame.handler);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn begin(&mut self, state: FrameState, ty: BlockType) -> Result<(), Misfit> {
        let arity = self.arity(ty)?;
        self.pop_plain(arity.parameters)?;
        self.frames.push(Frame::new(state, self.stack.len(), arity));
        Ok(())
    }

    fn begin_loop(&mut self, ty: BlockType) -> Result<(), Misfit> {
        let number = self.loops;
        self.loops += 1;
        self.spend_on_locals(1)?;
        if let Some(locals) = &mut self.locals {
            let unknown = self.unknown_in_loops.range((number, 0)..=(number, u32::MAX));
            locals.extend(unknown.map(|&(_, local)| (local, Local::Unknown)));
        }
        self.begin(FrameState::Loop(number, self.locals.clone()), ty)
    }

    fn begin_else(&mut self) -> Result<(), Misfit> {
        self.leave_stack()?;
        self.spend_on_locals(1)?;
        let frame = self.frames.last_mut().ok_or(Misfit)?;
        let FrameState::If(locals) = &mut frame.state else { return Err(Misfit) };
        let locals = locals.take();
        frame.state = FrameState::Block;
        join(&mut frame.end, self.locals.as_ref());
        self.locals = locals;
        Ok(())
    }

    fn begin_try_table(&mut self, ty: BlockType, catches: &[Catch]) -> Result<(), Misfit> {
        let mut targets = Vec::new();
        for catch in catches {
            let (Catch::One { label, .. }
            | Catch::OneRef { label, .. }
            | Catch::All { label }
            | Catch::AllRef { label }) = catch;
            targets.push(self.target(*label)?);
        }
        self.begin(FrameState::Block, ty)?;
        self.frames.last_mut().ok_or(Misfit)?.catches = targets;
        self.reach_handlers()
    }

    fn end(&mut self) -> Result<(), Misfit> {
        self.leave_stack()?;
        self.spend_on_locals(2)?;
        let mut frame = self.frames.pop().ok_or(Misfit)?;
        if let FrameState::If(locals) = &frame.state {
            join(&mut frame.end, locals.as_ref());
        }
        join(&mut self.locals, frame.end.as_ref());
        self.push_plain(frame.arity.results)
    }

    /// Returns the index of the frame that a label means.
    fn target(&self, depth: u32) -> Result<usize, Misfit> {
        let innermost = self.frames.len().checked_sub(1).ok_or(Misfit)?;
        innermost.checked_sub(depth as usize).ok_or(Misfit)
    }

    fn branch(&mut self, depth: u32) -> Result<(), Misfit> {
        let target = self.target(depth)?;
        let taken = self.frames[target].label_arity();
        self.spend(taken)?;
        self.expect_plain(taken)?;
        self.reach(target)
    }

    /// Records that the code goes on where a label is.
    fn reach(&mut self, frame: usize) -> Result<(), Misfit> {
        self.spend_on_locals(1)?;
        let frame = &mut self.frames[frame];
        let FrameState::Loop(number, begin) = &frame.state else {
            join(&mut frame.end, self.locals.as_ref());
            return Ok(());
        };
        let (Some(begin), Some(now)) = (begin, &self.locals) else { return Ok(()) };
        for local in begin.keys().chain(now.keys()) {
            let before = begin.get(local);
            if before != Some(&Local::Unknown) && before != now.get(local) {
                self.unknown_in_loops.insert((*number, *local));
            }
        }
        Ok(())
    }

    /// Records that an exception may be thrown with the locals as they are.
    fn reach_handlers(&mut self) -> Result<(), Misfit> {
        self.spend(self.frames.len())?;
        for index in 0..self.frames.len() {
            for catch in 0..self.frames[index].catches.len() {
                self.reach(self.frames[index].catches[catch])?;
            }
            if let FrameState::Try = self.frames[index].state {
                self.spend_on_locals(1)?;
                join(&mut self.frames[index].handler, self.locals.as_ref());
            }
        }
        Ok(())
    }

    /// Counts how often all locals that hold a base, or may, are looked at.
    fn spend_on_locals(&mut self, times: usize) -> Result<(), Misfit> {
        let locals = self.locals.as_ref().map_or(0, Locals::len);
        self.spend(times * (1 + locals))
    }

    fn spend(&mut self, effort: usize) -> Result<(), Misfit> {
        *self.effort = self.effort.checked_sub(effort).ok_or(Misfit)?;
        Ok(())
    }

    /// Forgets the values of the innermost block, which must be plain.
    fn leave_stack(&mut self) -> Result<(), Misfit> {
        self.pop_plain(usize::MAX)
    }

    /// Forgets the state where the code cannot be reached.
    fn forget(&mut self) {
        self.stack.truncate(self.height());
        self.locals = None;
    }
}

/// Returns the sum of two values.
fn sum(one: Value, other: Value) -> Result<Value, Misfit> {
    match (one, other) {
        (Value::Plain, Value::Plain) => Ok(Value::Plain),
        (Value::Base(base), Value::Offset(offset)) | (Value::Offset(offset), Value::Base(base))
            if offset.base() == base =>
        {
            Ok(if offset == Relocated::Handle { Value::Handle } else { Value::Plain })
        }
        _ => Err(Misfit),
    }
}

/// Adds the locals of another way to the same place.
fn join(locals: &mut Option<Locals>, other: Option<&Locals>) {
    let Some(other) = other else { return };
    let Some(locals) = locals else {
        *locals = Some(other.clone());
        return;
    };
    for (local, held) in locals.iter_mut() {
        if other.get(local) != Some(held) {
            *held = Local::Unknown;
        }
    }
    for local in other.keys() {
        locals.entry(*local).or_insert(Local::Unknown);
    }
}

/// Answers for instructions whose arity does not depend on types. The check knows the others by
/// itself, or refuses them.
struct NoTypes;

impl ModuleArity for NoTypes {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }

    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }

    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }

    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::{FuncType, Operator};

    use super::{CodeContext, Misfit, Relocated, check};
    use crate::module::relocations::RelocationKind;
    use crate::module::sections::{Contents, Signatures};

    /// A module with a function that is checked. Global 0 is `__memory_base`, global 1
    /// `__table_base`. Constants from 1000 on are addresses, those from 2000 on slots, and those from
    /// 3000 on handles, which function 1 takes.
    struct Code<'a> {
        contents: &'a Contents<'a>,
        signatures: Signatures,
    }

    impl CodeContext for Code<'_> {
        fn base(&self, global: u32) -> Option<RelocationKind> {
            [RelocationKind::Address, RelocationKind::Slot].get(global as usize).copied()
        }

        fn relocated(&self, _: usize, value: u32) -> Result<Option<Relocated>, Misfit> {
            match value {
                0..1000 => Ok(None),
                1000..2000 => Ok(Some(Relocated::Address)),
                2000..3000 => Ok(Some(Relocated::Slot)),
                3000..4000 => Ok(Some(Relocated::Handle)),
                _ => Err(Misfit),
            }
        }

        fn function(&self, index: u32) -> Option<&FuncType> {
            self.ty(*self.contents.functions.get(index as usize)?)
        }

        fn takes_handle(&self, function: u32) -> bool {
            function == 1
        }

        fn ty(&self, index: u32) -> Option<&FuncType> {
            self.signatures.function(index)
        }
    }

    /// Returns whether the body of a function with a parameter and two more locals passes.
    fn passes(body: &str) -> bool {
        let text = format!(
            "(module
                (import \"env\" \"memory\" (memory 0))
                (import \"env\" \"__memory_base\" (global $memory i32))
                (import \"env\" \"__table_base\" (global $table i32))
                (global $other (mut i32) (i32.const 0))
                (type $unary (func (param i32) (result i32)))
                (table 1 funcref)
                (tag $tag (param i32))
                (func $f (param i32) (local i32 i32) {body})
                (func $g (param i32) (result i32) (local.get 0)))"
        );
        let bytes = wat::parse_str(text).unwrap();
        let contents = Contents::read(&bytes).unwrap();
        let code = Code { contents: &contents, signatures: Signatures::new([], &contents) };
        let operators = contents.bodies[0].get_operators_reader().unwrap();
        let operators = operators.into_iter_with_offsets().collect::<Result<Vec<_>, _>>().unwrap();
        let operators: Vec<(Operator<'_>, usize)> = operators;
        check(&operators, &code).is_ok()
    }

    const ADDRESS: &str = "(i32.add (global.get $memory) (i32.const 1000))";

    #[test]
    fn sums_of_a_base_and_a_constant_pass() {
        for body in [
            ADDRESS.to_owned() + "drop",
            format!("(i32.store {ADDRESS} (i32.add (i32.const 2000) (global.get $table)))"),
            format!("(drop (call $g (i32.add {ADDRESS} (i32.const 4))))"),
            "global.get $memory i32.const 1000 i32.const 1001 local.get 0 i32.eqz select i32.add drop"
                .to_owned(),
            // A base can stay on the stack while blocks run.
            format!("global.get $memory (block (br_if 0 {ADDRESS})) i32.const 1000 i32.add drop"),
            "(block global.get $memory (br_if 0 (local.get 0)) i32.const 1000 i32.add drop)"
                .to_owned(),
            "global.get $memory
             (block (result i32) (br_if 0 (i32.const 1) (local.get 0)))
             drop i32.const 1000 i32.add drop"
                .to_owned(),
            format!("(drop (call_indirect (type $unary) {ADDRESS} (local.get 0)))"),
        ] {
            assert!(passes(&body), "{body}");
        }
    }

    #[test]
    fn bases_in_locals_pass() {
        for body in [
            "(drop (i32.add (local.tee 1 (global.get $memory)) (i32.const 1000)))
             (drop (i32.add (local.get 1) (i32.const 1001)))",
            // A compiler uses the local of a base for something else where the base is not needed.
            "(local.set 1 (global.get $memory))
             (loop
                (local.set 1 (i32.const 7))
                (br_if 0 (local.get 1)))",
            "(local.set 1 (global.get $memory))
             (block (br_if 0 (local.get 0)) (drop (i32.add (local.get 1) (i32.const 1000))))
             (drop (i32.add (local.get 1) (i32.const 1001)))",
            "(local.set 1 (global.get $memory))
             (loop (drop (i32.add (local.get 1) (i32.const 1000))) (br_if 0 (local.get 0)))",
            "(if (local.get 0) (then (local.set 1 (global.get $memory))) (else unreachable))
             (drop (i32.add (local.get 1) (i32.const 1000)))",
        ] {
            assert!(passes(body), "{body}");
        }
    }

    #[test]
    fn a_handle_is_an_argument_only() {
        const HANDLE: &str = "(i32.add (global.get $memory) (i32.const 3000))";
        for body in [
            format!("(drop (call $g {HANDLE}))"),
            format!("(local.set 1 {HANDLE}) (drop (call $g (local.get 1)))"),
        ] {
            assert!(passes(&body), "{body}");
        }
        for body in [
            format!("(drop (i32.load {HANDLE}))"),
            format!("(drop (call $f {HANDLE}))"),
            format!("(drop (i32.add {HANDLE} (i32.const 4)))"),
            format!("(drop (call $g (i32.eqz {HANDLE})))"),
            format!("(drop (block (result i32) {HANDLE}))"),
        ] {
            assert!(!passes(&body), "{body}");
        }
    }

    #[test]
    fn other_uses_of_a_base_do_not_pass() {
        for body in [
            "(drop (i32.add (global.get $memory) (i32.const 8)))",
            "(drop (i32.load (global.get $memory)))",
            "(drop (i32.load offset=8 (global.get $memory)))",
            "(drop (call $g (global.get $memory)))",
            "(drop (i32.sub (global.get $memory) (i32.const 1000)))",
            "(drop (i32.add (global.get $memory) (local.get 0)))",
            "(global.set $other (global.get $memory))",
            "(drop (i32.add (global.get $table) (i32.const 1000)))",
            "(drop (i32.add (i32.const 1000) (i32.const 1000)))",
            "(drop (i32.load (i32.const 1000)))",
            "(drop (i32.const 4000))",
            "(local.set 1 (i32.const 1000))",
            "(drop (block (result i32) (global.get $memory)))",
            "(drop (block (result i32) (br 0 (global.get $memory))))",
            "(drop (block (result i32) (br_if 0 (global.get $memory) (local.get 0))))",
            "(drop (block (result i32) (br_table 0 0 (global.get $memory) (local.get 0))))",
            "(global.get $memory) (block (param i32) drop)",
            "(global.get $memory) (loop (param i32) drop)",
            "(global.get $memory) (block) (block (result i32) (i32.const 8)) i32.add drop",
            "(drop (if (result i32) (global.get $memory) (then (i32.const 1)) (else (i32.const 2))))",
            "(drop (select (global.get $memory) (i32.const 1) (local.get 0)))",
            "(drop (i32.eqz (local.tee 1 (global.get $memory))))",
        ] {
            assert!(!passes(body), "{body}");
        }
    }

    /// A local that holds a base on some ways only must not be read.
    #[test]
    fn locals_that_may_hold_a_base_do_not_pass() {
        for body in [
            "(if (local.get 0) (then (local.set 1 (global.get $memory))))
             (drop (i32.add (local.get 1) (i32.const 1000)))",
            "(if (local.get 0) (then (local.set 1 (global.get $memory))))
             (drop (i32.load (local.get 1)))",
            "(local.set 1 (global.get $memory))
             (loop
                (drop (i32.add (local.get 1) (i32.const 1000)))
                (local.set 1 (i32.const 7))
                (br_if 0 (local.get 0)))",
            "(loop
                (drop (i32.load (local.get 1)))
                (local.set 1 (global.get $memory))
                (br_if 0 (local.get 0)))",
            "(block
                (local.set 1 (global.get $memory))
                (br_table 0 0 (local.get 0)))
             (block $end
                (block $handler
                    (try_table (catch_all $handler)
                        (drop (call $g (local.get 0)))
                        (local.set 1 (i32.const 7))
                        (drop (call $g (local.get 0))))
                    (br $end))
                (drop (i32.add (local.get 1) (i32.const 1000))))",
            "try
                (local.set 1 (global.get $memory))
                (drop (call $g (local.get 0)))
             catch_all
                (drop (i32.load (local.get 1)))
             end",
        ] {
            assert!(!passes(body), "{body}");
        }
    }

    /// With a hundred times as much of it, this would take hours.
    #[test]
    fn code_that_takes_too_long_does_not_pass() {
        let toggle = "(local.set 1 (global.get $memory)) (local.set 1 (i32.const 7))";
        assert!(passes(&toggle.repeat(1000)));
        for (begin, end) in [("block\n", "end\n"), ("try\n", "catch_all end\n")] {
            let (begin, end) = (begin.repeat(5_000), end.repeat(5_000));
            assert!(!passes(&format!("{begin} {} {end}", toggle.repeat(10_000))));
        }
    }

    #[test]
    fn code_that_cannot_be_reached_passes() {
        assert!(passes("return (drop (i32.load (global.get $memory)))"));
        assert!(passes("(block (br 0) (drop (i32.load (i32.const 4000))))"));
    }
}
