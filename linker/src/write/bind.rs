//! Phase *bind*: each module rewritten so that what the plan decided is in it.
//!
//! GOT entries and bases become constants. Imports that the module itself defines become calls of its own
//! functions. What is left imports functions of modules instantiated before it, or of the host; a function
//! of a module that comes later is called through its table slot. Memory, table and stack pointer come
//! from a small module of their own, [`Bound::base`], so that all modules are alike. Same plan, same bytes.

use wasm_encoder::{ConstExpr, Elements, EntityType, ExportKind, MemoryType, RefType, TableType};
use wasmparser::ExternalKind;

use crate::convention::{ENV, MEMORY, STACK_POINTER, TABLE};
use crate::module::Export;
use crate::module::sections::Contents;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::resolve::Shared;
use crate::types::ExternType;
use crate::write::bound::{Bound, BoundModule, Origins, Source};
use crate::write::emit::{Emitter, STACK_POINTER_TYPE, Sections, Shares};
use crate::write::error::{BindError, WriteError};
use crate::write::standalone;
use crate::write::targets::Targets;

impl Plan {
    /// Rewrites the modules.
    ///
    /// # Errors
    ///
    /// When a module's code is malformed in a way that loading it does not find.
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

    /// The process's memory.
    pub(crate) fn memory_type(&self) -> MemoryType {
        MemoryType {
            minimum: self.layout.pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        }
    }

    /// The process's table.
    pub(crate) fn table_type(&self) -> TableType {
        TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: self.layout.table_size.into(),
            maximum: None,
            shared: false,
        }
    }

    /// A module that imports the functions with canonical slots, and fills these.
    fn fill_slots(&self) -> Result<BoundModule, BindError> {
        let mut slots: Vec<_> = self.layout.slots.values().collect();
        slots.sort_by_key(|slot| slot.index);
        let mut sections = Sections::default();
        let mut sources = vec![Source::Shared(Shared::Table)];
        sections.imports.import(ENV, TABLE, EntityType::Table(TABLE_IMPORT));
        // Slots in a row are one segment: a module may have no more than 100,000 of these.
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for slot in slots {
            let provider = &self.set.inputs[slot.definition.module].module;
            let export = &provider.exports[slot.definition.export];
            let ExternType::Func(ty) = &export.ty else { continue };
            let ty = wasmparser::FuncType::new(ty.params.clone(), ty.results.clone());
            let ty = sections.types.function(&ty);
            let ty = ty.map_err(|error| BindError::new(&provider.name, &error))?;
            sections.imports.import(&provider.name, &export.name, EntityType::Function(ty));
            sources
                .push(Source::Export { module: slot.definition.module, name: export.name.clone() });
            let function = sections.imports.len() - 2;
            match runs.last_mut() {
                Some((start, run)) if slot.index - *start == run.len() as u32 => run.push(function),
                _ => runs.push((slot.index, vec![function])),
            }
        }
        for (start, run) in runs {
            let offset = ConstExpr::i32_const(start.cast_signed());
            sections.elements.active(None, &offset, Elements::Functions(run.into()));
        }
        let bytes = sections.finish();
        let module = self.set.inputs.len();
        Ok(BoundModule { module, bytes, imports: sources, origins: Some(Origins::default()) })
    }
}

fn bind_module(targets: &Targets<'_>, module: usize) -> Result<BoundModule, BindError> {
    let input = &targets.plan.set.inputs[module];
    let malformed = |error: WriteError| BindError::new(&input.module.name, &error);
    if !input.shares_memory() {
        let imports = input.module.imports.iter().zip(&targets.plan.resolution[module]);
        let imports = imports.map(|(import, &target)| targets.source(import, target)).collect();
        let rewritten = standalone::rewrite(input).map_err(malformed)?;
        let origins = rewritten.is_some().then(|| Origins::all(input, module));
        let bytes = rewritten.unwrap_or_else(|| input.bytes.to_vec());
        return Ok(BoundModule { module, bytes, imports, origins });
    }
    rewrite(targets, module).map_err(malformed)
}

pub(crate) fn rewrite(targets: &Targets<'_>, module: usize) -> Result<BoundModule, WriteError> {
    let contents = Contents::read(&targets.plan.set.inputs[module].bytes)?;
    let mut emitter = Emitter::new(targets, vec![(module, contents)], None);
    emitter.import_shared(Shared::Memory, EntityType::Memory(MEMORY_IMPORT));
    emitter.import_shared(Shared::Table, EntityType::Table(TABLE_IMPORT));
    if emitter.uses_stack_pointer() {
        emitter.import_shared(Shared::StackPointer, EntityType::Global(STACK_POINTER_TYPE));
    }
    emitter.number(Shares { memory: true, table: true })?;
    emitter.write_definitions()?;
    export(&mut emitter, module, &targets.plan.set.inputs[module].module.exports);
    let Emitter { mut sections, sources, origins, .. } = emitter;
    sections.name.clone_from(&targets.plan.set.inputs[module].module.name);
    Ok(BoundModule { module, bytes: sections.finish(), imports: sources, origins: Some(origins) })
}

/// Custom sections that hold for a rewritten module too.
const KEPT: [&str; 2] = ["producers", "target_features"];

/// Exports what others may need, and the start function if there is one. Addresses are in the plan; memory
/// and table come from the base module, and are there for WASI, which looks for the memory of who calls.
fn export(emitter: &mut Emitter<'_>, module: usize, exports: &[Export]) {
    let Some(contents) = emitter.contents(module) else { return };
    let start = contents.start;
    let custom = contents.custom.iter().filter(|section| KEPT.contains(&section.name()));
    let custom = custom.map(|section| (section.name().to_owned(), section.data().to_vec()));
    let custom = custom.collect();
    for export in exports {
        let kind = match export.ty {
            ExternType::Func(_) => ExternalKind::Func,
            ExternType::Tag(_) => ExternalKind::Tag,
            _ => continue,
        };
        let number = emitter.exported(module, kind, export.index);
        emitter.sections.exports.export(&export.name, kind.into(), number);
    }
    emitter.sections.exports.export(MEMORY, ExportKind::Memory, 0);
    emitter.sections.exports.export(TABLE, ExportKind::Table, 0);
    emitter.sections.custom = custom;
    emitter.sections.start = start.map(|index| emitter.function(ItemId { module, index }));
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
