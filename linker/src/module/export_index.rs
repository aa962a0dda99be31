//! An index of the exports of a module by name.

use std::hash::BuildHasher;

use crate::hash::RandomState;
use crate::module::Export;

/// The positions of exports, by the hashes of their names.
#[derive(Debug)]
pub(crate) struct ExportIndex {
    hasher: RandomState,
    /// The hash of each name and the position of its export, in ascending order.
    positions: Vec<(u64, usize)>,
}

impl ExportIndex {
    pub(crate) fn new(exports: &[Export]) -> Self {
        let hasher = RandomState::default();
        let hashes = exports.iter().map(|export| hasher.hash_one(export.name.as_str()));
        let mut positions: Vec<_> = hashes.zip(0..).collect();
        positions.sort_unstable();
        ExportIndex { hasher, positions }
    }

    /// Returns the position of the export with a name. `exports` are those of the index.
    pub(crate) fn find(&self, exports: &[Export], name: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(name);
        let first = self.positions.partition_point(|(other, _)| *other < hash);
        let same_hash = self.positions[first..].iter().take_while(|(other, _)| *other == hash);
        let mut positions = same_hash.map(|(_, position)| *position);
        positions.find(|&position| exports[position].name == name)
    }
}
