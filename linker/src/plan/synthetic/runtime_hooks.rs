//! Functions by which code of Emscripten calls its JavaScript, as a module that the linker writes.
//!
//! A program that keeps a memory of its own may import them too, so the module has no memory.

use std::collections::BTreeSet;

use wasm_encoder::{Function, TagSection, ValType};

use crate::convention::ENV;
use crate::module::stack_checks::STACK_HAS_OVERFLOWED;
use crate::plan::input::InputModule;
use crate::plan::synthetic::ModuleWriter;

/// The name of the module in messages.
const NAME: &str = "emscripten";

/// A function that Emscripten's JavaScript would define.
struct Hook {
    name: &'static str,
    params: &'static [ValType],
    /// The fault that it reports, by a trap.
    fault: Option<&'static str>,
}

/// The hooks that need no JavaScript. Hints about the others are in `hint.rs`. The functions that
/// JavaScript would call are in `stack_checks.rs` and `convention.rs`.
const HOOKS: [Hook; 4] = [
    // Memory has grown. JavaScript would create its views of memory again. There are none here.
    Hook { name: "emscripten_notify_memory_growth", params: &[ValType::I32], fault: None },
    // `-sSTACK_OVERFLOW_CHECK=2`: the value that the stack pointer would have had.
    Hook {
        name: "__handle_stack_overflow",
        params: &[ValType::I32],
        fault: Some(STACK_HAS_OVERFLOWED),
    },
    // `-sSAFE_HEAP`: a load or store outside of the memory that is in use, or at an unaligned
    // address.
    Hook {
        name: "segfault",
        params: &[],
        fault: Some("an access to memory that is not in use, seen by the checks of `-sSAFE_HEAP`"),
    },
    Hook {
        name: "alignfault",
        params: &[],
        fault: Some("an access at an unaligned address, seen by the checks of `-sSAFE_HEAP`"),
    },
];

/// Returns whether a symbol is one of the hooks.
pub(crate) fn is_hook(symbol: &str) -> bool {
    HOOKS.iter().any(|hook| hook.name == symbol)
}

/// Returns the module that defines the hooks that modules import and no module defines.
pub(crate) fn module(inputs: &[InputModule]) -> Option<InputModule> {
    let process = || inputs.iter().filter(|input| input.linked_as == ENV);
    let is_defined = |name: &str| process().any(|input| input.definition(name).is_some());
    let imports = inputs.iter().flat_map(|input| &input.module.imports);
    let imports = imports.filter(|import| import.module == ENV || import.is_address());
    let imported = imports.map(|import| import.name.as_str()).filter(|name| is_hook(name));
    let imported: BTreeSet<_> = imported.collect();
    let is_wanted = |hook: &&Hook| imported.contains(hook.name) && !is_defined(hook.name);
    let hooks: Vec<_> = HOOKS.iter().filter(is_wanted).collect();
    if hooks.is_empty() {
        return None;
    }
    // What is written here can be read.
    let mut input =
        InputModule::load(NAME, write(&hooks, inputs.iter().any(InputModule::shares_memory)))
            .ok()?;
    input.is_on_demand = true;
    Some(input)
}

/// Writes a shared library, or a plain module where nothing is shared.
fn write(hooks: &[&Hook], is_shared: bool) -> Vec<u8> {
    let mut module = ModuleWriter::default();
    for hook in hooks {
        module.define(hook.name, &(hook.params.to_vec(), None), &body(hook));
    }
    if is_shared { module.finish(&TagSection::new()) } else { module.finish_plain() }
}

fn body(hook: &Hook) -> Function {
    let mut body = Function::new([]);
    if hook.fault.is_some() {
        body.instructions().unreachable();
    }
    body.instructions().end();
    body
}

/// Returns the fault that a hook reports by a trap, by its name: in a fused program nothing else
/// identifies it.
pub(crate) fn reported_fault(function: &str) -> Option<&'static str> {
    HOOKS.iter().find(|hook| hook.name == function)?.fault
}
