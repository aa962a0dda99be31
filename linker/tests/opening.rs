//! Libraries that join a program and leave it again, without an engine: which place each thing is given, who is
//! meant by a name, and who leaves when.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]
#![allow(clippy::single_range_in_vec_init, reason = "slots are ranges, and often there is one")]

mod limited;

use std::collections::BTreeMap;

use limited::Limited;
use linker::dynamic::{Assigned, LoadedFunction, LoadedSymbol, ModuleId, Opening, Running};
use linker::{Fault, FuseOptions, InputModule, LibrarySource, NoLibraries, Plan, Set, module_name};

/// Slots 0 and 1 of its part of the table are `first` and `second`; `third` has none.
const PROGRAM: &str = r#"(module
    (@dylink.0 (mem-info (memory 16 4) (table 2 0)))
    (import "env" "memory" (memory 1))
    (import "env" "__indirect_function_table" (table 2 funcref))
    (import "env" "__memory_base" (global $memory_base i32))
    (import "env" "__table_base" (global $table_base i32))
    (elem (global.get $table_base) func $first $second)
    (func $first (export "first"))
    (func $second (export "second"))
    (func (export "third"))
    (global (export "here") i32 (i32.const 0))
    (global (export "there") i32 (i32.const 8)))"#;

/// Needs `right`, which needs it too. Its own element segment has `mine` at 1; `more` has no slot.
const LEFT: &str = r#"(module
    (@dylink.0 (mem-info (memory 20 3) (table 2 0)) (needed "right.wasm"))
    (import "env" "memory" (memory 1))
    (import "env" "__indirect_function_table" (table 2 funcref))
    (import "env" "__memory_base" (global $memory_base i32))
    (import "env" "__table_base" (global $table_base i32))
    (import "GOT.func" "second" (global (mut i32)))
    (import "GOT.func" "third" (global (mut i32)))
    (import "GOT.func" "mine" (global (mut i32)))
    (import "GOT.func" "more" (global (mut i32)))
    (import "GOT.mem" "there" (global (mut i32)))
    (import "GOT.mem" "x" (global (mut i32)))
    (import "env" "back" (func (param i32)))
    (elem (global.get $table_base) func $none $mine)
    (func $none)
    (func $mine (export "mine"))
    (func (export "more"))
    (func (export "go") (result i32) (i32.const 1))
    (func (export "__wasm_apply_data_relocs"))
    (func (export "__wasm_call_ctors"))
    (global (export "x") i32 (i32.const 4))
    (global (export "first") i32 (i32.const 12)))"#;

const RIGHT: &str = r#"(module
    (@dylink.0 (mem-info (memory 5 0)) (needed "left.wasm"))
    (import "env" "memory" (memory 1))
    (import "env" "go" (func (result i32)))
    (import "env" "host" (func (param i64)))
    (func (export "back") (param i32))
    (func (export "__wasm_call_ctors"))
    (global (export "there") i32 (i32.const 0)))"#;

/// The program is the first module.
const PROGRAM_ID: ModuleId = ModuleId::from_index(0);

struct Texts;

impl LibrarySource for Texts {
    fn needed(&mut self, file: &str, by: &InputModule) -> Result<InputModule, Fault> {
        match module_name(file) {
            name @ "left" => Ok(input(name, LEFT)),
            name @ "right" => Ok(input(name, RIGHT)),
            _ => NoLibraries.needed(file, by),
        }
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

fn input(name: &str, text: &str) -> InputModule {
    InputModule::load(name, wat::parse_str(text).unwrap()).unwrap()
}

fn started() -> Running {
    let set = Set::gather(input("program", PROGRAM), Vec::new(), &mut NoLibraries).unwrap();
    Running::new(&Plan::new(set).unwrap())
}

/// How `left` joins, with `right`, and where: their data, their slots, and those of the program's functions.
fn opened(running: &Running) -> Opening {
    let has = |import: &linker::Import| import.name == "host";
    let mut opening = running.open(input("left", LEFT), &mut Texts, &has).unwrap();
    let given = [(1, (5000, 50)), (2, (6000, 60))];
    let given = given
        .map(|(module, (memory_base, table_base))| (module, Assigned { memory_base, table_base }));
    opening.assign(&BTreeMap::from(given), 70);
    opening
}

fn names<'a, M: Copy>(modules: &[M], input: impl Fn(M) -> &'a InputModule) -> Vec<&'a str> {
    modules.iter().map(|&module| input(module).module.name.as_str()).collect()
}

#[test]
fn a_library_joins_with_what_it_needs() {
    let running = started();
    let opening = opened(&running);
    assert_eq!(opening.library(), 1);
    assert_eq!(
        opening.modules().collect::<Vec<_>>(),
        [(0, Some(PROGRAM_ID)), (1, None), (2, None)]
    );
    // Of a cycle the one that was found last comes first.
    let new = opening.new_modules();
    assert_eq!(names(&new, |module| opening.input(module)), ["right", "left"]);
    let rooms = new.iter().map(|&module| {
        let room = opening.memory_request(module);
        (room.memory_size, u64::from(room.memory_alignment), room.table_size)
    });
    // `more`, and `go`, which `right` calls before it is there, have slots behind those of the elements.
    assert_eq!(rooms.collect::<Vec<_>>(), [(5, 1, 0), (20, 8, 4)]);
    assert_eq!(opening.other_slots(), 1);
    assert_eq!(opening.taken_slots(), [50..54, 70..71]);
    let calls = opening.initialisers();
    let calls: Vec<_> = calls.iter().map(|call| (call.module, call.name.as_str())).collect();
    let constructors = "__wasm_call_ctors";
    assert_eq!(calls, [(1, "__wasm_apply_data_relocs"), (2, constructors), (1, constructors)]);
}

#[test]
fn every_import_has_its_number() {
    let running = started();
    let opening = opened(&running);
    let Some(LoadedSymbol::Function(LoadedFunction { slot: Some(second), .. })) =
        running.symbol("second")
    else {
        panic!("`second` has a slot");
    };
    let Some(LoadedSymbol::Data(there)) = running.symbol("there") else {
        panic!("`there` is data")
    };
    let numbers: Vec<_> = (2..10).filter_map(|import| opening.import_value(1, import)).collect();
    assert_eq!(numbers, [5000, 50, second, 70, 51, 52, there, 5004]);
    // A call of a module that comes later goes through its slot.
    assert_eq!(opening.import_value(2, 1), Some(53));
    let filled: Vec<_> = opening.filled_slots().collect();
    assert_eq!(filled, [(70, 0, "third"), (52, 1, "more"), (53, 1, "go")]);
}

#[test]
fn code_is_the_same_wherever_it_will_lie() {
    let running = started();
    let (one, mut other) = (opened(&running), opened(&running));
    let elsewhere = Assigned { memory_base: 9000, table_base: 90 };
    other.assign(&BTreeMap::from([(1, elsewhere), (2, elsewhere)]), 100);
    for module in [1, 2] {
        let (one, other) = (one.bind(module).unwrap(), other.bind(module).unwrap());
        linker::validate("bound", &one.bytes).unwrap();
        assert_eq!((one.bytes, one.imports), (other.bytes, other.imports));
    }
    assert_eq!(one.bind_key(1), one.bind_key(1));
    assert_ne!(one.bind_key(1), one.bind_key(2));
    assert_ne!(one.bind_key(1), other.bind_key(1), "of other bytes, though they are equal");
}

#[test]
fn code_that_changes_an_address_is_refused() {
    let text = LEFT.replace(
        r#"(func (export "more"))"#,
        r#"(func (export "more") (global.set 6 (i32.const 0)))"#,
    );
    assert_ne!(text, LEFT);
    let running = started();
    let has = |import: &linker::Import| import.name == "host";
    let opening = running.open(input("left", &text), &mut Texts, &has).unwrap();
    let message = opening.bind(opening.library()).unwrap_err().to_string();
    assert!(message.contains("assigns to an address that the linker settles"), "{message}");
}

#[test]
fn names_are_looked_up_in_order() {
    let mut running = started();
    let opening = opened(&running);
    let numbers = running.join(&opening);
    let (left, right) = (numbers[&1], numbers[&2]);
    assert_eq!(
        names(&[PROGRAM_ID, left, right], |id| running.input(id).unwrap()),
        ["program", "left", "right"]
    );
    assert_eq!((running.named("right"), running.named("other")), (Some(right), None));
    assert_eq!(
        (running.started_with("program"), running.started_with("right")),
        (Some(PROGRAM_ID), None)
    );
    assert!(running.is_program("program") && !running.is_program("left"));
    // Only those who have opened it see what it defines.
    assert_eq!(running.symbol("x"), None);
    assert_eq!(running.symbol_of(left, "x"), Some(LoadedSymbol::Data(5004)));
    assert_eq!(running.symbol_of(left, "there"), Some(LoadedSymbol::Data(6000)));
    let function = |symbol| match symbol {
        Some(LoadedSymbol::Function(function)) => (function.module, function.slot),
        other => panic!("no function: {other:?}"),
    };
    assert_eq!(function(running.symbol("third")), (PROGRAM_ID, Some(70)));
    assert_eq!(function(running.symbol_of(left, "mine")), (left, Some(51)));
    assert_eq!(function(running.symbol_of(left, "back")), (right, None));
    assert_eq!(running.symbol_after(PROGRAM_ID, "first"), None);
    running.make_global(left);
    assert_eq!(running.symbol("x"), Some(LoadedSymbol::Data(5004)));
    assert_eq!(running.symbol_after(PROGRAM_ID, "first"), Some(LoadedSymbol::Data(5012)));
    assert_eq!(running.symbol_after(left, "there"), Some(LoadedSymbol::Data(6000)));
    assert_eq!(running.symbol_after(right, "there"), None);
}

#[test]
fn addresses_and_slots_are_found_again() {
    let mut running = started();
    let opening = opened(&running);
    let numbers = running.join(&opening);
    let (left, right) = (numbers[&1], numbers[&2]);
    let place = |address| {
        let place = running.address_info(address)?;
        Some((place.module, place.base, place.symbol))
    };
    assert_eq!(place(5003), Some((left, 5000, None)));
    assert_eq!(place(5011), Some((left, 5000, Some(("x", 5004)))));
    assert_eq!(place(5019), Some((left, 5000, Some(("first", 5012)))));
    assert_eq!(place(5020), None);
    assert_eq!(place(6004), Some((right, 6000, Some(("there", 6000)))));
    assert_eq!(
        place(70).map(|(module, _, symbol)| (module, symbol)),
        Some((PROGRAM_ID, Some(("third", 70))))
    );
    // One that its module does not export has no name.
    assert_eq!(place(50), Some((left, 5000, None)));
    assert_eq!(place(51), Some((left, 5000, Some(("mine", 51)))));
    assert_eq!(running.block(left), Some((5000, 50..54)));
}

#[test]
fn a_cycle_leaves_when_its_last_user_does() {
    let mut running = started();
    let opening = opened(&running);
    let numbers = running.join(&opening);
    let (left, right) = (numbers[&1], numbers[&2]);
    let handle = running.open_again(left);
    assert_eq!(running.open_again(left), handle);
    assert_ne!(running.open_again(right), handle);
    assert_eq!(running.of_handle(handle), Some(left));
    running.close(left);
    running.close(left);
    // `right` has a user still, and needs it.
    assert_eq!((running.of_handle(handle), running.leaving()), (None, vec![]));
    running.close(right);
    running.close(right);
    // Who joined last leaves first.
    assert_eq!(running.leaving(), [left, right]);
    assert_eq!(running.leave(left).slots, [50..54]);
    assert_eq!((running.input(left).map(|_| ()), running.named("left")), (None, None));
    assert_eq!(running.leave(left).slots, []);
    assert_eq!(running.leaving(), [right]);
    assert_eq!(running.leave(right).slots, []);
    assert_eq!(running.leaving(), []);
    // The next ones have their numbers.
    let opening = opened(&running);
    let again = running.join(&opening);
    assert_eq!(again.values().max(), Some(&ModuleId::from_index(2)));
    running.keep(again[&1]);
    assert_eq!(running.leaving(), []);
}

/// It is found in what everybody sees, so nobody names it as needed.
#[test]
fn what_is_used_stays() {
    let mut running = started();
    let opening = opened(&running);
    let numbers = running.join(&opening);
    let left = numbers[&1];
    running.open_again(left);
    running.make_global(left);
    // This one uses nothing, and keeps nothing.
    let alone = input("alone", "(module (@dylink.0 (mem-info)))");
    let alone = running.open(alone, &mut NoLibraries, &|_| false).unwrap();
    assert_eq!(alone.other_slots(), 0);
    let alone = running.join(&alone)[&alone.library()];
    running.open_again(alone);
    let user = r#"(module (@dylink.0 (mem-info))
        (import "env" "go" (func (result i32)))
        (func (export "user")))"#;
    let mut opening = running.open(input("user", user), &mut Texts, &|_| false).unwrap();
    let library = opening.library();
    let given = Assigned { memory_base: 7000, table_base: 0 };
    opening.assign(&BTreeMap::from([(library, given)]), 0);
    let user = running.join(&opening)[&library];
    let handle = running.open_again(user);
    running.close(left);
    assert_eq!(running.leaving(), []);
    assert_eq!(running.of_handle(handle), Some(user));
    running.close(user);
    assert_eq!(running.leaving(), [user, numbers[&1], numbers[&2]]);
}

#[test]
fn a_system_library_joins_when_a_symbol_of_it_is_wanted_and_stays() {
    struct Libc;
    impl LibrarySource for Libc {
        fn needed(&mut self, file: &str, by: &InputModule) -> Result<InputModule, Fault> {
            Texts.needed(file, by)
        }

        fn system(&mut self, file: &str) -> Option<InputModule> {
            let text = r#"(module (@dylink.0 (mem-info (memory 4 0)))
                (func (export "abs") (param i32) (result i32) (i32.const 0)))"#;
            (file == "libc.wasm").then(|| input("libc", text))
        }
    }
    let mut running = started();
    let user = r#"(module (@dylink.0 (mem-info) (needed "left.wasm"))
        (import "env" "abs" (func (param i32) (result i32))))"#;
    let has = |import: &linker::Import| import.name == "host";
    let mut opening = running.open(input("user", user), &mut Libc, &has).unwrap();
    let set = opening.set().inputs.iter().map(|input| input.module.name.as_str());
    // What it uses is never of a library that may leave before it.
    assert_eq!(set.collect::<Vec<_>>(), ["program", "libc", "user", "left", "right"]);
    assert_eq!(opening.library(), 2);
    let given = (1..5).map(|n| (n, Assigned { memory_base: 1000 * n as u32, table_base: 50 }));
    opening.assign(&given.collect(), 70);
    let numbers = running.join(&opening);
    let leaving = running.leaving();
    assert!(!leaving.contains(&numbers[&1]) && leaving.len() == 3, "{leaving:?}");
    // Nobody names it as needed, but who asks the library for a symbol of it finds that.
    assert!(running.symbol_of(numbers[&2], "abs").is_some());
    assert_eq!(running.symbol_of(numbers[&3], "abs"), None);
    // It is there now, and not asked for again.
    let again = running.open(input("again", user), &mut Libc, &has).unwrap();
    assert!(again.modules().any(|(_, number)| number == Some(numbers[&1])));
}

#[test]
fn a_file_and_an_export_are_found() {
    let file = std::path::Path::new("/a/program.wasm");
    let mut program = input("program", PROGRAM);
    program.file = Some(file.to_owned());
    let set = Set::gather(program, Vec::new(), &mut NoLibraries).unwrap();
    let mut running = Running::new(&Plan::new(set).unwrap());
    assert_eq!(running.of_file(file), Some(PROGRAM_ID));
    assert_eq!(running.of_file("/b/program.wasm".as_ref()), None);
    let third = |running: &Running| match running.symbol("third") {
        Some(LoadedSymbol::Function(function)) => function,
        other => panic!("no function: {other:?}"),
    };
    let function = third(&running);
    assert_eq!((function.slot, running.export_name(function)), (None, Some("third")));
    running.set_slot(function, 33);
    assert_eq!(third(&running).slot, Some(33));
}

#[test]
fn a_slot_that_was_given_later_is_emptied_too() {
    let mut running = started();
    let opening = opened(&running);
    let numbers = running.join(&opening);
    let right = numbers[&2];
    let Some(LoadedSymbol::Function(back)) = running.symbol_of(right, "back") else {
        panic!("`back` is a function");
    };
    running.set_slot(back, 90);
    assert_eq!(running.leave(right).slots, [90..91]);
}

/// Three libraries, each of which needs the next.
struct Chain;

impl LibrarySource for Chain {
    fn needed(&mut self, file: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let text = match module_name(file) {
            "first" => r#"(module (@dylink.0 (mem-info) (needed "second.wasm")))"#,
            "second" => r#"(module (@dylink.0 (mem-info) (needed "third.wasm")))"#,
            "third" => {
                r#"(module (@dylink.0 (mem-info (memory 4 0)))
                    (global (export "deep") i32 (i32.const 0)))"#
            }
            _ => return NoLibraries.needed(file, by),
        };
        Ok(input(module_name(file), text))
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

#[test]
fn a_chain_is_followed_to_its_end_and_what_runs_is_not_asked_for_again() {
    let mut running = started();
    let first = Chain.needed("first.wasm", &input("program", PROGRAM)).unwrap();
    let mut opening = running.open(first, &mut Chain, &|_| false).unwrap();
    let given = (1..4).map(|n| (n, Assigned { memory_base: 1000 * n as u32, table_base: 50 }));
    opening.assign(&given.collect(), 70);
    let numbers = running.join(&opening);
    assert_eq!(running.symbol_of(numbers[&1], "deep"), Some(LoadedSymbol::Data(3000)));
    let user = r#"(module (@dylink.0 (mem-info) (needed "first.wasm")))"#;
    let opening = running.open(input("user", user), &mut NoLibraries, &|_| false).unwrap();
    assert_eq!(opening.new_modules(), [opening.library()]);
}

#[test]
fn what_a_program_is_made_of_is_known_by_its_names() {
    let library = r#"(module (@dylink.0 (mem-info)) (func (export "of_library")))"#;
    let set =
        Set::gather(input("program", PROGRAM), vec![input("part", library)], &mut NoLibraries);
    let options = FuseOptions::default().with_dynamic(true);
    let fused = Plan::new(set.unwrap()).unwrap().fuse(&options).unwrap();
    let fused = InputModule::load("fused", fused.modules[0].bytes.clone()).unwrap();
    let set = Set::gather(fused, Vec::new(), &mut NoLibraries).unwrap();
    let running = Running::new(&Plan::new(set).unwrap());
    assert_eq!(running.program(), PROGRAM_ID);
    for name in ["fused", "program", "part"] {
        assert_eq!(running.named(name), Some(PROGRAM_ID), "{name}");
        assert_eq!(running.is_program(name), name != "part", "{name}");
    }
    assert_eq!(running.named("other"), None);
    let user = r#"(module (@dylink.0 (mem-info) (needed "part.wasm"))
        (import "env" "of_library" (func)))"#;
    let opening = running.open(input("user", user), &mut NoLibraries, &|_| false).unwrap();
    assert_eq!(opening.new_modules(), [opening.library()]);
}

#[test]
fn the_program_need_not_be_the_first() {
    let main = r#"(module
        (memory (export "memory") 1)
        (table (export "__indirect_function_table") 1 funcref)
        (global (export "__stack_pointer") (mut i32) (i32.const 1024))
        (global (export "__heap_base") i32 (i32.const 2048))
        (global (export "__heap_end") i32 (i32.const 65536)))"#;
    let set = Set::gather(input("program", PROGRAM), vec![input("main", main)], &mut NoLibraries);
    let running = Running::new(&Plan::new(set.unwrap()).unwrap());
    assert_eq!(running.program(), ModuleId::from_index(1));
    assert!(running.is_program("program") && !running.is_program("main"));
}

#[test]
fn a_function_of_the_host_is_taken_at_its_type_only() {
    let running = started();
    let has =
        |import: &linker::Import| import.name == "given" && import.ty.to_string() == "(i32) -> ()";
    let open = |imports: &str| {
        let text = format!("(module (@dylink.0 (mem-info)) {imports})");
        running.open(input("user", &text), &mut NoLibraries, &has).map(|_| ())
    };
    let given = r#"(import "env" "given" (func (param i32)))"#;
    assert!(open(given).is_ok());
    let other_type = r#"(import "env" "given" (func (param i64)))"#;
    let other_name = r#"(import "env" "other" (func (param i32)))"#;
    for other in [other_type, other_name] {
        let faults = open(&[given, other].concat()).unwrap_err();
        assert_eq!(faults.as_slice().len(), 1, "{faults}");
    }
}

#[test]
fn symbols_of_all_that_takes_part_are_counted() {
    let running = started();
    let open = |max_symbols| {
        let user =
            r#"(module (@dylink.0 (mem-info)) (import "env" "first" (func)) (func (export "f")))"#;
        running.open(input("user", user), &mut Limited(max_symbols), &|_| false).map(|_| ())
    };
    // Nine of the program, and two.
    assert_eq!(open(11), Ok(()));
    assert_eq!(open(10), Err(Fault::TooManySymbols { symbols: 11, limit: 10 }.into()));
}

#[test]
fn slots_that_are_free_are_given_again() {
    let mut running = started();
    assert_eq!(running.take_slots(3, 1, 10), Some(10..13));
    // What lies between is free for others.
    assert_eq!(running.take_slots(2, 8, 13), Some(16..18));
    assert_eq!(running.take_slots(4, 1, 18), Some(18..22));
    assert_eq!(running.take_slots(3, 1, 22), Some(13..16));
    running.give_slots(16..18);
    running.give_slots(10..13);
    running.give_slots(13..16);
    // They are one again, and what is left of it stays free.
    assert_eq!(running.take_slots(7, 1, 22), Some(10..17));
    assert_eq!(running.take_slots(1, 1, 22), Some(17..18));
    running.give_slots(18..22);
    running.forget_slots_from(20);
    assert_eq!(running.take_slots(3, 1, 20), Some(20..23));
    assert_eq!(running.take_slots(2, 1, 23), Some(18..20));
    // The table has an end.
    assert_eq!(running.take_slots(1, 1, 10_000_000), None);
    assert_eq!(running.take_slots(1, 1, 9_999_999), Some(9_999_999..10_000_000));
    assert_eq!(running.take_slots(u32::MAX, 1, 23), None);
}

#[test]
fn all_that_is_wrong_is_told_and_nothing_has_changed() {
    let running = started();
    let open = |text: &str| running.open(input("new", text), &mut Texts, &|_| false).unwrap_err();
    let text = r#"(module
        (@dylink.0 (mem-info) (needed "nowhere.wasm"))
        (import "env" "first" (func (param i32)))
        (import "env" "unknown" (func)))"#;
    assert!(open(text).to_string().contains("nowhere.wasm"));
    let faults = open(&text.replace(r#"(needed "nowhere.wasm")"#, "")).to_string();
    let lines: Vec<_> = faults.lines().collect();
    assert!(lines[0].starts_with("`new` needs `env.first`: expected (i32) -> ()"), "{faults}");
    assert!(lines[1].starts_with("`new` needs `env.unknown`: () -> ()"), "{faults}");
    assert!(open("(module)").to_string().contains("is no shared library"));
}
