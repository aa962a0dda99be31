//! What a module may ask the linker to read: at the limit it is read, and one above it is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by it, also in what prepares one")]

mod limited;

use limited::Limited;
use linker::{Fault, InputLimits, InputModule, LoadError, Module, Set};

/// Ten symbols: two imports and three exports, and in `dylink.0` one library, one folder, one export and two imports.
const MODULE: &str = r#"(module
    (@dylink.0
        (mem-info)
        (needed "library.wasm")
        (runtime-path "folder")
        (export-info "a" binding-weak)
        (import-info "env" "f" binding-weak)
        (import-info "env" "g" binding-weak))
    (import "env" "f" (func))
    (import "env" "g" (func))
    (func (export "a") (export "b") (export "c")))"#;
const SYMBOLS: usize = 10;

fn load(limits: InputLimits) -> Result<(), LoadError> {
    let bytes = wat::parse_str(MODULE).unwrap();
    Module::load_within("module", &bytes, &limits).map(|_| ())
}

#[test]
fn the_size_of_a_module() {
    let load = |size| load(InputLimits::default().with_max_module_size(size));
    let size = wat::parse_str(MODULE).unwrap().len() as u64;
    assert_eq!(load(size), Ok(()));
    let module = "module".to_owned();
    assert_eq!(load(size - 1), Err(LoadError::TooLarge { module, limit: size - 1 }));
}

#[test]
fn the_symbols_of_a_module() {
    let load = |count| load(InputLimits::default().with_max_symbols(count));
    assert_eq!(load(SYMBOLS), Ok(()));
    // Wherever the one is that is too many, it is not read.
    for limit in 0..SYMBOLS {
        let Err(LoadError::TooManySymbols { symbols, .. }) = load(limit) else {
            panic!("{limit} symbols should be too few");
        };
        assert!(limit < symbols && symbols <= SYMBOLS, "{symbols}");
    }
}

#[test]
fn the_symbols_of_all_modules() {
    let input =
        |name: &str, text: &str| InputModule::load(name, wat::parse_str(text).unwrap()).unwrap();
    let gather = |max_symbols| {
        let library = input("library", r#"(module (func (export "f")))"#);
        let set = Set::gather(input("main", MODULE), vec![library], &mut Limited(max_symbols));
        set.map(|_| ())
    };
    assert_eq!(gather(SYMBOLS + 1), Ok(()));
    let fault = Fault::TooManySymbols { symbols: SYMBOLS + 1, limit: SYMBOLS };
    assert_eq!(gather(SYMBOLS), Err(fault.into()));
}
