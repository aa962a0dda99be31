//! Phase *load*: reads a module's bytes into a [`Module`].

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    ConstExpr, CustomSectionReader, DataKind, Element, ElementKind, Parser, Payload,
    SectionLimited, TypeRef, ValType, Validator,
};

use crate::convention::{
    ENV, HEAP_BASE, INITIALIZE, LINEAR_MEMORY, MEMORY, STACK_POINTER, START, TABLE,
};
use crate::limits::InputLimits;
use crate::module::constant::{Base, Constant};
use crate::module::custom_sections;
use crate::module::data::{
    Export, Import, Internals, Kind, Module, SharedTable, ThreadLocal, ThreadLocalFault,
    is_for_threads,
};
use crate::module::dylink::{self, Dylink, SymbolInfo};
use crate::module::error::LoadError;
use crate::module::header::{check_header, explain};
use crate::module::items::{Items, global_type, type_index};
use crate::module::relocations::LINKING;
use crate::module::sections::{Contents, functions};
use crate::module::thread_local;
use crate::module::validate::{FEATURES, refuse_shared_memory, refuse_unsupported};
use crate::names::printable;
use crate::types::{ExternType, FuncType};

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
        let validator = Validator::new_with_features(FEATURES);
        load(name.into(), bytes, limits, Some(validator))
    }

    /// Reads the bytes of a module that was validated when it was built: a file of the sysroot.
    ///
    /// No safety depends on that. If the bytes are not valid after all, this returns an error, or
    /// what is written of the module later is not valid either.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be read as a module.
    pub(crate) fn load_trusted(
        name: impl Into<String>,
        bytes: &[u8],
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        load(name.into(), bytes, limits, None)
    }
}

fn load(
    name: String,
    bytes: &[u8],
    limits: &InputLimits,
    validator: Option<Validator>,
) -> Result<Module, LoadError> {
    let name = printable(&name).into_owned();
    limits.check_size(&name, bytes.len())?;
    check_header(&name, bytes)?;
    let mut reader = Loader::new(&name, bytes, limits, validator).read()?;
    reader.finish();
    let kind = reader.kind();
    reader.read_slots(kind).map_err(|e| explain(&name, bytes, &e))?;
    let is_linked = matches!(kind, Kind::Main | Kind::SharedLibrary | Kind::Object);
    if !is_linked && reader.internals.has_shared_memory {
        refuse_shared_memory(&name, bytes)?;
    }
    reader.read_thread_local(kind, bytes);
    reader.discard_absolute();
    Ok(Module {
        name,
        kind,
        imports: reader.imports,
        exports: reader.exports,
        dylink: reader.dylink,
        internals: reader.internals,
    })
}

/// Parses a module section by section, within limits, and validates it if it has a validator.
struct Loader<'n, 'a> {
    name: &'n str,
    bytes: &'a [u8],
    limits: &'n InputLimits,
    validator: Option<Validator>,
    /// The symbols of the sections so far.
    symbols: usize,
    /// Whether no section came before this one.
    is_first_section: bool,
    reader: ModuleReader<'a>,
}

impl<'n, 'a> Loader<'n, 'a> {
    fn new(
        name: &'n str,
        bytes: &'a [u8],
        limits: &'n InputLimits,
        validator: Option<Validator>,
    ) -> Self {
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
        if let Some(validator) = &mut self.validator {
            let valid = validator.payload(payload);
            valid.map_err(|error| explain(self.name, self.bytes, &error))?;
            refuse_unsupported(self.name, payload)?;
        }
        self.reader.read_section(payload).map_err(|error| match error {
            SectionError::Malformed(error) => self.explain(&error),
            SectionError::UnknownItem { offset } => {
                let message = "unknown type or item".to_owned();
                LoadError::Malformed { module: self.name.to_owned(), message, offset }
            }
        })
    }

    fn read_custom(&mut self, section: &CustomSectionReader<'_>) -> Result<(), LoadError> {
        let dylink = dylink::section(self.name, section, self.is_first_section, self.limits)?;
        if let Some(dylink) = dylink {
            self.symbols += dylink.name_count();
            self.reader.dylink = Some(dylink);
        }
        let internals = &mut self.reader.internals;
        internals.linked.extend(custom_sections::read_linked(section));
        internals.producers.read(section);
        internals.has_component_type |= custom_sections::is_component_type(section.name());
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
    items: Items,
    imports: Vec<Import>,
    exports: Vec<Export>,
    dylink: Option<Dylink>,
    internals: Internals,
    /// For each imported global, which base it is, if it is one.
    bases: Vec<Option<Base>>,
    /// Whether table 0 is the one that is shared.
    shares_table: bool,
    /// Whether it has the section with which linkers link an object file.
    has_linking: bool,
    elements: Vec<Element<'a>>,
    /// The function in each slot that segments have filled so far.
    filled: BTreeMap<u32, u32>,
}

impl<'a> ModuleReader<'a> {
    fn read_section(&mut self, payload: &Payload<'a>) -> Result<(), SectionError> {
        match payload {
            Payload::TypeSection(types) => self.items.read_types(types)?,
            Payload::ImportSection(imports) => self.read_imports(imports)?,
            Payload::FunctionSection(functions) => self.items.read_functions(functions)?,
            Payload::TableSection(tables) => self.items.read_tables(tables)?,
            Payload::MemorySection(memories) => self.items.read_memories(memories)?,
            Payload::TagSection(tags) => self.items.read_tags(tags)?,
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    self.read_global(&global?);
                }
            }
            Payload::ExportSection(exports) => self.read_exports(exports)?,
            Payload::StartSection { .. } => self.internals.has_start_function = true,
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
    ) -> Result<(), SectionError> {
        self.imports.reserve(most_items(imports));
        for import in imports.clone().into_imports_with_offsets() {
            let (offset, import) = import?;
            match import.ty {
                TypeRef::Global(_) => self.bases.push(Base::of_global(import.name)),
                TypeRef::Table(_) => {
                    self.shares_table |= self.items.tables.is_empty() && import.name == TABLE;
                }
                _ => {}
            }
            let ty = self.items.add(import.ty).ok_or(SectionError::UnknownItem { offset })?;
            self.imports.push(Import {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
                ty,
                type_index: type_index(import.ty),
            });
        }
        self.internals.imported_functions = self.items.functions.len() as u32;
        self.internals.imported_globals = self.items.globals.len() as u32;
        self.internals.imported_tags = self.items.tags.len() as u32;
        Ok(())
    }

    fn read_exports(
        &mut self,
        exports: &wasmparser::ExportSectionReader<'a>,
    ) -> Result<(), SectionError> {
        self.exports.reserve(most_items(exports));
        for export in exports.clone().into_iter_with_offsets() {
            let (offset, export) = export?;
            self.shares_table |= export.name == TABLE && export.index == 0;
            let ty = self.items.get(export.kind, export.index);
            let ty = ty.ok_or(SectionError::UnknownItem { offset })?;
            self.exports.push(Export { name: export.name.to_owned(), ty, index: export.index });
        }
        Ok(())
    }

    /// Records the initial value of a global.
    fn read_global(&mut self, global: &wasmparser::Global<'_>) {
        self.items.globals.push(global_type(global.ty));
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
        self.internals.emulates_casts =
            functions.any(|&function| self.items.function(function).is_some_and(is_emulated));
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

    /// Adds what is known at the end of the module: the numbers of items.
    fn finish(&mut self) {
        let internals = &mut self.internals;
        internals.defined_functions =
            self.items.functions.len() as u32 - internals.imported_functions;
        internals.memories = self.items.memories.len() as u32;
        internals.has_shared_memory = self.items.memories.iter().any(|memory| memory.shared);
        if let Some(memory) = self.items.memories.first() {
            internals.memory_pages = memory.minimum;
        }
        self.internals.shared_table = self.table_of_main();
    }

    /// Finds the block of the thread-local variables, and makes the addresses of those that are
    /// exported relative to the module's data, as the addresses of other variables are.
    fn read_thread_local(&mut self, kind: Kind, bytes: &[u8]) {
        let exports = self.thread_local_exports();
        let shares_memory = matches!(kind, Kind::Main | Kind::SharedLibrary);
        let is_for_threads = is_for_threads(&self.internals, &self.imports);
        if !shares_memory || !is_for_threads && exports.is_empty() {
            return;
        }
        // Malformed code is reported when the module is written.
        let Ok(contents) = Contents::read(bytes) else { return };
        let is_main = kind == Kind::Main;
        let source = thread_local::Source {
            contents: &contents,
            imports: &self.imports,
            exports: &self.exports,
            imported_globals: self.internals.imported_globals,
            global_values: &self.internals.global_values,
            bases: &self.bases,
            mem_info: self.dylink.as_ref().filter(|_| !is_main).map(|dylink| dylink.mem_info),
        };
        let found = source.find().and_then(|block| match block {
            None if !exports.is_empty() => Err(thread_local::NO_INITIALISER),
            block => Ok(block),
        });
        match found {
            Ok(block) => {
                if let Some(block) = &block {
                    self.place_thread_local(block, &exports);
                }
                self.internals.thread_local = block;
            }
            Err(reason) => {
                self.internals.thread_local_fault = Some(ThreadLocalFault::Block(reason));
            }
        }
    }

    /// Discards the values of exported symbols that are not relative to the module's data, since
    /// what is written would add `__memory_base` to them. No linker is known that exports one.
    fn discard_absolute(&mut self) {
        for export in self.exports_with(SymbolInfo::is_absolute) {
            let defined = self.exports[export].index.checked_sub(self.internals.imported_globals);
            let values = &mut self.internals.global_values;
            if let Some(value) = defined.and_then(|global| values.get_mut(global as usize)) {
                *value = None;
            }
        }
    }

    /// Returns the exported thread-local variables, as indices of exports.
    fn thread_local_exports(&self) -> Vec<usize> {
        self.exports_with(SymbolInfo::is_thread_local)
    }

    /// Returns the exported variables with a flag in `dylink.0`, as indices of exports.
    fn exports_with(&self, flag: fn(&SymbolInfo) -> bool) -> Vec<usize> {
        let infos = self.dylink.iter().flat_map(|dylink| &dylink.export_info);
        let names = infos.filter(|info| flag(info)).map(|info| info.name.as_str());
        let names: BTreeSet<_> = names.collect();
        let exports = self.exports.iter().enumerate();
        let found = exports.filter(|(_, export)| {
            matches!(export.ty, ExternType::Global(_)) && names.contains(export.name.as_str())
        });
        found.map(|(index, _)| index).collect()
    }

    fn place_thread_local(&mut self, block: &ThreadLocal, exports: &[usize]) {
        let mut placed = BTreeSet::new();
        for export in exports.iter().map(|&export| &self.exports[export]) {
            let global = export.index.checked_sub(self.internals.imported_globals);
            let values = &mut self.internals.global_values;
            let value = global.and_then(|global| values.get_mut(global as usize)?.as_mut());
            let Some(value) = value.filter(|_| placed.insert(export.index)) else { continue };
            if *value > block.size {
                let (symbol, offset, size) = (export.name.clone(), *value, block.size);
                let fault = ThreadLocalFault::Outside { symbol, offset, size };
                self.internals.thread_local_fault = Some(fault);
                return;
            }
            *value = value.wrapping_add(block.offset);
        }
    }

    /// Finds the table that the process has from a main: the one of that name, or else its first.
    fn table_of_main(&self) -> Option<SharedTable> {
        let exported = self.exports.iter().find(|export| export.name == TABLE);
        let index = exported.map_or(0, |export| export.index);
        let ty = self.items.tables.get(index as usize)?;
        let is_right = ty.element.is_func_ref() && !ty.table64;
        is_right.then_some(SharedTable { index, minimum: ty.minimum })
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
fn is_emulated(ty: &FuncType) -> bool {
    ty.params.len() >= EMULATED_PARAMS
        && ty.params.iter().all(|ty| *ty == ValType::I64)
        && ty.results == [ValType::I64]
}

/// Returns the number of items for which to reserve memory: that which a section claims to have,
/// unless it is too small for them.
fn most_items<T>(section: &SectionLimited<'_, T>) -> usize {
    const SMALLEST_ITEM: usize = 3;
    (section.count() as usize).min(section.range().len() / SMALLEST_ITEM)
}

/// A section cannot be read.
enum SectionError {
    Malformed(wasmparser::Error),
    /// It refers to a type or an item that no section before it has. A validator refuses that.
    UnknownItem {
        offset: usize,
    },
}

impl From<wasmparser::Error> for SectionError {
    fn from(error: wasmparser::Error) -> Self {
        SectionError::Malformed(error)
    }
}
