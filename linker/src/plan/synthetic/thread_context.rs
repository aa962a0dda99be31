//! The stack pointer and the thread-local variables of code for WASI preview 3.
//!
//! Such code has no globals for the stack pointer and for the address of its thread-local
//! variables, since a component keeps both per task. It calls functions, which it imports. There is
//! one thread here, so a global is enough: the process's stack pointer, and one for each module,
//! since each has thread-local variables of its own.
//!
//! ```text
//! (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
//! (global $base_of_2 (mut i32) (i32.const 0))
//! (func (export "__wasm_get_stack_pointer") (result i32) (global.get $stack_pointer))
//! (func (export "2.__wasm_set_tls_base") (param i32) (global.set $base_of_2 (local.get 0)))
//! (func (export "2.__wasm_get_tls_base") (result i32)
//!   (if (i32.eqz (global.get $base_of_2)) (then (unreachable)))
//!   (global.get $base_of_2))
//! ```
//!
//! Source: `make_env_module` in wasm-tools'
//! [linking.rs](https://github.com/bytecodealliance/wasm-tools/blob/main/crates/wit-component/src/linking.rs).

use std::collections::BTreeSet;

use wasm_encoder::{BlockType, ConstExpr, ExportKind, Function, GlobalType, TagSection, ValType};

use crate::convention::{ENV, GET_STACK_POINTER, GET_TLS_BASE, SET_STACK_POINTER, SET_TLS_BASE};
use crate::module::Import;
use crate::plan::input::{InputModule, SyntheticKind};
use crate::plan::set::Set;
use crate::plan::synthetic::ModuleWriter;
use crate::plan::synthetic::command::synthetic_module;

/// The name of the module in messages.
const NAME: &str = "thread-context";

/// The index of the global with the process's stack pointer.
const STACK_POINTER: u32 = 0;

/// Returns the name under which the module exports the function that a module of a set imports, by
/// its index there; `None` for any other import.
pub(crate) fn export_name(importer: usize, import: &Import) -> Option<String> {
    match import.name.as_str() {
        _ if import.module != ENV => None,
        GET_STACK_POINTER | SET_STACK_POINTER => Some(import.name.clone()),
        GET_TLS_BASE | SET_TLS_BASE => Some(name_for(importer, &import.name)),
        _ => None,
    }
}

/// Returns the module that defines these functions for the new modules of a set, if one of them
/// imports one.
pub(crate) fn module(program: &Set, is_new: impl Fn(usize) -> bool) -> Option<InputModule> {
    let inputs = program.inputs.iter().enumerate();
    let new = inputs.filter(|(module, input)| is_new(*module) && input.shares_memory());
    let wants = |(module, input): (usize, &InputModule)| {
        let mut imports = input.module.imports.iter();
        imports.any(|import| export_name(module, import).is_some()).then_some(module)
    };
    let importers: BTreeSet<_> = new.filter_map(wants).collect();
    if importers.is_empty() {
        return None;
    }
    synthetic_module(NAME, write(&importers), SyntheticKind::ThreadContext)
}

/// Returns the fault that a function reports by a trap, by its name: in a fused program nothing else
/// identifies it.
pub(crate) fn reported_fault(function: &str) -> Option<&'static str> {
    const FAULT: &str = "a thread-local variable of a module that has not prepared any";
    (function == GET_TLS_BASE).then_some(FAULT)
}

fn write(importers: &BTreeSet<usize>) -> Vec<u8> {
    let mut writer = ModuleWriter::default();
    writer.import_stack_pointer();
    define(&mut writer, GET_STACK_POINTER, None, &get(STACK_POINTER));
    define(&mut writer, SET_STACK_POINTER, None, &set(STACK_POINTER));
    for (global, &importer) in (STACK_POINTER + 1..).zip(importers) {
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        writer.globals.global(ty, &ConstExpr::i32_const(0));
        define(&mut writer, GET_TLS_BASE, Some(importer), &get_prepared(global));
        define(&mut writer, SET_TLS_BASE, Some(importer), &set(global));
    }
    writer.finish(&TagSection::new())
}

/// Defines one of the functions, for one importer or for all.
fn define(writer: &mut ModuleWriter, name: &str, importer: Option<usize>, body: &Function) {
    let ty = match name {
        GET_STACK_POINTER | GET_TLS_BASE => (Vec::new(), Some(ValType::I32)),
        _ => (vec![ValType::I32], None),
    };
    let ty = writer.ty(&ty);
    let function = writer.define_inside(name, ty, body);
    let export = importer.map_or(name.to_owned(), |importer| name_for(importer, name));
    writer.exports.export(&export, ExportKind::Func, function);
}

fn name_for(importer: usize, name: &str) -> String {
    format!("{importer}.{name}")
}

/// Returns the value of a global.
fn get(global: u32) -> Function {
    let mut body = Function::new([]);
    body.instructions().global_get(global).end();
    body
}

/// Returns the value of a global, which must have been set.
fn get_prepared(global: u32) -> Function {
    let mut body = Function::new([]);
    body.instructions().global_get(global).i32_eqz().if_(BlockType::Empty);
    body.instructions().unreachable().end().global_get(global).end();
    body
}

/// Sets a global to the parameter.
fn set(global: u32) -> Function {
    let mut body = Function::new([]);
    body.instructions().local_get(0).global_set(global).end();
    body
}
