//! Writes modules with new indices: one module of a program for *bind*, all of them as one for
//! *fuse*.
//!
//! The emitter first assigns an index to everything that is written, and then writes it.
//!
//! Every instruction is written as one instruction, so the n-th of a function stays the n-th. There
//! are exceptions. In a function with exceptions in the legacy encoding,
//! [`legacy_exceptions`](crate::write::legacy_exceptions) says which instruction each of its
//! instructions comes from. Sums that are addresses become one constant, and calls of small
//! functions become their code: [`Origins`] lists the instructions that are left out, and these
//! calls.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;

use wasm_encoder::{ConstExpr, EntityType, Function, GlobalType, TagKind, ValType};
use wasmparser::ExternalKind;

use crate::convention::ENV;
use crate::module::Import;
use crate::module::sections::Contents;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{ImportTarget, Shared};
use crate::types::ExternType;
use crate::write::bound::{Origins, Source};
use crate::write::encode::{STACK_POINTER_TYPE, Sections, take};
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::fold::Constants;
use crate::write::inline::InlineBodies;
use crate::write::live::Live;
use crate::write::part::{GlobalIndex, Part, RedirectedCall, lookup};
use crate::write::reindex::{InitialContent, assign_types, inline_body, write_part};
use crate::write::stub::{Stub, StubAction, StubAddress, StubSlot};
use crate::write::targets::{
    BlockAddress, BlockAllocation, FunctionTarget, GlobalTarget, LateSlot, SharedTarget, Targets,
};

/// The module and the name of the import of a value. Whoever instantiates the module identifies
/// such an import by its position.
const VALUE_IMPORT: &str = "number";

/// The name of the function that returns the address of a block of thread-local variables.
const TLS_BLOCK: &str = "thread-local block";

const CONSTANT_TYPE: GlobalType =
    GlobalType { val_type: ValType::I32, mutable: false, shared: false };

/// Writes modules that are linked as one.
pub(crate) struct Emitter<'a> {
    targets: &'a Targets<'a>,
    /// What is left of the modules; `None` if nothing is left out.
    live: Option<&'a Live>,
    /// The functions that are inlined where they are called. One comes after those that are inlined
    /// into it.
    inlined: Vec<ItemId>,
    parts: Vec<Part<'a>>,
    /// For each module of the set, its index among the parts.
    part_of: Vec<Option<usize>>,
    pub(crate) sections: Sections,
    /// Whether the functions that are called most often come first: their indices are short.
    pub(crate) orders_by_calls: bool,
    /// Where each import comes from.
    pub(crate) sources: Vec<Source>,
    imported: HashMap<ImportKey<'a>, u32>,
    stubs: Vec<Stub>,
    next: NextIndices,
    /// For each function that some module defines, which function of which module it was.
    pub(crate) origins: Origins,
}

/// The next free index of each kind.
#[derive(Default)]
struct NextIndices {
    functions: u32,
    globals: u32,
    tables: u32,
    memories: u32,
    tags: u32,
    elements: u32,
    data: u32,
}

/// Whether the new module has the memory and the table of the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    pub(crate) memory: bool,
    pub(crate) table: bool,
}

/// The identity of an import: imports with equal keys become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ImportKey<'a> {
    Function(ItemId),
    /// A function of the host: its module, its name and its type.
    Host(&'a str, &'a str, u32),
    Tag(ItemId),
    /// A mutable global.
    Global(ItemId),
    /// The value of an import of a module.
    Value {
        module: usize,
        import: usize,
    },
}

/// The function that an imported function becomes.
enum ImportedFunction<'a> {
    Import {
        key: ImportKey<'a>,
        source: Source,
        type_index: u32,
    },
    /// A function that one of the parts defines.
    Defined(ItemId),
    Stub {
        import: &'a Import,
        type_index: u32,
        /// Without one the stub traps.
        slot: Option<LateSlot>,
    },
}

/// What an imported global, table, memory or tag becomes.
enum Target<I> {
    Index(I),
    /// An item that one of the parts defines.
    Defined(ItemId),
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(
        targets: &'a Targets<'a>,
        modules: Vec<(usize, Contents<'a>)>,
        live: Option<&'a Live>,
    ) -> Self {
        let mut part_of = vec![None; targets.plan.set.inputs.len()];
        let mut parts = Vec::new();
        for (module, contents) in modules {
            part_of[module] = Some(parts.len());
            parts.push(Part::new(targets, module, contents));
        }
        Emitter {
            targets,
            live,
            inlined: Vec::new(),
            parts,
            part_of,
            sections: Sections::default(),
            orders_by_calls: false,
            sources: Vec::new(),
            imported: HashMap::new(),
            stubs: Vec::new(),
            next: NextIndices::default(),
            origins: Origins::default(),
        }
    }

    /// Sets the new values of the constants in a module's code that change, by the offset of their
    /// instruction in that module.
    pub(crate) fn set_constants(&mut self, module: usize, constants: HashMap<usize, u32>) {
        if let Some(part) = self.part_of[module] {
            self.parts[part].constants = Constants { values: constants, ..Constants::default() };
        }
    }

    /// Sets the functions of a module that are not written since another one is written for them,
    /// which comes before them.
    pub(crate) fn set_equal(&mut self, module: usize, equal: BTreeMap<u32, u32>) {
        if let Some(part) = self.part_of[module] {
            self.parts[part].equal = equal;
        }
    }

    /// Sets the functions that are inlined where they are called. One comes after those that are
    /// inlined into it.
    pub(crate) fn set_inlined(&mut self, functions: Vec<ItemId>) {
        let targets = self.targets;
        let inlined: BTreeSet<_> = functions.iter().copied().collect();
        for part in &mut self.parts {
            let ids = part.ids(part.indices.functions.len() as u32);
            let meant = ids.filter_map(|id| match targets.function(id) {
                FunctionTarget::Defined(callee) => Some((id.index, callee)),
                FunctionTarget::Host(_) | FunctionTarget::Undefined => None,
            });
            let meant = meant.filter(|(_, callee)| inlined.contains(callee));
            part.indices.inlined = meant.collect();
        }
        self.inlined = functions;
    }

    /// Leaves out the instructions that drop data segments. Nothing may notice that.
    pub(crate) fn keep_data(&mut self) {
        self.parts.iter_mut().for_each(|part| part.keeps_data = true);
    }

    /// Imports the process's memory, table or stack pointer, under its conventional name.
    pub(crate) fn import_shared(&mut self, shared: Shared, ty: EntityType) {
        self.import(Source::Shared(shared), ty);
        self.next.globals += u32::from(shared == Shared::StackPointer);
    }

    /// Defines the stack pointer, as the first global.
    pub(crate) fn define_stack_pointer(&mut self, value: u32) {
        let value = ConstExpr::i32_const(value.cast_signed());
        self.sections.globals.global(STACK_POINTER_TYPE, &value);
        self.next.globals += 1;
    }

    /// Returns whether any of the modules refers to the stack pointer.
    pub(crate) fn uses_stack_pointer(&self) -> bool {
        self.parts.iter().any(|part| {
            let mut ids = part.ids(part.indices.globals.len() as u32);
            ids.any(|id| self.targets.global(id) == GlobalTarget::StackPointer)
        })
    }

    /// Assigns an index to everything that is written. What is shared comes first of its kind.
    ///
    /// In each index space imports come before definitions, so all imports are known before the
    /// first definition has an index. An imported item that another part defines gets the index of
    /// that definition, so these come last.
    ///
    /// # Errors
    ///
    /// If a type cannot be written.
    pub(crate) fn assign_indices(&mut self, shares: Shares) -> WriteResult<()> {
        self.next.memories = u32::from(shares.memory);
        self.next.tables = u32::from(shares.table);
        for part in &mut self.parts {
            assign_types(&mut part.indices, &mut self.sections.types)?;
        }
        let functions = self.imported_functions()?;
        self.import_functions(&functions);
        self.import_tags()?;
        self.import_globals()?;
        self.import_values();
        self.origins.first = self.next.functions;
        self.assign_functions();
        (0..self.parts.len()).for_each(|part| self.assign_defined(part));
        self.assign_imported_functions(functions)?;
        (0..self.parts.len()).try_for_each(|part| self.redirect_allocation(part))?;
        self.assign_imported_items()?;
        (0..self.parts.len()).for_each(|part| self.assign_segments(part));
        Ok(())
    }

    /// Returns what each imported function becomes to which anything that is written refers.
    fn imported_functions(&mut self) -> WriteResult<Vec<(ItemId, ImportedFunction<'a>)>> {
        let mut functions = Vec::new();
        for part in &mut self.parts {
            for id in part.ids(self.targets.imported(part.module).functions) {
                let Some((import, target)) = self.targets.imported_function(id) else { continue };
                if self.live.is_some_and(|live| !live.imports.contains(id)) {
                    continue;
                }
                let types = &mut part.indices.types;
                let type_index = types.intern(import.type_index, &mut self.sections.types)?;
                let function =
                    imported_function(self.targets, &self.part_of, id, import, target, type_index);
                functions.push((id, function));
            }
        }
        Ok(functions)
    }

    /// Imports the functions that no part defines and that can be called directly.
    fn import_functions(&mut self, functions: &[(ItemId, ImportedFunction<'a>)]) {
        for (_, function) in functions {
            if let ImportedFunction::Import { key, source, type_index } = function
                && !self.imported.contains_key(key)
            {
                self.imported.insert(*key, take(&mut self.next.functions));
                self.import(source.clone(), EntityType::Function(*type_index));
            }
        }
    }

    fn import_tags(&mut self) -> WriteResult<()> {
        let targets = self.targets;
        for part in 0..self.parts.len() {
            for id in self.parts[part].ids(targets.imported(self.parts[part].module).tags) {
                let Some((import, target)) = targets.imported_tag(id) else { continue };
                let defined = targets.tag(id);
                let key = ImportKey::Tag(defined);
                if self.is_here(defined) || self.imported.contains_key(&key) {
                    continue;
                }
                let types = &mut self.parts[part].indices.types;
                let func_type_idx = types.intern(import.type_index, &mut self.sections.types)?;
                self.imported.insert(key, take(&mut self.next.tags));
                let tag = wasm_encoder::TagType { kind: TagKind::Exception, func_type_idx };
                self.import(targets.source(import, target), EntityType::Tag(tag));
            }
        }
        Ok(())
    }

    /// Imports the mutable globals that no part defines.
    fn import_globals(&mut self) -> WriteResult<()> {
        let targets = self.targets;
        for part in 0..self.parts.len() {
            for id in self.parts[part].ids(targets.imported(self.parts[part].module).globals) {
                let Some((import, target)) = targets.imported_global(id) else { continue };
                let GlobalTarget::Defined(defined) = targets.global(id) else { continue };
                let key = ImportKey::Global(defined);
                if self.is_here(defined) || self.imported.contains_key(&key) {
                    continue;
                }
                self.imported.insert(key, take(&mut self.next.globals));
                self.import(targets.source(import, target), global_entity(&import.ty)?);
            }
        }
        Ok(())
    }

    /// Imports the addresses and slots that are known only when a module is instantiated.
    fn import_values(&mut self) {
        let targets = self.targets;
        for part in 0..self.parts.len() {
            let module = self.parts[part].module;
            let imported = targets.imported(module);
            for id in self.parts[part].ids(imported.globals) {
                if let GlobalTarget::Value(import) = targets.global(id) {
                    self.import_value(module, import);
                }
            }
            for id in self.parts[part].ids(imported.functions) {
                if let Some((_, target)) = targets.imported_function(id)
                    && let Some(LateSlot::Value(import)) = targets.late_slot(id, target)
                {
                    self.import_value(module, import);
                }
            }
        }
    }

    fn import_value(&mut self, module: usize, import: usize) {
        let key = ImportKey::Value { module, import };
        self.imported.insert(key, take(&mut self.next.globals));
        self.import(Source::Value { import }, EntityType::Global(CONSTANT_TYPE));
    }

    fn import(&mut self, source: Source, ty: EntityType) {
        let inputs = &self.targets.plan.set.inputs;
        let imports = &mut self.sections.imports;
        match &source {
            Source::Export { module, name } => {
                imports.import(&inputs[*module].module.name, name, ty)
            }
            Source::Host { module, name } => imports.import(module, name, ty),
            Source::Shared(shared) => imports.import(ENV, shared.export_name(), ty),
            Source::Value { .. } => imports.import(VALUE_IMPORT, VALUE_IMPORT, ty),
        };
        self.sources.push(source);
    }

    /// Returns the index of an import. An earlier step has made it.
    fn index_of_import(&self, key: ImportKey<'a>) -> WriteResult<u32> {
        let index = self.imported.get(&key).copied();
        index.ok_or(WriteError::UserError(Invalid::Internal("an import has no index")))
    }

    /// Assigns the indices of the functions that are written.
    fn assign_functions(&mut self) {
        for (id, part) in self.written_functions() {
            let index = take(&mut self.next.functions);
            self.parts[part].indices.functions[id.index as usize] = Some(index);
            self.origins.functions.push(id);
        }
        for part in &mut self.parts {
            for (&one, &other) in &part.equal {
                part.indices.functions[one as usize] = part.indices.functions[other as usize];
            }
        }
    }

    /// Returns the functions that are written, in order, with the parts that define them.
    fn written_functions(&self) -> Vec<(ItemId, usize)> {
        let mut functions = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            let imported = self.targets.imported(part.module).functions as usize;
            let defined = part.ids(part.indices.functions.len() as u32).skip(imported);
            let is_left = |id: &ItemId| self.live.is_none_or(|live| live.functions.contains(*id));
            let is_written = |id: &ItemId| is_left(id) && !part.equal.contains_key(&id.index);
            functions.extend(defined.filter(is_written).map(|id| (id, index)));
        }
        if let Some(live) = self.live.filter(|_| self.orders_by_calls) {
            let calls = self.calls_of_written(live);
            let calls_of = |(id, _): &(ItemId, usize)| calls.get(id).copied().unwrap_or_default();
            functions.sort_by_key(|function| Reverse(calls_of(function)));
        }
        functions
    }

    /// Returns the number of calls of each function that is written, by its id.
    fn calls_of_written(&self, live: &Live) -> HashMap<ItemId, u32> {
        let mut calls = HashMap::default();
        for (&callee, &count) in &live.calls {
            let part = self.part_of[callee.module].map(|part| &self.parts[part]);
            let written = part.and_then(|part| part.equal.get(&callee.index));
            let index = written.copied().unwrap_or(callee.index);
            *calls.entry(ItemId { index, ..callee }).or_default() += count;
        }
        calls
    }

    /// Assigns the indices of everything else that a module defines, in its order.
    fn assign_defined(&mut self, part: usize) {
        let targets = self.targets;
        let live = self.live;
        let next = &mut self.next;
        let Part { module, indices, .. } = &mut self.parts[part];
        let imported = targets.imported(*module);
        let item = |index| ItemId { module: *module, index };
        assign(&mut indices.globals, imported.globals, |index| {
            let id = item(index);
            let is_kept = targets.global(id) == GlobalTarget::Defined(id)
                && live.is_none_or(|live| live.globals.contains(id));
            is_kept.then(|| GlobalIndex::Global(take(&mut next.globals)))
        });
        assign(&mut indices.tables, imported.tables, |index| {
            let id = item(index);
            let is_kept = targets.table(id) == SharedTarget::Defined(id)
                && live.is_none_or(|live| live.tables.contains(id));
            is_kept.then(|| take(&mut next.tables))
        });
        assign(&mut indices.memories, imported.memories, |index| {
            let id = item(index);
            let is_kept = targets.memory(id) == SharedTarget::Defined(id)
                && live.is_none_or(|live| live.memories.contains_key(&id));
            is_kept.then(|| take(&mut next.memories))
        });
        assign(&mut indices.tags, imported.tags, |_| Some(take(&mut next.tags)));
    }

    fn assign_imported_functions(
        &mut self,
        functions: Vec<(ItemId, ImportedFunction<'a>)>,
    ) -> WriteResult<()> {
        for (id, function) in functions {
            let index = match function {
                ImportedFunction::Import { key, .. } => Some(self.index_of_import(key)?),
                ImportedFunction::Defined(definition) => self
                    .defining(definition)
                    .and_then(|part| lookup(&part.indices.functions, definition.index)),
                ImportedFunction::Stub { import, type_index, slot } => {
                    let action = match slot {
                        Some(slot) => StubAction::Call(self.stub_slot(id.module, slot)?),
                        None => StubAction::Trap,
                    };
                    self.stubs.push(stub(import, type_index, action));
                    Some(take(&mut self.next.functions))
                }
            };
            if let Some(part) = self.part_of[id.module] {
                self.parts[part].indices.functions[id.index as usize] = index;
            }
        }
        Ok(())
    }

    /// Returns the part that defines an item.
    fn defining(&self, id: ItemId) -> Option<&Part<'a>> {
        Some(&self.parts[self.part_of[id.module]?])
    }

    fn stub_slot(&self, module: usize, slot: LateSlot) -> WriteResult<StubSlot> {
        match slot {
            LateSlot::Known(slot) => Ok(StubSlot::Known(slot)),
            LateSlot::Value(import) => {
                let value = self.index_of_import(ImportKey::Value { module, import })?;
                Ok(StubSlot::Global(value))
            }
        }
    }

    /// Has a module get the block of its thread-local variables that the linker has placed, instead
    /// of one that it allocates.
    fn redirect_allocation(&mut self, part: usize) -> WriteResult<()> {
        let module = self.parts[part].module;
        let Some(allocation) = self.targets.block_allocation(module) else { return Ok(()) };
        let BlockAllocation { caller, callee, block } = allocation;
        if lookup(&self.parts[part].indices.functions, caller).is_none() {
            return Ok(());
        }
        let address = match block {
            BlockAddress::Known(address) => StubAddress::Known(address),
            BlockAddress::Value { import, offset } => {
                let global = self.index_of_import(ImportKey::Value { module, import })?;
                StubAddress::Relative { global, offset }
            }
        };
        let i32 = wasmparser::ValType::I32;
        let ty = wasmparser::FuncType::new([i32, i32], [i32]);
        self.stubs.push(Stub {
            type_index: self.sections.types.function(&ty)?,
            name: TLS_BLOCK.to_owned(),
            params: 2,
            action: StubAction::Return(address),
        });
        let target = take(&mut self.next.functions);
        self.parts[part].redirected = Some(RedirectedCall { caller, callee, target });
        Ok(())
    }

    /// Assigns the indices of imported globals, tables, memories and tags: those of the items that
    /// they stand for.
    fn assign_imported_items(&mut self) -> WriteResult<()> {
        self.assign_imported(|part| &mut part.indices.globals, Self::global_target)?;
        self.assign_imported(
            |part| &mut part.indices.tables,
            |emitter, id| Ok(shared_target(emitter.targets.table(id))),
        )?;
        self.assign_imported(
            |part| &mut part.indices.memories,
            |emitter, id| Ok(shared_target(emitter.targets.memory(id))),
        )?;
        self.assign_imported(|part| &mut part.indices.tags, Self::tag_target)
    }

    /// Assigns the indices of one index space of each part. A part that defines an item has its
    /// index already.
    fn assign_imported<I: Copy>(
        &mut self,
        space: impl for<'p> Fn(&'p mut Part<'a>) -> &'p mut Vec<Option<I>>,
        target: impl Fn(&Self, ItemId) -> WriteResult<Target<I>>,
    ) -> WriteResult<()> {
        for part in 0..self.parts.len() {
            let count = space(&mut self.parts[part]).len() as u32;
            for id in self.parts[part].ids(count) {
                let index = match target(self, id)? {
                    Target::Index(index) => Some(index),
                    Target::Defined(definition) => self.part_of[definition.module]
                        .and_then(|part| lookup(space(&mut self.parts[part]), definition.index)),
                };
                space(&mut self.parts[part])[id.index as usize] = index;
            }
        }
        Ok(())
    }

    fn global_target(&self, id: ItemId) -> WriteResult<Target<GlobalIndex>> {
        Ok(match self.targets.global(id) {
            GlobalTarget::Constant(value) => Target::Index(GlobalIndex::Constant(value)),
            GlobalTarget::Value(import) => {
                let key = ImportKey::Value { module: id.module, import };
                Target::Index(GlobalIndex::Value(self.index_of_import(key)?))
            }
            GlobalTarget::StackPointer => Target::Index(GlobalIndex::Global(0)),
            GlobalTarget::Defined(definition) if self.is_here(definition) => {
                Target::Defined(definition)
            }
            GlobalTarget::Defined(definition) => {
                let import = self.index_of_import(ImportKey::Global(definition))?;
                Target::Index(GlobalIndex::Global(import))
            }
        })
    }

    fn tag_target(&self, id: ItemId) -> WriteResult<Target<u32>> {
        let definition = self.targets.tag(id);
        if self.is_here(definition) {
            return Ok(Target::Defined(definition));
        }
        Ok(Target::Index(self.index_of_import(ImportKey::Tag(definition))?))
    }

    /// Returns whether an item of a module is not imported. In a fused program none is: what a
    /// module defines that is left out, no code that is written refers to.
    fn is_here(&self, definition: ItemId) -> bool {
        self.live.is_some() || self.part_of[definition.module].is_some()
    }

    /// Assigns the indices of the segments that are written. *Bind* writes all segments. *Fuse*
    /// writes those that code refers to, and the active ones of memories and tables that are not
    /// shared.
    fn assign_segments(&mut self, part: usize) {
        let part = &mut self.parts[part];
        for (index, element) in part.contents.elements.iter().enumerate() {
            let id = part.id(index as u32);
            let is_active = matches!(element.kind, wasmparser::ElementKind::Active { .. });
            let is_own = is_active && !part.is_placed_element(self.targets, element);
            if is_own || self.live.is_none_or(|live| live.elements.contains(id)) {
                part.indices.elements[index] = Some(take(&mut self.next.elements));
            }
        }
        for (index, data) in part.contents.data.iter().enumerate() {
            let id = part.id(index as u32);
            let is_active = matches!(data.kind, wasmparser::DataKind::Active { .. });
            let is_own = is_active && !part.is_placed_data(self.targets, data);
            if is_own || self.live.is_none_or(|live| live.data.contains(id)) {
                part.indices.data[index] = Some(take(&mut self.next.data));
            }
        }
    }

    /// Writes what the modules define, except for what is shared and for exports.
    ///
    /// # Errors
    ///
    /// If code is malformed.
    pub(crate) fn write_definitions(&mut self, content: InitialContent) -> WriteResult<()> {
        self.sections.atomics.first = self.next.functions;
        let inlined = self.inline_bodies()?;
        for part in &mut self.parts {
            write_part(part, self.targets, content, &inlined, &mut self.sections)?;
            let folded = mem::take(&mut part.constants.folded);
            self.origins.folded.insert(part.module, folded);
            let calls = mem::take(&mut part.inlined_calls);
            self.origins.inlined.calls.insert(part.module, calls);
        }
        let bodies = inlined.iter().map(|(id, body)| (*id, body.origins()));
        self.origins.inlined.bodies = bodies.collect();
        let first_stub = self.next.functions - self.stubs.len() as u32;
        for (index, stub) in (first_stub..).zip(&self.stubs) {
            self.sections.functions.insert(index, stub.type_index, stub.body());
            self.sections.names.insert(index, stub.name.clone());
        }
        for atomic in mem::take(&mut self.sections.atomics.functions) {
            self.write_function(&atomic.name, &atomic.ty(), atomic.body())?;
        }
        let counts_data = self.parts.iter().any(|part| part.contents.counts_data);
        self.sections.data_count = counts_data.then_some(self.next.data);
        Ok(())
    }

    /// Makes the code of the functions that are inlined.
    fn inline_bodies(&mut self) -> WriteResult<InlineBodies<'a>> {
        let mut bodies = InlineBodies::new();
        for &id in &self.inlined {
            let Some(part) = self.part_of[id.module] else { continue };
            let part = &mut self.parts[part];
            let body = inline_body(part, self.targets, id, &bodies, &mut self.sections)?;
            bodies.insert(id, body);
        }
        Ok(bodies)
    }

    /// Adds a function of the linker, without parameters and results, and returns its index.
    ///
    /// # Errors
    ///
    /// Never, since its type can be written.
    pub(crate) fn add_function(&mut self, name: &str, body: Function) -> WriteResult<u32> {
        self.write_function(name, &wasmparser::FuncType::new([], []), body)
    }

    /// Adds a function of this type that no module has, and returns its index.
    ///
    /// # Errors
    ///
    /// If its type refers to another type.
    pub(crate) fn write_function(
        &mut self,
        name: &str,
        ty: &wasmparser::FuncType,
        body: Function,
    ) -> WriteResult<u32> {
        let type_index = self.sections.types.function(ty)?;
        let index = take(&mut self.next.functions);
        self.sections.functions.insert(index, type_index, body);
        self.sections.names.insert(index, name.to_owned());
        Ok(index)
    }

    /// Adds an immutable global with a value, and returns its index.
    pub(crate) fn add_constant(&mut self, value: u32) -> u32 {
        self.sections.globals.global(CONSTANT_TYPE, &ConstExpr::i32_const(value.cast_signed()));
        take(&mut self.next.globals)
    }

    /// Returns the new index of a function that is written.
    ///
    /// # Errors
    ///
    /// If it is not written.
    pub(crate) fn function(&self, id: ItemId) -> WriteResult<u32> {
        let part = self.defining(id);
        assigned(part.and_then(|part| lookup(&part.indices.functions, id.index)))
    }

    /// Returns the sections of a module, if it is one of the parts.
    pub(crate) fn contents(&self, module: usize) -> Option<&Contents<'a>> {
        Some(&self.parts[self.part_of[module]?].contents)
    }

    /// Returns the new index of an item that a module exports. A global that has become a constant
    /// is added as a global again.
    ///
    /// # Errors
    ///
    /// If the item is not written.
    pub(crate) fn exported(
        &mut self,
        module: usize,
        kind: ExternalKind,
        index: u32,
    ) -> WriteResult<u32> {
        let part = self.part_of[module].map(|part| &self.parts[part]);
        let Part { indices, .. } = assigned(part)?;
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                assigned(lookup(&indices.functions, index))
            }
            ExternalKind::Table => assigned(lookup(&indices.tables, index)),
            ExternalKind::Memory => assigned(lookup(&indices.memories, index)),
            ExternalKind::Tag => assigned(lookup(&indices.tags, index)),
            ExternalKind::Global => match assigned(lookup(&indices.globals, index))? {
                GlobalIndex::Value(index) | GlobalIndex::Global(index) => Ok(index),
                GlobalIndex::Constant(value) => Ok(self.add_constant(value)),
            },
        }
    }
}

/// Returns what an imported function becomes.
fn imported_function<'a>(
    targets: &Targets<'a>,
    part_of: &[Option<usize>],
    id: ItemId,
    import: &'a Import,
    target: ImportTarget,
    type_index: u32,
) -> ImportedFunction<'a> {
    let source = || targets.source(import, target);
    match targets.function(id) {
        FunctionTarget::Host(host) => {
            let key = ImportKey::Host(&host.module, &host.name, type_index);
            ImportedFunction::Import { key, source: source(), type_index }
        }
        FunctionTarget::Undefined => ImportedFunction::Stub { import, type_index, slot: None },
        FunctionTarget::Defined(definition) if part_of[definition.module].is_some() => {
            ImportedFunction::Defined(definition)
        }
        FunctionTarget::Defined(definition) => match targets.late_slot(id, target) {
            Some(slot) => ImportedFunction::Stub { import, type_index, slot: Some(slot) },
            None => {
                let key = ImportKey::Function(definition);
                ImportedFunction::Import { key, source: source(), type_index }
            }
        },
    }
}

fn stub(import: &Import, type_index: u32, action: StubAction) -> Stub {
    let params = match &import.ty {
        ExternType::Func(ty) => ty.params.len() as u32,
        ty => {
            debug_assert!(false, "an imported function is {ty}");
            0
        }
    };
    Stub { type_index, name: import.name.clone(), params, action }
}

fn global_entity(ty: &ExternType) -> WriteResult<EntityType> {
    let ExternType::Global(ty) = ty else {
        return Err(WriteError::UserError(Invalid::Internal("an imported global is none")));
    };
    let val_type = ValType::try_from(ty.content);
    let val_type = val_type.map_err(|_| WriteError::UserError(Invalid::Type))?;
    Ok(EntityType::Global(GlobalType { val_type, mutable: ty.mutable, shared: false }))
}

fn shared_target(target: SharedTarget) -> Target<u32> {
    match target {
        SharedTarget::Shared => Target::Index(0),
        SharedTarget::Defined(definition) => Target::Defined(definition),
    }
}

/// Sets the new index of each item that a module defines.
fn assign<I>(indices: &mut [Option<I>], imported: u32, mut index_of: impl FnMut(u32) -> Option<I>) {
    for (old, new) in (0..).zip(indices).skip(imported as usize) {
        *new = index_of(old);
    }
}

fn assigned<T>(index: Option<T>) -> WriteResult<T> {
    index.ok_or(WriteError::UserError(Invalid::Internal("an item that is needed has no index")))
}
