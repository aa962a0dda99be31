//! Writes modules out with new numbers: one of a program for *bind*, all of them as one for *fuse*.
//!
//! Every instruction is written as one instruction, so the n-th of a function is still the n-th; but for functions
//! with exceptions in the legacy encoding, of which [`legacy_exceptions`] tells what became of what.

use std::collections::{BTreeMap, HashMap};

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, DataCountSection, DataSection,
    ElementSection, Elements, EntityType, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, Instruction, MemorySection, NameMap, NameSection, StartSection,
    TableSection, TagKind, TagSection, TypeSection, ValType,
};
use wasmparser::{
    CompositeInnerType, Data, DataKind, Element, ElementItems, ElementKind, ExternalKind,
    FunctionBody, Operator, RecGroup,
};

use crate::convention::ENV;
use crate::module::Import;
use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::module::stack_checks;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{ImportTarget, Shared};
use crate::types::ExternType;
use crate::write::atomics::{self, Atomics, Parts};
use crate::write::bound::{Origins, Source};
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::legacy_exceptions::{self, Step, Translation};
use crate::write::live::{ItemSet, Live};
use crate::write::targets::{FunctionTarget, GlobalTarget, LateSlot, SharedTarget, Targets};

/// What an import is called whose place among the others says all.
const NUMBER: &str = "number";

/// The number of what is not written, since nothing that is written refers to it.
const GONE: u32 = u32::MAX;

pub(crate) const STACK_POINTER_TYPE: GlobalType =
    GlobalType { val_type: ValType::I32, mutable: true, shared: false };

/// A module that is being written: its sections, in the binary format's order whatever that of the old.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) types: Types,
    pub(crate) imports: ImportSection,
    pub(crate) functions: FunctionSection,
    pub(crate) tables: TableSection,
    pub(crate) memories: MemorySection,
    pub(crate) tags: TagSection,
    pub(crate) globals: GlobalSection,
    pub(crate) exports: ExportSection,
    pub(crate) start: Option<u32>,
    pub(crate) elements: ElementSection,
    pub(crate) data_count: Option<u32>,
    pub(crate) code: CodeSection,
    pub(crate) data: DataSection,
    /// What is called in place of atomic instructions.
    pub(crate) atomics: Atomics,
    pub(crate) names: BTreeMap<u32, String>,
    pub(crate) name: String,
    pub(crate) custom: Vec<(String, Vec<u8>)>,
}

impl Sections {
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types.section).section(&self.imports).section(&self.functions);
        module.section(&self.tables).section(&self.memories);
        // Engines that know no exceptions know no such section either.
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        module.section(&self.globals).section(&self.exports);
        if let Some(function_index) = self.start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.elements);
        if let Some(count) = self.data_count {
            module.section(&DataCountSection { count });
        }
        module.section(&self.code).section(&self.data);
        let mut functions = NameMap::new();
        self.names.iter().for_each(|(index, name)| functions.append(*index, name));
        let mut names = NameSection::new();
        names.module(&self.name);
        names.functions(&functions);
        module.section(&names);
        for (name, data) in &self.custom {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        module.finish()
    }
}

/// The type section, each function type once.
#[derive(Default)]
pub(crate) struct Types {
    section: TypeSection,
    count: u32,
    functions: HashMap<wasmparser::FuncType, u32>,
}

impl Types {
    pub(crate) fn function(&mut self, ty: &wasmparser::FuncType) -> WriteResult<u32> {
        if let Some(&index) = self.functions.get(ty) {
            return Ok(index);
        }
        let encoded = reencode::RoundtripReencoder.func_type(ty.clone());
        let encoded = encoded.map_err(|_| WriteError::UserError(Invalid::Type))?;
        self.section.ty().func_type(&encoded);
        self.functions.insert(ty.clone(), self.count);
        self.count += 1;
        Ok(self.count - 1)
    }
}

/// A function type that needs no other type.
fn simple(group: &RecGroup) -> Option<&wasmparser::FuncType> {
    let mut types = group.types();
    let (Some(only), None) = (types.next(), types.next()) else { return None };
    let CompositeInnerType::Func(ty) = &only.composite_type.inner else { return None };
    let simple = only.is_final
        && only.supertype_idx.is_none()
        && !group.is_explicit_rec_group()
        && is_simple(ty);
    simple.then_some(ty)
}

fn is_simple(ty: &wasmparser::FuncType) -> bool {
    let concrete = |ty: &wasmparser::ValType| matches!(ty, wasmparser::ValType::Ref(ty) if ty.is_concrete_type_ref());
    !ty.params().iter().chain(ty.results()).any(concrete)
}

/// One of the modules that are written, and the new numbers of its items, by their old ones.
struct Part<'a> {
    module: usize,
    contents: Contents<'a>,
    groups: Vec<RecGroup>,
    signatures: Signatures,
    types: Vec<u32>,
    functions: Vec<u32>,
    globals: Vec<GlobalPlace>,
    tables: Vec<u32>,
    memories: Vec<u32>,
    /// Whether each memory has addresses of 64 bits.
    memory64: Vec<bool>,
    tags: Vec<u32>,
    elements: Vec<u32>,
    data: Vec<u32>,
    /// A function whose calls are left out of the body that is written.
    called_before: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
enum GlobalPlace {
    Constant(u32),
    /// The import of a number, which nothing assigns to.
    Import(u32),
    Number(u32),
}

impl<'a> Part<'a> {
    fn new(targets: &Targets<'_>, module: usize, mut contents: Contents<'a>) -> Self {
        let signatures = Signatures::new(&contents);
        let groups = std::mem::take(&mut contents.types);
        let imported = targets.imported(module);
        let gone = |imported: u32, defined: usize| vec![GONE; imported as usize + defined];
        let types = groups.iter().map(|group| group.types().len()).sum();
        Part {
            module,
            groups,
            signatures,
            types: gone(0, types),
            functions: gone(imported.functions, contents.functions.len()),
            globals: gone(imported.globals, contents.globals.len())
                .into_iter()
                .map(GlobalPlace::Number)
                .collect(),
            tables: gone(imported.tables, contents.tables.len()),
            memories: gone(imported.memories, contents.memories.len()),
            memory64: targets.plan.set.inputs[module].module.memory64(&contents),
            tags: gone(imported.tags, contents.tags.len()),
            elements: gone(0, contents.elements.len()),
            data: gone(0, contents.data.len()),
            called_before: None,
            contents,
        }
    }

    fn id(&self, index: u32) -> ItemId {
        ItemId { module: self.module, index }
    }

    /// The first so many items of any kind.
    fn ids(&self, count: u32) -> impl Iterator<Item = ItemId> + use<> {
        let module = self.module;
        (0..count).map(move |index| ItemId { module, index })
    }

    /// The number of a type, which is given when it is first asked for.
    fn intern(&mut self, old: u32, types: &mut Types) -> WriteResult<u32> {
        let unknown = || WriteError::UserError(Invalid::Type);
        let new = self.types.get_mut(old as usize).ok_or_else(unknown)?;
        if *new == GONE {
            // Otherwise each type has its number from the start, so here each is a group of its own.
            let ty = self.groups.get(old as usize).and_then(simple).ok_or_else(unknown)?;
            *new = types.function(ty)?;
        }
        Ok(*new)
    }

    /// Numbers the types of a module in which some need others, which must then come in their order.
    fn number_types(&mut self, types: &mut Types) -> WriteResult<()> {
        if self.groups.iter().all(|group| simple(group).is_some()) {
            return Ok(());
        }
        let mut old = 0;
        for group in self.groups.clone() {
            let size = group.types().len();
            (0..size).for_each(|at| self.types[old + at] = types.count + at as u32);
            (types.count, old) = (types.count + size as u32, old + size);
            let mut section = std::mem::take(&mut types.section);
            let atomics = &mut Atomics::default();
            let mut renumber = Renumber { part: self, types, atomics };
            let written = renumber.parse_recursive_type_group(section.ty(), group);
            types.section = section;
            written?;
        }
        Ok(())
    }
}

/// A function that stands for one that cannot be called directly.
struct Stub {
    type_index: u32,
    name: String,
    params: u32,
    /// The slot it calls; without one it traps.
    slot: Option<StubSlot>,
}

#[derive(Debug, Clone, Copy)]
enum StubSlot {
    Known(u32),
    /// The value of a global.
    Global(u32),
}

impl Stub {
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
                body.instruction(&match slot {
                    StubSlot::Known(slot) => Instruction::I32Const(slot.cast_signed()),
                    StubSlot::Global(global) => Instruction::GlobalGet(global),
                });
                let type_index = self.type_index;
                // A tail call: the stub is no frame of its own, in a backtrace or on the stack.
                body.instruction(&Instruction::ReturnCallIndirect { type_index, table_index: 0 });
            }
        }
        body.instruction(&Instruction::End);
        body
    }
}

/// Writes modules that are linked as one.
pub(crate) struct Emitter<'a> {
    targets: &'a Targets<'a>,
    /// What is left of the modules; `None` is everything.
    live: Option<&'a Live>,
    parts: Vec<Part<'a>>,
    /// The place among the parts of each module of the set.
    places: Vec<Option<usize>>,
    pub(crate) sections: Sections,
    /// Where each import comes from.
    pub(crate) sources: Vec<Source>,
    imported: HashMap<ImportKey<'a>, u32>,
    stubs: Vec<Stub>,
    /// How many items of each kind have numbers.
    functions: u32,
    globals: u32,
    tables: u32,
    memories: u32,
    tags: u32,
    elements: u32,
    data: u32,
    /// What the functions were that the modules define.
    pub(crate) origins: Origins,
}

/// Whether the new module has the memory and the table of the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    pub(crate) memory: bool,
    pub(crate) table: bool,
}

/// What tells imports apart: several that are the same become one.
#[derive(PartialEq, Eq, Hash)]
enum ImportKey<'a> {
    Function(ItemId),
    Host(&'a str, &'a str, u32),
    Tag(ItemId),
    /// What one of a module's imports stands for, a number.
    Number(usize, usize),
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(
        targets: &'a Targets<'a>,
        modules: Vec<(usize, Contents<'a>)>,
        live: Option<&'a Live>,
    ) -> Self {
        let mut places = vec![None; targets.plan.set.inputs.len()];
        let mut parts = Vec::new();
        for (place, (module, contents)) in modules.into_iter().enumerate() {
            places[module] = Some(place);
            parts.push(Part::new(targets, module, contents));
        }
        Emitter {
            targets,
            live,
            parts,
            places,
            sections: Sections::default(),
            sources: Vec::new(),
            imported: HashMap::new(),
            stubs: Vec::new(),
            functions: 0,
            globals: 0,
            tables: 0,
            memories: 0,
            tags: 0,
            elements: 0,
            data: 0,
            origins: Origins::default(),
        }
    }

    /// Imports one of what the process shares, under its conventional name.
    pub(crate) fn import_shared(&mut self, shared: Shared, ty: EntityType) {
        self.sections.imports.import(ENV, shared.export_name(), ty);
        self.sources.push(Source::Shared(shared));
        self.globals += u32::from(shared == Shared::StackPointer);
    }

    /// Defines the stack pointer, as the first global.
    pub(crate) fn define_stack_pointer(&mut self, value: u32) {
        let value = ConstExpr::i32_const(value.cast_signed());
        self.sections.globals.global(STACK_POINTER_TYPE, &value);
        self.globals += 1;
    }

    /// Whether any of the modules refers to the stack pointer.
    pub(crate) fn uses_stack_pointer(&self) -> bool {
        self.parts.iter().any(|part| {
            let mut ids = part.ids(part.globals.len() as u32);
            ids.any(|id| self.targets.global(id) == GlobalTarget::StackPointer)
        })
    }

    /// Gives everything its number, but for what is shared: the first of its kind, if it is there.
    ///
    /// # Errors
    ///
    /// When a type cannot be written.
    pub(crate) fn number(&mut self, shares: Shares) -> WriteResult<()> {
        (self.memories, self.tables) = (u32::from(shares.memory), u32::from(shares.table));
        for part in &mut self.parts {
            part.number_types(&mut self.sections.types)?;
        }
        for place in 0..self.parts.len() {
            self.import_functions(place)?;
        }
        for place in 0..self.parts.len() {
            self.import_tags(place)?;
        }
        for place in 0..self.parts.len() {
            self.import_numbers(place);
        }
        self.origins.first = self.functions;
        for place in 0..self.parts.len() {
            self.number_defined(place);
        }
        for place in 0..self.parts.len() {
            self.number_functions(place)?;
            self.number_others(place);
        }
        for place in 0..self.parts.len() {
            self.number_segments(place);
        }
        Ok(())
    }

    /// Whether anything that is written refers to an imported function.
    fn uses_import(&self, id: ItemId) -> bool {
        self.live.is_none_or(|live| live.imports.contains(id))
    }

    /// Imports the functions that no part defines and that can be called directly.
    fn import_functions(&mut self, place: usize) -> WriteResult<()> {
        let targets = self.targets;
        for id in self.parts[place].ids(targets.imported(self.parts[place].module).functions) {
            let Some((import, target)) = targets.imported_function(id) else { continue };
            if !self.uses_import(id) {
                continue;
            }
            let ty = self.parts[place].intern(import.type_index, &mut self.sections.types)?;
            let key = match targets.function(id) {
                FunctionTarget::Host(import) => ImportKey::Host(&import.module, &import.name, ty),
                FunctionTarget::Defined(defined)
                    if self.places[defined.module].is_none()
                        && self.late_slot(id, target).is_none() =>
                {
                    ImportKey::Function(defined)
                }
                _ => continue,
            };
            if !self.imported.contains_key(&key) {
                self.imported.insert(key, take(&mut self.functions));
                self.import(targets.source(import, target), EntityType::Function(ty));
            }
        }
        Ok(())
    }

    /// The slot through which a function is called that is one of a module instantiated later.
    fn late_slot(&self, id: ItemId, target: ImportTarget) -> Option<LateSlot> {
        self.targets.late_slot(id, target)
    }

    /// Imports the addresses and slots that are known only when a module is instantiated.
    fn import_numbers(&mut self, place: usize) {
        let targets = self.targets;
        let (module, imported) = {
            let module = self.parts[place].module;
            (module, targets.imported(module))
        };
        for id in self.parts[place].ids(imported.globals) {
            if let GlobalTarget::Number(import) = targets.global(id) {
                self.import_number(module, import);
            }
        }
        for id in self.parts[place].ids(imported.functions) {
            let slot = targets.imported_function(id).map(|(_, target)| self.late_slot(id, target));
            if let Some(Some(LateSlot::Number(import))) = slot {
                self.import_number(module, import);
            }
        }
    }

    fn import_number(&mut self, module: usize, import: usize) {
        self.imported.insert(ImportKey::Number(module, import), take(&mut self.globals));
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        self.import(Source::Value { import }, EntityType::Global(ty));
    }

    fn stub_slot(&self, module: usize, slot: LateSlot) -> StubSlot {
        match slot {
            LateSlot::Known(slot) => StubSlot::Known(slot),
            LateSlot::Number(import) => {
                StubSlot::Global(self.imported[&ImportKey::Number(module, import)])
            }
        }
    }

    fn import_tags(&mut self, place: usize) -> WriteResult<()> {
        let targets = self.targets;
        for id in self.parts[place].ids(targets.imported(self.parts[place].module).tags) {
            let Some((import, target)) = targets.imported_tag(id) else { continue };
            let defined = targets.tag(id);
            let key = ImportKey::Tag(defined);
            if self.places[defined.module].is_some() || self.imported.contains_key(&key) {
                continue;
            }
            let func_type_idx =
                self.parts[place].intern(import.type_index, &mut self.sections.types)?;
            self.imported.insert(key, take(&mut self.tags));
            let tag = wasm_encoder::TagType { kind: TagKind::Exception, func_type_idx };
            self.import(targets.source(import, target), EntityType::Tag(tag));
        }
        Ok(())
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
            Source::Value { .. } => imports.import(NUMBER, NUMBER, ty),
        };
        self.sources.push(source);
    }

    /// Numbers what a module defines, in its order.
    fn number_defined(&mut self, place: usize) {
        let (targets, live) = (self.targets, self.live);
        let part = &mut self.parts[place];
        let (module, imported) = (part.module, targets.imported(part.module));
        let keeps = |set: fn(&Live) -> &ItemSet, id| live.is_none_or(|live| set(live).contains(id));
        for (index, number) in (0..).zip(&mut part.functions).skip(imported.functions as usize) {
            let id = ItemId { module, index };
            if keeps(|live| &live.functions, id) {
                *number = take(&mut self.functions);
                self.origins.functions.push(id);
            }
        }
        for (index, place) in (0..).zip(&mut part.globals).skip(imported.globals as usize) {
            let id = ItemId { module, index };
            if targets.global(id) == GlobalTarget::Defined(id) && keeps(|live| &live.globals, id) {
                *place = GlobalPlace::Number(take(&mut self.globals));
            }
        }
        for (index, number) in (0..).zip(&mut part.tables).skip(imported.tables as usize) {
            let id = ItemId { module, index };
            if targets.table(id) == SharedTarget::Defined(id) && keeps(|live| &live.tables, id) {
                *number = take(&mut self.tables);
            }
        }
        for (index, number) in (0..).zip(&mut part.memories).skip(imported.memories as usize) {
            let id = ItemId { module, index };
            let is_kept = live.is_none_or(|live| live.memories.contains_key(&id));
            if targets.memory(id) == SharedTarget::Defined(id) && is_kept {
                *number = take(&mut self.memories);
            }
        }
        for number in part.tags.iter_mut().skip(imported.tags as usize) {
            *number = take(&mut self.tags);
        }
    }

    /// Numbers the segments that are written: all; or of a fused program those that code refers to, and the
    /// active ones of memories and tables that are not shared.
    fn number_segments(&mut self, place: usize) {
        let (targets, live, part) = (self.targets, self.live, &mut self.parts[place]);
        for index in 0..part.elements.len() {
            let (element, id) = (&part.contents.elements[index], part.id(index as u32));
            let own = match &element.kind {
                ElementKind::Active { .. } => !part.is_placed_element(targets, element),
                _ => false,
            };
            if own || live.is_none_or(|live| live.elements.contains(id)) {
                part.elements[index] = take(&mut self.elements);
            }
        }
        for index in 0..part.data.len() {
            let (data, id) = (&part.contents.data[index], part.id(index as u32));
            let own = match data.kind {
                DataKind::Active { .. } => !part.is_placed_data(targets, data),
                DataKind::Passive => false,
            };
            if own || live.is_none_or(|live| live.data.contains(id)) {
                part.data[index] = take(&mut self.data);
            }
        }
    }

    fn number_functions(&mut self, place: usize) -> WriteResult<()> {
        let targets = self.targets;
        for id in self.parts[place].ids(targets.imported(self.parts[place].module).functions) {
            let Some((import, target)) = targets.imported_function(id) else { continue };
            if !self.uses_import(id) {
                continue;
            }
            let ty = self.parts[place].intern(import.type_index, &mut self.sections.types)?;
            let number = match targets.function(id) {
                FunctionTarget::Host(import) => {
                    self.imported[&ImportKey::Host(&import.module, &import.name, ty)]
                }
                FunctionTarget::Undefined => self.stub(import, ty, None),
                FunctionTarget::Defined(defined) => match self.places[defined.module] {
                    Some(place) => self.parts[place].functions[defined.index as usize],
                    None => match self.late_slot(id, target) {
                        None => self.imported[&ImportKey::Function(defined)],
                        Some(slot) => {
                            let slot = self.stub_slot(id.module, slot);
                            self.stub(import, ty, Some(slot))
                        }
                    },
                },
            };
            self.parts[place].functions[id.index as usize] = number;
        }
        Ok(())
    }

    fn stub(&mut self, import: &Import, type_index: u32, slot: Option<StubSlot>) -> u32 {
        let params = match &import.ty {
            ExternType::Func(ty) => ty.params.len() as u32,
            _ => 0,
        };
        self.stubs.push(Stub { type_index, name: import.name.clone(), params, slot });
        take(&mut self.functions)
    }

    /// Numbers a module's imported globals, tables, memories and tags, by those that they stand for.
    fn number_others(&mut self, place: usize) {
        let targets = self.targets;
        let imported = targets.imported(self.parts[place].module);
        for index in 0..self.parts[place].globals.len() {
            let at = match targets.global(self.parts[place].id(index as u32)) {
                GlobalTarget::Constant(value) => GlobalPlace::Constant(value),
                GlobalTarget::Number(import) => {
                    let module = self.parts[place].module;
                    GlobalPlace::Import(self.imported[&ImportKey::Number(module, import)])
                }
                GlobalTarget::StackPointer => GlobalPlace::Number(0),
                GlobalTarget::Defined(id) => match self.places[id.module] {
                    Some(definer) => self.parts[definer].globals[id.index as usize],
                    None => GlobalPlace::Number(GONE),
                },
            };
            self.parts[place].globals[index] = at;
        }
        for index in 0..self.parts[place].tables.len() {
            let number = match targets.table(self.parts[place].id(index as u32)) {
                SharedTarget::Shared => 0,
                SharedTarget::Defined(id) => {
                    self.places[id.module].map_or(GONE, |p| self.parts[p].tables[id.index as usize])
                }
            };
            self.parts[place].tables[index] = number;
        }
        for index in 0..self.parts[place].memories.len() {
            let number = match targets.memory(self.parts[place].id(index as u32)) {
                SharedTarget::Shared => 0,
                SharedTarget::Defined(id) => self.places[id.module]
                    .map_or(GONE, |p| self.parts[p].memories[id.index as usize]),
            };
            self.parts[place].memories[index] = number;
        }
        for index in 0..imported.tags as usize {
            let id = targets.tag(self.parts[place].id(index as u32));
            self.parts[place].tags[index] = match self.places[id.module] {
                Some(definer) => self.parts[definer].tags[id.index as usize],
                None => self.imported[&ImportKey::Tag(id)],
            };
        }
    }

    /// Writes what the modules define, but not what is shared, and no exports.
    ///
    /// # Errors
    ///
    /// When code is malformed.
    pub(crate) fn write_definitions(&mut self) -> WriteResult<()> {
        self.sections.atomics.first = self.functions;
        for part in &mut self.parts {
            part.write(self.targets, self.live.is_some(), &mut self.sections)?;
        }
        for (number, stub) in (self.functions - self.stubs.len() as u32..).zip(&self.stubs) {
            self.sections.functions.function(stub.type_index);
            self.sections.code.function(&stub.body());
            self.sections.names.insert(number, stub.name.clone());
        }
        for atomic in std::mem::take(&mut self.sections.atomics.functions) {
            self.write_function(&atomic.name, &atomic.ty(), &atomic.body())?;
        }
        self.sections.data_count =
            self.parts.iter().any(|part| part.contents.counts_data).then_some(self.data);
        Ok(())
    }

    /// Adds a function that no module has, without parameters and results, and returns its number.
    ///
    /// # Errors
    ///
    /// Never, for its type can be written.
    pub(crate) fn add_function(&mut self, name: &str, body: &Function) -> WriteResult<u32> {
        self.write_function(name, &wasmparser::FuncType::new([], []), body)
    }

    fn write_function(
        &mut self,
        name: &str,
        ty: &wasmparser::FuncType,
        body: &Function,
    ) -> WriteResult<u32> {
        let ty = self.sections.types.function(ty)?;
        self.sections.functions.function(ty);
        self.sections.code.function(body);
        self.sections.names.insert(self.functions, name.to_owned());
        Ok(take(&mut self.functions))
    }

    /// Adds a global with a number that never changes, and returns its own.
    pub(crate) fn add_constant(&mut self, value: u32) -> u32 {
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        self.sections.globals.global(ty, &ConstExpr::i32_const(value.cast_signed()));
        take(&mut self.globals)
    }

    /// The new number of a function.
    pub(crate) fn function(&self, id: ItemId) -> u32 {
        self.places[id.module].map_or(GONE, |place| number(&self.parts[place].functions, id.index))
    }

    pub(crate) fn contents(&self, module: usize) -> Option<&Contents<'a>> {
        Some(&self.parts[self.places[module]?].contents)
    }

    /// The new number of an item that a module exports. One that has become a plain number is a global again.
    pub(crate) fn exported(&mut self, module: usize, kind: ExternalKind, index: u32) -> u32 {
        let Some(place) = self.places[module] else { return GONE };
        let (part, index) = (&self.parts[place], index as usize);
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => part.functions[index],
            ExternalKind::Table => part.tables[index],
            ExternalKind::Memory => part.memories[index],
            ExternalKind::Tag => part.tags[index],
            ExternalKind::Global => match part.globals[index] {
                GlobalPlace::Import(number) | GlobalPlace::Number(number) => number,
                GlobalPlace::Constant(value) => self.add_constant(value),
            },
        }
    }
}

fn take(next: &mut u32) -> u32 {
    *next += 1;
    *next - 1
}

impl Part<'_> {
    fn write(&mut self, targets: &Targets<'_>, fused: bool, to: &mut Sections) -> WriteResult<()> {
        let imported = targets.imported(self.module);
        let contents = std::mem::take(&mut self.contents);
        self.write_names(&contents, imported.functions, &mut to.names);
        let (types, atomics) = (&mut to.types, &mut to.atomics);
        let start = targets.plan.set.inputs[self.module].start_and_constructors();
        let mut renumber = Renumber { part: self, types, atomics };
        let functions = contents.functions.iter().zip(&contents.bodies);
        for (index, (&ty, body)) in (imported.functions as usize..).zip(functions) {
            if renumber.part.functions[index] != GONE {
                let starts = start.filter(|(start, _)| *start as usize == index);
                renumber.part.called_before = starts.map(|(_, constructors)| constructors);
                to.functions.function(renumber.type_index(ty)?);
                renumber.write_body(ty, body, &mut to.code)?;
            }
        }
        renumber.write_globals(targets, &contents, &mut to.globals)?;
        for (index, table) in (imported.tables..).zip(&contents.tables) {
            let is_own = targets.table(renumber.part.id(index)) != SharedTarget::Shared;
            if is_own && renumber.part.tables[index as usize] != GONE {
                renumber.parse_table(&mut to.tables, table.clone())?;
            }
        }
        for (index, &memory) in (imported.memories..).zip(&contents.memories) {
            let is_own = targets.memory(renumber.part.id(index)) != SharedTarget::Shared;
            if is_own && renumber.part.memories[index as usize] != GONE {
                to.memories.memory(memory.into());
            }
        }
        for &tag in &contents.tags {
            to.tags.tag(renumber.tag_type(tag)?);
        }
        for (index, element) in contents.elements.iter().enumerate() {
            if renumber.part.elements[index] != GONE {
                let placed = fused && renumber.part.is_placed_element(targets, element);
                renumber.write_element(element.clone(), placed, &mut to.elements)?;
            }
        }
        for (index, data) in contents.data.iter().enumerate() {
            if renumber.part.data[index] != GONE {
                let placed = fused && renumber.part.is_placed_data(targets, data);
                renumber.write_data(data.clone(), placed, &mut to.data)?;
            }
        }
        self.contents = contents;
        Ok(())
    }

    /// Whether the whole program's table holds what a segment has, or nothing uses the table that would.
    fn is_placed_element(&self, targets: &Targets<'_>, element: &Element<'_>) -> bool {
        match element.kind {
            ElementKind::Active { table_index, .. } => {
                let table = table_index.unwrap_or(0);
                targets.table(self.id(table)) == SharedTarget::Shared
                    || number(&self.tables, table) == GONE
            }
            _ => false,
        }
    }

    /// Whether the whole program's memory holds what a segment has, or nothing uses the memory that would.
    fn is_placed_data(&self, targets: &Targets<'_>, data: &Data<'_>) -> bool {
        match data.kind {
            DataKind::Active { memory_index, .. } => {
                targets.memory(self.id(memory_index)) == SharedTarget::Shared
                    || number(&self.memories, memory_index) == GONE
            }
            DataKind::Passive => false,
        }
    }

    /// The names of functions, under their new numbers. What a function is called where it is defined
    /// counts more than where it is imported.
    fn write_names(&self, contents: &Contents<'_>, imported: u32, to: &mut BTreeMap<u32, String>) {
        for naming in contents.function_names() {
            let number = number(&self.functions, naming.index);
            if number != GONE && (naming.index >= imported || !to.contains_key(&number)) {
                to.insert(number, naming.name.to_owned());
            }
        }
    }
}

/// A function whose exceptions were in the legacy encoding.
///
/// # Errors
///
/// When it is malformed, or a block's type cannot be written.
pub(crate) fn translated<R: Reencode<Error = Invalid>>(
    reencode: &mut R,
    body: &FunctionBody<'_>,
    translation: Translation<'_>,
    type_of_block: fn(&mut R, &wasmparser::FuncType) -> WriteResult<BlockType>,
) -> WriteResult<Function> {
    let mut locals = Vec::new();
    for declared in body.get_locals_reader()? {
        let (count, ty) = declared?;
        locals.push((count, reencode.val_type(ty)?));
    }
    if translation.exceptions > 0 {
        locals.push((translation.exceptions, ValType::EXNREF));
    }
    let mut function = Function::new(locals);
    for (_, step) in translation.steps {
        let instruction = match step {
            Step::Operator(operator) => reencode.instruction(operator)?,
            Step::Block(ty) => Instruction::Block(type_of_block(reencode, &ty)?),
            Step::BrTable { targets, default } => Instruction::BrTable(targets.into(), default),
        };
        function.instruction(&instruction);
    }
    Ok(function)
}

/// Gives the items of a module their new numbers.
struct Renumber<'r, 'a> {
    part: &'r mut Part<'a>,
    types: &'r mut Types,
    atomics: &'r mut Atomics,
}

impl Renumber<'_, '_> {
    /// Writes the globals that are kept; those that hold the stack's bounds begin with these.
    fn write_globals(
        &mut self,
        targets: &Targets<'_>,
        contents: &Contents<'_>,
        to: &mut GlobalSection,
    ) -> WriteResult<()> {
        let module = self.part.module;
        let (imported, shared) = (targets.imported(module), targets.plan.stack(module));
        let bounds = stack_checks::initial_values(contents, imported.functions, shared);
        for (index, global) in (imported.globals..).zip(&contents.globals) {
            let is_own = targets.global(self.part.id(index)) != GlobalTarget::StackPointer;
            let place = self.part.globals[index as usize];
            if !is_own || matches!(place, GlobalPlace::Number(GONE)) {
                continue;
            }
            match bounds.get(&index) {
                None => self.parse_global(to, global.clone())?,
                Some(&bound) => write_bound(to, bound),
            }
        }
        Ok(())
    }

    /// Writes the body of a function of a type, in the final encoding of exceptions.
    fn write_body(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        to: &mut CodeSection,
    ) -> WriteResult<()> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if legacy_exceptions::is_legacy(&operator) {
                return self.write_translated(ty, body, to);
            }
            function.instruction(&self.instruction(operator)?);
        }
        to.function(&function);
        Ok(())
    }

    fn write_translated(
        &mut self,
        ty: u32,
        body: &FunctionBody<'_>,
        to: &mut CodeSection,
    ) -> WriteResult<()> {
        let translation = legacy_exceptions::translate(body, ty, &self.part.signatures)?;
        to.function(&translated(self, body, translation, Self::type_of_block)?);
        Ok(())
    }

    fn type_of_block(&mut self, ty: &wasmparser::FuncType) -> WriteResult<BlockType> {
        match (ty.params(), ty.results()) {
            ([], []) => Ok(BlockType::Empty),
            ([], [only]) => Ok(BlockType::Result(self.val_type(*only)?)),
            _ if is_simple(ty) => Ok(BlockType::FunctionType(self.types.function(ty)?)),
            _ => {
                let ty = self.func_type(ty.clone())?;
                self.types.section.ty().func_type(&ty);
                Ok(BlockType::FunctionType(take(&mut self.types.count)))
            }
        }
    }

    fn write_element(
        &mut self,
        element: Element<'_>,
        placed: bool,
        to: &mut ElementSection,
    ) -> WriteResult<()> {
        if !placed {
            return self.parse_element(to, element);
        }
        // To code that refers to it, an active segment is an empty one.
        to.passive(match element.items {
            ElementItems::Functions(_) => Elements::Functions(Vec::new().into()),
            ElementItems::Expressions(ty, _) => {
                Elements::Expressions(self.ref_type(ty)?, Vec::new().into())
            }
        });
        Ok(())
    }

    fn write_data(
        &mut self,
        data: Data<'_>,
        placed: bool,
        to: &mut DataSection,
    ) -> WriteResult<()> {
        if !placed {
            return self.parse_data(to, data);
        }
        to.passive([]);
        Ok(())
    }
}

impl Reencode for Renumber<'_, '_> {
    type Error = Invalid;

    fn type_index(&mut self, ty: u32) -> WriteResult<u32> {
        self.part.intern(ty, self.types)
    }

    fn function_index(&mut self, function: u32) -> WriteResult<u32> {
        Ok(number(&self.part.functions, function))
    }

    fn global_index(&mut self, global: u32) -> WriteResult<u32> {
        Ok(match self.part.globals.get(global as usize) {
            Some(GlobalPlace::Import(number) | GlobalPlace::Number(number)) => *number,
            _ => GONE,
        })
    }

    fn table_index(&mut self, table: u32) -> WriteResult<u32> {
        Ok(number(&self.part.tables, table))
    }

    fn memory_index(&mut self, memory: u32) -> WriteResult<u32> {
        Ok(number(&self.part.memories, memory))
    }

    fn tag_index(&mut self, tag: u32) -> WriteResult<u32> {
        Ok(number(&self.part.tags, tag))
    }

    fn element_index(&mut self, element: u32) -> WriteResult<u32> {
        Ok(number(&self.part.elements, element))
    }

    fn data_index(&mut self, data: u32) -> WriteResult<u32> {
        Ok(number(&self.part.data, data))
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> WriteResult<Instruction<'a>> {
        if let Operator::Call { function_index } = operator
            && self.part.called_before == Some(function_index)
        {
            return Ok(Instruction::Nop);
        }
        let parts: Parts<Self> = |to| (to.atomics, &to.part.memory64);
        if let Some(plain) = atomics::replacement(self, &operator, parts)? {
            return Ok(plain);
        }
        let (Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index }) =
            operator
        else {
            return utils::instruction(self, operator);
        };
        match (self.part.globals.get(global_index as usize), &operator) {
            (
                Some(GlobalPlace::Constant(_) | GlobalPlace::Import(_)),
                Operator::GlobalSet { .. },
            ) => Err(WriteError::UserError(Invalid::Assignment)),
            (Some(GlobalPlace::Constant(value)), _) => {
                Ok(Instruction::I32Const(value.cast_signed()))
            }
            _ => utils::instruction(self, operator),
        }
    }
}

/// Code is valid, so there is one.
fn number(numbers: &[u32], old: u32) -> u32 {
    numbers.get(old as usize).copied().unwrap_or(GONE)
}

/// Writes a global with a bound of the stack as its first value.
pub(crate) fn write_bound(to: &mut GlobalSection, bound: u32) {
    to.global(STACK_POINTER_TYPE, &ConstExpr::i32_const(bound.cast_signed()));
}
