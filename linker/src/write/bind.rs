//! Phase *bind*: rewrites each module so that it contains what the plan decided.
//!
//! GOT entries and bases become constants. Imports that the module itself defines become calls of
//! its own functions. The other imports come from modules that are instantiated before it, or from
//! the host; it calls a function of a later module through the function's table slot. Memory, table
//! and stack pointer come from a small module of their own, [`Bound::base`], so that all modules
//! get them in the same way. The same plan gives the same bytes.

use wasm_encoder::{ConstExpr, Elements, EntityType, ExportKind, MemoryType, RefType, TableType};
use wasmparser::ExternalKind;

use crate::convention::{ENV, MEMORY, STACK_POINTER, TABLE};
use crate::module::sections::Contents;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::resolve::Shared;
use crate::plan::set::Definition;
use crate::types::ExternType;
use crate::write::bound::{Bound, BoundModule, Origins, Source};
use crate::write::emit::{Emitter, Shares};
use crate::write::encode::{STACK_POINTER_TYPE, Sections};
use crate::write::error::{BindError, Invalid, WriteError, WriteResult};
use crate::write::reindex::InitialContent;
use crate::write::standalone;
use crate::write::targets::Targets;

impl Plan {
    /// Rewrites the modules.
    ///
    /// # Errors
    ///
    /// If a module's code is malformed in a way that loading the module does not find.
    pub fn bind(&self) -> Result<Bound, BindError> {
        let targets = Targets::new(self);
        let modules = self.layout.order.iter().map(|&module| bind_module(&targets, module));
        Ok(Bound {
            base: self.set.inputs.iter().any(InputModule::shares_memory).then(|| self.base()),
            modules: modules.collect::<Result<_, _>>()?,
            slots: (!self.layout.slots.is_empty()).then(|| self.fill_slots()).transpose()?,
            initialisers: self.initialisers(),
        })
    }

    /// Returns the module that defines what all modules share.
    fn base(&self) -> Vec<u8> {
        let mut sections = Sections::default();
        sections.tables.table(self.table_type());
        sections.memories.memory(self.memory_type());
        let stack_pointer = ConstExpr::i32_const(self.layout.stack_pointer.cast_signed());
        sections.globals.global(STACK_POINTER_TYPE, &stack_pointer);
        sections.exports.export(MEMORY, ExportKind::Memory, 0);
        sections.exports.export(TABLE, ExportKind::Table, 0);
        sections.exports.export(STACK_POINTER, ExportKind::Global, 0);
        sections.finish()
    }

    /// Returns the type of the process's memory.
    pub(crate) fn memory_type(&self) -> MemoryType {
        MemoryType {
            minimum: self.layout.pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        }
    }

    /// Returns the type of the process's table.
    pub(crate) fn table_type(&self) -> TableType {
        TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: self.layout.table_size.into(),
            maximum: None,
            shared: false,
        }
    }

    /// Returns a module that imports the functions with canonical slots, and fills these.
    fn fill_slots(&self) -> Result<BoundModule, BindError> {
        let mut slots: Vec<_> = self.layout.slots.values().collect();
        slots.sort_by_key(|slot| slot.index);
        let mut sections = Sections::default();
        let mut sources = vec![Source::Shared(Shared::Table)];
        sections.imports.import(ENV, TABLE, EntityType::Table(TABLE_IMPORT));
        let mut functions = Vec::new();
        for (slot, function) in slots.into_iter().zip(0..) {
            sources.push(self.import_function(slot.definition, &mut sections)?);
            functions.push((slot.index, function));
        }
        for (start, run) in runs(functions) {
            let offset = ConstExpr::i32_const(start.cast_signed());
            sections.elements.active(None, &offset, Elements::Functions(run.into()));
        }
        let bytes = sections.finish();
        let module = self.set.inputs.len();
        Ok(BoundModule { module, bytes, imports: sources, origins: Some(Origins::default()) })
    }

    fn import_function(
        &self,
        definition: Definition,
        sections: &mut Sections,
    ) -> Result<Source, BindError> {
        let provider = &self.set.inputs[definition.module].module;
        let export = &provider.exports[definition.export];
        let failed = |error: WriteError| BindError::new(&provider.name, &error);
        let ExternType::Func(ty) = &export.ty else {
            let fault = Invalid::Internal("something other than a function has a slot");
            return Err(failed(WriteError::UserError(fault)));
        };
        let ty = wasmparser::FuncType::new(ty.params.clone(), ty.results.clone());
        let type_index = sections.types.function(&ty).map_err(failed)?;
        sections.imports.import(&provider.name, &export.name, EntityType::Function(type_index));
        Ok(Source::Export { module: definition.module, name: export.name.clone() })
    }
}

/// Joins functions in neighbouring slots: a module may have no more than 100,000 segments, and each
/// run needs only one. Slots come in ascending order.
pub(crate) fn runs(functions: impl IntoIterator<Item = (u32, u32)>) -> Vec<(u32, Vec<u32>)> {
    let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
    for (slot, function) in functions {
        match runs.last_mut() {
            Some((start, run)) if slot - *start == run.len() as u32 => run.push(function),
            _ => runs.push((slot, vec![function])),
        }
    }
    runs
}

fn bind_module(targets: &Targets<'_>, module: usize) -> Result<BoundModule, BindError> {
    let input = &targets.plan.set.inputs[module];
    let bound = if input.shares_memory() {
        rewrite(targets, module)
    } else {
        rewrite_standalone(targets, module)
    };
    bound.map_err(|error| BindError::new(&input.module.name, &error))
}

/// Rewrites a module that has nothing of the process: its imports are resolved by name.
fn rewrite_standalone(targets: &Targets<'_>, module: usize) -> WriteResult<BoundModule> {
    let input = &targets.plan.set.inputs[module];
    let imports = input.module.imports.iter().zip(&targets.plan.resolution[module]);
    let sources = imports.map(|(import, &target)| targets.source(import, target)).collect();
    let rewritten = standalone::rewrite(input)?;
    Ok(BoundModule {
        module,
        imports: sources,
        origins: rewritten.is_some().then(|| Origins::all(input, module)),
        bytes: rewritten.unwrap_or_else(|| input.bytes.to_vec()),
    })
}

/// Rewrites a module that shares the process's memory.
///
/// # Errors
///
/// If its code is malformed.
pub(crate) fn rewrite(targets: &Targets<'_>, module: usize) -> WriteResult<BoundModule> {
    let contents = Contents::read(&targets.plan.set.inputs[module].bytes)?;
    let mut emitter = Emitter::new(targets, vec![(module, contents)], None);
    emitter.import_shared(Shared::Memory, EntityType::Memory(MEMORY_IMPORT));
    emitter.import_shared(Shared::Table, EntityType::Table(TABLE_IMPORT));
    if emitter.uses_stack_pointer() {
        emitter.import_shared(Shared::StackPointer, EntityType::Global(STACK_POINTER_TYPE));
    }
    emitter.assign_indices(Shares { memory: true, table: true })?;
    emitter.write_definitions(InitialContent::Segments)?;
    export(&mut emitter, module, &targets.plan.set.inputs[module])?;
    let Emitter { mut sections, sources, origins, .. } = emitter;
    sections.name.clone_from(&targets.plan.set.inputs[module].module.name);
    Ok(BoundModule { module, bytes: sections.finish(), imports: sources, origins: Some(origins) })
}

/// Custom sections that are true of a rewritten module too.
const KEPT: [&str; 2] = ["producers", "target_features"];

/// Exports the functions, tags and mutable globals, and sets the start function if there is one. Addresses are in
/// the plan. Memory and table come from the base module; the module exports them for WASI, which
/// looks for the memory of its caller.
fn export(emitter: &mut Emitter<'_>, module: usize, input: &InputModule) -> WriteResult<()> {
    let exports = &input.module.exports;
    for (index, export) in exports.iter().enumerate() {
        let kind = match export.ty {
            ExternType::Func(_) => ExternalKind::Func,
            ExternType::Tag(_) => ExternalKind::Tag,
            ExternType::Global(ty) if ty.mutable && input.offers(index) => ExternalKind::Global,
            _ => continue,
        };
        let index = emitter.exported(module, kind, export.index)?;
        emitter.sections.exports.export(&export.name, kind.into(), index);
    }
    emitter.sections.exports.export(MEMORY, ExportKind::Memory, 0);
    emitter.sections.exports.export(TABLE, ExportKind::Table, 0);
    let Some(contents) = emitter.contents(module) else { return Ok(()) };
    let start_function = contents.start;
    let custom = contents.custom.iter().filter(|section| KEPT.contains(&section.name()));
    emitter.sections.custom =
        custom.map(|section| (section.name().to_owned(), section.data().to_vec())).collect();
    let start = start_function.map(|index| emitter.function(ItemId { module, index }));
    emitter.sections.start = start.transpose()?;
    Ok(())
}

const TABLE_IMPORT: TableType = TableType {
    element_type: RefType::FUNCREF,
    table64: false,
    minimum: 0,
    maximum: None,
    shared: false,
};

const MEMORY_IMPORT: MemoryType =
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
