//! The module that is being written: its sections and its types.

use std::collections::{BTreeMap, HashMap};

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataCountSection, DataSection, ElementSection,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    MemorySection, NameMap, NameSection, StartSection, TableSection, TagSection, TypeSection,
    ValType,
};
use wasmparser::{CompositeInnerType, RecGroup};

use crate::write::atomics::Atomics;
use crate::write::error::{Invalid, WriteError, WriteResult};

pub(crate) const STACK_POINTER_TYPE: GlobalType =
    GlobalType { val_type: ValType::I32, mutable: true, shared: false };

/// The sections of the new module. [`Sections::finish`] writes them in the order of the binary
/// format.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) types: Types,
    pub(crate) imports: ImportSection,
    pub(crate) functions: Functions,
    pub(crate) tables: TableSection,
    pub(crate) memories: MemorySection,
    /// The pages by which the maximum of a module's own memory is raised.
    pub(crate) more_pages: u64,
    pub(crate) tags: TagSection,
    pub(crate) globals: GlobalSection,
    pub(crate) exports: ExportSection,
    pub(crate) start: Option<u32>,
    pub(crate) elements: ElementSection,
    pub(crate) data_count: Option<u32>,
    pub(crate) data: DataSection,
    /// The functions that replace atomic instructions.
    pub(crate) atomics: Atomics,
    /// The names of functions, by index.
    pub(crate) names: BTreeMap<u32, String>,
    /// The name of the module.
    pub(crate) name: String,
    pub(crate) custom: Vec<(String, Vec<u8>)>,
    /// Whether the names are left out.
    pub(crate) is_stripped: bool,
}

impl Sections {
    /// Returns the bytes of the module.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let (functions, code) = self.functions.sections();
        module.section(&self.types.section).section(&self.imports).section(&functions);
        module.section(&self.tables).section(&self.memories);
        // Engines without exceptions do not know the tag section, even if it is empty.
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
        module.section(&code).section(&self.data);
        if !self.is_stripped {
            module.section(&name_section(&self.name, &self.names));
        }
        for (name, data) in &self.custom {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
        module.finish()
    }
}

/// The functions that the new module defines, by index, each with its type.
#[derive(Default)]
pub(crate) struct Functions(BTreeMap<u32, (u32, Function)>);

impl Functions {
    pub(crate) fn insert(&mut self, index: u32, type_index: u32, code: Function) {
        self.0.insert(index, (type_index, code));
    }

    fn sections(&self) -> (FunctionSection, CodeSection) {
        let mut functions = FunctionSection::new();
        let mut bodies = CodeSection::new();
        for (type_index, code) in self.0.values() {
            functions.function(*type_index);
            bodies.function(code);
        }
        (functions, bodies)
    }
}

fn name_section(module: &str, functions: &BTreeMap<u32, String>) -> NameSection {
    let mut map = NameMap::new();
    functions.iter().for_each(|(index, name)| map.append(*index, name));
    let mut names = NameSection::new();
    names.module(module);
    names.functions(&map);
    names
}

/// The type section, with each function type once.
#[derive(Default)]
pub(crate) struct Types {
    section: TypeSection,
    count: u32,
    functions: HashMap<wasmparser::FuncType, u32>,
}

impl Types {
    /// Returns the index of a function type, and adds the type if it is new.
    ///
    /// # Errors
    ///
    /// If the type refers to another type.
    pub(crate) fn function(&mut self, ty: &wasmparser::FuncType) -> WriteResult<u32> {
        if let Some(&index) = self.functions.get(ty) {
            return Ok(index);
        }
        let encoded = reencode::RoundtripReencoder.func_type(ty.clone());
        let encoded = encoded.map_err(|_| WriteError::UserError(Invalid::Type))?;
        let index = self.add(&encoded);
        self.functions.insert(ty.clone(), index);
        Ok(index)
    }

    /// Adds a function type that refers to other types, and returns its index.
    pub(crate) fn add(&mut self, ty: &wasm_encoder::FuncType) -> u32 {
        self.section.ty().func_type(ty);
        take(&mut self.count)
    }

    /// Reserves the next `size` indices for a recursive group, and returns the first.
    pub(crate) fn reserve(&mut self, size: u32) -> u32 {
        let first = self.count;
        self.count += size;
        first
    }

    /// Takes the section out, to encode a group whose types refer to this one.
    pub(crate) fn take_section(&mut self) -> TypeSection {
        std::mem::take(&mut self.section)
    }

    pub(crate) fn put_section(&mut self, section: TypeSection) {
        self.section = section;
    }
}

/// Returns the function type of a group, if that is all of the group and it needs no other type.
pub(crate) fn simple(group: &RecGroup) -> Option<&wasmparser::FuncType> {
    let mut types = group.types();
    let only = types.next()?;
    if types.next().is_some() {
        return None;
    }
    let CompositeInnerType::Func(ty) = &only.composite_type.inner else { return None };
    let simple = only.is_final
        && only.supertype_idx.is_none()
        && !group.is_explicit_rec_group()
        && is_simple(ty);
    simple.then_some(ty)
}

/// Returns whether a function type needs no other type.
pub(crate) fn is_simple(ty: &wasmparser::FuncType) -> bool {
    let is_concrete = |ty: &wasmparser::ValType| match ty {
        wasmparser::ValType::Ref(ty) => ty.is_concrete_type_ref(),
        _ => false,
    };
    !ty.params().iter().chain(ty.results()).any(is_concrete)
}

/// Writes a global that holds a bound of the stack from the start.
pub(crate) fn write_bound(to: &mut GlobalSection, bound: u32) {
    to.global(STACK_POINTER_TYPE, &ConstExpr::i32_const(bound.cast_signed()));
}

/// Returns the next index, and moves on.
pub(crate) fn take(next: &mut u32) -> u32 {
    let index = *next;
    *next += 1;
    index
}
