//! Phases *load* to *bind* for a library that joins a program which runs.
//!
//! The modules that run have their addresses and slots, and nothing about them changes. Those that join are
//! gathered and resolved as those of a program are, but symbols are looked up in what runs first. Where they
//! will lie nobody knows before the program's own `malloc` has said so: so bases, addresses and slots stay
//! imports of their code, [`Source::Value`](crate::Source::Value), and it need be compiled only once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use crate::convention::ENV;
use crate::dynamic::{LoadedModule, Running};
use crate::fault::{Fault, Faults};
use crate::limits::InputLimits;
use crate::module::dylink::Alignment;
use crate::module::{Import, Kind};
use crate::names::module_name;
use crate::plan::Initialiser;
use crate::plan::Plan;
use crate::plan::exception_model::{self, ExceptionModel};
use crate::plan::input::InputModule;
use crate::plan::layout::{ItemId, Layout, Placement, Slot, instantiation_order, wanted};
use crate::plan::library_source::{LibrarySource, SystemLibraries};
use crate::plan::resolve::{ImportTarget, resolve_new};
use crate::plan::set::{LibraryNames, Set, Symbols};
use crate::plan::synthetic::invoke::{self, Tags};
use crate::plan::synthetic::runtime_hooks;
use crate::plan::system_libraries;
use crate::write::bind::rewrite;
use crate::write::bound::BoundModule;
use crate::write::error::BindError;
use crate::write::targets::Targets;

/// How a library, and what it needs that does not run yet, joins a program.
#[derive(Debug, Clone)]
pub struct Opening {
    /// All whose symbols are looked up, in that order: what everybody sees, the system libraries, the library and
    /// what it needs, breadth first.
    plan: Plan,
    /// The number of each that runs already.
    ids: Vec<Option<usize>>,
    /// The one that is opened.
    library: usize,
    /// The places of what each that is new names as needed.
    needed: BTreeMap<usize, Vec<usize>>,
    /// Slots that are not known yet.
    slots: Vec<(ItemId, Slot, NewSlot)>,
    blocks: BTreeMap<usize, Range<u32>>,
}

/// What a module is bound from. While an opening exists, what is bound from the same is the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BindKey {
    module: usize,
    /// The addresses of the modules' bytes, and of each whether it runs already.
    inputs: Vec<(usize, bool)>,
    order: Vec<usize>,
    import_targets: Vec<ImportTarget>,
}

#[derive(Debug, Clone, Copy)]
enum NewSlot {
    /// In the part of the table that its new module has, at this distance from its start.
    Own(u32),
    /// So many after the first of those that modules have which run already.
    Other(u32),
}

/// What a new module needs of the program's memory and table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryRequest {
    pub memory_size: u32,
    pub memory_alignment: Alignment,
    pub table_size: u32,
    pub table_alignment: Alignment,
}

/// What a new module was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    pub memory_base: u32,
    pub table_base: u32,
}

const NO_LIBRARY: &str = "is no shared library, and only such can join a program that runs: build it as one (C and C++: \
                          `-fPIC`, `-sSIDE_MODULE`; Rust: `#![no_std]`)";
const MAIN: &str = "is a main, whose data lies at fixed addresses: it cannot join a program that runs; build it as a \
                    shared library (C and C++: `-fPIC`, `-sSIDE_MODULE`; Rust: `#![no_std]`)";

impl Running {
    /// Decides how a library joins the program. `has` tells whether the host has a function.
    ///
    /// # Errors
    ///
    /// All that keeps it from being linked: then nothing has changed.
    pub fn open(
        &self,
        input: InputModule,
        library: &mut dyn LibrarySource,
        has: &dyn Fn(&Import) -> bool,
    ) -> Result<Opening, Faults> {
        let mut gathering = Gathering::new(self, library.limits());
        let root = gathering.add(input, None);
        gathering.join(root, library)?;
        gathering.join_system(library)?;
        let faults = std::mem::take(&mut gathering.faults);
        faults.into_iter().collect::<Faults>().into_result()?;
        let (gathering, root) = gathering.in_order(root);
        let Gathering { inputs, ids, needed, .. } = gathering;
        let mut set = Set { inputs, program: root, host: Vec::new(), stack_size: None };
        let new = set.inputs.iter().zip(&ids).filter(|(_, id)| id.is_none());
        let new: Vec<_> = new.map(|(input, _)| input).collect();
        let mut host = set.wanted_by(&new, &Symbols::Apart(&set));
        host.retain(has);
        set.host = host;
        Opening::new(self, set, ids, needed, root)
    }
}

struct Gathering<'r> {
    running: &'r Running,
    inputs: Vec<InputModule>,
    ids: Vec<Option<usize>>,
    /// The places of those that run already, by their numbers.
    places: HashMap<usize, usize>,
    /// The places of those that are new, by the names of libraries that they answer to.
    names: HashMap<String, usize>,
    /// The numbers of all that runs, by name, once something is needed.
    running_names: Option<LibraryNames<'r>>,
    system: SystemLibraries,
    limits: InputLimits,
    /// Symbols of all whose symbols are looked up.
    symbols: usize,
    needed: BTreeMap<usize, Vec<usize>>,
    faults: Vec<Fault>,
}

impl<'r> Gathering<'r> {
    fn new(running: &'r Running, limits: InputLimits) -> Self {
        let mut gathering = Gathering {
            running,
            inputs: Vec::new(),
            ids: Vec::new(),
            places: HashMap::new(),
            names: HashMap::new(),
            running_names: None,
            system: SystemLibraries::default(),
            limits,
            symbols: 0,
            needed: BTreeMap::new(),
            faults: Vec::new(),
        };
        running.global.iter().for_each(|&id| {
            gathering.add_running(id);
        });
        gathering
    }

    /// In the order in which symbols are looked up: what everybody sees, the system libraries, and the others.
    /// What the system libraries use is thus never of a library that may leave before them. Returns the
    /// new place of a module too.
    fn in_order(self, module: usize) -> (Self, usize) {
        let global: HashSet<_> = self.running.global.iter().copied().collect();
        let is_global = |place: &usize| self.ids[*place].is_some_and(|id| global.contains(&id));
        let mut order: Vec<_> = (0..self.inputs.len()).collect();
        order.sort_by_key(|place| (!is_global(place), !self.inputs[*place].is_system()));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, &old)| places[old] = new);
        let needed = self.needed.into_iter().map(|(module, needed)| {
            (places[module], needed.into_iter().map(|other| places[other]).collect())
        });
        let ordered = Gathering {
            running: self.running,
            places: HashMap::new(),
            names: HashMap::new(),
            running_names: None,
            system: self.system,
            limits: self.limits,
            symbols: self.symbols,
            inputs: order.iter().map(|&place| self.inputs[place].clone()).collect(),
            ids: order.iter().map(|&place| self.ids[place]).collect(),
            needed: needed.collect(),
            faults: self.faults,
        };
        (ordered, places[module])
    }

    fn add(&mut self, mut input: InputModule, id: Option<usize>) -> usize {
        input.tell_from_system();
        if id.is_none() && input.module.kind != Kind::SharedLibrary {
            let message = if input.module.kind == Kind::Main { MAIN } else { NO_LIBRARY };
            let module = input.module.name.clone();
            self.faults.push(Fault::Unsupported { module, message });
        }
        let place = self.inputs.len();
        match id {
            Some(id) => self.places.insert(id, place),
            None => Some(*self.names.entry(input.library_name().to_owned()).or_insert(place)),
        };
        self.symbols += input.module.symbol_count();
        self.inputs.push(input);
        self.ids.push(id);
        place
    }

    fn add_running(&mut self, id: usize) -> Option<usize> {
        if let Some(&place) = self.places.get(&id) {
            return Some(place);
        }
        let input = self.running.input(id)?.clone();
        Some(self.add(input, Some(id)))
    }

    /// Adds what a module needs, breadth first. Fails when there are too many symbols, for then nothing else is to
    /// be read.
    fn join(&mut self, root: usize, library: &mut dyn LibrarySource) -> Result<(), Fault> {
        let mut at = root;
        while at < self.inputs.len() {
            self.limits.check_all_symbols(self.symbols)?;
            let places = match self.ids[at] {
                Some(id) => {
                    let needed = self.running.get(id).map(|resident| resident.needed.clone());
                    let needed = needed.unwrap_or_default().into_iter();
                    needed.filter_map(|id| self.add_running(id)).collect()
                }
                None => self.join_needed(at, library),
            };
            self.needed.insert(at, places);
            at += 1;
        }
        Ok(())
    }

    fn join_needed(&mut self, by: usize, library: &mut dyn LibrarySource) -> Vec<usize> {
        let by = self.inputs[by].clone();
        let files = by.module.dylink.iter().flat_map(|dylink| &dylink.needed);
        files.filter_map(|file| self.join_file(file, &by, library)).collect()
    }

    fn join_file(
        &mut self,
        file: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Option<usize> {
        let running = self.running_names.get_or_insert_with(|| self.running.library_names());
        let (user, system) = (running.library(file), running.system(file));
        let new = match by.needs_system(file) {
            true => match (system, self.new_system(file)) {
                (Some(id), _) => return self.add_running(id),
                (None, Some(place)) => return Some(place),
                (None, None) => self.system.needed(file, by, library).map(Some),
            },
            false => match (user, self.names.get(module_name(file))) {
                (Some(id), _) => return self.add_running(id),
                (None, Some(&place)) => return Some(place),
                (None, None) => self.system.or_needed(file, by, library),
            },
        };
        match new {
            Ok(Some(input)) => {
                let file = input.file.as_deref();
                match file.and_then(|file| self.running.of_file(file)) {
                    Some(id) => self.add_running(id),
                    None => Some(self.add(input, None)),
                }
            }
            Ok(None) | Err(Fault::LibraryNotFound { .. }) if system.is_some() => {
                system.and_then(|id| self.add_running(id))
            }
            // A system library, which joins when a symbol of it is wanted.
            Ok(None) => None,
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// Returns the system library of a name that is new.
    fn new_system(&self, name: &str) -> Option<usize> {
        let is_it = |input: &InputModule| {
            input.system.is_some_and(|it| system_libraries::is_called(it, name))
        };
        self.inputs.iter().position(is_it)
    }

    /// The symbols that a new module imports and none defines.
    fn wanted(&self) -> BTreeSet<String> {
        let new = self.inputs.iter().zip(&self.ids).filter(|(_, id)| id.is_none());
        let imports = new.flat_map(|(input, _)| &input.module.imports);
        let process: Vec<_> = self.inputs.iter().filter(|o| o.linked_as == ENV).collect();
        let is_defined = |name: &str| process.iter().any(|o| o.definition(name).is_some());
        let wanted = imports.filter(|import| import.is_of_process() && !is_defined(&import.name));
        let mut wanted: BTreeSet<_> = wanted.map(|import| import.name.clone()).collect();
        let implied = invoke::implied(wanted.iter());
        wanted.extend(implied.into_iter().filter(|name| !is_defined(name)));
        wanted
    }

    /// The system libraries join whatever is opened when a symbol of theirs is wanted, and stay: others may
    /// have what came from them.
    fn join_system(&mut self, library: &mut dyn LibrarySource) -> Result<(), Fault> {
        let is_system = |(_, resident): &(usize, &LoadedModule)| resident.input.is_system();
        let running: Vec<_> = self.running.all().filter(is_system).map(|(id, _)| id).collect();
        for id in running {
            let input = self.running.input(id);
            if input.is_some_and(|input| defines(input, &self.wanted())) {
                let place = self.add_running(id);
                place.map_or(Ok(()), |place| self.join(place, library))?;
            }
        }
        if self.wanted().is_empty() {
            return Ok(());
        }
        let model = self.exception_model();
        let files = exception_model::libraries(model).into_iter();
        let new = files.filter(|file| self.running.system(file).is_none());
        let new: Vec<_> = new.filter(|file| self.new_system(file).is_none()).collect();
        let new = new.into_iter();
        let mut system: Vec<_> = new.filter_map(|file| self.system.get(file, library)).collect();
        loop {
            let wanted = self.wanted();
            let Some(at) = system.iter().position(|input| defines(input, &wanted)) else { break };
            let mut input = system.remove(at);
            input.is_on_demand = true;
            let place = self.add(input, None);
            self.join(place, library)?;
        }
        self.join_exceptions();
        Ok(())
    }

    /// How the code catches that joins: as that does which runs, if it has a libc++.
    fn exception_model(&mut self) -> Option<ExceptionModel> {
        let is_new = |place: &usize| self.ids[*place].is_none();
        let new = (0..self.inputs.len()).filter(is_new).map(|place| &self.inputs[place]);
        let mut faults = Vec::new();
        let asked = exception_model::of(new, &mut faults);
        let runs = |file: &str| self.running.system(file).is_some();
        let running = exception_model::all().find(|(file, _)| runs(file));
        if let (Some((model, module)), Some((file, running))) = (asked, running)
            && running != Some(model)
        {
            faults.push(Fault::OtherExceptions {
                module: module.module.name.clone(),
                flag: model.flag,
                library: module_name(file).to_owned(),
            });
        }
        let asked = asked.map(|(model, _)| model);
        self.faults.extend(faults);
        running.map_or(asked, |(_, running)| running)
    }

    /// What the linker defines for the code that joins; the tags are those of the program, if it has any.
    fn join_exceptions(&mut self) {
        let has_tags = self.running.all().any(|(_, resident)| {
            let exports = &resident.input.module.exports;
            exports.iter().any(|export| invoke::is_tag(&export.name))
        });
        let tags = if has_tags { Tags::Running } else { Tags::Own };
        if let Some(input) = invoke::module(self.wanted().iter(), tags) {
            self.add(input, None);
        }
        if let Some(input) = runtime_hooks::module(&self.inputs) {
            self.add(input, None);
        }
    }
}

fn defines(input: &InputModule, wanted: &BTreeSet<String>) -> bool {
    wanted.iter().any(|name| input.definition(name).is_some())
}

impl Opening {
    fn new(
        running: &Running,
        set: Set,
        ids: Vec<Option<usize>>,
        needed: BTreeMap<usize, Vec<usize>>,
        library: usize,
    ) -> Result<Self, Faults> {
        let resolution = resolve_new(&set, |module| ids[module].is_none())?;
        let (order, positions) = instantiation_order(&set, &resolution);
        let placement = |id: &Option<usize>| {
            id.and_then(|id| running.get(id)).map(|resident| resident.placement).unwrap_or_default()
        };
        let placements = ids.iter().map(placement).collect();
        let slots = BTreeMap::new();
        let layout = Layout { placements, slots, order, positions, ..running.layout.clone() };
        let plan = Plan { set, resolution, layout };
        plan.check_order()?;
        let (slots, blocks) = (Vec::new(), BTreeMap::new());
        let mut opening = Opening { plan, ids, library, needed, slots, blocks };
        opening.choose_slots(running);
        Ok(opening)
    }

    /// Chooses one slot a function, as the layout of a program does. Functions of a new module that need one
    /// for another reason than its elements have it behind these.
    fn choose_slots(&mut self, running: &Running) {
        let layout = &mut self.plan.layout;
        let mut ends = BTreeMap::new();
        let mut others = 0;
        // A part of the table that is as large as can be has no room for more, and is refused when it is asked for.
        let next = |counter: &mut u32| {
            let number = *counter;
            *counter = counter.saturating_add(1);
            number
        };
        for definition in wanted(&self.plan.resolution, &layout.positions) {
            let input = &self.plan.set.inputs[definition.module];
            let item = definition.as_item(input, definition.module);
            if layout.slots.contains_key(&item) {
                continue;
            }
            let new = match self.ids[definition.module] {
                Some(id) => match running.slot(definition.as_item(input, id)) {
                    Some(index) => {
                        layout.slots.insert(item, Slot { index, definition });
                        continue;
                    }
                    None => NewSlot::Other(next(&mut others)),
                },
                None => match input.slot(item.index) {
                    Some(slot) => NewSlot::Own(slot),
                    None => {
                        let dylink = input.module.dylink.as_ref();
                        let size = dylink.map_or(0, |dylink| dylink.mem_info.table_size);
                        NewSlot::Own(next(ends.entry(definition.module).or_insert(size)))
                    }
                },
            };
            let slot = Slot { index: 0, definition };
            layout.slots.insert(item, slot);
            self.slots.push((item, slot, new));
        }
        for module in self.new_modules() {
            let dylink = self.plan.set.inputs[module].module.dylink.as_ref();
            let size = dylink.map_or(0, |dylink| dylink.mem_info.table_size);
            self.blocks.insert(module, 0..ends.get(&module).copied().unwrap_or(size));
        }
    }

    /// The modules that join, in the order in which they are to be instantiated.
    pub fn new_modules(&self) -> Vec<usize> {
        let order = self.plan.layout.order.iter().copied();
        order.filter(|&module| self.ids[module].is_none()).collect()
    }

    /// All modules whose symbols are looked up, and the numbers of those that run.
    pub fn numbers(&self) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        self.ids.iter().copied().enumerate()
    }

    /// The one that is opened.
    pub fn library(&self) -> usize {
        self.library
    }

    /// All modules whose symbols are looked up.
    pub fn set(&self) -> &Set {
        &self.plan.set
    }

    pub fn input(&self, module: usize) -> &InputModule {
        &self.plan.set.inputs[module]
    }

    /// What a new module needs.
    pub fn room(&self, module: usize) -> MemoryRequest {
        let info = self.input(module).module.dylink.as_ref().map(|dylink| dylink.mem_info);
        let info = info.unwrap_or_default();
        MemoryRequest {
            memory_size: info.memory_size,
            memory_alignment: info.memory_alignment,
            table_size: self.blocks.get(&module).map_or(0, |block| block.end - block.start),
            table_alignment: info.table_alignment,
        }
    }

    /// Slots for functions of modules that run already.
    pub fn other_slots(&self) -> u32 {
        self.slots.iter().filter(|(_, _, new)| matches!(new, NewSlot::Other(_))).count() as u32
    }

    /// Says where each of [`Opening::new_modules`] lies, and the first of the [`Opening::other_slots`].
    pub fn place(&mut self, given: &BTreeMap<usize, Assigned>, others: u32) {
        for (&module, &Assigned { memory_base, table_base }) in given {
            self.plan.layout.placements[module] = Placement { memory_base, table_base };
            if let Some(block) = self.blocks.get_mut(&module) {
                *block = table_base..table_base + (block.end - block.start);
            }
        }
        for (item, slot, new) in &mut self.slots {
            let base = |module: usize| self.plan.layout.placements[module].table_base;
            slot.index = match *new {
                NewSlot::Own(distance) => base(item.module).wrapping_add(distance),
                NewSlot::Other(distance) => others.wrapping_add(distance),
            };
            self.plan.layout.slots.insert(*item, *slot);
        }
    }

    /// By what others can be told to be bound alike.
    pub fn identity(&self, module: usize) -> BindKey {
        let inputs = self.plan.set.inputs.iter().zip(&self.ids);
        let inputs = inputs.map(|(input, id)| (input.bytes.as_ptr().addr(), id.is_some()));
        BindKey {
            module,
            inputs: inputs.collect(),
            order: self.plan.layout.order.clone(),
            import_targets: self.plan.resolution[module].clone(),
        }
    }

    /// Rewrites a new module. The result is the same wherever it will lie.
    ///
    /// # Errors
    ///
    /// When its code is malformed in a way that loading it does not find.
    pub fn bind(&self, module: usize) -> Result<BoundModule, BindError> {
        let targets = Targets::without_numbers(&self.plan);
        let name = &self.input(module).module.name;
        rewrite(&targets, module).map_err(|error| BindError::new(name, &error))
    }

    /// What an import of a new module stands for, once all have their places.
    pub fn number(&self, module: usize, import: usize) -> u32 {
        let Some(&target) = self.plan.resolution[module].get(import) else { return 0 };
        match target {
            ImportTarget::Function(_) => self.plan.late_slot(module, target),
            _ => self.plan.constant(module, target),
        }
        .unwrap_or_default()
    }

    /// The slots that are to be filled when all are instantiated: each with a module and the name under
    /// which that exports the function.
    pub fn filled_slots(&self) -> impl Iterator<Item = (u32, usize, &str)> {
        self.slots.iter().filter_map(|(item, slot, _)| {
            let input = self.input(item.module);
            let own = self.ids[item.module].is_none() && input.slot(item.index).is_some();
            let name = &input.module.exports[slot.definition.export].name;
            (!own).then_some((slot.index, item.module, name.as_str()))
        })
    }

    /// The slots that were given, to be given back if the modules do not join.
    pub fn taken_slots(&self) -> Vec<Range<u32>> {
        let others = self.slots.iter().filter(|(_, _, new)| matches!(new, NewSlot::Other(_)));
        let others = others.map(|(_, slot, _)| slot.index..slot.index + 1);
        let blocks = self.blocks.values().filter(|block| !block.is_empty());
        blocks.cloned().chain(others).collect()
    }

    /// What must be called when all are instantiated, as [`Bound::initialisers`](crate::Bound::initialisers).
    pub fn initialisers(&self) -> Vec<Initialiser> {
        let mut calls = self.plan.initialisers();
        calls.retain(|call| self.ids[call.module].is_none());
        calls
    }

    pub(crate) fn placement(&self, module: usize) -> Placement {
        self.plan.layout.placements[module]
    }

    pub(crate) fn block(&self, module: usize) -> Range<u32> {
        self.blocks.get(&module).cloned().unwrap_or_default()
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = (ItemId, u32)> {
        self.slots.iter().map(|(item, slot, _)| (*item, slot.index))
    }

    /// The libraries that a new module needs; those that came because a symbol was wanted too.
    pub(crate) fn needed(&self, module: usize) -> Vec<usize> {
        let mut needed = self.needed.get(&module).cloned().unwrap_or_default();
        if module == self.library {
            let new = self.new_modules().into_iter();
            needed.extend(new.filter(|&other| self.input(other).is_on_demand));
        }
        needed
    }

    /// Whose functions and data a new module uses.
    pub(crate) fn uses(&self, module: usize) -> Vec<usize> {
        let import_targets = self.plan.resolution[module].iter();
        let used = import_targets.filter_map(|target| target.definition()).map(|used| used.module);
        let mut used: Vec<_> = used.filter(|&other| other != module).collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

impl Running {
    /// Takes note of modules that have their places and are instantiated. Returns the number of each, by
    /// its place in the opening.
    pub fn join(&mut self, opening: &Opening) -> BTreeMap<usize, usize> {
        let mut numbers: BTreeMap<_, _> =
            opening.numbers().filter_map(|(module, id)| Some((module, id?))).collect();
        let new = opening.new_modules();
        for &module in &new {
            let free = self.modules.iter().position(Option::is_none);
            let id = free.filter(|id| !numbers.values().any(|n| n == id)).unwrap_or_else(|| {
                self.modules.push(None);
                self.modules.len() - 1
            });
            numbers.insert(module, id);
            let resident = self.resident(
                opening.input(module).clone(),
                opening.placement(module),
                opening.block(module),
                Vec::new(),
                Vec::new(),
            );
            let stays = opening.input(module).is_on_demand;
            self.modules[id] = Some(LoadedModule { stays, ..resident });
        }
        let ids = |modules: Vec<usize>| {
            modules.into_iter().filter_map(|module| numbers.get(&module).copied()).collect()
        };
        for &module in &new {
            let (needed, uses) = (ids(opening.needed(module)), ids(opening.uses(module)));
            if let Some(resident) = self.get_mut(numbers[&module]) {
                (resident.needed, resident.uses) = (needed, uses);
            }
        }
        for (item, slot) in opening.slots() {
            self.slots.insert(ItemId { module: numbers[&item.module], ..item }, slot);
        }
        numbers
    }
}
