//! The types of a module's items, by the index spaces of their kinds.

use std::sync::Arc;

use wasmparser::{
    CompositeInnerType, ExternalKind, FunctionSectionReader, MemorySectionReader, Result,
    TableSectionReader, TagSectionReader, TypeRef, TypeSectionReader,
};

use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};

/// The types and items of the sections that were read so far, imported items first.
#[derive(Default)]
pub(crate) struct Items {
    /// The types; `None` for one that is not the type of a function.
    types: Vec<Option<Arc<FuncType>>>,
    /// The index of the type of each function.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<GlobalType>,
    /// The index of the type of each tag.
    pub(crate) tags: Vec<u32>,
}

impl Items {
    pub(crate) fn read_types(&mut self, types: &TypeSectionReader<'_>) -> Result<()> {
        for group in types.clone() {
            for ty in group?.types() {
                self.types.push(match &ty.composite_type.inner {
                    CompositeInnerType::Func(ty) => Some(Arc::new(FuncType {
                        params: ty.params().to_vec(),
                        results: ty.results().to_vec(),
                    })),
                    _ => None,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn read_functions(&mut self, functions: &FunctionSectionReader<'_>) -> Result<()> {
        functions.clone().into_iter().try_for_each(|ty| {
            self.functions.push(ty?);
            Ok(())
        })
    }

    pub(crate) fn read_tables(&mut self, tables: &TableSectionReader<'_>) -> Result<()> {
        tables.clone().into_iter().try_for_each(|table| {
            self.tables.push(table_type(table?.ty));
            Ok(())
        })
    }

    pub(crate) fn read_memories(&mut self, memories: &MemorySectionReader<'_>) -> Result<()> {
        memories.clone().into_iter().try_for_each(|memory| {
            self.memories.push(memory_type(memory?));
            Ok(())
        })
    }

    pub(crate) fn read_tags(&mut self, tags: &TagSectionReader<'_>) -> Result<()> {
        tags.clone().into_iter().try_for_each(|tag| {
            self.tags.push(tag?.func_type_idx);
            Ok(())
        })
    }

    /// Adds an imported item, and returns its type. Returns `None` if its type does not exist.
    pub(crate) fn add(&mut self, item: TypeRef) -> Option<ExternType> {
        match item {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.functions.push(ty);
                self.shared_ty(ty).map(ExternType::Func)
            }
            TypeRef::Tag(tag) => {
                self.tags.push(tag.func_type_idx);
                self.tag(tag.func_type_idx)
            }
            TypeRef::Table(ty) => {
                self.tables.push(table_type(ty));
                self.tables.last().copied().map(ExternType::Table)
            }
            TypeRef::Memory(ty) => {
                self.memories.push(memory_type(ty));
                self.memories.last().copied().map(ExternType::Memory)
            }
            TypeRef::Global(ty) => {
                self.globals.push(global_type(ty));
                self.globals.last().copied().map(ExternType::Global)
            }
        }
    }

    /// Returns the type of an item; `None` if there is no such item.
    pub(crate) fn get(&self, kind: ExternalKind, index: u32) -> Option<ExternType> {
        let at = index as usize;
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                self.shared_ty(*self.functions.get(at)?).map(ExternType::Func)
            }
            ExternalKind::Tag => self.tag(*self.tags.get(at)?),
            ExternalKind::Table => self.tables.get(at).copied().map(ExternType::Table),
            ExternalKind::Memory => self.memories.get(at).copied().map(ExternType::Memory),
            ExternalKind::Global => self.globals.get(at).copied().map(ExternType::Global),
        }
    }

    /// Returns the type of a function.
    pub(crate) fn function(&self, index: u32) -> Option<&FuncType> {
        self.ty(*self.functions.get(index as usize)?)
    }

    fn ty(&self, index: u32) -> Option<&FuncType> {
        self.types.get(index as usize)?.as_deref()
    }

    fn shared_ty(&self, index: u32) -> Option<Arc<FuncType>> {
        self.types.get(index as usize)?.clone()
    }

    fn tag(&self, ty: u32) -> Option<ExternType> {
        self.ty(ty).cloned().map(ExternType::Tag)
    }
}

/// Returns the index of the type of an imported function or tag; 0 for other items.
pub(crate) fn type_index(item: TypeRef) -> u32 {
    match item {
        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => ty,
        TypeRef::Tag(ty) => ty.func_type_idx,
        _ => 0,
    }
}

pub(crate) fn global_type(ty: wasmparser::GlobalType) -> GlobalType {
    GlobalType { content: ty.content_type, mutable: ty.mutable }
}

fn memory_type(ty: wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        memory64: ty.memory64,
        shared: ty.shared,
    }
}

fn table_type(ty: wasmparser::TableType) -> TableType {
    TableType {
        element: ty.element_type,
        minimum: ty.initial,
        maximum: ty.maximum,
        table64: ty.table64,
    }
}
