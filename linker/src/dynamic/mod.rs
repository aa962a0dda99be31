//! The modules of a program that runs: others join them and leave again.

pub(crate) mod opening;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::path::Path;

use crate::convention::ENV;
use crate::names::module_name;
use crate::plan::Plan;
use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Layout, Placement, TABLE_LIMIT, slots_of_main};
use crate::plan::set::{Definition, LibraryNames};
use crate::plan::system_libraries;
use crate::types::ExternType;

/// The modules of a program that runs, by number, and what they have of its memory and its table.
///
/// [`Running::open`] decides how a library joins them, [`Running::join`] takes note that it has, and
/// [`Running::leaving`] tells what nobody uses any more.
#[derive(Debug, Clone)]
pub struct Running {
    /// The number of one that has left is given to another.
    modules: Vec<Option<LoadedModule>>,
    /// Those whose symbols everybody sees, in the order in which symbols are looked up.
    pub(crate) global: Vec<usize>,
    /// Where the stack and the heap are.
    pub(crate) layout: Layout,
    /// The slot of each function that was given one beside those which its module's own elements fill.
    slots: BTreeMap<ItemId, u32>,
    /// Slots of modules that have left, in order.
    free: Vec<Range<u32>>,
    program: usize,
    /// So many modules, the first ones, were there from the start.
    started: usize,
    joined: u64,
    handles: u32,
}

/// A module that takes part.
#[derive(Debug, Clone)]
pub(crate) struct LoadedModule {
    pub(crate) input: InputModule,
    pub(crate) placement: Placement,
    /// Its part of the table, of its own elements and of its functions that have slots for other reasons.
    block: Range<u32>,
    /// The libraries that it names as needed.
    pub(crate) needed: Vec<usize>,
    /// Whose functions or data it uses.
    uses: Vec<usize>,
    /// What a user of the library has: the same each time it is opened.
    handle: u32,
    users: u32,
    /// Whether it never leaves.
    stays: bool,
    /// When it joined, among all others.
    order: u64,
}

/// What a name stands for in a running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadedSymbol {
    /// The address of a variable.
    Data(u32),
    Function(LoadedFunction),
}

/// A function of a module that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadedFunction {
    /// The module's number.
    pub module: usize,
    pub(crate) export: usize,
    /// Its place in the table, if it has one.
    pub slot: Option<u32>,
}

/// What an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressInfo<'a> {
    pub module: usize,
    /// Where the module's data begins.
    pub base: u32,
    /// The symbol, and its own address.
    pub symbol: Option<(&'a str, u32)>,
}

/// What a module had that has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// To be emptied: a call through one of these must trap.
    pub slots: Vec<Range<u32>>,
}

impl Running {
    /// The modules that a program starts with, each an instance of its own. They never leave.
    pub fn new(plan: &Plan) -> Self {
        let set = &plan.set;
        let mut running = Running {
            modules: Vec::new(),
            global: (0..set.inputs.len()).collect(),
            layout: plan.layout.clone(),
            slots: slots_of_main(set, &plan.resolution),
            free: Vec::new(),
            program: set.program,
            started: set.inputs.len(),
            joined: 0,
            handles: 0,
        };
        let names = set.library_names();
        for (input, &placement) in set.inputs.iter().zip(&plan.layout.placements) {
            let needed = input.module.dylink.iter().flat_map(|dylink| &dylink.needed);
            let needed = needed.filter_map(|file| names.needed(file, input));
            let resident =
                running.resident(input.clone(), placement, 0..0, needed.collect(), Vec::new());
            running.modules.push(Some(LoadedModule { stays: true, ..resident }));
        }
        let slots = plan.layout.slots.iter().map(|(id, slot)| (*id, slot.index));
        running.slots.extend(slots);
        running
    }

    fn resident(
        &mut self,
        input: InputModule,
        placement: Placement,
        block: Range<u32>,
        needed: Vec<usize>,
        uses: Vec<usize>,
    ) -> LoadedModule {
        self.joined += 1;
        self.handles += 1;
        LoadedModule {
            input,
            placement,
            block,
            needed,
            uses,
            handle: self.handles,
            users: 0,
            stays: false,
            order: self.joined,
        }
    }

    /// Gives each module another record of its file, so that names of one file can be told to be that.
    #[must_use]
    pub fn with_files(mut self, real: impl Fn(&Path) -> std::path::PathBuf) -> Self {
        for resident in self.modules.iter_mut().flatten() {
            resident.input.file = resident.input.file.as_deref().map(&real);
        }
        self
    }

    /// The module whose exports are called.
    pub fn program(&self) -> usize {
        self.program
    }

    /// The module that was read from a file.
    pub fn of_file(&self, file: &Path) -> Option<usize> {
        let mut all = self.all();
        all.find(|(_, resident)| resident.input.file.as_deref() == Some(file)).map(|(id, _)| id)
    }

    /// The module that is called so, or the first of them; or that has become part of another.
    pub fn named(&self, name: &str) -> Option<usize> {
        let mut all = self.of_files();
        all.find(|(_, resident)| {
            let module = &resident.input.module;
            module.name == name || module.internals.linked.iter().any(|part| part == name)
        })
        .map(|(id, _)| id)
    }

    /// Returns the module that is the system library of a file, or of which that has become a part.
    pub(crate) fn system(&self, file: &str) -> Option<usize> {
        let is_part = |part: &String| system_libraries::titled(part) == Some(file);
        let is_it = |input: &InputModule| {
            input.system == Some(file) || input.module.internals.linked.iter().any(is_part)
        };
        self.all().find(|(_, resident)| is_it(&resident.input)).map(|(id, _)| id)
    }

    /// The modules by the names of libraries that they answer to.
    pub(crate) fn library_names(&self) -> LibraryNames<'_> {
        let mut names = LibraryNames::default();
        self.of_files().for_each(|(id, resident)| names.add(&resident.input, id));
        names
    }

    /// Returns the module that a library's name means, if the program has started with it. A system
    /// library is none of these.
    pub fn started_with(&self, name: &str) -> Option<usize> {
        self.library_names().library(name).filter(|&id| id < self.started)
    }

    /// Returns the library that was opened by exactly this name, or the system library of it.
    pub fn opened_as(&self, name: &str) -> Option<usize> {
        let is_it = |resident: &LoadedModule| resident.input.opened_as.as_deref() == Some(name);
        let opened = self.all().find(|(_, resident)| is_it(resident)).map(|(id, _)| id);
        opened.or_else(|| self.library_names().system(name))
    }

    /// Returns whether a module tells folders in which its libraries are looked for.
    pub fn has_runtime_paths(&self) -> bool {
        let mut dylinks = self.all().filter_map(|(_, it)| it.input.module.dylink.as_ref());
        dylinks.any(|dylink| !dylink.runtime_path.is_empty())
    }

    /// Whether a library's name is that of the module whose exports are called.
    pub fn is_program(&self, name: &str) -> bool {
        self.input(self.program).is_some_and(|input| {
            let first = input.module.internals.linked.first();
            let names = [&input.module.name].into_iter().chain(first);
            names.into_iter().any(|own| module_name(own) == module_name(name))
        })
    }

    /// The library that was opened under a handle, if somebody has it open.
    pub fn of_handle(&self, handle: u32) -> Option<usize> {
        let is_it = |resident: &LoadedModule| resident.handle == handle && resident.users > 0;
        self.all().find(|(_, resident)| is_it(resident)).map(|(id, _)| id)
    }

    /// A module that takes part.
    pub fn input(&self, module: usize) -> Option<&InputModule> {
        self.get(module).map(|resident| &resident.input)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &LoadedModule)> {
        let modules = self.modules.iter().enumerate();
        modules.filter_map(|(id, resident)| Some((id, resident.as_ref()?)))
    }

    /// The modules that were read: a file may have the name of one that the linker has written.
    fn of_files(&self) -> impl Iterator<Item = (usize, &LoadedModule)> {
        self.all().filter(|(_, resident)| resident.input.written.is_none())
    }

    pub(crate) fn get(&self, module: usize) -> Option<&LoadedModule> {
        self.modules.get(module)?.as_ref()
    }

    fn get_mut(&mut self, module: usize) -> Option<&mut LoadedModule> {
        self.modules.get_mut(module)?.as_mut()
    }

    /// Takes note of one more user, and returns the handle. The module must take part.
    pub fn open_again(&mut self, module: usize) -> u32 {
        self.get_mut(module).map_or(0, |resident| {
            resident.users += 1;
            resident.handle
        })
    }

    /// Takes note of one user less.
    pub fn close(&mut self, module: usize) {
        if let Some(resident) = self.get_mut(module) {
            resident.users = resident.users.saturating_sub(1);
        }
    }

    /// Keeps a module whether it has users or not.
    pub fn keep(&mut self, module: usize) {
        if let Some(resident) = self.get_mut(module) {
            resident.stays = true;
        }
    }

    /// Lets everybody see the symbols of a library and of those it needs.
    pub fn make_global(&mut self, library: usize) {
        for module in self.tree(library) {
            if !self.global.contains(&module) {
                self.global.push(module);
            }
        }
    }

    /// A library and those it needs, breadth first: where its symbols are looked up.
    pub(crate) fn tree(&self, library: usize) -> Vec<usize> {
        let mut tree = vec![library];
        let mut at = 0;
        while let Some(&module) = tree.get(at) {
            at += 1;
            let needed = self.get(module).map_or(&[][..], |resident| &resident.needed);
            let new: Vec<_> = needed.iter().filter(|id| !tree.contains(id)).copied().collect();
            tree.extend(new);
        }
        tree
    }

    /// The modules that nobody uses any more, in the order in which they leave: those that joined last
    /// first.
    pub fn leaving(&self) -> Vec<usize> {
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let kept = self.all().filter(|(_, resident)| resident.stays || resident.users > 0);
        let mut open: VecDeque<_> = kept.map(|(id, _)| id).collect();
        while let Some(module) = open.pop_front() {
            if used.insert(module)
                && let Some(resident) = self.get(module)
            {
                open.extend(resident.needed.iter().chain(&resident.uses));
            }
        }
        let mut leaving: Vec<_> = self.all().filter(|(id, _)| !used.contains(id)).collect();
        leaving.sort_by_key(|(_, resident)| std::cmp::Reverse(resident.order));
        leaving.into_iter().map(|(id, _)| id).collect()
    }

    /// Where a module's data and slots are, for who runs its destructors.
    pub fn block(&self, module: usize) -> Option<(u32, Range<u32>)> {
        self.get(module).map(|resident| (resident.placement.memory_base, resident.block.clone()))
    }

    /// Takes a module out. Its slots are free from now on.
    pub fn leave(&mut self, module: usize) -> Removed {
        let Some(resident) = self.modules.get_mut(module).and_then(Option::take) else {
            return Removed { slots: Vec::new() };
        };
        self.global.retain(|&other| other != module);
        let own: Vec<_> = self.slots.keys().filter(|id| id.module == module).copied().collect();
        let mut slots = vec![resident.block.clone()];
        for id in own {
            let slot = self.slots.remove(&id);
            let outside = slot.filter(|slot| !resident.block.contains(slot));
            slots.extend(outside.map(|slot| slot..slot + 1));
        }
        slots.retain(|range| !range.is_empty());
        slots.iter().for_each(|range| self.give_slots(range.clone()));
        Removed { slots }
    }

    /// Takes slots of a table of `size`, in a row. The table is to grow if they end beyond that.
    pub fn take_slots(&mut self, count: u32, alignment: u64, size: u32) -> Option<Range<u32>> {
        let fit = |free: &Range<u32>| {
            let start = u64::from(free.start).next_multiple_of(alignment);
            let start = u32::try_from(start).ok()?;
            let end = start.checked_add(count).filter(|&end| end <= free.end)?;
            Some(start..end)
        };
        let found = self.free.iter().enumerate().find_map(|(at, free)| Some((at, fit(free)?)));
        let (rest, taken) = match found {
            Some((at, taken)) => (self.free.remove(at), taken),
            None => {
                let start = u32::try_from(u64::from(size).next_multiple_of(alignment)).ok()?;
                let taken = start..start.checked_add(count)?;
                (u64::from(taken.end) <= TABLE_LIMIT).then_some(())?;
                (size..taken.end, taken)
            }
        };
        self.give_slots(rest.start..taken.start);
        self.give_slots(taken.end..rest.end);
        Some(taken)
    }

    /// Makes slots free.
    pub fn give_slots(&mut self, slots: Range<u32>) {
        if slots.is_empty() {
            return;
        }
        self.free.push(slots);
        self.free.sort_by_key(|range| range.start);
        self.free.dedup_by(|next, range| {
            let adjoins = range.end == next.start;
            if adjoins {
                range.end = next.end;
            }
            adjoins
        });
    }

    /// Forgets free slots that the table does not have.
    pub fn forget_slots_from(&mut self, size: u32) {
        self.free.retain(|range| range.start < size);
        self.free.iter_mut().for_each(|range| range.end = range.end.min(size));
    }

    /// The slot of a function, if it has one.
    pub(crate) fn slot(&self, id: ItemId) -> Option<u32> {
        let own = || {
            let resident = self.get(id.module)?;
            let relative = resident.input.slot(id.index)?;
            Some(resident.placement.table_base.saturating_add(relative))
        };
        self.slots.get(&id).copied().or_else(own)
    }

    /// Gives a function a slot that was taken for it.
    pub fn set_slot(&mut self, function: LoadedFunction, slot: u32) {
        if let Some(id) = self.item(function.module, function.export) {
            self.slots.insert(id, slot);
        }
    }

    fn item(&self, module: usize, export: usize) -> Option<ItemId> {
        let index = self.get(module)?.input.module.exports.get(export)?.index;
        Some(ItemId { module, index })
    }

    /// The name under which its module exports a function.
    pub fn export_name(&self, function: LoadedFunction) -> Option<&str> {
        let module = &self.get(function.module)?.input.module;
        module.exports.get(function.export).map(|export| export.name.as_str())
    }

    /// What a name stands for that is looked up in the whole program: the first definition.
    pub fn symbol(&self, name: &str) -> Option<LoadedSymbol> {
        self.find(&self.global, name)
    }

    /// What a name stands for in a library or those it needs.
    pub fn symbol_of(&self, library: usize, name: &str) -> Option<LoadedSymbol> {
        self.find(&self.tree(library), name)
    }

    /// What a name stands for after a module, in the order in which that module's own symbols are looked up.
    pub fn symbol_after(&self, module: usize, name: &str) -> Option<LoadedSymbol> {
        let tree = self.tree(module).into_iter();
        let tree = tree.filter(|module| !self.global.contains(module));
        let scope: Vec<_> = self.global.iter().copied().chain(tree).collect();
        let at = scope.iter().position(|&other| other == module)?;
        self.find(&scope[at + 1..], name)
    }

    fn find(&self, scope: &[usize], name: &str) -> Option<LoadedSymbol> {
        scope.iter().find_map(|&module| {
            let resident = self.get(module).filter(|resident| resident.input.linked_as == ENV)?;
            let export = resident.input.definition(name)?;
            match &resident.input.module.exports[export].ty {
                ExternType::Func(_) => {
                    let slot = self.slot(self.item(module, export)?);
                    Some(LoadedSymbol::Function(LoadedFunction { module, export, slot }))
                }
                ExternType::Global(_) => Some(LoadedSymbol::Data(self.address(module, export)?)),
                _ => None,
            }
        })
    }

    fn address(&self, module: usize, export: usize) -> Option<u32> {
        let resident = self.get(module)?;
        let relative = resident.input.address(export)?;
        Some(resident.placement.memory_base.wrapping_add(relative))
    }

    /// What an address in memory or the table belongs to, if a module defines it.
    pub fn place(&self, address: u32) -> Option<AddressInfo<'_>> {
        let holds = |resident: &LoadedModule| {
            let size = resident.input.mem_info()?.memory_size;
            (address.checked_sub(resident.placement.memory_base)? < size).then_some(())
        };
        if let Some((module, _)) = self.all().find(|(_, resident)| holds(resident).is_some()) {
            return self.data(module, address);
        }
        self.function(address)
    }

    /// The last variable that begins at an address or before it.
    fn data(&self, module: usize, address: u32) -> Option<AddressInfo<'_>> {
        let LoadedModule { input, placement, .. } = self.get(module)?;
        let exports = input.module.exports.iter().enumerate();
        let data = exports.filter(|(export, _)| input.offers(*export));
        let addresses = data.filter_map(|(export, item)| {
            Some((item.name.as_str(), self.address(module, export)?))
                .filter(|(_, at)| *at <= address)
        });
        let symbol = addresses.max_by_key(|(_, at)| *at);
        Some(AddressInfo { module, base: placement.memory_base, symbol })
    }

    fn function(&self, slot: u32) -> Option<AddressInfo<'_>> {
        let known = self.slots.iter().find(|(_, other)| **other == slot).map(|(id, _)| *id);
        let id = known.or_else(|| {
            self.all().find_map(|(module, resident)| {
                let relative = slot.checked_sub(resident.placement.table_base)?;
                let (&index, _) = resident.input.slots().find(|(_, other)| **other == relative)?;
                Some(ItemId { module, index })
            })
        })?;
        let LoadedModule { input, placement, .. } = self.get(id.module)?;
        let mut exports = input.module.exports.iter().enumerate();
        let named = exports.find(|(export, item)| {
            let is_function = matches!(item.ty, ExternType::Func(_));
            is_function && item.index == id.index && input.offers(*export)
        });
        let symbol = named.map(|(_, item)| (item.name.as_str(), slot));
        Some(AddressInfo { module: id.module, base: placement.memory_base, symbol })
    }
}

impl Definition {
    /// The same in a program that runs.
    pub(crate) fn as_item(self, input: &InputModule, module: usize) -> ItemId {
        ItemId { module, index: input.module.exports[self.export].index }
    }
}
