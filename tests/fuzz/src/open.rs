//! Any program that opens and closes libraries: each has its own slots while it is open, the code
//! written for it is valid, and once none is in use, only those that must stay are left.

use std::collections::BTreeMap;
use std::ops::Range;

use linker::dynamic::{Assigned, ModuleId, Opening, Running};
use linker::{ExternType, InputModule, LibrarySource, Plan};

use super::modules::{Input, Role, check_text, host_has, is_refused};
use super::plan::check_faults;

pub fn run(data: &[u8]) {
    let mut input = Input::read(data);
    let is_valid = input.is_valid();
    let mut modules = input.modules.into_iter();
    let program = modules.next();
    // The first is the program, and the others that would be linked with it are opened.
    let (libraries, others): (Vec<_>, Vec<_>) = modules.partition(|given| given.role == Role::Link);
    input.modules = program.into_iter().chain(others).collect();
    let Some(Ok(plan)) = input.gather().map(|set| set.and_then(Plan::new)) else { return };
    let mut process = Process::new(&plan, is_valid);
    let mut shelf = input.shelf();
    for library in libraries {
        if let Ok(input) = InputModule::load(library.name, library.bytes) {
            process.open(input, &mut shelf);
        }
    }
    process.close_all(&mut shelf);
}

struct Process {
    running: Running,
    /// True if the code of all modules is valid.
    is_valid: bool,
    started: usize,
    table_size: u32,
    /// The slots that are taken.
    taken: Vec<Range<u32>>,
    memory_end: u32,
    /// So many numbers modules have had.
    joined: usize,
    open: Vec<ModuleId>,
}

impl Process {
    fn new(plan: &Plan, is_valid: bool) -> Self {
        Process {
            running: Running::new(plan),
            is_valid,
            started: plan.set().inputs.len(),
            table_size: 100,
            taken: Vec::new(),
            memory_end: 1 << 16,
            joined: 0,
            open: Vec::new(),
        }
    }

    fn open(&mut self, input: InputModule, shelf: &mut dyn LibrarySource) {
        let mut opening = match self.running.open(input, shelf, &host_has) {
            Ok(opening) => opening,
            Err(faults) => return check_faults(&faults),
        };
        self.check_code(&opening);
        if self.place(&mut opening).is_none() {
            return;
        }
        self.check_slots(&opening);
        let numbers = self.running.join(&opening);
        self.joined = self.joined.max(numbers.values().max().map_or(0, |id| id.index() + 1));
        let library = numbers[&opening.library()];
        let handle = self.running.open_again(library);
        assert_eq!(self.running.of_handle(handle), Some(library));
        if library.index().is_multiple_of(2) {
            self.running.make_global(library);
        }
        self.open.push(library);
        self.look_up(&opening, &numbers);
    }

    fn check_code(&self, opening: &Opening) {
        for module in opening.new_modules() {
            match (opening.bind(module), opening.bind(module)) {
                (Ok(bound), Ok(again)) => {
                    assert_eq!(bound.bytes, again.bytes, "the same opening becomes other modules");
                    if self.is_valid {
                        linker::validate("bound", &bound.bytes).expect("what is bound is valid");
                    }
                }
                (Err(error), Err(_)) => {
                    check_text(&error.to_string());
                    assert!(!self.is_valid || is_refused(&error), "valid modules, but {error}");
                }
                (one, other) => panic!("{one:?}, and then {other:?}"),
            }
        }
    }

    /// Gives each module its place, as far as there is room.
    fn place(&mut self, opening: &mut Opening) -> Option<()> {
        let mut given = BTreeMap::new();
        for module in opening.new_modules() {
            let room = opening.memory_request(module);
            let alignment = u32::try_from(u64::from(room.memory_alignment)).ok()?;
            let memory_base = self.memory_end.checked_next_multiple_of(alignment)?;
            self.memory_end = memory_base.checked_add(room.memory_size)?;
            let slots = self.take(room.table_size, room.table_alignment.into())?;
            given.insert(module, Assigned { memory_base, table_base: slots.start });
        }
        let others = self.take(opening.other_slots(), 1)?;
        opening.assign(&given, others.start);
        Some(())
    }

    fn take(&mut self, count: u32, alignment: u64) -> Option<Range<u32>> {
        let slots = self.running.take_slots(count, alignment, self.table_size)?;
        assert_eq!(slots.end - slots.start, count);
        assert_eq!(u64::from(slots.start) % alignment, 0, "{slots:?} are not aligned");
        let overlap = self.taken.iter().find(|t| t.start < slots.end && slots.start < t.end);
        assert!(slots.is_empty() || overlap.is_none(), "{slots:?} are taken: {overlap:?}");
        self.table_size = self.table_size.max(slots.end);
        self.taken.push(slots.clone());
        Some(slots)
    }

    /// Of slots that were taken together some may be given back earlier than others.
    fn give_back(&mut self, slots: &Range<u32>) {
        let has_them = |taken: &Range<u32>| taken.start <= slots.start && slots.end <= taken.end;
        let known = self.taken.iter().position(has_them);
        let known = known.unwrap_or_else(|| panic!("{slots:?} were not taken"));
        let taken = self.taken.remove(known);
        let left = [taken.start..slots.start, slots.end..taken.end];
        self.taken.extend(left.into_iter().filter(|slots| !slots.is_empty()));
    }

    fn check_slots(&self, opening: &Opening) {
        let taken = opening.taken_slots();
        for (slot, module, name) in opening.filled_slots() {
            assert!(taken.iter().any(|range| range.contains(&slot)), "{slot} is somebody else's");
            assert!(
                opening.input(module).module.export(name).is_some(),
                "`{name}` is not exported"
            );
        }
    }

    fn look_up(&self, opening: &Opening, numbers: &BTreeMap<usize, ModuleId>) {
        for module in opening.new_modules() {
            let (input, id) = (opening.input(module), numbers[&module]);
            for import in 0..input.module.imports.len() {
                let _ = opening.import_value(module, import);
            }
            for name in input.symbols().take(8) {
                let _ = (self.running.symbol(name), self.running.symbol_after(id, name));
                let export = input.module.export(name).map(|export| &export.ty);
                let found = self.running.symbol_of(id, name);
                assert!(
                    found.is_some() || !matches!(export, Some(ExternType::Func(_))),
                    "`{name}` is lost"
                );
            }
        }
        for address in [0, 100, self.memory_end, u32::MAX] {
            let _ = self.running.address_info(address);
        }
    }

    fn close_all(&mut self, shelf: &mut dyn LibrarySource) {
        for library in std::mem::take(&mut self.open) {
            self.running.close(library);
            while let Some(&module) = self.running.leaving().first() {
                for slots in self.running.leave(module).slots {
                    self.give_back(&slots);
                }
            }
        }
        let ids = (self.started..self.joined).map(ModuleId::from_index);
        for input in ids.filter_map(|id| self.running.input(id)) {
            let name = &input.module.name;
            assert!(shelf.system(name).is_some(), "`{name}` stays, which nobody uses");
        }
    }
}
