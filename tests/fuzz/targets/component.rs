//! Any bytes as a component, as the description of a world in a module, and any text as WIT: an
//! answer or an error with a text, and no code that ignores its limits.
//!
//! The first byte says which. Those of a component replace some of one that is right.

#![no_main]

use std::fs;
use std::sync::OnceLock;

use fuzz::modules::check_text;
use host::{ComponentProgram, Limits, Settings, Wasi, Wit};
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    match kind {
        b'c' => run(&changed(component(), rest)),
        b's' => describe(rest),
        b'w' => wit(rest),
        _ => run(rest),
    }
});

const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "ends") (loop (br 0)))
    (func (export "docs:app/texts#same") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16)))"#;

const WORLD: &str = "package docs:app;
interface texts { same: func(text: string) -> string; }
world app { export texts; export add: func(a: s32, b: s32) -> s32; export ends: func(); }";

fn component() -> &'static [u8] {
    static COMPONENT: OnceLock<Vec<u8>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let module = wat::parse_str(MODULE).expect("it is right");
        write(module, Some(WORLD)).expect("it has this world")
    })
}

/// Writes a module as a component, of a world in WIT or of that which it describes.
fn write(module: Vec<u8>, world: Option<&str>) -> Result<Vec<u8>, host::Error> {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let path = folder.path().join("world.wit");
    let wit = world.map(|text| {
        fs::write(&path, text).expect("it can be written");
        Wit { path: path.clone(), world: None }
    });
    let module = InputModule::load("fuzzed", module)?;
    let set = Set::gather(module, Vec::new(), &mut NoLibraries)?;
    let plan = Plan::new(set.with_interfaces())?;
    host::component(&plan, &FuseOptions::default(), wit.as_ref(), &[], None)
}

/// Replaces bytes: each change is a distance of two bytes and a new byte.
fn changed(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let (mut bytes, mut at) = (bytes.to_vec(), 0);
    for change in changes.chunks_exact(3) {
        at = (at + usize::from(u16::from_le_bytes([change[0], change[1]]))) % bytes.len();
        bytes[at] = change[2];
    }
    bytes
}

fn run(bytes: &[u8]) {
    let limits = Limits::default().with_fuel(10_000).with_max_memory(1 << 20).with_max_output(0);
    let settings = Settings::default().with_limits(limits);
    let program = match ComponentProgram::new("fuzzed".to_owned(), bytes, &settings) {
        Ok(program) => program,
        Err(error) => return check_text(&error.to_string()),
    };
    for function in program.functions() {
        let name = function.split(": func").next().unwrap_or_default();
        for args in [&[][..], &["1".to_owned(), "2".to_owned()], &["text".to_owned()]] {
            match program.invoke(&Wasi::default(), name, args) {
                Ok(results) => results.iter().for_each(|result| check_text(result)),
                Err(error) => check_text(&error.to_string()),
            }
        }
    }
}

/// The section of a module with these bytes.
fn describe(data: &[u8]) {
    let mut module = wat::parse_str(MODULE).expect("it is right");
    let section = wasm_encoder::CustomSection { name: "component-type".into(), data: data.into() };
    wasm_encoder::Section::append_to(&section, &mut module);
    if let Err(error) = write(module, None) {
        check_text(&error.to_string());
    }
}

fn wit(text: &[u8]) {
    let module = wat::parse_str(MODULE).expect("it is right");
    if let Err(error) = write(module, Some(&String::from_utf8_lossy(text))) {
        check_text(&error.to_string());
    }
}
