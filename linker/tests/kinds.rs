//! What tells a module's kind, and how its `dylink.0` or `dylink` section is read.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]

use linker::{InputLimits, Kind, LoadError, Module};

fn kind(text: &str) -> Kind {
    Module::load("module", &wat::parse_str(text).unwrap()).unwrap().kind
}

#[test]
fn a_module_at_fixed_addresses_is_a_main() {
    let imports = r#"(import "env" "memory" (memory 1))"#;
    let base = r#"(import "env" "__memory_base" (global $base i32))"#;
    let data = r#"(data (i32.const 1024) "data")"#;
    let lent = r#"(memory (export "memory") 1)"#;
    for (parts, expected) in [
        (vec![], Kind::SharedLibrary),
        (vec![imports], Kind::SharedLibrary),
        (vec![imports, r#"(data (i32.const 1024) "")"#], Kind::SharedLibrary),
        (vec![imports, r#"(data "passive")"#], Kind::SharedLibrary),
        (vec![imports, base, r#"(data (global.get $base) "data")"#], Kind::SharedLibrary),
        (vec![imports, base, data], Kind::SharedLibrary),
        // Its memory is nobody else's.
        (vec!["(memory 1)", data], Kind::SharedLibrary),
        (vec![imports, data], Kind::Main),
        (vec![lent], Kind::Main),
        (vec![lent, data], Kind::Main),
    ] {
        let text = format!("(module (@dylink.0 (mem-info)) {})", parts.concat());
        assert_eq!(kind(&text), expected, "{text}");
    }
}

#[test]
fn without_the_section_exports_make_a_main() {
    let lent = r#"(memory (export "memory") 1) (table (export "__indirect_function_table") 1 funcref)
        (global (export "__stack_pointer") (mut i32) (i32.const 1024))"#;
    let heap = r#"(global (export "__heap_base") i32 (i32.const 1024))"#;
    assert_eq!(kind(&format!("(module {lent})")), Kind::Plain);
    assert_eq!(kind(&format!("(module {lent} {heap})")), Kind::Main);
}

#[test]
fn an_object_file_is_told_by_what_linkers_link_it_by() {
    let linking = r#"(@custom "linking" (after code) "\02")"#;
    assert_eq!(kind(&format!("(module (func) {linking})")), Kind::Object);
    // As `--emit-relocs` leaves it.
    assert_eq!(kind(&format!(r#"(module (func (export "f")) {linking})"#)), Kind::Plain);
    let library = format!("(module (@dylink.0 (mem-info)) (func) {linking})");
    assert_eq!(kind(&library), Kind::SharedLibrary);
}

/// A module that is just the old section with that content.
fn old(content: &str) -> Result<Module, LoadError> {
    old_within(content, &InputLimits::default())
}

fn old_within(content: &str, limits: &InputLimits) -> Result<Module, LoadError> {
    let text = format!(r#"(module (@custom "dylink" (before first) "{content}"))"#);
    Module::load_within("old", &wat::parse_str(text).unwrap(), limits)
}

#[test]
fn the_old_section_says_the_same() {
    let module = old(r"\90\4e\04\03\01\02\04libx\06liby.z").unwrap();
    let new = r#"(module (@dylink.0 (mem-info (memory 10000 4) (table 3 1))
        (needed "libx" "liby.z")))"#;
    let new = Module::load("new", &wat::parse_str(new).unwrap()).unwrap();
    assert_eq!((module.kind, module.dylink), (Kind::SharedLibrary, new.dylink));
}

#[test]
fn an_old_section_that_is_wrong_is_refused() {
    let truncated = ["", r"\04\02", r"\04\02\00\00", r"\04\02\00\00\01", r"\04\02\00\00\01\05libx"];
    let others = [r"\04\02\00\00\00\00", r"\04\02\00\00\01\02\ff\fe", r"\ff\ff\ff\ff\ff\ff\02"];
    for content in truncated.into_iter().chain(others) {
        assert!(matches!(old(content), Err(LoadError::Malformed { .. })), "{content}");
    }
    let misaligned = old(r"\04\20\00\00\00");
    assert!(matches!(misaligned, Err(LoadError::Alignment { log2: 32, .. })), "{misaligned:?}");
    // More names than there are bytes.
    let many = old(r"\04\02\00\00\ff\ff\ff\ff\0f");
    assert!(matches!(many, Err(LoadError::Malformed { .. })), "{many:?}");
    let limits = InputLimits::default().with_max_symbols(1);
    let two = old_within(r"\04\02\00\00\02\01a\01b", &limits);
    assert!(matches!(two, Err(LoadError::TooManySymbols { symbols: 2, .. })), "{two:?}");
}

#[test]
fn one_of_the_two_sections_comes_first() {
    let (new, old) =
        (r#"(@custom "dylink.0" (X) "")"#, r#"(@custom "dylink" (X) "\00\00\00\00\00")"#);
    for (first, second) in [(new, old), (old, new), (old, old), ("(type (func))", old)] {
        let first = first.replace('X', "before first");
        let text = format!("(module {first} {})", second.replace('X', "after last"));
        let result = Module::load("both", &wat::parse_str(&text).unwrap());
        assert!(matches!(result, Err(LoadError::DylinkNotFirst { .. })), "{text}: {result:?}");
    }
}

#[test]
fn only_a_memory_that_is_linked_may_be_shared_between_threads() {
    let atomic = r#"(module (memory 1)
        (func (result i32) (i32.atomic.load (i32.const 0))))"#;
    let linked = r#"(module (@dylink.0 (mem-info)) (import "env" "memory" (memory 1 1 shared)))"#;
    for text in [atomic, linked] {
        let bytes = wat::parse_str(text).unwrap();
        assert!(
            Module::load("module", &bytes).is_ok() && linker::validate("module", &bytes).is_ok()
        );
    }
    for shared in ["(memory 1 1 shared)", r#"(import "m" "m" (memory 1 1 shared))"#] {
        let shared = wat::parse_str(format!("(module {shared})")).unwrap();
        let loaded = Module::load("shared", &shared);
        assert!(matches!(loaded, Err(LoadError::SharedMemory { .. })), "{loaded:?}");
    }
}
