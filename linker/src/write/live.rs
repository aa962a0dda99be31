//! The parts of a program that are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::hash::HashMap;
use crate::plan::layout::ItemId;

/// Items of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemSet(Vec<Vec<bool>>);

/// No module that was loaded has more items of a kind than this. Code is read before it is
/// validated, and may refer to any index.
pub(crate) const MOST_ITEMS: u32 = 1_000_000;

impl ItemSet {
    /// Adds an item, and returns whether it is new. An index that no module can have never is.
    pub(crate) fn insert(&mut self, id: ItemId) -> bool {
        if id.index >= MOST_ITEMS {
            return false;
        }
        if self.0.len() <= id.module {
            self.0.resize(id.module + 1, Vec::new());
        }
        let items = &mut self.0[id.module];
        let index = id.index as usize;
        if items.len() <= index {
            items.resize(index + 1, false);
        }
        !std::mem::replace(&mut items[index], true)
    }

    pub(crate) fn contains(&self, id: ItemId) -> bool {
        self.0.get(id.module).and_then(|items| items.get(id.index as usize)) == Some(&true)
    }

    /// Returns the items, sorted by module and index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ItemId> {
        let modules = self.0.iter().enumerate();
        modules.flat_map(|(module, items)| {
            let items = (0..).zip(items).filter(|(_, is_there)| **is_there);
            items.map(move |(index, _)| ItemId { module, index })
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(crate) fn any(&self, is_it: impl FnMut(ItemId) -> bool) -> bool {
        self.iter().any(is_it)
    }
}

/// Something that a program needs, and that may refer to more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needed {
    /// The code of a function.
    Function(ItemId),
    /// A piece of a module's data.
    Piece(ItemId),
    /// The data of a module that stays together.
    Data(usize),
    /// A module, with its constructors.
    Module(usize),
}

/// Everything that a program needs, with each item by the module that defines it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live {
    pub(crate) functions: ItemSet,
    /// Functions that are inlined where they are called. They are among the functions only if they
    /// are needed in another way too.
    pub(crate) inlined: ItemSet,
    /// Imported functions, by the module that refers to them.
    pub(crate) imports: ItemSet,
    pub(crate) globals: ItemSet,
    pub(crate) tables: ItemSet,
    /// Memories that are not shared, each with the function that was first found to use it; `None`
    /// if no function did.
    pub(crate) memories: BTreeMap<ItemId, Option<ItemId>>,
    /// Element segments to which code refers.
    pub(crate) elements: ItemSet,
    /// Data segments to which code refers.
    pub(crate) data: ItemSet,
    /// Functions to which code has references. They must be declared.
    pub(crate) references: BTreeSet<ItemId>,
    /// Slots of the shared table whose functions may be called.
    pub(crate) slots: BTreeSet<u32>,
    /// Modules for which that is true of all slots that they fill.
    pub(crate) filled: BTreeSet<usize>,
    /// Modules whose data in the shared memory is needed.
    pub(crate) images: BTreeSet<usize>,
    /// Pieces of the data of the modules whose data does not stay together.
    pub(crate) pieces: ItemSet,
    /// Modules whose data must stay together after all: their code uses it in another way than
    /// their symbols say.
    pub(crate) misfits: BTreeSet<usize>,
    /// Modules whose start function and initialisers run.
    pub(crate) active: BTreeSet<usize>,
    /// For each thing that is needed the first thing found that refers to it, or `None` if it is
    /// needed from outside. It is recorded only if somebody asks for it.
    pub(crate) causes: Option<BTreeMap<Needed, Option<Needed>>>,
    /// The number of calls of each function in the code that was read.
    pub(crate) calls: HashMap<ItemId, u32>,
    pub(crate) grows_table: bool,
    pub(crate) uses_stack_pointer: bool,
}

impl Live {
    /// Returns whether the code of a function is written, as a function or inlined.
    pub(crate) fn has_code(&self, id: ItemId) -> bool {
        self.functions.contains(id) || self.inlined.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{ItemId, ItemSet};

    #[test]
    fn an_index_that_no_module_has_takes_no_room() {
        let mut items = ItemSet::default();
        for index in [1_000_000, u32::MAX] {
            assert!(!items.insert(ItemId { module: 0, index }));
        }
        assert!(items.0.is_empty());
        assert!(items.insert(ItemId { module: 0, index: 999_999 }));
    }
}
