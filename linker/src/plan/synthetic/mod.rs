//! Modules that the linker writes itself. They have no data and no slots of their own.

pub(crate) mod asyncify;
pub(crate) mod command;
pub(crate) mod component;
pub(crate) mod invoke;
pub(crate) mod runtime_hooks;
pub(crate) mod sbrk;
pub(crate) mod thread_context;
pub(crate) mod unknown_imports;

use std::borrow::Cow;

use wasm_encoder::{
    CodeSection, CustomSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemoryType, Module, NameMap, NameSection, RefType,
    TableType, TagSection, TypeSection, ValType,
};

use crate::convention::{ENV, MEMORY, STACK_POINTER, TABLE};
use crate::hash::HashMap;
use crate::module::dylink;

/// The parameters and the result of a function.
pub(crate) type FuncType = (Vec<ValType>, Option<ValType>);

/// A module that is being written. All imports come before the first function that is defined.
#[derive(Default)]
pub(crate) struct ModuleWriter {
    types: TypeSection,
    /// The index of each type, by its parameters and results.
    known: HashMap<(Vec<ValType>, Vec<ValType>), u32>,
    pub(crate) imports: ImportSection,
    functions: FunctionSection,
    pub(crate) globals: GlobalSection,
    pub(crate) exports: ExportSection,
    code: CodeSection,
    names: NameMap,
    /// The index of the next function.
    next: u32,
}

impl ModuleWriter {
    /// Returns the index of a type. The first call writes the type.
    pub(crate) fn ty(&mut self, (params, result): &FuncType) -> u32 {
        self.type_index(params.clone(), result.iter().copied().collect())
    }

    /// Returns the index of a type with any number of results, as [`ModuleWriter::ty`] does.
    pub(crate) fn type_index(&mut self, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        let next = self.known.len() as u32;
        *self.known.entry((params, results)).or_insert_with_key(|(params, results)| {
            self.types.ty().function(params.iter().copied(), results.iter().copied());
            next
        })
    }

    /// Imports the process's memory.
    pub(crate) fn import_memory(&mut self) {
        let memory = MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        self.imports.import(ENV, MEMORY, memory);
    }

    /// Imports the process's table.
    pub(crate) fn import_table(&mut self) {
        let table = TableType {
            element_type: RefType::FUNCREF,
            minimum: 0,
            maximum: None,
            table64: false,
            shared: false,
        };
        self.imports.import(ENV, TABLE, table);
    }

    /// Imports the process's stack pointer.
    pub(crate) fn import_stack_pointer(&mut self) {
        let stack = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        self.imports.import(ENV, STACK_POINTER, stack);
    }

    /// Imports a function and returns its index.
    pub(crate) fn import(&mut self, module: &str, name: &str, ty: &FuncType) -> u32 {
        let ty = self.ty(ty);
        self.imports.import(module, name, EntityType::Function(ty));
        self.next += 1;
        self.next - 1
    }

    /// Defines a function, exports it and returns its index.
    pub(crate) fn define(&mut self, name: &str, ty: &FuncType, body: &Function) -> u32 {
        let ty = self.ty(ty);
        let function = self.define_inside(name, ty, body);
        self.exports.export(name, ExportKind::Func, function);
        function
    }

    /// Defines a function of the type with an index, and returns the function's own index. It is
    /// not exported.
    pub(crate) fn define_inside(&mut self, name: &str, ty: u32, body: &Function) -> u32 {
        self.functions.function(ty);
        self.code.function(body);
        self.names.append(self.next, name);
        self.next += 1;
        self.next - 1
    }

    /// Returns the bytes of a shared library.
    pub(crate) fn finish(self, tags: &TagSection) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&CustomSection { name: dylink::SECTION.into(), data: Cow::default() });
        self.write(module, tags)
    }

    /// Returns the bytes of a plain module.
    pub(crate) fn finish_plain(self) -> Vec<u8> {
        self.write(Module::new(), &TagSection::new())
    }

    fn write(self, mut module: Module, tags: &TagSection) -> Vec<u8> {
        let mut names = NameSection::new();
        names.functions(&self.names);
        module.section(&self.types);
        if !self.imports.is_empty() {
            module.section(&self.imports);
        }
        module.section(&self.functions);
        if !tags.is_empty() {
            module.section(tags);
        }
        if !self.globals.is_empty() {
            module.section(&self.globals);
        }
        module.section(&self.exports).section(&self.code).section(&names);
        module.finish()
    }
}
