//! What of a program is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::layout::ItemId;

/// Items of one kind.
#[derive(Default)]
pub(crate) struct ItemSet(Vec<Vec<bool>>);

/// No module that was loaded has as many items of a kind. Code is read before it is validated, and may refer to any.
const MOST_ITEMS: u32 = 1_000_000;

impl ItemSet {
    /// Whether it was not there before. An item that no module can have never is.
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

/// What is needed; items by the module that defines them.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) functions: ItemSet,
    /// Imported functions, by the module that refers to them.
    pub(crate) imports: ItemSet,
    pub(crate) globals: ItemSet,
    pub(crate) tables: ItemSet,
    /// With a function of their module that uses them, if it is one.
    pub(crate) memories: BTreeMap<ItemId, Option<ItemId>>,
    /// Segments to which code refers.
    pub(crate) elements: ItemSet,
    pub(crate) data: ItemSet,
    /// Functions to which code has references, which must be declared.
    pub(crate) references: BTreeSet<ItemId>,
    /// Slots of the shared table whose functions may be called.
    pub(crate) slots: BTreeSet<u32>,
    /// Modules of which that is true for all slots that they fill.
    pub(crate) filled: BTreeSet<usize>,
    /// Modules whose data in the shared memory is needed.
    pub(crate) images: BTreeSet<usize>,
    /// Modules that are to be started and initialised.
    pub(crate) active: BTreeSet<usize>,
    pub(crate) grows_table: bool,
    pub(crate) uses_stack_pointer: bool,
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
