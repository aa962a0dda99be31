//! Phase *load*: a module's bytes to plain data.

pub(crate) mod contract;
pub(crate) mod custom_sections;
pub(crate) mod dylink;
pub(crate) mod error;
pub(crate) mod sections;
pub(crate) mod stack_checks;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Serialize;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{
    ConstExpr, DataKind, Element, ElementItems, ElementKind, Operator, Parser, Payload, TypeRef,
    ValType, ValidPayload, Validator, WasmFeatures,
};

use crate::convention::{
    ENV, GOT_FUNC, GOT_MEM, HEAP_BASE, LINEAR_MEMORY, MEMORY, MEMORY_BASE, STACK_POINTER, TABLE,
    TABLE_BASE, is_private,
};
use crate::limits::InputLimits;
use crate::module::dylink::Dylink;
use crate::module::error::LoadError;
use crate::module::sections::Contents;
use crate::names::printable;
use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};

/// The WebAssembly features that modules may use: version 3.0 of the standard and two that are
/// translated to it when a module is rewritten, the legacy encoding of exceptions and the
/// instructions of threads.
///
/// [`Module::load`] and [`validate`] refuse the rest of threads, shared memories.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM3.union(WasmFeatures::LEGACY_EXCEPTIONS);

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
    #[serde(skip)]
    pub(crate) internals: Internals,
}

/// What binding needs to know beyond the imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Internals {
    pub(crate) imported_functions: u32,
    pub(crate) defined_functions: u32,
    pub(crate) imported_globals: u32,
    pub(crate) imported_tags: u32,
    pub(crate) memories: u32,
    /// The pages that memory 0 has from the start; 0 if there is none.
    pub(crate) memory_pages: u64,
    /// The table that a main shares with the process, if it has one.
    pub(crate) shared_table: Option<SharedTable>,
    /// The end of the data that active segments put at constant addresses of memory 0, in bytes.
    pub(crate) fixed_data_end: u64,
    /// Whether its function pointers have a type of their own, by Binaryen's
    /// emulation of function pointer casts.
    pub(crate) emulates_casts: bool,
    /// The value of each defined global whose initial value is a constant, or `__memory_base` and a
    /// constant; for shared libraries addresses are relative to `__memory_base`.
    pub(crate) global_values: Vec<Option<u32>>,
    /// The first slot that an active element segment fills with a function, by function index; for
    /// shared libraries relative to `__table_base`.
    pub(crate) slots: BTreeMap<u32, u32>,
    /// The modules that became this one, the program first; none if it is as its compiler made it.
    pub(crate) linked: Vec<String>,
    /// Whether each call of an export runs the constructors, by wrappers that cannot be undone.
    pub(crate) has_command_exports: bool,
}

/// A table of a main, and the elements that it has from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SharedTable {
    pub(crate) index: u32,
    pub(crate) minimum: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Import {
    pub module: String,
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ExternType,
    /// A function's or tag's type in the module's type section.
    #[serde(skip)]
    pub(crate) type_index: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ExternType,
    /// In the index space of its kind: two exports of one index are aliases.
    #[serde(skip)]
    pub(crate) index: u32,
}

/// How a module takes part in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Position independent, with a `dylink.0` section: a side module.
    SharedLibrary,
    /// Not position independent: its data lies at fixed addresses of the memory that it shares
    /// with shared libraries, whether it defines that memory or imports it.
    Main,
    /// Exports `_start` and runs on its own.
    Command,
    /// Exports `_initialize`, to be called once before anything else.
    Reactor,
    /// What a compiler leaves for a linker to make a module of: its code still has blanks.
    Object,
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
            Kind::Object => "object file",
            Kind::Plain => "plain module",
        })
    }
}

/// The exports by which a main without a `dylink.0` section lends its memory, table and stack. Its
/// heap ends where its initial pages do.
const MAIN_EXPORTS: [&str; 4] = [MEMORY, TABLE, STACK_POINTER, HEAP_BASE];

impl LoadError {
    pub(crate) fn malformed(module: &str, error: &wasmparser::Error) -> Self {
        let (module, message, offset) =
            (module.to_owned(), printable(error.message()).into_owned(), error.offset());
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
    /// When the bytes are not a valid core module that uses only [`FEATURES`], or are more than they may be by
    /// default.
    pub fn load(name: impl Into<String>, bytes: &[u8]) -> Result<Self, LoadError> {
        Self::load_within(name, bytes, &InputLimits::default())
    }

    /// As [`Module::load`], within other limits.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn load_within(
        name: impl Into<String>,
        bytes: &[u8],
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        let name = printable(&name.into()).into_owned();
        limits.check_size(&name, bytes.len())?;
        check_header(&name, bytes)?;
        let mut reader = ModuleReader::default();
        reader.read(&name, bytes, limits)?;
        let kind = reader.kind();
        reader.read_slots(kind).map_err(|e| explain(&name, bytes, &e))?;
        Ok(Module {
            name,
            kind,
            imports: reader.imports,
            exports: reader.exports,
            dylink: reader.dylink,
            internals: reader.internals,
        })
    }

    /// Every exported function with its type.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &FuncType)> {
        self.exports.iter().filter_map(|export| match &export.ty {
            ExternType::Func(ty) => Some((export.name.as_str(), ty)),
            _ => None,
        })
    }

    /// The type of the exported function called `name`, if there is one.
    pub fn function(&self, name: &str) -> Option<&FuncType> {
        self.functions().find(|(other, _)| *other == name).map(|(_, ty)| ty)
    }

    /// Returns whether each memory has addresses of 64 bits, in the order of their index space.
    pub(crate) fn memory64(&self, contents: &Contents<'_>) -> Vec<bool> {
        let imported = self.imports.iter().filter_map(|import| match &import.ty {
            ExternType::Memory(ty) => Some(ty.memory64),
            _ => None,
        });
        imported.chain(contents.memories.iter().map(|ty| ty.memory64)).collect()
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
    let mut validator = Validator::new_with_features(FEATURES);
    validator.validate_all(bytes).map_err(|error| explain(name, bytes, &error))?;
    let sections = Parser::new(0).parse_all(bytes).flatten();
    let mut before_code =
        sections.take_while(|section| !matches!(section, Payload::CodeSectionStart { .. }));
    before_code.try_for_each(|section| refuse_unsupported(name, &section))
}

#[derive(Default)]
struct ModuleReader<'a> {
    /// As they are read: what their types are is known when the whole module is.
    untyped_imports: Vec<wasmparser::Import<'a>>,
    imports: Vec<Import>,
    exports: Vec<Export>,
    dylink: Option<Dylink>,
    internals: Internals,
    /// The index of each export, in order.
    export_indices: Vec<u32>,
    /// What each imported global is the base of, if it is one.
    bases: Vec<Option<Base>>,
    /// Whether table 0 is the one that is shared.
    shares_table: bool,
    /// Whether it has the section by which linkers know object files.
    has_linking: bool,
    elements: Vec<Element<'a>>,
    /// The functions whose type is that of Binaryen's emulated function pointers.
    emulated: HashSet<u32>,
    /// The function in each slot that segments have filled so far.
    filled: BTreeMap<u32, u32>,
}

/// What an address or a slot is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Memory,
    Table,
}

impl<'a> ModuleReader<'a> {
    fn read(&mut self, name: &str, bytes: &'a [u8], limits: &InputLimits) -> Result<(), LoadError> {
        let mut symbols = 0;
        let mut validator = Validator::new_with_features(FEATURES);
        let mut first_section = true;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|e| explain(name, bytes, &e))?;
            if let Payload::CustomSection(section) = &payload
                && let Some(dylink) = dylink::section(name, section, first_section, limits)?
            {
                symbols += dylink.name_count();
                self.dylink = Some(dylink);
            }
            symbols += symbol_count(&payload);
            limits.check_symbols(name, symbols)?;
            if let Payload::CustomSection(section) = &payload {
                self.internals.linked.extend(custom_sections::read_linked(section));
                self.has_linking |= section.name() == LINKING;
            }
            first_section &= matches!(payload, Payload::Version { .. });
            if matches!(payload, Payload::CodeSectionEntry(_)) {
                // Wasmtime validates the bodies when it compiles them, in parallel.
                continue;
            }
            let valid = validator.payload(&payload).map_err(|e| explain(name, bytes, &e))?;
            refuse_unsupported(name, &payload)?;
            self.read_section(&payload).map_err(|e| explain(name, bytes, &e))?;
            if let ValidPayload::End(types) = valid {
                self.collect(types.as_ref());
            }
        }
        Ok(())
    }

    fn read_section(&mut self, payload: &Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                let mut tables = 0;
                for import in imports.clone().into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Global(_) => self.bases.push(base(import.name)),
                        TypeRef::Table(_) => {
                            self.shares_table |= tables == 0 && import.name == TABLE;
                            tables += 1;
                        }
                        _ => {}
                    }
                    self.untyped_imports.push(import);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    let value = self.constant(&global?.init_expr);
                    let value = value.filter(|(base, _)| *base != Some(Base::Table));
                    self.internals.global_values.push(value.map(|(_, value)| value));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    self.shares_table |= export.name == TABLE && export.index == 0;
                    self.export_indices.push(export.index);
                }
            }
            Payload::ElementSection(elements) => {
                self.elements = elements.clone().into_iter().collect::<Result<_, _>>()?;
            }
            Payload::DataSection(data) => {
                for data in data.clone() {
                    self.read_data(&data?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes how far the data reaches that lies at constant addresses.
    fn read_data(&mut self, data: &wasmparser::Data<'_>) {
        let DataKind::Active { memory_index: 0, offset_expr } = &data.kind else { return };
        if let Some((None, start)) = self.constant(offset_expr)
            && !data.data.is_empty()
        {
            let end = u64::from(start) + data.data.len() as u64;
            self.internals.fixed_data_end = self.internals.fixed_data_end.max(end);
        }
    }

    /// Reads which function fills which slot of the process's table.
    fn read_slots(&mut self, kind: Kind) -> wasmparser::Result<()> {
        let is_of_main = self.internals.shared_table.is_some_and(|table| table.index == 0);
        if self.shares_table || kind == Kind::Main && is_of_main {
            for element in std::mem::take(&mut self.elements) {
                self.read_element(kind, element)?;
            }
        }
        let mut functions = self.internals.slots.keys();
        self.internals.emulates_casts = functions.any(|function| self.emulated.contains(function));
        Ok(())
    }

    /// Records the slots that an active segment fills: relative to `__table_base` in a shared library,
    /// absolute in any other module.
    fn read_element(&mut self, kind: Kind, element: Element<'_>) -> wasmparser::Result<()> {
        let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else {
            return Ok(());
        };
        let mem_info = self.dylink.as_ref().map(|dylink| dylink.mem_info);
        let mem_info = mem_info.filter(|_| kind == Kind::SharedLibrary);
        let expected = mem_info.map(|_| Base::Table);
        let Some((base, offset)) = self.constant(&offset_expr) else { return Ok(()) };
        if base != expected {
            return Ok(());
        }
        // What it fills beyond its own part of the table others may fill too.
        let end = mem_info.map_or(u32::MAX, |mem_info| mem_info.table_size);
        for (slot, function) in (offset..end).zip(functions(element.items)?) {
            let replaced = match function {
                Some(function) => self.filled.insert(slot, function),
                None => self.filled.remove(&slot),
            };
            if let Some(replaced) = replaced
                && self.internals.slots.get(&replaced) == Some(&slot)
            {
                self.internals.slots.remove(&replaced);
            }
            if let Some(function) = function {
                self.internals.slots.entry(function).or_insert(slot);
            }
        }
        Ok(())
    }

    /// The value of a constant expression, and what it is relative to; `None` for any that is no number of
    /// 32 bits or relative to something else.
    fn constant(&self, expression: &ConstExpr<'_>) -> Option<(Option<Base>, u32)> {
        let mut stack: Vec<(Option<Base>, i32)> = Vec::new();
        let mut operators = expression.get_operators_reader();
        while let Ok(operator) = operators.read() {
            match operator {
                Operator::I32Const { value } => stack.push((None, value)),
                Operator::GlobalGet { global_index } => {
                    let base = *self.bases.get(global_index as usize)?;
                    stack.push((Some(base?), 0));
                }
                Operator::I32Add => {
                    let ((right_base, right), (left_base, left)) = (stack.pop()?, stack.pop()?);
                    // A sum of two bases is relative to neither.
                    let base = match (left_base, right_base) {
                        (Some(_), Some(_)) => return None,
                        (left, right) => left.or(right),
                    };
                    stack.push((base, left.wrapping_add(right)));
                }
                Operator::I32Sub => {
                    let ((None, right), (base, left)) = (stack.pop()?, stack.pop()?) else {
                        return None;
                    };
                    stack.push((base, left.wrapping_sub(right)));
                }
                Operator::I32Mul => {
                    let ((None, right), (None, left)) = (stack.pop()?, stack.pop()?) else {
                        return None;
                    };
                    stack.push((None, left.wrapping_mul(right)));
                }
                Operator::End => break,
                _ => return None,
            }
        }
        stack.pop().map(|(base, value)| (base, value.cast_unsigned()))
    }

    fn collect(&mut self, types: TypesRef<'_>) {
        let imports = std::mem::take(&mut self.untyped_imports);
        self.imports = imports.into_iter().map(|import| import_of(types, import)).collect();
        self.exports = types
            .core_exports()
            .into_iter()
            .flatten()
            .zip(&self.export_indices)
            .map(|((name, ty), &index)| Export {
                name: name.to_owned(),
                ty: extern_type(types, ty),
                index,
            })
            .collect();
        let count = |kind: fn(&ExternType) -> bool| {
            self.imports.iter().filter(|import| kind(&import.ty)).count() as u32
        };
        let imported_functions = count(|ty| matches!(ty, ExternType::Func(_)));
        self.internals.imported_functions = imported_functions;
        self.internals.defined_functions = types.function_count() - imported_functions;
        self.internals.memories = types.memory_count();
        self.internals.memory_pages = match types.memory_count() {
            0 => 0,
            _ => types.memory_at(0).initial,
        };
        self.internals.shared_table = self.table_of_main(types);
        let functions = 0..types.function_count();
        let has_emulated_type =
            |&function: &u32| is_emulated(types[types.core_function_at(function)].unwrap_func());
        self.emulated = functions.filter(has_emulated_type).collect();
        self.internals.imported_globals = count(|ty| matches!(ty, ExternType::Global(_)));
        self.internals.imported_tags = count(|ty| matches!(ty, ExternType::Tag(_)));
    }
}

/// Refuses what the validator accepts: imports of exact types, whatever the features, and shared
/// memories, whose feature atomic instructions need too.
fn refuse_unsupported(name: &str, section: &Payload<'_>) -> Result<(), LoadError> {
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
    let (module, message) = (name.to_owned(), message.to_owned());
    Err(LoadError::Feature { module, feature: names(feature), message, offset })
}

/// The number of parameters that Binaryen gives every function pointer when it emulates casts.
const EMULATED_PARAMS: usize = 16;

/// Whether a type is the one that Binaryen gives every function pointer.
fn is_emulated(ty: &wasmparser::FuncType) -> bool {
    ty.params().len() >= EMULATED_PARAMS
        && ty.params().iter().all(|ty| *ty == ValType::I64)
        && ty.results() == [ValType::I64]
}

/// How many symbols a section says it has.
fn symbol_count(section: &Payload<'_>) -> usize {
    match section {
        Payload::ImportSection(imports) => imports.count() as usize,
        Payload::ExportSection(exports) => exports.count() as usize,
        _ => 0,
    }
}

fn import_of(types: TypesRef<'_>, import: wasmparser::Import<'_>) -> Import {
    let entity = match import.ty {
        TypeRef::Func(ty) => EntityType::Func(types.core_type_at_in_module(ty)),
        TypeRef::FuncExact(ty) => EntityType::FuncExact(types.core_type_at_in_module(ty)),
        TypeRef::Tag(ty) => EntityType::Tag(types.core_type_at_in_module(ty.func_type_idx)),
        TypeRef::Table(ty) => EntityType::Table(ty),
        TypeRef::Memory(ty) => EntityType::Memory(ty),
        TypeRef::Global(ty) => EntityType::Global(ty),
    };
    Import {
        module: import.module.to_owned(),
        name: import.name.to_owned(),
        ty: extern_type(types, entity),
        type_index: match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => ty,
            TypeRef::Tag(ty) => ty.func_type_idx,
            _ => 0,
        },
    }
}

fn base(global: &str) -> Option<Base> {
    match global {
        MEMORY_BASE => Some(Base::Memory),
        TABLE_BASE => Some(Base::Table),
        _ => None,
    }
}

/// The functions of an element segment; `None` for a null reference.
pub(crate) fn functions(items: ElementItems<'_>) -> wasmparser::Result<Vec<Option<u32>>> {
    match items {
        ElementItems::Functions(functions) => functions.into_iter().map(|f| f.map(Some)).collect(),
        ElementItems::Expressions(_, expressions) => expressions
            .into_iter()
            .map(|e| {
                Ok(match e?.get_operators_reader().read()? {
                    Operator::RefFunc { function_index } => Some(function_index),
                    _ => None,
                })
            })
            .collect(),
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

/// The section with which linkers link an object file.
const LINKING: &str = "linking";

impl ModuleReader<'_> {
    fn kind(&self) -> Kind {
        if self.dylink.is_some() {
            match self.is_at_fixed_addresses() {
                true => Kind::Main,
                false => Kind::SharedLibrary,
            }
        } else if self.is_object_file() {
            Kind::Object
        } else if MAIN_EXPORTS.iter().all(|name| self.exports(name)) {
            Kind::Main
        } else if self.exports("_start") {
            Kind::Command
        } else if self.exports("_initialize") {
            Kind::Reactor
        } else {
            Kind::Plain
        }
    }

    fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export.name == name)
    }

    /// Returns whether a module with a `dylink.0` section is a main all the same.
    ///
    /// wasm-ld writes that section for programs that need shared libraries, and Emscripten for its
    /// main modules. Their code has addresses in it. They define the process's memory and export
    /// it, or import it and put data at constant addresses.
    fn is_at_fixed_addresses(&self) -> bool {
        let is_memory = |import: &Import| import.module == ENV && import.name == MEMORY;
        let imports_memory = self.imports.iter().any(is_memory);
        let lends_memory = self.exports(MEMORY) && self.internals.memories > 0 && !imports_memory;
        let has_fixed_data = imports_memory && self.internals.fixed_data_end > 0;
        self.bases.iter().all(Option::is_none)
            && (lends_memory
                || has_fixed_data
                || MAIN_EXPORTS.iter().all(|name| self.exports(name)))
    }

    /// Files of `wasm-ld -r` have no imported `__linear_memory`, and modules that are linked with
    /// `--emit-relocs` keep the section but have exports.
    fn is_object_file(&self) -> bool {
        let imports_blank = self.imports.iter().any(|import| import.name == LINEAR_MEMORY);
        imports_blank || self.has_linking && self.exports.is_empty()
    }

    /// Finds the table that the process has from a main: the one of that name, or else its first.
    fn table_of_main(&self, types: TypesRef<'_>) -> Option<SharedTable> {
        let exported = self.exports.iter().find(|export| export.name == TABLE);
        let index = exported.map_or(0, |export| export.index);
        (index < types.table_count()).then_some(())?;
        let ty = types.table_at(index);
        let is_right = ty.element_type.is_func_ref() && !ty.table64;
        is_right.then_some(SharedTable { index, minimum: ty.initial })
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
        let (found, hint) = describe_start(name, bytes);
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
fn describe_start(name: &str, bytes: &[u8]) -> (String, &'static str) {
    let start = &bytes[..bytes.len().min(4)];
    let found = format!("`{}`", start.escape_ascii());
    let text = bytes.trim_ascii_start();
    let is_script = [".js", ".mjs", ".cjs"].iter().any(|ending| name.ends_with(ending));
    let hint = if start == b"BC\xc0\xde" || start == b"\xde\xc0\x17\x0b" {
        "; it is LLVM bitcode, as `-flto` makes it: link it to a module first, or compile without `-flto`"
    } else if start.starts_with(b"\x1f\x8b") {
        "; it is compressed: unpack it with `gunzip`"
    } else if is_script {
        "; it is JavaScript: give the file beside it that ends in `.wasm`"
    } else if text.starts_with(b"(module") || text.starts_with(b";;") {
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

impl Import {
    /// Whether it is an address, which its module finds in the global offset table.
    pub(crate) fn is_address(&self) -> bool {
        [GOT_MEM, GOT_FUNC].contains(&self.module.as_str())
    }

    /// Whether it is looked up in all modules that share the process's memory.
    pub(crate) fn is_of_process(&self) -> bool {
        (self.module == ENV || self.is_address()) && !is_private(&self.name)
    }
}

impl Module {
    /// As [`InputLimits::max_symbols`] counts them.
    pub(crate) fn symbol_count(&self) -> usize {
        let dylink = self.dylink.as_ref().map_or(0, Dylink::name_count);
        self.imports.len() + self.exports.len() + dylink
    }
}
