//! Phase *load*: a module's bytes to plain data.

use std::fmt;

use serde::Serialize;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{KnownCustom, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::dylink::{self, Dylink};
use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};

/// The WebAssembly features that modules may use: version 3.0 of the standard without threads.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM3.difference(WasmFeatures::THREADS);

/// A module as plain data: what linking needs to know of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Module {
    /// How messages call it: the file's name without its ending, for one that comes from a file.
    pub name: String,
    pub kind: Kind,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// Present in shared libraries only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dylink: Option<Dylink>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    pub module: String,
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ExternType,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ExternType,
}

/// How a module takes part in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Position independent, with a `dylink.0` section: a side module.
    SharedLibrary,
    /// Not position independent, but lends its memory, table and stack to shared libraries.
    Main,
    /// Exports `_start` and runs on its own.
    Command,
    /// Exports `_initialize`, to be called once before anything else.
    Reactor,
    /// Any other module: its exports are all it brings.
    Plain,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::SharedLibrary => "shared library (side module)",
            Kind::Main => "main, not position independent",
            Kind::Command => "command",
            Kind::Reactor => "reactor",
            Kind::Plain => "plain module",
        })
    }
}

/// The exports by which a main lends its memory, table and stack.
const MAIN_EXPORTS: [&str; 5] =
    ["memory", "__indirect_function_table", "__stack_pointer", "__heap_base", "__heap_end"];

/// Why bytes are not a module that can be used here. Offsets are in bytes from the file's start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    #[error("`{module}` is empty: 0 bytes are no WebAssembly module")]
    Empty { module: String },
    #[error(
        "`{module}` is not a WebAssembly module: it starts with {found}, not with the magic \
         number 00 61 73 6d{hint}"
    )]
    NotWasm { module: String, found: String, hint: &'static str },
    #[error(
        "`{module}` is a component; only core modules can be linked: \
         build for `wasm32-wasip1` or `wasm32-unknown-unknown`, or run it with `wasmtime run`"
    )]
    Component { module: String },
    #[error("`{module}` has version {version} of the binary format; only version 1 is known")]
    Version { module: String, version: u32 },
    #[error(
        "`{module}` is truncated: its section at offset {offset:#x} should end at byte {expected}, \
         but the file ends at byte {found}; copy or build it again"
    )]
    Truncated { module: String, offset: usize, expected: usize, found: usize },
    #[error(
        "`{module}` uses the feature `{feature}`, which is not enabled here: {message} \
         (at offset {offset:#x}); build it without that feature"
    )]
    Feature { module: String, feature: String, message: String, offset: usize },
    #[error("`{module}` is malformed: {message} (at offset {offset:#x})")]
    Malformed { module: String, message: String, offset: usize },
    #[error(
        "`{module}` has its `dylink.0` section at offset {offset:#x}; it must come first, and once"
    )]
    DylinkNotFirst { module: String, offset: usize },
    #[error("`{module}` asks in `dylink.0` for an alignment of 2^{log2}; 2^31 is the most")]
    Alignment { module: String, log2: u32 },
}

impl LoadError {
    pub(crate) fn malformed(module: &str, error: &wasmparser::Error) -> Self {
        let (module, message, offset) =
            (module.to_owned(), error.message().to_owned(), error.offset());
        match error.missing_wasm_feature() {
            Some(feature) => {
                LoadError::Feature { module, feature: names(feature), message, offset }
            }
            None => LoadError::Malformed { module, message, offset },
        }
    }
}

/// The features' names as command lines spell them: `legacy-exceptions`.
fn names(features: WasmFeatures) -> String {
    let names: Vec<_> =
        features.iter_names().map(|(name, _)| name.to_lowercase().replace('_', "-")).collect();
    names.join(", ")
}

impl Module {
    /// Reads a module's bytes; `name` is how messages call it.
    ///
    /// Everything but the function bodies is validated: [`validate`] does those too.
    ///
    /// # Errors
    ///
    /// When the bytes are not a valid core module that uses only [`FEATURES`].
    pub fn load(name: impl Into<String>, bytes: &[u8]) -> Result<Self, LoadError> {
        let name = name.into();
        check_header(&name, bytes)?;
        let mut reader = ModuleReader::default();
        reader.read(&name, bytes)?;
        let kind = kind(&reader);
        Ok(Module {
            name,
            kind,
            imports: reader.imports,
            exports: reader.exports,
            dylink: reader.dylink,
        })
    }

    /// The export called `name`, if there is one.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }
}

/// Validates a module completely, function bodies included; `name` is how the error calls it.
///
/// # Errors
///
/// The first fault, in the order of the file.
pub fn validate(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    check_header(name, bytes)?;
    match Validator::new_with_features(FEATURES).validate_all(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(explain(name, bytes, &error)),
    }
}

#[derive(Default)]
struct ModuleReader {
    imports: Vec<Import>,
    exports: Vec<Export>,
    dylink: Option<Dylink>,
}

impl ModuleReader {
    fn read(&mut self, name: &str, bytes: &[u8]) -> Result<(), LoadError> {
        let mut validator = Validator::new_with_features(FEATURES);
        let mut first_section = true;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|e| explain(name, bytes, &e))?;
            if let Payload::CustomSection(section) = &payload
                && section.name() == dylink::SECTION
            {
                if !first_section {
                    let offset = section.range().start;
                    return Err(LoadError::DylinkNotFirst { module: name.to_owned(), offset });
                }
                if let KnownCustom::Dylink0(reader) = section.as_known() {
                    self.dylink = Some(dylink::read(name, reader)?);
                }
            }
            first_section &= matches!(payload, Payload::Version { .. });
            if matches!(payload, Payload::CodeSectionEntry(_)) {
                // Wasmtime validates the bodies when it compiles them, in parallel.
                continue;
            }
            let valid = validator.payload(&payload).map_err(|e| explain(name, bytes, &e))?;
            if let ValidPayload::End(types) = valid {
                self.collect(types.as_ref());
            }
        }
        Ok(())
    }

    fn collect(&mut self, types: TypesRef<'_>) {
        self.imports = types
            .core_imports()
            .into_iter()
            .flatten()
            .map(|(module, name, ty)| Import {
                module: module.to_owned(),
                name: name.to_owned(),
                ty: extern_type(types, ty),
            })
            .collect();
        self.exports = types
            .core_exports()
            .into_iter()
            .flatten()
            .map(|(name, ty)| Export { name: name.to_owned(), ty: extern_type(types, ty) })
            .collect();
    }
}

fn extern_type(types: TypesRef<'_>, ty: EntityType) -> ExternType {
    match ty {
        EntityType::Func(id) | EntityType::FuncExact(id) => ExternType::Func(func_type(types, id)),
        EntityType::Tag(id) => ExternType::Tag(func_type(types, id)),
        EntityType::Global(ty) => {
            ExternType::Global(GlobalType { content: ty.content_type, mutable: ty.mutable })
        }
        EntityType::Memory(ty) => ExternType::Memory(MemoryType {
            minimum: ty.initial,
            maximum: ty.maximum,
            memory64: ty.memory64,
            shared: ty.shared,
        }),
        EntityType::Table(ty) => ExternType::Table(TableType {
            element: ty.element_type,
            minimum: ty.initial,
            maximum: ty.maximum,
            table64: ty.table64,
        }),
    }
}

fn func_type(types: TypesRef<'_>, id: CoreTypeId) -> FuncType {
    let ty = types[id].unwrap_func();
    FuncType { params: ty.params().to_vec(), results: ty.results().to_vec() }
}

fn kind(module: &ModuleReader) -> Kind {
    let exports = |name: &str| module.exports.iter().any(|export| export.name == name);
    if module.dylink.is_some() {
        Kind::SharedLibrary
    } else if MAIN_EXPORTS.iter().all(|name| exports(name)) {
        Kind::Main
    } else if exports("_start") {
        Kind::Command
    } else if exports("_initialize") {
        Kind::Reactor
    } else {
        Kind::Plain
    }
}

const MAGIC: &[u8] = b"\0asm";

/// The first eight bytes: the magic number, the version and the layer.
fn check_header(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let module = name.to_owned();
    if bytes.is_empty() {
        return Err(LoadError::Empty { module });
    }
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        let (found, hint) = describe_start(bytes);
        return Err(LoadError::NotWasm { module, found, hint });
    }
    let Some((version, _)) = bytes[MAGIC.len().min(bytes.len())..].split_first_chunk() else {
        return Err(LoadError::Truncated { module, offset: 0, expected: 8, found: bytes.len() });
    };
    match u32::from_le_bytes(*version) {
        1 => Ok(()),
        // The upper half is the layer: 0 for core modules, 1 for components.
        v if v >> 16 == 1 => Err(LoadError::Component { module }),
        version => Err(LoadError::Version { module, version }),
    }
}

/// What a file that is no module starts with, and what that probably means.
fn describe_start(bytes: &[u8]) -> (String, &'static str) {
    let start = &bytes[..bytes.len().min(4)];
    let found = format!("`{}`", start.escape_ascii());
    let text = bytes.trim_ascii_start();
    let hint = if text.starts_with(b"(module") || text.starts_with(b";;") {
        "; it looks like the text format: convert it with `wasm-tools parse`"
    } else if start == b"!<ar" {
        "; it is an archive of object files: link it to a module first"
    } else if start == b"\x7fELF" || start.starts_with(b"MZ") || start == b"\xcf\xfa\xed\xfe" {
        "; it is a native program or library: build it for a wasm32 target"
    } else {
        ""
    };
    (found, hint)
}

/// Tells a file that was cut off from one that is malformed.
fn explain(name: &str, bytes: &[u8], error: &wasmparser::Error) -> LoadError {
    let module = name.to_owned();
    match cut_section(bytes) {
        Some((offset, expected)) => {
            LoadError::Truncated { module, offset, expected, found: bytes.len() }
        }
        None => LoadError::malformed(name, error),
    }
}

/// The section that claims to reach beyond the end of the file: its offset, and where it should end.
fn cut_section(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut offset = 8;
    while offset < bytes.len() {
        let mut reader = wasmparser::BinaryReader::new(bytes.get(offset + 1..)?, offset + 1);
        let Ok(size) = reader.read_var_u32() else {
            return (bytes.len() - offset < 6).then_some((offset, bytes.len() + 1));
        };
        let end = reader.original_position().saturating_add(size as usize);
        if end > bytes.len() {
            return Some((offset, end));
        }
        offset = end;
    }
    None
}
