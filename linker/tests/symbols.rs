//! Fusing modules that keep their relocations: what is left of their data, and where.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]

mod annotate;

use annotate::{Annotation, annotate};
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};
use proptest::prelude::*;
use wasmparser::{DataKind, Operator, Parser, Payload};

/// The variables `a` to `d` of four bytes each, of which `b` is a pointer to the second byte of
/// `c`. The function that is exported uses `b` and one of two functions in the table.
const MODULE: &str = r#"(module
    (@dylink.0 (mem-info (memory 20 2) (table 2 0)))
    (import "env" "memory" (memory 1))
    (import "env" "__indirect_function_table" (table 2 funcref))
    (import "env" "__memory_base" (global $memory_base i32))
    (import "env" "__table_base" (global $table_base i32))
    (type $nullary (func (result i32)))
    (data (global.get $memory_base) "aaaa\00\00\00\00ccccdddd")
    (elem (global.get $table_base) func $one $two)
    (func $one (result i32) (i32.const 1))
    (func $two (result i32) (i32.load (i32.add (global.get $memory_base) (i32.const 16))))
    (func (export "get") (result i32)
        (i32.add
            (i32.load (i32.add (global.get $memory_base) (i32.const 4)))
            (call_indirect (type $nullary) (i32.add (global.get $table_base) (i32.const 1)))))
    (func (export "__wasm_apply_data_relocs")
        (i32.store (i32.add (global.get $memory_base) (i32.const 4))
            (i32.add (global.get $memory_base) (i32.const 9)))))"#;

fn annotation() -> Annotation {
    Annotation {
        symbols: vec![(0, 4), (4, 4), (8, 4), (12, 4), (16, 4)],
        pointers: vec![(4, 9)],
        ..Annotation::default()
    }
}

fn fuse(module: Vec<u8>, options: &FuseOptions) -> Vec<u8> {
    let input = InputModule::load("module", module).unwrap();
    let set = Set::gather(input, Vec::new(), &mut NoLibraries).unwrap();
    let fused = Plan::new(set).unwrap().fuse(options).unwrap().modules.remove(0).bytes;
    linker::validate("fused", &fused).unwrap();
    fused
}

fn annotated(annotation: &Annotation) -> Vec<u8> {
    annotate(&wat::parse_str(MODULE).unwrap(), annotation)
}

/// Returns the data of a fused module, with its address.
fn data(fused: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(fused) {
        let Payload::DataSection(section) = payload.unwrap() else { continue };
        for data in section {
            let data = data.unwrap();
            let DataKind::Active { offset_expr, .. } = data.kind else { continue };
            let offset = offset_expr.get_operators_reader().read().unwrap();
            let Operator::I32Const { value } = offset else { panic!("{offset:?}") };
            segments.push((value.cast_unsigned(), data.data.to_vec()));
        }
    }
    segments
}

/// Returns the numbers in the code of a fused module.
fn constants(fused: &[u8]) -> Vec<u32> {
    let mut constants = Vec::new();
    for payload in Parser::new(0).parse_all(fused) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        for operator in body.get_operators_reader().unwrap() {
            if let Operator::I32Const { value } = operator.unwrap() {
                constants.push(value.cast_unsigned());
            }
        }
    }
    constants
}

const DATA_START: u32 = 1024 + (8 << 20);

#[test]
fn what_nothing_uses_is_left_out() {
    let fused = fuse(annotated(&annotation()), &FuseOptions::default());
    let pointer = (DATA_START + 4 + 1).to_le_bytes();
    assert_eq!(data(&fused), [(DATA_START, [&pointer, &b"cccc"[..]].concat())]);
    // `two` is in slot 1, and the variable without content comes last.
    assert_eq!(constants(&fused), [DATA_START + 8, DATA_START, 1]);
}

#[test]
fn everything_is_kept_on_request() {
    let all = fuse(annotated(&annotation()), &FuseOptions::default().with_keep_all(true));
    let pointer = (DATA_START + 9).to_le_bytes();
    assert_eq!(data(&all), [(DATA_START, [b"aaaa", &pointer, &b"ccccdddd"[..]].concat())]);
    assert!(constants(&all).starts_with(&[1, DATA_START, 16]));
}

/// Each of these says something that the module does not bear out, so its data stays together.
#[test]
fn symbols_that_do_not_fit_are_ignored() {
    let whole = fuse(wat::parse_str(MODULE).unwrap(), &FuseOptions::default());
    let lies = [
        ("no symbols", Annotation { symbols: Vec::new(), ..annotation() }),
        ("a symbol after the data", Annotation { symbols: vec![(0, 4), (4, 400)], ..annotation() }),
        ("a symbol too long", Annotation { symbols: vec![(0, 4), (4, u32::MAX)], ..annotation() }),
        ("half a pointer", Annotation { symbols: vec![(0, 6), (6, 2), (8, 8)], ..annotation() }),
        ("no pointers", Annotation { pointers: Vec::new(), ..annotation() }),
        ("another target", Annotation { pointers: vec![(4, 8)], ..annotation() }),
        ("another place", Annotation { pointers: vec![(8, 9)], ..annotation() }),
        ("no code", Annotation { without_code: true, ..annotation() }),
        ("another addend", Annotation { code_addend: 1, ..annotation() }),
        ("another offset", Annotation { code_offset: 1, ..annotation() }),
        ("another segment", Annotation { segment: 1, ..annotation() }),
        ("another kind", Annotation { kind: Some(21), ..annotation() }),
        ("an unknown kind", Annotation { kind: Some(99), ..annotation() }),
    ];
    for (lie, annotation) in lies {
        let fused = fuse(annotated(&annotation), &FuseOptions::default().with_strip(true));
        assert_eq!(data(&fused), data(&whole), "{lie}");
        assert_eq!(constants(&fused), constants(&whole), "{lie}");
    }
}

#[test]
fn symbols_that_overlap_stay_together() {
    let overlapping = Annotation { symbols: vec![(0, 4), (2, 4), (4, 4), (8, 8)], ..annotation() };
    let fused = fuse(annotated(&overlapping), &FuseOptions::default());
    let pointer = (DATA_START + 9).to_le_bytes();
    assert_eq!(data(&fused), [(DATA_START, [b"aaaa", &pointer, &b"ccccdddd"[..]].concat())]);
}

/// Bytes that no symbol names are kept, unless they are zero.
#[test]
fn data_without_a_symbol_stays() {
    let unnamed = Annotation { symbols: vec![(4, 4), (8, 4), (16, 4)], ..annotation() };
    let fused = fuse(annotated(&unnamed), &FuseOptions::default());
    let pointer = (DATA_START + 9).to_le_bytes();
    assert_eq!(data(&fused), [(DATA_START, [b"aaaa", &pointer, &b"ccccdddd"[..]].concat())]);
}

#[test]
fn code_that_uses_the_base_by_itself_keeps_all_data() {
    let raw = MODULE.replace(
        "(func $two (result i32) (i32.load (i32.add (global.get $memory_base) (i32.const 16))))",
        "(func $two (result i32) (i32.load offset=8 (global.get $memory_base)))",
    );
    assert_ne!(raw, MODULE);
    let raw = wat::parse_str(raw).unwrap();
    let fused = fuse(annotate(&raw, &annotation()), &FuseOptions::default());
    assert_eq!(data(&fused), data(&fuse(raw, &FuseOptions::default())));
}

/// `__start_section` and `__stop_section` have no size. What is between them are variables of other
/// names.
#[test]
fn the_end_of_a_section_keeps_all_data() {
    let plain = wat::parse_str(MODULE.replace("(i32.const 16)", "(i32.const 12)")).unwrap();
    let symbols = vec![(12, 0), (0, 4), (4, 4), (8, 4), (12, 4), (16, 4)];
    let annotated = annotate(&plain, &Annotation { symbols, ..annotation() });
    let fused = fuse(annotated, &FuseOptions::default());
    assert_eq!(data(&fused), data(&fuse(plain, &FuseOptions::default())));
}

/// Returns a module of `count` variables of four bytes, each of which is a pointer to the next. The
/// last is 7.
fn chain(count: u32) -> String {
    let (last, size) = (4 * (count - 1), 4 * count);
    let zeros = "\\00".repeat(last as usize);
    let stores: String = (0..last)
        .step_by(4)
        .map(|at| {
            let pointer = format!("(i32.add (global.get 0) (i32.const {}))", at + 4);
            format!("(i32.store offset={at} (global.get 0) {pointer})\n")
        })
        .collect();
    format!(
        r#"(module
            (@dylink.0 (mem-info (memory {size} 2)))
            (import "env" "memory" (memory 100))
            (import "env" "__memory_base" (global i32))
            (data (global.get 0) "{zeros}\07\00\00\00")
            (func (export "first") (result i32) (i32.add (global.get 0) (i32.const 0)))
            (func (export "__wasm_apply_data_relocs") {stores}))"#
    )
}

#[test]
fn a_long_chain_of_pointers_is_followed() {
    const COUNT: u32 = 30_000;
    let plain = wat::parse_str(chain(COUNT)).unwrap();
    let annotation = Annotation {
        symbols: (0..COUNT).map(|index| (4 * index, 4)).collect(),
        pointers: (0..COUNT - 1).map(|index| (4 * index, 4 * index + 4)).collect(),
        ..Annotation::default()
    };
    let module = annotate(&plain, &annotation);
    let fused = fuse(module.clone(), &FuseOptions::default());
    let size: usize = data(&fused).iter().map(|(_, bytes)| bytes.len()).sum();
    // The last bytes are zero, and not written.
    assert_eq!(size, 4 * COUNT as usize - 3);
    let input = InputModule::load("module", module).unwrap();
    let plan = Plan::new(Set::gather(input, Vec::new(), &mut NoLibraries).unwrap()).unwrap();
    let last = format!("symbol{}", COUNT - 1);
    let why = plan.why_kept(&last, &FuseOptions::default()).unwrap();
    assert_eq!(why.len(), 1 + COUNT as usize);
}

/// A million symbols are more than the linker follows. It still writes a program that is right.
#[test]
fn a_million_symbols_are_bounded() {
    const COUNT: u32 = 1_000_000;
    let text = format!(
        r#"(module
            (@dylink.0 (mem-info (memory {COUNT} 0)))
            (import "env" "memory" (memory 100))
            (import "env" "__memory_base" (global i32))
            (data (global.get 0) "{}")
            (func (export "first") (result i32)
                (i32.load8_u (i32.add (global.get 0) (i32.const 0)))))"#,
        "x".repeat(COUNT as usize),
    );
    let plain = wat::parse_str(text).unwrap();
    for (count, left) in [(COUNT / 10, 1 + COUNT - COUNT / 10), (COUNT, COUNT)] {
        let symbols = (0..count).map(|index| (index, 1)).collect();
        let annotation = Annotation { symbols, ..Annotation::default() };
        let fused = fuse(annotate(&plain, &annotation), &FuseOptions::default());
        let size: usize = data(&fused).iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(size, left as usize, "{count} symbols");
    }
}

/// A global whose initial value is an address does not say which variable it means.
#[test]
fn a_global_that_holds_an_address_keeps_all_data() {
    let value = "(global $held i32 (i32.add (global.get $memory_base) (i32.const 12)))
        (func $two (result i32) (i32.load (global.get $held)))";
    let raw = MODULE.replace(
        "(func $two (result i32) (i32.load (i32.add (global.get $memory_base) (i32.const 16))))",
        value,
    );
    assert_ne!(raw, MODULE);
    let raw = wat::parse_str(raw).unwrap();
    let fused = fuse(annotate(&raw, &annotation()), &FuseOptions::default());
    assert_eq!(data(&fused), data(&fuse(raw, &FuseOptions::default())));
}

/// What such a module does depends on where its data is, or on the order of its relocations.
#[test]
fn modules_that_no_linker_writes_keep_all_data() {
    let relocation = "(i32.store (i32.add (global.get $memory_base) (i32.const 4))";
    let overlapping = relocation.replace('4', "6") + " (i32.const 0))";
    let module = MODULE.replace("(i32.const 16)", "(i32.const 8)");
    for text in [
        module.replace("(memory 20 2)", "(memory 12 2)"),
        module.replace(relocation, &(overlapping + relocation)),
    ] {
        assert_ne!(text, module);
        let plain = wat::parse_str(text).unwrap();
        let symbols = vec![(0, 4), (4, 8)];
        let annotated = annotate(&plain, &Annotation { symbols, ..annotation() });
        let fused = fuse(annotated, &FuseOptions::default());
        assert_eq!(data(&fused), data(&fuse(plain, &FuseOptions::default())));
    }
}

/// Nothing says how data without a name is aligned, so it stays as aligned as it was. So does a
/// variable inside of what symbols that overlap name.
#[test]
fn data_inside_a_piece_stays_aligned() {
    let module = |load: &str| {
        let text = format!(
            r#"(module
                (@dylink.0 (mem-info (memory 16 3)))
                (import "env" "memory" (memory 1))
                (import "env" "__memory_base" (global $memory_base i32))
                (data (global.get $memory_base) "aaaab\00\00\00cccccccc")
                (func (export "get") (result i32)
                    (drop (i32.load8_u (i32.add (global.get $memory_base) (i32.const 4))))
                    {load}))"#
        );
        wat::parse_str(text).unwrap()
    };
    let inside = "(i32.load (i32.add (global.get $memory_base) (i32.const 8)))";
    for (load, symbols) in
        [("(i32.const 0)", vec![(0, 4), (4, 1)]), (inside, vec![(0, 4), (4, 1), (5, 11), (8, 8)])]
    {
        let annotation = Annotation { symbols, ..Annotation::default() };
        let fused = fuse(annotate(&module(load), &annotation), &FuseOptions::default());
        let inside = data(&fused).into_iter().find_map(|(address, bytes)| {
            let offset = bytes.windows(8).position(|window| window == b"cccccccc")?;
            assert!(!bytes.starts_with(b"aaaa"), "the first variable is left out");
            Some(address + offset as u32)
        });
        assert_eq!(inside.unwrap() % 8, 0);
    }
}

#[test]
fn a_function_and_its_cause_are_explained() {
    let input = InputModule::load("module", annotated(&annotation())).unwrap();
    let plan = Plan::new(Set::gather(input, Vec::new(), &mut NoLibraries).unwrap()).unwrap();
    let options = FuseOptions::default();
    let chain = plan.why_kept("symbol2", &options).unwrap();
    assert_eq!(chain, ["module: function 2", "module: symbol1", "module: symbol2"]);
    assert!(plan.why_kept("symbol3", &options).unwrap().is_empty());
    let sizes = plan.fuse(&options).unwrap().modules[0].sizes(plan.set());
    let data: Vec<_> = sizes.modules[0].symbols.iter().filter(|size| size.data > 0).collect();
    let names: Vec<_> = data.iter().map(|size| (size.symbol.as_deref(), size.data)).collect();
    assert_eq!(names, [(Some("symbol1"), 4), (Some("symbol2"), 4)]);
}

proptest! {
    /// Sections of any content are answered, and the result is valid.
    #[test]
    fn any_symbols_are_answered(
        symbols in prop::collection::vec((0_u32..24, 0_u32..12), 0..8),
        pointers in prop::collection::vec((0_u32..20, 0_u32..20), 0..3),
        code_addend in 0_i32..2,
        code_offset in 0_u32..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let annotation =
            Annotation { symbols, pointers, code_addend, code_offset, ..Annotation::default() };
        let plain = wat::parse_str(MODULE).unwrap();
        let mut module = annotate(&plain, &annotation);
        for (at, value) in changes {
            let at = plain.len() + at.index(module.len() - plain.len());
            module[at] = value;
        }
        if InputModule::load("module", module.clone()).is_ok() {
            fuse(module, &FuseOptions::default());
        }
    }
}
