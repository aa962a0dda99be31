//! The WebAssembly features that modules may use, and validation.

use wasmparser::{Parser, Payload, TypeRef, Validator, WasmFeatures};

use crate::module::error::{LoadError, feature_names};
use crate::module::header::{check_header, explain};

/// The WebAssembly features that modules may use: version 3.0 of the standard, and two features
/// that are translated to it when a module is rewritten: the legacy encoding of exceptions, and
/// the instructions of threads.
///
/// [`Module::load`](crate::Module::load) and [`validate`] refuse the rest of threads, which is
/// shared memories.
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
/// which it accepts whatever the features, and shared memories, whose feature atomic instructions
/// need too.
pub(crate) fn refuse_unsupported(name: &str, section: &Payload<'_>) -> Result<(), LoadError> {
    let exact = "custom descriptors must be enabled for imports of exact types";
    let shared = "threads must be enabled for shared memories";
    let found = match section {
        Payload::ImportSection(imports) => {
            let mut imports = imports.clone().into_imports_with_offsets().flatten();
            imports.find_map(|(offset, import)| match import.ty {
                TypeRef::FuncExact(_) => Some((WasmFeatures::CUSTOM_DESCRIPTORS, exact, offset)),
                TypeRef::Memory(ty) if ty.shared => Some((WasmFeatures::THREADS, shared, offset)),
                _ => None,
            })
        }
        Payload::MemorySection(memories) => {
            let mut memories = memories.clone().into_iter_with_offsets().flatten();
            let found = memories.find(|(_, ty)| ty.shared);
            found.map(|(offset, _)| (WasmFeatures::THREADS, shared, offset))
        }
        _ => None,
    };
    let Some((feature, message, offset)) = found else { return Ok(()) };
    Err(LoadError::Feature {
        module: name.to_owned(),
        feature: feature_names(feature),
        message: message.to_owned(),
        offset,
    })
}
