//! The function by which a component's caller allocates memory, for programs whose bindings do not
//! define it. Those of wit-bindgen do.
//!
//! Without it the adapter for WASI preview 1 would add pages to the memory, and Emscripten's `sbrk`
//! takes all memory for its heap.
//!
//! ```text
//! (func $cabi_realloc (param $old i32) (param $old_size i32) (param $align i32) (param $size i32)
//!   (result i32)
//!   ;; Nothing is read or written at the address of no bytes.
//!   (if (i32.eqz (local.get $size)) (then (return (local.get $align))))
//!   (local.tee $old (call $realloc (local.get $old) (local.get $size)))
//!   ;; Addresses of `realloc` are aligned for every type of the component model.
//!   (if (i32.eqz (local.get $old)) (then unreachable)))
//! ```

use wasm_encoder::{BlockType, Function, TagSection, ValType};

use crate::convention::ENV;
use crate::plan::input::InputModule;
use crate::plan::synthetic::ModuleWriter;
use crate::types::ExternType;

/// The name that the canonical ABI gives it.
pub(crate) const CABI_REALLOC: &str = "cabi_realloc";
/// The function of libc that it calls.
pub(crate) const REALLOC: &str = "realloc";

/// Returns the module that defines the function by libc's heap, if it is required and there is a
/// libc. A main may define one by its own heap, which is looked up before.
pub(crate) fn module(inputs: &[InputModule], required: &[String]) -> Option<InputModule> {
    let process = || inputs.iter().filter(|input| input.linked_as == ENV);
    let is_required = required.iter().any(|name| name == CABI_REALLOC);
    let found = process().find_map(|input| Some((input, input.definition(REALLOC)?)));
    let (input, realloc) = found.filter(|_| is_required)?;
    let ExternType::Func(ty) = &input.module.exports[realloc].ty else { return None };
    if !input.shares_memory() || ty.to_string() != "(i32, i32) -> i32" {
        return None;
    }
    let input = InputModule::load("component", bytes());
    debug_assert!(input.is_ok(), "the linker can read what it has written: {input:?}");
    let mut input = input.ok()?;
    input.is_on_demand = true;
    Some(input)
}

fn bytes() -> Vec<u8> {
    const I32: ValType = ValType::I32;
    const OLD: u32 = 0;
    const ALIGN: u32 = 2;
    const SIZE: u32 = 3;
    let mut module = ModuleWriter::default();
    let realloc = module.import(ENV, REALLOC, &(vec![I32; 2], Some(I32)));
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(SIZE).i32_eqz().if_(BlockType::Empty).local_get(ALIGN).return_().end();
    code.local_get(OLD).local_get(SIZE).call(realloc).local_tee(OLD);
    code.local_get(OLD).i32_eqz().if_(BlockType::Empty).unreachable().end().end();
    module.define(CABI_REALLOC, &(vec![I32; 4], Some(I32)), &body);
    module.finish(&TagSection::new())
}
