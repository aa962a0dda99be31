//! Bounds of the stack in modules that check it.
//!
//! Emscripten's `-sSTACK_OVERFLOW_CHECK=2`, which `-sASSERTIONS=2` implies, has a module compare
//! the stack pointer with two of its globals wherever the pointer moves. They are 0 until
//! Emscripten's JavaScript has called the module's setter, so no check would pass. Here the bounds
//! are the globals' initial values: nothing has to be called, and a fused program has them on every
//! engine.

use std::collections::BTreeMap;

use wasmparser::{FunctionBody, Operator};

use crate::convention::SET_STACK_LIMITS;
use crate::module::sections::Contents;

/// Functions by which a loader sets the stack's bounds: the address from which it grows down, and
/// its end. The second one is in programs that were linked with `-sMAIN_MODULE`, for
/// `emscripten_stack_get_*`.
const SETTERS: [&str; 2] = [SET_STACK_LIMITS, "emscripten_stack_set_limits"];

/// Computes the bounds of a module's own stack.
const INIT: &str = "emscripten_stack_init";
const GET_HIGH: &str = "emscripten_stack_get_base";
const GET_LOW: &str = "emscripten_stack_get_end";

/// The highest and lowest address of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StackBounds {
    pub(crate) high: u32,
    pub(crate) low: u32,
}

/// Returns the initial values of the globals of a module that hold its stack's bounds, by their
/// indices.
///
/// `shared` is the stack of the process; a module that does not use it has one of its own. The
/// result is empty if the code does not show the globals or the bounds: the plan has refused a
/// module that needs them.
pub(crate) fn initial_values(
    contents: &Contents<'_>,
    imported_functions: u32,
    shared: Option<StackBounds>,
) -> BTreeMap<u32, u32> {
    let code = Code { contents, imported_functions };
    let Some(bounds) = shared.or_else(|| code.own_bounds()) else { return BTreeMap::new() };
    let setters = SETTERS.into_iter().filter_map(|name| globals_set_by(code.export(name)?));
    let bounds = [bounds.high, bounds.low];
    setters.flat_map(|globals| globals.into_iter().zip(bounds)).collect()
}

/// Returns whether the bounds can be given to a module that checks its stack.
pub(crate) fn knows_bounds(
    contents: &Contents<'_>,
    imported_functions: u32,
    shares_stack: bool,
) -> bool {
    let code = Code { contents, imported_functions };
    match code.export(SET_STACK_LIMITS).and_then(globals_set_by) {
        None => false,
        Some(globals) => globals.is_empty() || shares_stack || code.own_bounds().is_some(),
    }
}

struct Code<'c, 'a> {
    contents: &'c Contents<'a>,
    imported_functions: u32,
}

impl<'c, 'a> Code<'c, 'a> {
    /// Returns the body of an exported function.
    fn export(&self, name: &str) -> Option<&'c FunctionBody<'a>> {
        let index = self.contents.exported_function(name)?;
        let defined = index.checked_sub(self.imported_functions)?;
        self.contents.bodies.get(defined as usize)
    }

    /// Computes the bounds as the module does when it starts: without a loader.
    fn own_bounds(&self) -> Option<StackBounds> {
        let mut globals = BTreeMap::new();
        evaluate(self.export(INIT)?, &mut globals)?;
        let high = evaluate(self.export(GET_HIGH)?, &mut globals)??;
        let low = evaluate(self.export(GET_LOW)?, &mut globals)??;
        Some(StackBounds { high, low })
    }
}

/// Returns the globals to which a function of two parameters assigns them, if it does nothing else.
///
/// There are none in a module whose code never moves the stack pointer: it has no check, and the
/// optimizer removes globals that nothing reads.
fn globals_set_by(body: &FunctionBody<'_>) -> Option<Vec<u32>> {
    let operators = body.get_operators_reader().ok()?.into_iter().collect::<Result<Vec<_>, _>>();
    match operators.ok()?.as_slice() {
        [
            Operator::LocalGet { local_index: 0 },
            Operator::GlobalSet { global_index: first },
            Operator::LocalGet { local_index: 1 },
            Operator::GlobalSet { global_index: second },
            Operator::End,
        ] => Some(vec![*first, *second]),
        [Operator::End] | [Operator::Nop, Operator::End] => Some(Vec::new()),
        _ => None,
    }
}

/// Runs a function without parameters that computes with constants and globals. Returns its result,
/// if it has one; `None` for any other code.
fn evaluate(body: &FunctionBody<'_>, globals: &mut BTreeMap<u32, u32>) -> Option<Option<u32>> {
    let mut stack = Vec::new();
    for operator in body.get_operators_reader().ok()? {
        let value = match operator.ok()? {
            Operator::I32Const { value } => value.cast_unsigned(),
            Operator::GlobalGet { global_index } => *globals.get(&global_index)?,
            Operator::GlobalSet { global_index } => {
                globals.insert(global_index, stack.pop()?);
                continue;
            }
            Operator::I32Add => apply(&mut stack, u32::wrapping_add)?,
            Operator::I32Sub => apply(&mut stack, u32::wrapping_sub)?,
            Operator::I32And => apply(&mut stack, |a, b| a & b)?,
            Operator::End => return Some(stack.pop()),
            _ => return None,
        };
        stack.push(value);
    }
    None
}

fn apply(stack: &mut Vec<u32>, operation: impl Fn(u32, u32) -> u32) -> Option<u32> {
    let (second, first) = (stack.pop()?, stack.pop()?);
    Some(operation(first, second))
}

/// The fault that a check reports by a trap.
pub(crate) const STACK_HAS_OVERFLOWED: &str =
    "the stack in linear memory has overflowed, seen by the checks of `-sSTACK_OVERFLOW_CHECK=2`";

/// `i32.lt_u`, `i32.or`, `if` without results and `unreachable`. What is compared is a global.
const CHECK: [u8; 5] = [0x49, 0x72, 0x04, 0x40, 0x00];
const GLOBAL_GET: u8 = 0x23;

/// Returns whether the instruction at `offset` of a module is the trap of a check: its
/// `unreachable`, or its `if`, which engines may report instead.
pub(crate) fn is_check(module: &[u8], offset: usize) -> bool {
    let ends = [offset.saturating_add(1), offset.saturating_add(3)];
    ends.into_iter().filter_map(|end| module.get(..end)).any(ends_with_check)
}

fn ends_with_check(code: &[u8]) -> bool {
    let Some(code) = code.strip_suffix(&CHECK) else { return false };
    // The global's index has five bytes at most, of which all but the last have the highest bit.
    let Some((&last, code)) = code.split_last() else { return false };
    let index = code.iter().rev().take(4).take_while(|&&byte| byte >= 0x80).count();
    last < 0x80 && code[..code.len() - index].last() == Some(&GLOBAL_GET)
}
