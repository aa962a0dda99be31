//! The WebAssembly features that modules may use, and validation.

use wasmparser::{Parser, Payload, TypeRef, Validator, WasmFeatures};

use crate::module::error::{LoadError, feature_names};
use crate::module::header::{check_header, explain};

/// The WebAssembly features that modules may use: version 3.0 of the standard, and two features
/// that are translated to it when a module is rewritten: the legacy encoding of exceptions, and
/// threads.
///
/// The memory that all modules of a program share becomes an ordinary one, also if they declare it
/// as shared between threads. [`Module::load`](crate::Module::load) refuses a module that keeps
/// such a memory to itself.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM3.union(WasmFeatures::LEGACY_EXCEPTIONS);

/// Validates a module completely, function bodies included; errors call it `name`.
///
/// # Errors
///
/// The first fault, in the order of the file.
pub fn validate(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    check_header(name, bytes)?;
    let mut validator = Validator::new_with_features(FEATURES);
    validator.validate_all(bytes).map_err(|error| explain(name, bytes, &error))?;
    let sections = Parser::new(0).parse_all(bytes).flatten();
    let mut before_code =
        sections.take_while(|section| !matches!(section, Payload::CodeSectionStart { .. }));
    before_code.try_for_each(|section| refuse_unsupported(name, &section))
}

/// Refuses what the validator accepts but this crate does not support: imports of exact types,
/// which it accepts whatever the features.
pub(crate) fn refuse_unsupported(name: &str, section: &Payload<'_>) -> Result<(), LoadError> {
    let Payload::ImportSection(imports) = section else { return Ok(()) };
    let mut imports = imports.clone().into_imports_with_offsets().flatten();
    let exact = imports.find(|(_, import)| matches!(import.ty, TypeRef::FuncExact(_)));
    match exact {
        None => Ok(()),
        Some((offset, _)) => Err(LoadError::Feature {
            module: name.to_owned(),
            feature: feature_names(WasmFeatures::CUSTOM_DESCRIPTORS),
            message: "custom descriptors must be enabled for imports of exact types".to_owned(),
            offset,
        }),
    }
}

/// Refuses a module that keeps a memory of its own which threads share.
pub(crate) fn refuse_shared_memory(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let sections = Parser::new(0).parse_all(bytes).flatten();
    let memories = sections.filter_map(|section| match section {
        Payload::ImportSection(imports) => {
            let mut imports = imports.into_imports_with_offsets().flatten();
            imports.find_map(|(offset, import)| match import.ty {
                TypeRef::Memory(ty) if ty.shared => Some(offset),
                _ => None,
            })
        }
        Payload::MemorySection(memories) => {
            let mut memories = memories.into_iter_with_offsets().flatten();
            memories.find_map(|(offset, ty)| ty.shared.then_some(offset))
        }
        _ => None,
    });
    match memories.into_iter().next() {
        None => Ok(()),
        Some(offset) => Err(LoadError::SharedMemory { module: name.to_owned(), offset }),
    }
}
