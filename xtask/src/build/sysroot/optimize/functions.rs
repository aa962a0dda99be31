//! The functions of a library before and after Binaryen has optimized it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, ensure};
use wasmparser::{Operator, SymbolInfo};

use super::contents::Contents;
use crate::build::sysroot::relocations::Relocations;

/// The functions that others refer to: those that are exported or that have a slot of the table.
pub(super) struct Pinned {
    /// For each of them, by its index, the index of its copy; `None` if the library does not call
    /// it.
    pub(super) copies: BTreeMap<u32, Option<u32>>,
    /// The function of the library that is called instead of each imported one.
    own: HashMap<u32, u32>,
}

impl Pinned {
    pub(super) fn find(library: &Contents<'_>) -> anyhow::Result<Self> {
        let own = own_functions(library);
        let imported = library.imported_functions.len() as u32;
        let called = called_functions(library)?.into_iter();
        let called: BTreeSet<_> =
            called.map(|function| own.get(&function).copied().unwrap_or(function)).collect();
        let exported = library.exports.iter().map(|(_, function)| *function);
        let pinned: BTreeSet<_> =
            exported.chain(library.slots.iter().copied()).filter(|f| *f >= imported).collect();
        let mut next = library.functions;
        let watched = watched_functions(library);
        let copies = pinned.into_iter().map(|function| {
            let has_copy = called.contains(&function) && !watched.contains(&function);
            let copy = has_copy.then(|| {
                next += 1;
                next - 1
            });
            (function, copy)
        });
        Ok(Pinned { copies: copies.collect(), own })
    }

    /// Returns the functions that have a copy, in the order of the copies.
    pub(super) fn copied(&self) -> impl Iterator<Item = u32> {
        let copies = self.copies.iter();
        copies.filter(|(_, copy)| copy.is_some()).map(|(function, _)| *function)
    }

    /// Returns the function that a call of a function calls instead.
    pub(super) fn called(&self, function: u32) -> u32 {
        let function = self.own.get(&function).copied().unwrap_or(function);
        self.copies.get(&function).copied().flatten().unwrap_or(function)
    }
}

/// Returns the functions that have no copy, since the linker must see their calls.
fn watched_functions(library: &Contents<'_>) -> BTreeSet<u32> {
    let exports = library.exports.iter();
    let watched = exports.filter(|(name, _)| linker::leaves_work_for_the_end(name));
    watched.map(|(_, function)| *function).collect()
}

/// Returns the functions that a library calls directly, by their indices.
fn called_functions(library: &Contents<'_>) -> anyhow::Result<BTreeSet<u32>> {
    let mut called = BTreeSet::new();
    for body in &library.bodies {
        for operator in body.get_operators_reader()? {
            if let Operator::Call { function_index } = operator? {
                called.insert(function_index);
            }
        }
    }
    Ok(called)
}

/// Returns the imported functions that stand for functions of the library itself.
///
/// The compiler lets another library replace any function that is defined once in every object
/// which uses it. Those in the namespace of libc++ no program may define, so its own are called.
fn own_functions(library: &Contents<'_>) -> HashMap<u32, u32> {
    let exports: HashMap<_, _> = library.exports.iter().copied().collect();
    let imports = (0..).zip(&library.imported_functions);
    let own = imports.filter(|(_, name)| is_of_libcxx(name));
    own.filter_map(|(index, name)| Some((index, *exports.get(name)?))).collect()
}

/// Returns whether a function is in the namespace of libc++, such as `std::__2`, and is not one that
/// programs may replace, such as `std::__2::__libcpp_verbose_abort`.
fn is_of_libcxx(name: &str) -> bool {
    let is_inside = ["_ZNSt3__", "_ZNKSt3__"].iter().any(|prefix| name.starts_with(prefix));
    is_inside && !name.contains("__libcpp_")
}

/// A function while Binaryen optimizes it: the index that it had before, and whether it is the copy.
/// Its name says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tracked {
    pub(super) function: u32,
    pub(super) is_copy: bool,
}

/// The end of the names of copies.
const COPY: &str = ".copy";

impl Tracked {
    pub(super) fn name(self) -> String {
        let end = if self.is_copy { COPY } else { "" };
        format!("{}{end}", self.function)
    }

    /// Returns the function of a name; `None` for one that Binaryen has made.
    fn parse(name: &str) -> Option<Self> {
        let function = name.strip_suffix(COPY).unwrap_or(name).parse().ok()?;
        Some(Tracked { function, is_copy: name.ends_with(COPY) })
    }
}

/// The functions of an optimized library.
pub(super) struct Functions {
    /// What each function becomes.
    pub(super) functions: Vec<Optimized>,
    /// The final index of the function that others refer to as each pinned function.
    pinned: HashMap<u32, u32>,
}

/// A function of an optimized library.
#[derive(Clone, Copy)]
pub(super) struct Optimized {
    /// The index that the function had before; `None` if Binaryen made it.
    pub(super) old: Option<u32>,
    /// The index that it has at last.
    pub(super) index: u32,
    /// Whether it is left out, since its copy replaces it.
    pub(super) is_replaced: bool,
}

impl Functions {
    /// Finds out which functions are left, and checks that exports, slots and data are the same.
    pub(super) fn compare(before: &Contents<'_>, after: &Contents<'_>) -> anyhow::Result<Self> {
        let tracked: Vec<_> = (0..after.functions)
            .map(|index| {
                // Some passes make functions of their own, such as a part of another function.
                after.names.get(&index).map(|name| Tracked::parse(name))
            })
            .collect::<Option<_>>()
            .context("Binaryen has left out a name")?;
        let same = |function: u32, new: u32| {
            tracked.get(new as usize) == Some(&Some(Tracked { function, is_copy: false }))
        };
        let has_exports = before.exports.len() == after.exports.len()
            && before.exports.iter().zip(&after.exports).all(|(old, new)| {
                let ((name, function), (new_name, new_function)) = (old, new);
                name == new_name && same(*function, *new_function)
            });
        ensure!(has_exports, "Binaryen has changed the exported functions");
        let has_slots = before.slots.len() == after.slots.len()
            && before.slots.iter().zip(&after.slots).all(|(old, new)| same(*old, *new));
        ensure!(has_slots, "Binaryen has changed the functions in the table");
        let has_data = before.data.len() == after.data.len()
            && before.data.iter().zip(&after.data).all(|(old, new)| old.data == new.data);
        ensure!(has_data, "Binaryen has changed the data");
        let (called_before, called_after) = (called_functions(before)?, called_functions(after)?);
        for ((name, old), (_, new)) in before.exports.iter().zip(&after.exports) {
            let is_lost = linker::leaves_work_for_the_end(name)
                && called_before.contains(old)
                && !called_after.contains(new);
            ensure!(!is_lost, "Binaryen has inlined all calls of `{name}`");
        }
        Ok(Functions::new(after, &tracked))
    }

    /// Replaces the pinned functions by their copies that are as they were.
    fn new(after: &Contents<'_>, tracked: &[Option<Tracked>]) -> Self {
        let imported = after.imported_functions.len() as u32;
        let ty = |index: u32| after.types.get(index.checked_sub(imported)? as usize);
        let mut copies = HashMap::new();
        let mut pinned = HashMap::new();
        for (index, tracked) in (0..).zip(tracked) {
            if let Some(Tracked { function, is_copy }) = *tracked {
                let indices = if is_copy { &mut copies } else { &mut pinned };
                indices.insert(function, index);
            }
        }
        // Binaryen writes each type once, so other parameters are another type.
        let replacement = |index: u32, tracked: Option<Tracked>| {
            let function = tracked.filter(|tracked| !tracked.is_copy)?.function;
            copies.get(&function).copied().filter(|&copy| ty(copy) == ty(index))
        };
        let mut functions = Vec::new();
        let mut next = 0;
        for (index, &tracked) in (0..).zip(tracked) {
            let old = tracked.map(|tracked| tracked.function);
            let is_replaced = replacement(index, tracked).is_some();
            functions.push(Optimized { old, index: next, is_replaced });
            next += u32::from(!is_replaced);
        }
        for (index, &tracked) in (0_u32..).zip(tracked) {
            if let Some(copy) = replacement(index, tracked) {
                functions[index as usize].index = functions[copy as usize].index;
            }
        }
        let pinned = pinned.into_iter();
        let pinned = pinned.map(|(old, index): (_, u32)| (old, functions[index as usize].index));
        let pinned = pinned.collect();
        Functions { functions, pinned }
    }

    /// Gives the symbols of functions that relocations refer to their new indices.
    pub(super) fn renumber(&self, relocations: &mut Relocations<'_>) -> anyhow::Result<()> {
        let entries = relocations.code.iter().chain(&relocations.data);
        let referenced: BTreeSet<_> = entries.map(|entry| entry.index).collect();
        for symbol in referenced {
            if let Some(SymbolInfo::Func { index, .. }) =
                relocations.symbols.get_mut(symbol as usize)
            {
                let new = self.pinned.get(index);
                *index = *new.context("Binaryen has left out a function with a slot")?;
            }
        }
        Ok(())
    }
}
