//! Phase *bind*: each module rewritten so that what the plan decided is in it.
//!
//! GOT entries and bases become constants. Imports that the module itself defines become calls of its own
//! functions. What is left imports functions of modules instantiated before it, or of the host; a function
//! of a module that comes later is called through its table slot. Memory, table and stack pointer come
//! from a small module of their own, [`Bound::base`], so that all modules are alike. Same plan, same bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataCountSection, DataSection, ElementSection, Elements,
    EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType,
    ImportSection, Instruction, MemorySection, MemoryType, NameMap, NameSection, RefType,
    StartSection, TableSection, TableType, TagSection, TypeSection, ValType,
};
use wasmparser::{KnownCustom, Operator, Parser, Payload};

use crate::convention::{MEMORY, STACK_POINTER, TABLE};
use crate::load::{Export, Import, Module};
use crate::plan::Plan;
use crate::resolve::{Meaning, Shared};
use crate::set::{Definition, Object};
use crate::types::ExternType;

/// The modules of a program as they are instantiated.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Exports the memory, the table and the stack pointer, and imports nothing. Without it no module
    /// shares anything.
    pub base: Option<Vec<u8>>,
    /// In the order of instantiation.
    pub modules: Vec<BoundModule>,
    /// Fills the canonical table slots, if there are any. To be instantiated last, before any initialiser
    /// is called.
    pub slots: Option<BoundModule>,
}

/// A module and where each of its imports comes from, in order.
#[derive(Debug, Clone)]
pub struct BoundModule {
    /// Its place in the set; past the end for the one that fills the slots.
    pub module: usize,
    pub bytes: Vec<u8>,
    pub imports: Vec<Source>,
}

/// Where an import comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The base module.
    Shared(Shared),
    /// Another module of the set.
    Export { module: usize, name: String },
    /// The host.
    Host { module: String, name: String },
}

/// A module could not be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{module}` cannot be linked: {message}")]
pub struct BindError {
    pub module: String,
    pub message: String,
}

impl Plan {
    /// Rewrites the modules.
    ///
    /// # Errors
    ///
    /// When a module's code is malformed in a way that loading it does not find.
    pub fn bind(&self) -> Result<Bound, BindError> {
        let modules = self.layout.order.iter().map(|&module| self.bind_module(module));
        Ok(Bound {
            base: self.set.objects.iter().any(Object::is_dynamic).then(|| self.base()),
            modules: modules.collect::<Result<_, _>>()?,
            slots: (!self.layout.slots.is_empty()).then(|| self.fill_slots()),
        })
    }

    fn base(&self) -> Vec<u8> {
        let layout = &self.layout;
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: layout.table_size.into(),
            maximum: None,
            shared: false,
        });
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: layout.pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut globals = GlobalSection::new();
        let stack_pointer = layout.stack_pointer.cast_signed();
        globals.global(STACK_POINTER_TYPE, &ConstExpr::i32_const(stack_pointer));
        let mut exports = ExportSection::new();
        exports.export(MEMORY, ExportKind::Memory, 0);
        exports.export(TABLE, ExportKind::Table, 0);
        exports.export(STACK_POINTER, ExportKind::Global, 0);
        let mut module = wasm_encoder::Module::new();
        module.section(&tables).section(&memories).section(&globals).section(&exports);
        module.finish()
    }

    fn bind_module(&self, module: usize) -> Result<BoundModule, BindError> {
        let object = &self.set.objects[module];
        if !object.is_dynamic() {
            let (bytes, imports) = (object.bytes.to_vec(), self.plain_sources(module));
            return Ok(BoundModule { module, bytes, imports });
        }
        let mut binder = Binder::new(self, module);
        let error = |error: reencode::Error| BindError {
            module: object.module.name.clone(),
            message: match error {
                reencode::Error::ParseError(error) => error.to_string(),
                other => other.to_string(),
            },
        };
        let bytes = binder.rewrite(&object.bytes).map_err(error)?;
        Ok(BoundModule { module, bytes, imports: binder.sources })
    }

    /// The imports of a module that is instantiated as it is.
    fn plain_sources(&self, module: usize) -> Vec<Source> {
        let imports = self.set.objects[module].module.imports.iter();
        imports
            .zip(&self.resolution[module])
            .map(|(import, meaning)| match meaning {
                Meaning::Function(definition) | Meaning::Item(definition) => {
                    self.source(*definition)
                }
                _ => Source::Host { module: import.module.clone(), name: import.name.clone() },
            })
            .collect()
    }

    fn source(&self, definition: Definition) -> Source {
        let module = &self.set.objects[definition.module].module;
        let name = module.exports[definition.export].name.clone();
        Source::Export { module: definition.module, name }
    }

    fn fill_slots(&self) -> BoundModule {
        let mut slots: Vec<_> = self.layout.slots.values().collect();
        slots.sort_by_key(|slot| slot.index);
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        let mut elements = ElementSection::new();
        let mut sources = vec![Source::Shared(Shared::Table)];
        imports.import("env", TABLE, TABLE_IMPORT);
        for (function, slot) in (0..).zip(slots) {
            let provider = &self.set.objects[slot.definition.module].module;
            let export = &provider.exports[slot.definition.export];
            let ExternType::Func(ty) = &export.ty else { continue };
            let encode = |types: &[wasmparser::ValType]| {
                types.iter().map(|&ty| encode_type(ty)).collect::<Vec<_>>()
            };
            types.ty().function(encode(&ty.params), encode(&ty.results));
            imports.import(&provider.name, &export.name, EntityType::Function(function));
            sources.push(self.source(slot.definition));
            let offset = ConstExpr::i32_const(slot.index.cast_signed());
            elements.active(None, &offset, Elements::Functions(Cow::Owned(vec![function])));
        }
        let mut module = wasm_encoder::Module::new();
        module.section(&types).section(&imports).section(&elements);
        let bytes = module.finish();
        BoundModule { module: self.set.objects.len(), bytes, imports: sources }
    }
}

fn encode_type(ty: wasmparser::ValType) -> ValType {
    // Only references to a module's own types have none of their own here, and those do not link.
    reencode::RoundtripReencoder.val_type(ty).unwrap_or(ValType::FUNCREF)
}

const STACK_POINTER_TYPE: GlobalType =
    GlobalType { val_type: ValType::I32, mutable: true, shared: false };

const TABLE_IMPORT: EntityType = EntityType::Table(TableType {
    element_type: RefType::FUNCREF,
    table64: false,
    minimum: 0,
    maximum: None,
    shared: false,
});

const MEMORY_IMPORT: EntityType = EntityType::Memory(MemoryType {
    minimum: 0,
    maximum: None,
    memory64: false,
    shared: false,
    page_size_log2: None,
});

/// A function that stands for an import.
struct Stub {
    type_index: u32,
    name: String,
    params: u32,
    /// The slot it calls; without one it traps.
    slot: Option<u32>,
}

/// Rewrites one module.
struct Binder<'a> {
    plan: &'a Plan,
    module: &'a Module,
    /// The new index of each imported function; those that the module defines follow in order.
    functions: Vec<u32>,
    first_defined_function: u32,
    stubs: Vec<Stub>,
    /// For each imported global its value; `None` for the stack pointer.
    globals: Vec<Option<u32>>,
    /// The functions that are still imported.
    kept: Vec<(&'a Import, Source)>,
    sources: Vec<Source>,
    /// Indices of what a main defines and gets from the base module instead.
    own_table: Option<u32>,
    own_stack_pointer: Option<u32>,
    has_table_import: bool,
}

impl<'a> Binder<'a> {
    fn new(plan: &'a Plan, index: usize) -> Self {
        let module = &plan.set.objects[index].module;
        let own = |name: &str| {
            let export = module.export(name).filter(|_| plan.set.objects[index].is_main());
            export.map(|export| export.index)
        };
        let mut binder = Binder {
            plan,
            module,
            functions: Vec::new(),
            first_defined_function: 0,
            stubs: Vec::new(),
            globals: Vec::new(),
            kept: Vec::new(),
            sources: Vec::new(),
            own_table: own(TABLE),
            own_stack_pointer: own(STACK_POINTER),
            has_table_import: false,
        };
        binder.place_imports(index);
        binder
    }

    /// Decides what becomes of each import, and with it the new numbers of functions.
    fn place_imports(&mut self, index: usize) {
        let meanings = &self.plan.resolution[index];
        let is_kept = |meaning: Meaning| match meaning {
            Meaning::Host => true,
            Meaning::Function(d) => {
                d.module != index && self.plan.late_slot(index, meaning).is_none()
            }
            _ => false,
        };
        let functions = self.module.imports.iter().zip(meanings);
        let functions = functions.filter(|(import, _)| matches!(import.ty, ExternType::Func(_)));
        let kept = functions.clone().filter(|(_, meaning)| is_kept(**meaning)).count() as u32;
        self.first_defined_function = kept;
        let first_stub = kept + self.module.internals.defined_functions;
        for (import, &meaning) in functions {
            let place = match meaning {
                Meaning::Function(d) if d.module == index => {
                    let export: &Export = &self.module.exports[d.export];
                    export.index - self.module.internals.imported_functions + kept
                }
                _ if is_kept(meaning) => {
                    self.kept.push((import, self.kept_source(import, meaning)));
                    self.kept.len() as u32 - 1
                }
                _ => {
                    let slot = self.plan.late_slot(index, meaning);
                    self.stubs.push(Stub::new(import, slot));
                    first_stub + self.stubs.len() as u32 - 1
                }
            };
            self.functions.push(place);
        }
        for (import, &meaning) in self.module.imports.iter().zip(meanings) {
            match import.ty {
                ExternType::Global(_) => self.globals.push(self.plan.constant(index, meaning)),
                ExternType::Table(_) => self.has_table_import = true,
                _ => {}
            }
        }
    }

    fn kept_source(&self, import: &Import, meaning: Meaning) -> Source {
        match meaning {
            Meaning::Function(definition) => self.plan.source(definition),
            _ => Source::Host { module: import.module.clone(), name: import.name.clone() },
        }
    }

    fn uses_stack_pointer(&self) -> bool {
        self.own_stack_pointer.is_some() || self.globals.contains(&None)
    }

    fn imports(&mut self) -> ImportSection {
        let mut section = ImportSection::new();
        section.import("env", MEMORY, MEMORY_IMPORT);
        section.import("env", TABLE, TABLE_IMPORT);
        self.sources = vec![Source::Shared(Shared::Memory), Source::Shared(Shared::Table)];
        if self.uses_stack_pointer() {
            section.import("env", STACK_POINTER, EntityType::Global(STACK_POINTER_TYPE));
            self.sources.push(Source::Shared(Shared::StackPointer));
        }
        for (import, source) in &self.kept {
            let ty = EntityType::Function(import.type_index);
            match source {
                Source::Export { module, name } => {
                    let provider = &self.plan.set.objects[*module].module.name;
                    section.import(provider, name, ty);
                }
                _ => {
                    section.import(&import.module, &import.name, ty);
                }
            }
            self.sources.push(source.clone());
        }
        section
    }

    /// The sections of the new module, in the binary format's order whatever that of the old one.
    fn rewrite(&mut self, bytes: &[u8]) -> Result<Vec<u8>, reencode::Error> {
        let mut sections = Sections { imports: self.imports(), ..Sections::default() };
        for payload in Parser::new(0).parse_all(bytes) {
            self.rewrite_section(payload?, &mut sections, bytes)?;
        }
        for stub in &self.stubs {
            sections.functions.function(stub.type_index);
            sections.code.function(&stub.body());
        }
        sections.exports.export(MEMORY, ExportKind::Memory, 0);
        sections.exports.export(TABLE, ExportKind::Table, 0);
        sections.names = Some(self.names(bytes)?);
        Ok(sections.finish())
    }

    fn rewrite_section(
        &mut self,
        payload: Payload<'_>,
        to: &mut Sections,
        bytes: &[u8],
    ) -> Result<(), reencode::Error> {
        match payload {
            Payload::TypeSection(section) => self.parse_type_section(&mut to.types, section),
            Payload::FunctionSection(section) => {
                self.parse_function_section(&mut to.functions, section)
            }
            Payload::TableSection(section) => {
                for (index, table) in (0..).zip(section) {
                    if self.own_table != Some(index) {
                        self.parse_table(&mut to.tables, table?)?;
                    }
                }
                Ok(())
            }
            Payload::TagSection(section) => self.parse_tag_section(&mut to.tags, section),
            Payload::GlobalSection(section) => {
                for (index, global) in (self.module.internals.imported_globals..).zip(section) {
                    if self.own_stack_pointer != Some(index) {
                        self.parse_global(&mut to.globals, global?)?;
                    }
                }
                Ok(())
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    // Addresses are in the plan, and memory and table come from the base module.
                    if export.kind == wasmparser::ExternalKind::Func {
                        self.parse_export(&mut to.exports, export)?;
                    }
                }
                Ok(())
            }
            Payload::StartSection { func, .. } => {
                to.start = Some(StartSection { function_index: self.function_index(func)? });
                Ok(())
            }
            Payload::ElementSection(section) => {
                self.parse_element_section(&mut to.elements, section)
            }
            Payload::DataCountSection { count, .. } => {
                to.data_count = Some(DataCountSection { count });
                Ok(())
            }
            Payload::CodeSectionStart { range, .. } => {
                let section = wasmparser::BinaryReader::new(&bytes[range.clone()], range.start);
                let section = wasmparser::CodeSectionReader::new(section)?;
                self.parse_code_section(&mut to.code, section)
            }
            Payload::DataSection(section) => self.parse_data_section(&mut to.data, section),
            Payload::CustomSection(section) => {
                if ["producers", "target_features"].contains(&section.name()) {
                    to.custom.push((section.name().to_owned(), section.data().to_vec()));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The names of functions, under their new numbers, each once and in order.
    fn names(&mut self, bytes: &[u8]) -> Result<NameSection, reencode::Error> {
        let mut functions = BTreeMap::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let Payload::CustomSection(section) = payload? else { continue };
            let KnownCustom::Name(subsections) = section.as_known() else { continue };
            for subsection in subsections {
                // The specification asks engines to ignore malformed names; so does this.
                let Ok(wasmparser::Name::Function(map)) = subsection else { continue };
                for naming in map.into_iter().flatten() {
                    // What a function is called where it is defined counts more than where it is imported.
                    let imported = (naming.index as usize) < self.functions.len();
                    let index = self.function_index(naming.index)?;
                    if !imported || !functions.contains_key(&index) {
                        functions.insert(index, naming.name.to_owned());
                    }
                }
            }
        }
        let first_stub = self.first_defined_function + self.module.internals.defined_functions;
        functions.extend((first_stub..).zip(self.stubs.iter().map(|stub| stub.name.clone())));
        let mut map = NameMap::new();
        functions.iter().for_each(|(index, name)| map.append(*index, name));
        let mut names = NameSection::new();
        names.module(&self.module.name);
        names.functions(&map);
        Ok(names)
    }
}

impl Reencode for Binder<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        let defined = function.wrapping_sub(self.functions.len() as u32);
        let imported = self.functions.get(function as usize).copied();
        Ok(imported.unwrap_or(defined.wrapping_add(self.first_defined_function)))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, reencode::Error> {
        let shared = u32::from(self.uses_stack_pointer());
        let imported = self.globals.len() as u32;
        Ok(match self.own_stack_pointer {
            Some(own) if own == global => 0,
            Some(own) if own < global => global - imported - 1 + shared,
            // An imported global that is not a constant is the stack pointer.
            _ if global < imported => 0,
            _ => global - imported + shared,
        })
    }

    fn table_index(&mut self, table: u32) -> Result<u32, reencode::Error> {
        Ok(match self.own_table {
            Some(own) if own == table => 0,
            Some(own) if own < table => table,
            None if self.has_table_import => table,
            _ => table + 1,
        })
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<Instruction<'a>, reencode::Error> {
        if let Operator::GlobalGet { global_index } = operator
            && let Some(Some(value)) = self.globals.get(global_index as usize)
        {
            return Ok(Instruction::I32Const(value.cast_signed()));
        }
        utils::instruction(self, operator)
    }
}

impl Stub {
    fn new(import: &Import, slot: Option<u32>) -> Self {
        let params = match &import.ty {
            ExternType::Func(ty) => ty.params.len() as u32,
            _ => 0,
        };
        Stub { type_index: import.type_index, name: import.name.clone(), params, slot }
    }

    fn body(&self) -> Function {
        let mut body = Function::new([]);
        match self.slot {
            None => {
                body.instruction(&Instruction::Unreachable);
            }
            Some(slot) => {
                (0..self.params).for_each(|param| {
                    body.instruction(&Instruction::LocalGet(param));
                });
                body.instruction(&Instruction::I32Const(slot.cast_signed()));
                let type_index = self.type_index;
                // A tail call: the stub is no frame of its own, in a backtrace or on the stack.
                body.instruction(&Instruction::ReturnCallIndirect { type_index, table_index: 0 });
            }
        }
        body.instruction(&Instruction::End);
        body
    }
}

/// The sections of a module that is being written.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    start: Option<StartSection>,
    elements: ElementSection,
    data_count: Option<DataCountSection>,
    code: CodeSection,
    data: DataSection,
    names: Option<NameSection>,
    custom: Vec<(String, Vec<u8>)>,
}

impl Sections {
    fn finish(self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions);
        module.section(&self.tables).section(&self.tags);
        module.section(&self.globals).section(&self.exports);
        if let Some(start) = &self.start {
            module.section(start);
        }
        module.section(&self.elements);
        if let Some(count) = &self.data_count {
            module.section(count);
        }
        module.section(&self.code).section(&self.data);
        if let Some(names) = &self.names {
            module.section(names);
        }
        for (name, data) in &self.custom {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        module.finish()
    }
}
