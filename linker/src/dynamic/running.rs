//! The modules of a running program.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::dynamic::free_slots::FreeSlots;
use crate::dynamic::module_id::ModuleId;
use crate::names::module_name;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Layout, Placement, slots_of_main};
use crate::plan::set::LibraryNames;
use crate::plan::system_libraries;

/// The modules of a running program, and the parts of its memory and table that they occupy.
///
/// [`Running::open`] decides how a library joins the program, [`Running::join`] records that it
/// has, and [`Running::leaving`] returns the libraries that are no longer used.
#[derive(Debug, Clone)]
pub struct Running {
    /// By the index of their ids. The id of a module that has left is given to another.
    pub(super) modules: Vec<Option<LoadedModule>>,
    /// The modules whose symbols all modules see, in the order of lookup.
    pub(super) global: Vec<ModuleId>,
    /// The layout that the program started with: its stack and heap.
    pub(super) layout: Layout,
    /// The slots of functions, except those that a module's own elements fill.
    pub(super) slots: BTreeMap<LoadedItem, u32>,
    free: FreeSlots,
    program: ModuleId,
    /// Whether functions that nothing defines trap: see
    /// [`Set::unknown_imports_trap`](crate::Set::unknown_imports_trap).
    pub(super) unknown_imports_trap: bool,
    /// The number of modules that the program started with. They have the first ids.
    started: usize,
    /// How many modules have joined so far, those of the start included.
    joined: u64,
    /// The handle that was given out last.
    last_handle: u32,
}

/// A function of a module of the running program, by its index in the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LoadedItem {
    pub(crate) module: ModuleId,
    pub(crate) index: u32,
}

/// A module that takes part in a running program.
#[derive(Debug, Clone)]
pub(crate) struct LoadedModule {
    pub(crate) input: InputModule,
    pub(crate) placement: Placement,
    /// Its part of the table: for its elements, and for other functions of it that need a slot.
    pub(super) block: Range<u32>,
    /// The libraries that it lists as needed.
    pub(crate) needed: Vec<ModuleId>,
    /// The modules that define functions or data that it uses.
    pub(super) uses: Vec<ModuleId>,
    /// The same each time the library is opened.
    handle: u32,
    /// How often it was opened and not closed again.
    users: u32,
    /// Whether it never leaves.
    pub(super) stays: bool,
    /// Its position among all modules that have joined.
    order: u64,
}

/// The resources that a module leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Ranges of table slots. The caller writes null into them, so that a call through one traps.
    pub slots: Vec<Range<u32>>,
}

impl Running {
    /// Returns the modules that a program starts with, each of them an instance of its own. They
    /// never leave.
    pub fn new(plan: &Plan) -> Self {
        let set = &plan.set;
        let loaded_item = |item: ItemId| LoadedItem {
            module: ModuleId::from_index(item.module),
            index: item.index,
        };
        let of_main = slots_of_main(set, &plan.resolution).into_iter();
        let chosen = plan.layout.slots.iter().map(|(item, slot)| (*item, slot.index));
        let mut running = Running {
            modules: Vec::new(),
            global: (0..set.inputs.len()).map(ModuleId::from_index).collect(),
            layout: plan.layout.clone(),
            slots: of_main.chain(chosen).map(|(item, slot)| (loaded_item(item), slot)).collect(),
            free: FreeSlots::default(),
            program: ModuleId::from_index(set.program),
            unknown_imports_trap: set.unknown_imports_trap,
            started: set.inputs.len(),
            joined: 0,
            last_handle: 0,
        };
        let names = set.library_names();
        for (input, &placement) in set.inputs.iter().zip(&plan.layout.placements) {
            let listed = input.module.dylink.iter().flat_map(|dylink| &dylink.needed);
            let listed = listed.filter_map(|file| names.needed(file, input));
            let parts = system_libraries::parts_of(input.system);
            let needed = listed.chain(parts.filter_map(|file| names.system(file)));
            let mut loaded = running.load(input.clone(), placement, 0..0);
            loaded.needed = needed.map(ModuleId::from_index).collect();
            loaded.stays = true;
            running.modules.push(Some(loaded));
        }
        running
    }

    /// Returns the record of a module that joins now, without the modules that it needs and uses.
    pub(super) fn load(
        &mut self,
        input: InputModule,
        placement: Placement,
        block: Range<u32>,
    ) -> LoadedModule {
        self.joined += 1;
        self.last_handle += 1;
        LoadedModule {
            input,
            placement,
            block,
            needed: Vec::new(),
            uses: Vec::new(),
            handle: self.last_handle,
            users: 0,
            stays: false,
            order: self.joined,
        }
    }

    /// Replaces the path of each module by `canonicalize` of it, so that two names for one file
    /// compare equal.
    #[must_use]
    pub fn with_files(mut self, canonicalize: impl Fn(&Path) -> PathBuf) -> Self {
        for loaded in self.modules.iter_mut().flatten() {
            loaded.input.file = loaded.input.file.as_deref().map(&canonicalize);
        }
        self
    }

    /// Returns the module whose exports are called.
    pub fn program(&self) -> ModuleId {
        self.program
    }

    /// Returns the module that was read from a file.
    pub fn of_file(&self, file: &Path) -> Option<ModuleId> {
        self.find_module(|loaded| loaded.input.file.as_deref() == Some(file))
    }

    /// Returns the first module of a name, or the one that a module of that name has become part
    /// of.
    pub fn named(&self, name: &str) -> Option<ModuleId> {
        let mut read = self.read_from_files();
        let found = read.find(|(_, loaded)| {
            let module = &loaded.input.module;
            module.name == name || module.internals.linked.iter().any(|part| part == name)
        });
        found.map(|(id, _)| id)
    }

    /// Returns the module that is the system library of a file, or that it has become part of.
    pub(crate) fn system(&self, file: &str) -> Option<ModuleId> {
        let is_part = |part: &String| system_libraries::titled(part) == Some(file);
        self.find_module(|loaded| {
            let input = &loaded.input;
            input.system == Some(file) || input.module.internals.linked.iter().any(is_part)
        })
    }

    /// Returns the modules by the library names that they answer to.
    pub(crate) fn library_names(&self) -> LibraryNames<'_, ModuleId> {
        let mut names = LibraryNames::default();
        for (id, loaded) in self.read_from_files() {
            names.add(&loaded.input, id);
        }
        names
    }

    /// Returns the module that a library name means, if the program started with it. It is never
    /// a system library.
    pub fn started_with(&self, name: &str) -> Option<ModuleId> {
        self.library_names().library(name).filter(|id| id.index() < self.started)
    }

    /// Returns the library that was opened by exactly this name, or else the system library of
    /// the name.
    pub fn opened_as(&self, name: &str) -> Option<ModuleId> {
        let opened = self.find_module(|loaded| loaded.input.opened_as.as_deref() == Some(name));
        opened.or_else(|| self.library_names().system(name))
    }

    /// Returns whether a module lists folders in which its libraries are looked up.
    pub fn has_runtime_paths(&self) -> bool {
        let mut dylinks = self.all().filter_map(|(_, loaded)| loaded.input.module.dylink.as_ref());
        dylinks.any(|dylink| !dylink.runtime_path.is_empty())
    }

    /// Returns whether a library name is that of the module whose exports are called.
    pub fn is_program(&self, name: &str) -> bool {
        self.input(self.program).is_some_and(|input| {
            let first = input.module.internals.linked.first();
            let names = [&input.module.name].into_iter().chain(first);
            names.into_iter().any(|own| module_name(own) == module_name(name))
        })
    }

    /// Returns the library with a handle, if it is open.
    pub fn of_handle(&self, handle: u32) -> Option<ModuleId> {
        self.find_module(|loaded| loaded.handle == handle && loaded.users > 0)
    }

    /// Returns a module that takes part, or `None` after it has left.
    pub fn input(&self, module: ModuleId) -> Option<&InputModule> {
        self.get(module).map(|loaded| &loaded.input)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (ModuleId, &LoadedModule)> {
        let modules = self.modules.iter().enumerate();
        modules.filter_map(|(id, loaded)| Some((ModuleId::from_index(id), loaded.as_ref()?)))
    }

    fn find_module(&self, is_it: impl Fn(&LoadedModule) -> bool) -> Option<ModuleId> {
        self.all().find(|(_, loaded)| is_it(loaded)).map(|(id, _)| id)
    }

    /// Returns the modules that were read. A module that the linker has written does not count:
    /// a file may have the same name.
    fn read_from_files(&self) -> impl Iterator<Item = (ModuleId, &LoadedModule)> {
        self.all().filter(|(_, loaded)| loaded.input.synthetic.is_none())
    }

    pub(crate) fn get(&self, module: ModuleId) -> Option<&LoadedModule> {
        self.modules.get(module.index())?.as_ref()
    }

    pub(super) fn get_mut(&mut self, module: ModuleId) -> Option<&mut LoadedModule> {
        self.modules.get_mut(module.index())?.as_mut()
    }

    /// Records that a library was opened, again or for the first time, and returns its handle.
    /// The library must take part.
    pub fn open_again(&mut self, library: ModuleId) -> u32 {
        let loaded = self.get_mut(library);
        debug_assert!(loaded.is_some(), "a library that is opened takes part");
        loaded.map_or(0, |loaded| {
            loaded.users += 1;
            loaded.handle
        })
    }

    /// Records that a library was closed once. It leaves only when [`Running::leave`] removes it.
    pub fn close(&mut self, library: ModuleId) {
        if let Some(loaded) = self.get_mut(library) {
            loaded.users = loaded.users.saturating_sub(1);
        }
    }

    /// Keeps a module for the rest of the program, even when it is no longer used.
    pub fn keep(&mut self, module: ModuleId) {
        if let Some(loaded) = self.get_mut(module) {
            loaded.stays = true;
        }
    }

    /// Makes the symbols of a library, and of the libraries it needs, visible to modules that are
    /// opened later.
    pub fn make_global(&mut self, library: ModuleId) {
        for module in self.tree(library) {
            if !self.global.contains(&module) {
                self.global.push(module);
            }
        }
    }

    /// Returns a library and the libraries it needs, breadth first: the order in which its symbols
    /// are looked up.
    pub(crate) fn tree(&self, library: ModuleId) -> Vec<ModuleId> {
        let mut tree = vec![library];
        let mut at = 0;
        while let Some(&module) = tree.get(at) {
            at += 1;
            let needed = self.get(module).map_or(&[][..], |loaded| &loaded.needed);
            let new: Vec<_> = needed.iter().filter(|id| !tree.contains(id)).copied().collect();
            tree.extend(new);
        }
        tree
    }

    /// Returns the modules that are no longer used, in the order in which they leave: the last
    /// that joined is the first that leaves.
    ///
    /// A module is used if it is open or kept, or if a module that is used needs it or uses one of
    /// its symbols. So modules that need each other leave together.
    pub fn leaving(&self) -> Vec<ModuleId> {
        let mut used = BTreeSet::new();
        let kept = self.all().filter(|(_, loaded)| loaded.stays || loaded.users > 0);
        let mut open: VecDeque<_> = kept.map(|(id, _)| id).collect();
        while let Some(module) = open.pop_front() {
            if used.insert(module)
                && let Some(loaded) = self.get(module)
            {
                open.extend(loaded.needed.iter().chain(&loaded.uses));
            }
        }
        let mut leaving: Vec<_> = self.all().filter(|(id, _)| !used.contains(id)).collect();
        leaving.sort_by_key(|(_, loaded)| std::cmp::Reverse(loaded.order));
        leaving.into_iter().map(|(id, _)| id).collect()
    }

    /// Returns the address of a module's data in bytes, and its range of table slots: libc
    /// recognizes the module's destructors by them.
    pub fn block(&self, module: ModuleId) -> Option<(u32, Range<u32>)> {
        self.get(module).map(|loaded| (loaded.placement.memory_base, loaded.block.clone()))
    }

    /// Removes a module and frees its slots.
    pub fn leave(&mut self, module: ModuleId) -> Removed {
        let Some(loaded) = self.modules.get_mut(module.index()).and_then(Option::take) else {
            return Removed { slots: Vec::new() };
        };
        self.global.retain(|&other| other != module);
        let mut slots = vec![loaded.block.clone()];
        self.slots.retain(|item, slot| {
            if item.module == module && !loaded.block.contains(slot) {
                slots.push(*slot..*slot + 1);
            }
            item.module != module
        });
        slots.retain(|range| !range.is_empty());
        for range in &slots {
            self.give_slots(range.clone());
        }
        Removed { slots }
    }

    /// Takes `count` consecutive slots of a table that has `size` elements. The table has to grow
    /// if they end beyond its size. Returns `None` if it would then be larger than a table can be.
    ///
    /// `alignment` is in elements.
    pub fn take_slots(&mut self, count: u32, alignment: u64, size: u32) -> Option<Range<u32>> {
        self.free.take(count, alignment, size)
    }

    /// Frees slots that [`Running::take_slots`] returned.
    pub fn give_slots(&mut self, slots: Range<u32>) {
        self.free.give(slots);
    }

    /// Forgets free slots beyond the end of a table that has `size` elements, after it could not
    /// grow.
    pub fn forget_slots_from(&mut self, size: u32) {
        self.free.truncate(size);
    }

    /// Returns the slot of a function, if it has one.
    pub(crate) fn slot(&self, item: LoadedItem) -> Option<u32> {
        self.slots.get(&item).copied().or_else(|| {
            let loaded = self.get(item.module)?;
            let relative = loaded.input.slot(item.index)?;
            Some(loaded.placement.table_base.saturating_add(relative))
        })
    }

    /// Returns the item that a module exports.
    pub(crate) fn item(&self, module: ModuleId, export: usize) -> Option<LoadedItem> {
        let index = self.get(module)?.input.module.exports.get(export)?.index;
        Some(LoadedItem { module, index })
    }
}
