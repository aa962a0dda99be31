//! An input module of the module that is being written, and the new indices of its items.

use std::collections::BTreeMap;

use wasmparser::{Data, DataKind, Element, ElementKind, RecGroup};

use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::plan::layout::ItemId;
use crate::write::encode::{Types, simple};
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::fold::Constants;
use crate::write::targets::{SharedTarget, Targets};

/// One of the input modules that are written.
pub(crate) struct Part<'a> {
    /// The module's index in the set.
    pub(crate) module: usize,
    pub(crate) contents: Contents<'a>,
    pub(crate) indices: Indices,
    /// The constants in its code that change.
    pub(crate) constants: Constants,
    /// The functions that are not written since another one is written for them, and that one.
    pub(crate) equal: BTreeMap<u32, u32>,
    /// The call that is written as a call of a function of the linker.
    pub(crate) redirected: Option<RedirectedCall>,
    /// Whether its code does not drop data segments.
    pub(crate) keeps_data: bool,
    /// The functions that are inlined instead of calls in its code, by the offset of the call.
    pub(crate) inlined_calls: BTreeMap<usize, ItemId>,
}

/// A call in one function that is written as a call of another function than it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RedirectedCall {
    /// The function with the call, and the called one, by the indices of the module.
    pub(crate) caller: u32,
    pub(crate) callee: u32,
    /// The index in the new module of the function that is called instead.
    pub(crate) target: u32,
}

/// For each item of a module, by its old index, the new one: `None` for an item that is not
/// written, since nothing that is written refers to it.
pub(crate) struct Indices {
    pub(crate) types: TypeIndices,
    pub(crate) functions: Vec<Option<u32>>,
    /// The functions that are inlined where they are called, by the index that the module has for
    /// them.
    pub(crate) inlined: BTreeMap<u32, ItemId>,
    pub(crate) globals: Vec<Option<GlobalIndex>>,
    pub(crate) tables: Vec<Option<u32>>,
    pub(crate) memories: Vec<Option<u32>>,
    /// Whether each memory has addresses of 64 bits.
    pub(crate) memory64: Vec<bool>,
    pub(crate) tags: Vec<Option<u32>>,
    pub(crate) elements: Vec<Option<u32>>,
    pub(crate) data: Vec<Option<u32>>,
}

/// The types of a module, and the new indices of those that are in use so far.
pub(crate) struct TypeIndices {
    pub(crate) groups: Vec<RecGroup>,
    pub(crate) signatures: Signatures,
    pub(crate) indices: Vec<Option<u32>>,
}

/// A global in the new module.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GlobalIndex {
    /// No global: its value is this constant.
    Constant(u32),
    /// The import of a value, to which nothing may assign.
    Value(u32),
    Global(u32),
}

impl<'a> Part<'a> {
    pub(crate) fn new(targets: &Targets<'_>, module: usize, mut contents: Contents<'a>) -> Self {
        let imported = targets.imported(module);
        let input = &targets.plan.set.inputs[module].module;
        let memory64 = input.memory64(&contents);
        let signatures = Signatures::new(input.imported_tag_types(), &contents);
        let groups = std::mem::take(&mut contents.types);
        let types = groups.iter().map(|group| group.types().len()).sum();
        let indices = Indices {
            types: TypeIndices { groups, signatures, indices: unassigned(0, types) },
            functions: unassigned(imported.functions, contents.functions.len()),
            inlined: BTreeMap::new(),
            globals: unassigned(imported.globals, contents.globals.len()),
            tables: unassigned(imported.tables, contents.tables.len()),
            memories: unassigned(imported.memories, contents.memories.len()),
            memory64,
            tags: unassigned(imported.tags, contents.tags.len()),
            elements: unassigned(0, contents.elements.len()),
            data: unassigned(0, contents.data.len()),
        };
        Part {
            module,
            contents,
            indices,
            constants: Constants::default(),
            equal: BTreeMap::new(),
            redirected: None,
            keeps_data: false,
            inlined_calls: BTreeMap::new(),
        }
    }

    pub(crate) fn id(&self, index: u32) -> ItemId {
        ItemId { module: self.module, index }
    }

    /// Returns the first `count` items of any kind.
    pub(crate) fn ids(&self, count: u32) -> impl Iterator<Item = ItemId> + use<> {
        let module = self.module;
        (0..count).map(move |index| ItemId { module, index })
    }

    /// Returns whether a segment needs no place in the new module: the program's table holds its
    /// functions from the start, or nothing uses the table that it fills.
    pub(crate) fn is_placed_element(&self, targets: &Targets<'_>, element: &Element<'_>) -> bool {
        let ElementKind::Active { table_index, .. } = element.kind else { return false };
        let table = table_of(table_index);
        targets.table(self.id(table)) == SharedTarget::Shared
            || lookup(&self.indices.tables, table).is_none()
    }

    /// Returns whether a segment needs no place in the new module: the program's memory holds its
    /// bytes from the start, or nothing uses the memory that it fills.
    pub(crate) fn is_placed_data(&self, targets: &Targets<'_>, data: &Data<'_>) -> bool {
        let DataKind::Active { memory_index, .. } = data.kind else { return false };
        targets.memory(self.id(memory_index)) == SharedTarget::Shared
            || lookup(&self.indices.memories, memory_index).is_none()
    }

    /// Adds the names of functions under their new indices. The name that a function has in the
    /// module that defines it replaces the name that it has where it is imported.
    pub(crate) fn write_names(&self, imported: u32, to: &mut BTreeMap<u32, String>) {
        for naming in self.contents.function_names() {
            if let Some(index) = lookup(&self.indices.functions, naming.index)
                && !self.equal.contains_key(&naming.index)
                && (naming.index >= imported || !to.contains_key(&index))
            {
                to.insert(index, naming.name.to_owned());
            }
        }
    }
}

fn unassigned<I: Clone>(imported: u32, defined: usize) -> Vec<Option<I>> {
    vec![None; imported as usize + defined]
}

/// Returns the new index of an item; `None` also for an old index that no item has. Code is read
/// before it is validated.
pub(crate) fn lookup<I: Copy>(indices: &[Option<I>], old: u32) -> Option<I> {
    indices.get(old as usize).copied().flatten()
}

/// Returns the index of the table that an active segment fills. In the short form of segments it
/// is not written: it is that of the first table.
pub(crate) fn table_of(table_index: Option<u32>) -> u32 {
    const FIRST_TABLE: u32 = 0;
    table_index.unwrap_or(FIRST_TABLE)
}

impl TypeIndices {
    /// Returns the new index of a type, and assigns it if this is the type's first use.
    ///
    /// # Errors
    ///
    /// If the module has no such type.
    pub(crate) fn intern(&mut self, old: u32, types: &mut Types) -> WriteResult<u32> {
        let unknown = || WriteError::UserError(Invalid::Type);
        let new = self.indices.get_mut(old as usize).ok_or_else(unknown)?;
        if let Some(index) = *new {
            return Ok(index);
        }
        // A module with other groups has the indices of all of its types from the start. So each
        // group has one type here, and the two have the same index.
        let ty = self.groups.get(old as usize).and_then(simple).ok_or_else(unknown)?;
        let index = types.function(ty)?;
        *new = Some(index);
        Ok(index)
    }
}
