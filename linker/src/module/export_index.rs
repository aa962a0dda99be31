//! An index of the exports of a module by name.

use std::hash::BuildHasher;

use crate::hash::RandomState;
use crate::module::Export;

/// The positions of exports by name: a hash table with open addressing, which needs no copies of
/// the names.
#[derive(Debug)]
pub(crate) struct ExportIndex {
    hasher: RandomState,
    /// The places of the table. Their number is a power of two, and at least half of them are
    /// empty.
    places: Vec<Option<Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    /// A part of the hash of the name, to compare fewer names.
    hash: u32,
    /// The position of the export.
    position: u32,
}

impl ExportIndex {
    pub(crate) fn new(exports: &[Export]) -> Self {
        let places = vec![None; (2 * exports.len()).next_power_of_two()];
        let mut index = ExportIndex { hasher: RandomState::default(), places };
        for (position, export) in (0..).zip(exports) {
            let (hash, mut at) = index.start(&export.name);
            while index.places[at].is_some() {
                at = index.after(at);
            }
            index.places[at] = Some(Place { hash, position });
        }
        index
    }

    /// Returns the position of the export with a name. `exports` are those of the index.
    pub(crate) fn find(&self, exports: &[Export], name: &str) -> Option<usize> {
        let (hash, mut at) = self.start(name);
        // If there are no exports, the only place is empty.
        while let Some(place) = self.places[at] {
            let position = place.position as usize;
            if place.hash == hash && exports[position].name == name {
                return Some(position);
            }
            at = self.after(at);
        }
        None
    }

    /// Returns a part of the hash of a name, and the place at which the search for it starts.
    fn start(&self, name: &str) -> (u32, usize) {
        let hash = self.hasher.hash_one(name);
        ((hash >> 32) as u32, hash as usize & (self.places.len() - 1))
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}
