//! Finds functions of system libraries with equal code, of which one is written for all.
//!
//! Templates and destructors make many of them. Pointers to them still differ, since a pointer is a
//! slot of the table and each function keeps its own. A backtrace names only one of them, so
//! functions of the program itself all stay.

use std::collections::BTreeMap;

use crate::fuse::program::Program;
use crate::hash::HashMap;
use crate::plan::layout::ItemId;
use crate::write::live::Live;

/// Returns the functions of a module that are not written since they equal another, and that one,
/// which comes before them.
pub(crate) fn equal_functions(
    program: &Program<'_>,
    live: &Live,
    module: usize,
) -> BTreeMap<u32, u32> {
    let mut equal = BTreeMap::new();
    if !program.targets.plan.set.inputs[module].is_system() {
        return equal;
    }
    let contents = &program.contents[module];
    let imported = program.targets.imported(module).functions;
    let functions = contents.functions.iter().zip(&contents.bodies);
    let mut first_by_code = HashMap::default();
    for (index, (ty, body)) in (imported..).zip(functions) {
        if !live.functions.contains(ItemId { module, index }) {
            continue;
        }
        let first = *first_by_code.entry((ty, body.as_bytes())).or_insert(index);
        if first != index {
            equal.insert(index, first);
        }
    }
    equal
}
