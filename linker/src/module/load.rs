//! Phase *load*: reads a module's bytes into a [`Module`].

use std::collections::{BTreeMap, HashSet};

use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{
    ConstExpr, CustomSectionReader, DataKind, Element, ElementKind, Parser, Payload, TypeRef,
    ValType, ValidPayload, Validator,
};

use crate::convention::{
    ENV, HEAP_BASE, INITIALIZE, LINEAR_MEMORY, MEMORY, STACK_POINTER, START, TABLE,
};
use crate::limits::InputLimits;
use crate::module::constant::{Base, Constant};
use crate::module::custom_sections;
use crate::module::data::{Export, Import, Internals, Kind, Module, SharedTable};
use crate::module::dylink::{self, Dylink};
use crate::module::error::LoadError;
use crate::module::header::{check_header, explain};
use crate::module::relocations::LINKING;
use crate::module::sections::functions;
use crate::module::validate::{FEATURES, refuse_unsupported};
use crate::names::printable;
use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};

/// The exports by which a main without a `dylink.0` section lends its memory, table and stack. Its
/// heap ends where its initial pages do.
const MAIN_EXPORTS: [&str; 4] = [MEMORY, TABLE, STACK_POINTER, HEAP_BASE];

/// The number of parameters that Binaryen gives every function pointer when it emulates casts.
const EMULATED_PARAMS: usize = 16;

impl Module {
    /// Reads a module's bytes within the default [`InputLimits`]; messages call it `name`.
    ///
    /// Everything but the function bodies is validated. [`validate`](crate::validate) validates
    /// those too.
    ///
    /// # Errors
    ///
    /// When the bytes are not a valid core module that uses only [`FEATURES`](crate::FEATURES), or
    /// exceed the limits.
    pub fn load(name: impl Into<String>, bytes: &[u8]) -> Result<Self, LoadError> {
        Self::load_within(name, bytes, &InputLimits::default())
    }

    /// Reads a module's bytes within other limits than [`Module::load`].
    ///
    /// # Errors
    ///
    /// When [`Module::load`] fails, with these limits.
    pub fn load_within(
        name: impl Into<String>,
        bytes: &[u8],
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        let name = printable(&name.into()).into_owned();
        limits.check_size(&name, bytes.len())?;
        check_header(&name, bytes)?;
        let mut reader = Loader::new(&name, bytes, limits).read()?;
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
}

/// Parses and validates a module section by section, within limits.
struct Loader<'n, 'a> {
    name: &'n str,
    bytes: &'a [u8],
    limits: &'n InputLimits,
    validator: Validator,
    /// The symbols of the sections so far.
    symbols: usize,
    /// Whether no section came before this one.
    is_first_section: bool,
    reader: ModuleReader<'a>,
}

impl<'n, 'a> Loader<'n, 'a> {
    fn new(name: &'n str, bytes: &'a [u8], limits: &'n InputLimits) -> Self {
        let validator = Validator::new_with_features(FEATURES);
        let reader = ModuleReader::default();
        Loader { name, bytes, limits, validator, symbols: 0, is_first_section: true, reader }
    }

    fn read(mut self) -> Result<ModuleReader<'a>, LoadError> {
        for payload in Parser::new(0).parse_all(self.bytes) {
            let payload = payload.map_err(|e| self.explain(&e))?;
            self.read_payload(&payload)?;
            self.is_first_section &= matches!(payload, Payload::Version { .. });
        }
        Ok(self.reader)
    }

    fn read_payload(&mut self, payload: &Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::CustomSection(section) => self.read_custom(section)?,
            Payload::ImportSection(imports) => self.symbols += imports.count() as usize,
            Payload::ExportSection(exports) => self.symbols += exports.count() as usize,
            // Wasmtime validates the bodies when it compiles them, in parallel.
            Payload::CodeSectionEntry(_) => return Ok(()),
            _ => {}
        }
        self.limits.check_symbols(self.name, self.symbols)?;
        let valid = self.validator.payload(payload).map_err(|e| self.explain(&e))?;
        refuse_unsupported(self.name, payload)?;
        self.reader.read_section(payload).map_err(|e| self.explain(&e))?;
        if let ValidPayload::End(types) = valid {
            self.reader.add_types(types.as_ref());
        }
        Ok(())
    }

    fn read_custom(&mut self, section: &CustomSectionReader<'_>) -> Result<(), LoadError> {
        let dylink = dylink::section(self.name, section, self.is_first_section, self.limits)?;
        if let Some(dylink) = dylink {
            self.symbols += dylink.name_count();
            self.reader.dylink = Some(dylink);
        }
        let internals = &mut self.reader.internals;
        internals.linked.extend(custom_sections::read_linked(section));
        self.reader.has_linking |= section.name() == LINKING;
        Ok(())
    }

    fn explain(&self, error: &wasmparser::Error) -> LoadError {
        explain(self.name, self.bytes, error)
    }
}

/// The data of the sections that were read so far.
#[derive(Default)]
struct ModuleReader<'a> {
    /// The imports, until their types are known at the end of the module.
    untyped_imports: Vec<wasmparser::Import<'a>>,
    imports: Vec<Import>,
    exports: Vec<Export>,
    dylink: Option<Dylink>,
    internals: Internals,
    /// The index of each export, in order.
    export_indices: Vec<u32>,
    /// For each imported global, which base it is, if it is one.
    bases: Vec<Option<Base>>,
    /// Whether table 0 is the one that is shared.
    shares_table: bool,
    /// Whether it has the section with which linkers link an object file.
    has_linking: bool,
    elements: Vec<Element<'a>>,
    /// The functions whose type is that of Binaryen's emulated function pointers.
    emulated: HashSet<u32>,
    /// The function in each slot that segments have filled so far.
    filled: BTreeMap<u32, u32>,
}

impl<'a> ModuleReader<'a> {
    fn read_section(&mut self, payload: &Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => self.read_imports(imports)?,
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    self.read_global(&global?);
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

    fn read_imports(
        &mut self,
        imports: &wasmparser::ImportSectionReader<'a>,
    ) -> wasmparser::Result<()> {
        let mut tables = 0;
        for import in imports.clone().into_imports() {
            let import = import?;
            match import.ty {
                TypeRef::Global(_) => self.bases.push(Base::of_global(import.name)),
                TypeRef::Table(_) => {
                    self.shares_table |= tables == 0 && import.name == TABLE;
                    tables += 1;
                }
                _ => {}
            }
            self.untyped_imports.push(import);
        }
        Ok(())
    }

    /// Records the initial value of a global.
    fn read_global(&mut self, global: &wasmparser::Global<'_>) {
        let value = self.constant(&global.init_expr);
        let address = value.filter(|constant| constant.base != Some(Base::Table));
        self.internals.global_values.push(address.map(|constant| constant.value));
    }

    /// Records the end of the data at constant addresses.
    fn read_data(&mut self, data: &wasmparser::Data<'_>) {
        let DataKind::Active { memory_index: 0, offset_expr } = &data.kind else { return };
        if let Some(Constant { base: None, value: start }) = self.constant(offset_expr)
            && !data.data.is_empty()
        {
            let end = u64::from(start) + data.data.len() as u64;
            self.internals.fixed_data_end = self.internals.fixed_data_end.max(end);
        }
    }

    /// Records which function fills which slot of the process's table.
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

    /// Records the slots that an active segment fills: relative to `__table_base` in a shared
    /// library, absolute in any other module.
    fn read_element(&mut self, kind: Kind, element: Element<'_>) -> wasmparser::Result<()> {
        let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else {
            return Ok(());
        };
        let mem_info = match &self.dylink {
            Some(dylink) if kind == Kind::SharedLibrary => Some(dylink.mem_info),
            _ => None,
        };
        let expected = mem_info.map(|_| Base::Table);
        let Some(offset) = self.constant(&offset_expr).filter(|at| at.base == expected) else {
            return Ok(());
        };
        // Other modules may fill slots beyond the module's own part of the table, too. A main has
        // the whole table.
        let end = mem_info.map_or(u32::MAX, |mem_info| mem_info.table_size);
        for (slot, function) in (offset.value..end).zip(functions(element.items)?) {
            self.fill_slot(slot, function);
        }
        Ok(())
    }

    /// Records that a segment fills a slot, with a function or a null reference.
    fn fill_slot(&mut self, slot: u32, function: Option<u32>) {
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

    fn constant(&self, expression: &ConstExpr<'_>) -> Option<Constant> {
        Constant::evaluate(expression, &self.bases)
    }

    /// Adds what is known at the end of the module: the types of its items, and their numbers.
    fn add_types(&mut self, types: TypesRef<'_>) {
        let imports = std::mem::take(&mut self.untyped_imports);
        self.imports = imports.into_iter().map(|import| import_of(types, import)).collect();
        let exports = types.core_exports().into_iter().flatten().zip(&self.export_indices);
        self.exports = exports
            .map(|((name, ty), &index)| Export {
                name: name.to_owned(),
                ty: extern_type(types, ty),
                index,
            })
            .collect();
        self.count_items(types);
        self.internals.shared_table = self.table_of_main(types);
        let functions = 0..types.function_count();
        let has_emulated_type =
            |&function: &u32| is_emulated(types[types.core_function_at(function)].unwrap_func());
        self.emulated = functions.filter(has_emulated_type).collect();
    }

    fn count_items(&mut self, types: TypesRef<'_>) {
        let count = |is_kind: fn(&ExternType) -> bool| {
            self.imports.iter().filter(|import| is_kind(&import.ty)).count() as u32
        };
        let internals = &mut self.internals;
        internals.imported_functions = count(|ty| matches!(ty, ExternType::Func(_)));
        internals.imported_globals = count(|ty| matches!(ty, ExternType::Global(_)));
        internals.imported_tags = count(|ty| matches!(ty, ExternType::Tag(_)));
        internals.defined_functions = types.function_count() - internals.imported_functions;
        internals.memories = types.memory_count();
        if internals.memories > 0 {
            internals.memory_pages = types.memory_at(0).initial;
        }
    }

    /// Finds the table that the process has from a main: the one of that name, or else its first.
    fn table_of_main(&self, types: TypesRef<'_>) -> Option<SharedTable> {
        let exported = self.exports.iter().find(|export| export.name == TABLE);
        let index = exported.map_or(0, |export| export.index);
        if index >= types.table_count() {
            return None;
        }
        let ty = types.table_at(index);
        let is_right = ty.element_type.is_func_ref() && !ty.table64;
        is_right.then_some(SharedTable { index, minimum: ty.initial })
    }
}

impl ModuleReader<'_> {
    fn kind(&self) -> Kind {
        if self.dylink.is_some() {
            if self.is_at_fixed_addresses() { Kind::Main } else { Kind::SharedLibrary }
        } else if self.is_object_file() {
            Kind::Object
        } else if self.has_main_exports() {
            Kind::Main
        } else if self.exports(START) {
            Kind::Command
        } else if self.exports(INITIALIZE) {
            Kind::Reactor
        } else {
            Kind::Plain
        }
    }

    fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export.name == name)
    }

    fn has_main_exports(&self) -> bool {
        MAIN_EXPORTS.iter().all(|name| self.exports(name))
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
            && (lends_memory || has_fixed_data || self.has_main_exports())
    }

    /// Returns whether a module without a `dylink.0` section is a relocatable object file.
    ///
    /// Files of `wasm-ld -r` have no imported `__linear_memory`. Modules that were linked with
    /// `--emit-relocs` keep the `linking` section but have exports.
    fn is_object_file(&self) -> bool {
        let imports_blank = self.imports.iter().any(|import| import.name == LINEAR_MEMORY);
        imports_blank || self.has_linking && self.exports.is_empty()
    }
}

/// Returns whether a type is the one that Binaryen gives every function pointer when it emulates
/// casts.
fn is_emulated(ty: &wasmparser::FuncType) -> bool {
    ty.params().len() >= EMULATED_PARAMS
        && ty.params().iter().all(|ty| *ty == ValType::I64)
        && ty.results() == [ValType::I64]
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
