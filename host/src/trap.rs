//! The texts of traps and the names of functions in messages.

use linker::Set;
use wasmtime::Trap;

/// Returns the name of a function of a module: `module!function`.
pub(crate) fn title(set: &Set, module: usize, function: u32) -> String {
    let module = &set.inputs[module];
    let known = linker::function_name(&module.bytes, function);
    format!("{}!{}", module.module.name, name(known.as_deref(), function))
}

/// Describes a trap.
pub(crate) fn reason(trap: &Trap) -> String {
    let reason = trap.to_string().trim_start_matches("wasm trap: ").to_owned();
    match trap {
        Trap::IndirectCallToNull => reason + ", a call of a null function pointer",
        Trap::BadSignature => {
            reason + ", a call of a function pointer as another type than its own"
        }
        _ => reason,
    }
}

pub(crate) fn name(name: Option<&str>, index: u32) -> String {
    name.map_or_else(|| format!("function {index}"), |name| linker::demangle(name).into_owned())
}
