//! Arguments of components' functions as text, in the syntax of WAVE.

use std::collections::BTreeSet;

use wasmtime::component::wasm_wave::ast::Node;
use wasmtime::component::wasm_wave::untyped::UntypedValue;
use wasmtime::component::wasm_wave::wasm::{WasmType, WasmTypeKind};
use wasmtime::component::{Type, Val};

/// Parses an argument. A string may also be given without quotes.
pub(super) fn parse(ty: &Type, text: &str) -> Result<Val, String> {
    match ty.kind() {
        WasmTypeKind::String if !text.starts_with('"') => Ok(Val::String(text.to_owned())),
        WasmTypeKind::Unsupported => {
            Err("it takes a resource, which only another component or a host can give it"
                .to_owned())
        }
        _ => {
            refuse_unknown_fields(ty, text)?;
            Val::from_wave(ty, text).map_err(|error| error.to_string())
        }
    }
}

/// Refuses fields that a record does not have: the parser ignores them, and a misspelt name of an
/// optional field would leave that field out.
fn refuse_unknown_fields(ty: &Type, text: &str) -> Result<(), String> {
    // What cannot be parsed is reported by the parser that knows the type.
    let Ok(value) = UntypedValue::parse(text) else { return Ok(()) };
    let mut unknown = Vec::new();
    find_unknown_fields(ty, value.node(), text, &mut unknown);
    if unknown.is_empty() { Ok(()) } else { Err(unknown.join("; ")) }
}

fn find_unknown_fields(ty: &Type, node: &Node, text: &str, unknown: &mut Vec<String>) {
    let mut find = |ty: Option<Type>, node: Option<&Node>| {
        if let (Some(ty), Some(node)) = (ty, node) {
            find_unknown_fields(&ty, node, text, unknown);
        }
    };
    match ty.kind() {
        WasmTypeKind::Record => record(ty, node, text, unknown),
        WasmTypeKind::List => node.as_list().into_iter().flatten().for_each(|element| {
            find(ty.list_element_type(), Some(element));
        }),
        WasmTypeKind::Tuple => {
            let elements = node.as_tuple().into_iter().flatten();
            ty.tuple_element_types().zip(elements).for_each(|(ty, it)| find(Some(ty), Some(it)));
        }
        // `some` may be left out.
        WasmTypeKind::Option => {
            find(ty.option_some_type(), node.as_option().unwrap_or(Some(node)));
        }
        WasmTypeKind::Result => {
            let types = ty.result_types();
            match node.as_result() {
                Ok(Ok(value)) => find(types.and_then(|(ok, _)| ok), value),
                Ok(Err(error)) => find(types.and_then(|(_, error)| error), error),
                Err(_) => find(types.and_then(|(ok, _)| ok), Some(node)),
            }
        }
        WasmTypeKind::Variant => {
            if let Ok((case, value)) = node.as_variant(text) {
                let of_case = ty.variant_cases().find(|(name, _)| name == case);
                find(of_case.and_then(|(_, ty)| ty), value);
            }
        }
        _ => {}
    }
}

fn record(ty: &Type, node: &Node, text: &str, unknown: &mut Vec<String>) {
    let Ok(fields) = node.as_record(text) else { return };
    let known: Vec<_> = ty.record_fields().collect();
    for (name, value) in fields {
        match known.iter().find(|(field, _)| field == name) {
            Some((_, ty)) => find_unknown_fields(ty, value, text, unknown),
            None => {
                let names: BTreeSet<_> =
                    known.iter().map(|(field, _)| format!("`{field}`")).collect();
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                let name = linker::printable(name);
                unknown.push(format!("there is no field `{name}`; the fields are {names}"));
            }
        }
    }
}
