//! Decides which functions are inlined: written where they are called.
//!
//! These are small functions without control flow, such as the comparisons that `std::sort` calls,
//! and small functions that call only such functions. A call of one takes longer than its work,
//! and often as much room.

use std::collections::BTreeMap;

use wasmparser::{FunctionBody, Operator, ValType};

use crate::module::sections::{Contents, Signatures};
use crate::plan::layout::ItemId;
use crate::write::live::ItemSet;
use crate::write::targets::{FunctionTarget, Targets};

/// The most instructions of a function that is inlined, with those of the functions that are
/// inlined into it.
const MOST_INSTRUCTIONS: usize = 12;

/// The most bytes of its own body. Instructions that say where they are relocated have up to seven.
const MOST_BYTES: usize = 8 * MOST_INSTRUCTIONS;

/// The most parameters and local variables of its own.
const MOST_LOCALS: usize = 8;

/// The most functions that are inlined into each other.
const LEVELS: usize = 4;

/// The largest function into which others are inlined, in bytes and in local variables. A larger
/// one could become too large for engines.
const LARGEST_CALLER: usize = 200_000;
const MOST_LOCALS_OF_CALLER: u32 = 10_000;

/// The functions that may be inlined.
#[derive(Default)]
pub(crate) struct Inlinable {
    functions: ItemSet,
    /// A function comes after those that are inlined into it.
    order: Vec<ItemId>,
}

impl Inlinable {
    /// Finds the functions of a program that may be inlined. The functions that the linker itself
    /// has written are not among them: messages depend on their names.
    pub(crate) fn find(targets: &Targets<'_>, contents: &[Contents<'_>]) -> Self {
        let inputs = targets.plan.set.inputs.iter().zip(contents).enumerate();
        let own = inputs.filter(|(_, (input, _))| input.synthetic.is_none());
        let mut rest: Vec<_> =
            own.flat_map(|(module, (_, contents))| candidates(targets, module, contents)).collect();
        rest.retain(|candidate| !targets.allocates_block(candidate.id));
        let mut sizes = BTreeMap::new();
        let mut inlinable = Inlinable::default();
        for _ in 0..LEVELS {
            let sized = rest.iter().filter_map(|candidate| candidate.size(&sizes));
            let found: Vec<_> = sized.collect();
            for (id, _) in &found {
                inlinable.functions.insert(*id);
                inlinable.order.push(*id);
            }
            sizes.extend(found);
            rest.retain(|candidate| !inlinable.functions.contains(candidate.id));
        }
        inlinable
    }

    pub(crate) fn contains(&self, id: ItemId) -> bool {
        self.functions.contains(id)
    }

    /// Returns the functions. One comes after those that are inlined into it.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = ItemId> {
        self.order.iter().copied()
    }
}

/// Returns whether other functions are inlined into a function.
pub(crate) fn is_caller(body: &FunctionBody<'_>) -> bool {
    declared_locals(body).is_some_and(|locals| locals <= MOST_LOCALS_OF_CALLER)
        && body.range().len() <= LARGEST_CALLER
}

/// Returns the number of local variables of a function, without its parameters.
fn declared_locals(body: &FunctionBody<'_>) -> Option<u32> {
    let mut locals: u32 = 0;
    for declared in body.get_locals_reader().ok()? {
        locals = locals.checked_add(declared.ok()?.0)?;
    }
    Some(locals)
}

/// A small function without control flow.
struct Candidate {
    id: ItemId,
    /// The number of its instructions that are not calls.
    instructions: usize,
    calls: Vec<ItemId>,
}

impl Candidate {
    /// Returns the function and its size, if it is small with the functions that it calls. `sizes`
    /// are those of the functions that are known to be inlinable.
    fn size(&self, sizes: &BTreeMap<ItemId, usize>) -> Option<(ItemId, usize)> {
        let called = self.calls.iter().map(|callee| sizes.get(callee)).sum::<Option<usize>>()?;
        let size = self.instructions + called;
        (size <= MOST_INSTRUCTIONS).then_some((self.id, size))
    }
}

fn candidates(targets: &Targets<'_>, module: usize, contents: &Contents<'_>) -> Vec<Candidate> {
    let input = &targets.plan.set.inputs[module];
    let signatures = Signatures::new(input.module.imported_tag_types(), contents);
    // A module's `_start` is written without its call of the constructors.
    let start = targets.plan.set.inputs[module].start_and_constructors().map(|(start, _)| start);
    let functions = contents.functions.iter().zip(&contents.bodies);
    let functions = (targets.imported(module).functions..).zip(functions);
    let candidates = functions.filter_map(|(index, (&ty, body))| {
        let id = ItemId { module, index };
        if body.range().len() > MOST_BYTES || Some(index) == start {
            return None;
        }
        candidate(targets, id, body, plain_locals(ty, body, &signatures)?)
    });
    candidates.collect()
}

/// Returns the number of parameters and local variables of a function; `None` if there are many, or
/// if they or its results are anything but numbers.
fn plain_locals(ty: u32, body: &FunctionBody<'_>, signatures: &Signatures) -> Option<usize> {
    let ty = signatures.function(ty)?;
    let count = ty.params().len() + declared_locals(body)? as usize;
    let declared = body.get_locals_reader().ok()?.into_iter().flatten();
    let types = ty.params().iter().chain(ty.results()).copied();
    let mut types = types.chain(declared.map(|(_, ty)| ty));
    (count <= MOST_LOCALS && types.all(is_number)).then_some(count)
}

fn is_number(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

/// Returns a function that may be inlined if it calls only such functions; `None` for one with
/// control flow. `locals` is the number of its local variables.
fn candidate(
    targets: &Targets<'_>,
    id: ItemId,
    body: &FunctionBody<'_>,
    locals: usize,
) -> Option<Candidate> {
    let mut candidate = Candidate { id, instructions: 0, calls: Vec::new() };
    let mut operators = body.get_operators_reader().ok()?;
    loop {
        match operators.read().ok()? {
            Operator::End => return Some(candidate),
            // Code is read before it is validated.
            Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index }
                if local_index as usize >= locals =>
            {
                return None;
            }
            Operator::Call { function_index } => {
                let callee = ItemId { module: id.module, index: function_index };
                let FunctionTarget::Defined(callee) = targets.function(callee) else { return None };
                candidate.calls.push(callee);
            }
            operator if is_straight(&operator) => candidate.instructions += 1,
            _ => return None,
        }
    }
}

/// Returns whether an instruction is always followed by the next one, unless it traps.
fn is_straight(operator: &Operator<'_>) -> bool {
    let is_control = matches!(
        operator,
        Operator::Unreachable
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
    );
    is_basic(operator) && !is_control && !matches!(operator, Operator::MemoryGrow { .. })
}

macro_rules! is_basic {
    (@mvp) => {
        true
    };
    (@sign_extension) => {
        true
    };
    (@saturating_float_to_int) => {
        true
    };
    (@$proposal:ident) => {
        false
    };
}

macro_rules! define_is_basic {
    ($(
        @$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*)
    )*) => {
        /// Returns whether an instruction is of the first version of WebAssembly, or one of its
        /// later conversions of numbers.
        fn is_basic(operator: &Operator<'_>) -> bool {
            match operator {
                $(Operator::$op { .. } => is_basic!(@$proposal),)*
                _ => false,
            }
        }
    };
}
wasmparser::for_each_operator!(define_is_basic);
