//! What a fault probably comes from, and what helps.

use crate::convention::{ENV, GOT_FUNC, GOT_MEM, is_private};
use crate::demangle::demangle;
use crate::load::{Import, Module};
use crate::types::{ExternType, FuncType};
use wasmparser::ValType;

/// Why a symbol that nothing defines may be wanted.
pub(crate) fn undefined(import: &Import, others: &[&Module]) -> Option<String> {
    let name = import.name.as_str();
    if name.starts_with("__tls_") || name.starts_with("__wasm_init_tls") {
        return Some("it is built for threads, which are not supported".to_owned());
    }
    if import.module == ENV && is_private(name) {
        return Some(
            "only shared libraries get that from the linker: build the module with `-fPIC` and \
             `-sSIDE_MODULE=1`"
                .to_owned(),
        );
    }
    if name.starts_with("invoke_") {
        return Some(
            "it is for exceptions or `setjmp`, which are not supported yet; build without \
             `-fexceptions`"
                .to_owned(),
        );
    }
    if name.starts_with("emscripten_asm_const") || name.starts_with("__em_js") {
        return Some("`EM_ASM` and `EM_JS` are JavaScript, and there is none here".to_owned());
    }
    other_kind(import, others).or_else(|| extern_c(name, others))
}

/// A symbol whose address is wanted, and that is something without an address, or one of the other kind.
fn other_kind(import: &Import, others: &[&Module]) -> Option<String> {
    if ![GOT_MEM, GOT_FUNC].contains(&import.module.as_str()) {
        return None;
    }
    let export = |other: &&&Module| other.export(&import.name).is_some();
    let other = others.iter().find(export)?;
    let ty = &other.export(&import.name)?.ty;
    let wanted = if import.module == GOT_MEM { "the address of data" } else { "a function" };
    Some(format!("`{}` has that name for {ty}, which is not {wanted}", other.name))
}

/// A C++ name that somebody exports as a C name.
fn extern_c(name: &str, others: &[&Module]) -> Option<String> {
    let demangled = demangle(name);
    let (plain, _) = demangled.split_once('(')?;
    let other = others.iter().find(|other| other.function(plain).is_some())?;
    Some(format!("`{}` exports `{plain}`; declare it `extern \"C\"`", other.name))
}

/// Why two types may differ.
pub(crate) fn mismatch(wanted: &ExternType, found: &ExternType) -> Option<String> {
    let (ExternType::Func(wanted), ExternType::Func(found)) = (wanted, found) else { return None };
    let legalised = legalise(wanted) == *found || legalise(found) == *wanted;
    legalised.then(|| {
        "perhaps one of the two was built without `-sWASM_BIGINT`, which keeps 64-bit integers whole"
            .to_owned()
    })
}

/// The type that Emscripten gives a function for callers that know no i64: arguments in halves, and of the
/// result the lower one.
fn legalise(ty: &FuncType) -> FuncType {
    let halves = |&ty: &ValType| match ty {
        ValType::I64 => vec![ValType::I32; 2],
        ty => vec![ty],
    };
    let half = |&ty: &ValType| if ty == ValType::I64 { ValType::I32 } else { ty };
    FuncType {
        params: ty.params.iter().flat_map(halves).collect(),
        results: ty.results.iter().map(half).collect(),
    }
}
