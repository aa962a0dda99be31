//! Any bytes where compiled code is kept: they are not used, and what runs is the program that was
//! asked for.
//!
//! The first byte says what the rest is: a file as it stands, changes to one that is right, or
//! parts of one whose digest is right and whose key is not.

#![no_main]

#[allow(dead_code, reason = "the host uses all of it")]
#[path = "../../../host/src/artifact.rs"]
mod artifact;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use host::{Cache, Linker};
use wasmtime::{Engine, Store};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    let kept = kept();
    match kind {
        b'c' => check_entry(&changed(&kept.entry, rest)),
        b'k' => check_entry(&entry_of(rest)),
        b'p' => check_precompiled(&changed(&kept.precompiled, rest)),
        b'e' => check_entry(rest),
        _ => check_container(rest),
    }
});

/// A cache that holds the code of one program, and that program compiled to a file.
struct Kept {
    engine: Engine,
    folder: tempfile::TempDir,
    path: PathBuf,
    entry: Vec<u8>,
    precompiled: Vec<u8>,
}

const PROGRAM: &str = r#"(module (func (export "test") (result i32) (i32.const 42)))"#;

fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let engine = Engine::default();
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        run(&engine, folder.path());
        let entries = fs::read_dir(folder.path()).expect("the cache has a folder");
        let entry = entries.into_iter().next().expect("the program is kept").expect("it is there");
        let path = entry.path();
        let entry = fs::read(&path).expect("it can be read");
        let program = wat::parse_str(PROGRAM).expect("it is right");
        let program = linker::InputModule::load("program", program).expect("it is a module");
        let set = linker::Set::gather(program, Vec::new(), &mut linker::NoLibraries);
        let plan = linker::Plan::new(set.expect("it needs nothing")).expect("it needs nothing");
        let precompiled = host::precompile(&plan, false).expect("it is valid");
        Kept { engine, folder, path, entry, precompiled }
    })
}

fn run(engine: &Engine, cache: &std::path::Path) {
    let mut linker = Linker::new(engine);
    let program = wat::parse_str(PROGRAM).expect("it is right");
    linker.program("program", program).expect("it is a module").cache(Cache::new(cache));
    let program = linker.link().expect("it is linked, whatever is kept");
    assert!(program.cache_error().is_none(), "{:?}", program.cache_error());
    let mut store = Store::new(engine, ());
    let linked = program.instantiate(&mut store).expect("it starts");
    let test = linked.get_typed_func::<(), i32>(&mut store, "test").expect("it has that function");
    assert_eq!(test.call(&mut store, ()).expect("it returns"), 42);
}

/// Something else where the code was kept: the program is compiled and kept again.
fn check_entry(bytes: &[u8]) {
    let kept = kept();
    fs::write(&kept.path, bytes).expect("the entry can be written");
    run(&kept.engine, kept.folder.path());
    let again = fs::read(&kept.path).expect("the program is kept");
    assert!(again == kept.entry, "what is no entry has stayed");
}

/// A file that was compiled ahead of time, and damaged since.
fn check_precompiled(bytes: &[u8]) {
    let kept = kept();
    if bytes == kept.precompiled {
        return;
    }
    assert!(artifact::read(bytes).is_err(), "other bytes have the same digest");
    let path = kept.folder.path().join("program.cwasm");
    fs::write(&path, bytes).expect("the file can be written");
    // SAFETY: nothing of it is run: its digest is wrong, as was just asserted, and that is looked
    // at first.
    match unsafe { host::load_precompiled(&path, host::Settings::default()) } {
        Ok(None) => {}
        Ok(Some(_)) => panic!("a damaged file is a program"),
        Err(error) => fuzz::modules::check_text(&error.to_string()),
    }
}

/// An entry whose digest is right, of parts that NUL separates: an image, then the others. Its key
/// is that of no program.
fn entry_of(bytes: &[u8]) -> Vec<u8> {
    let mut parts = parts(bytes).into_iter();
    let image = parts.next().unwrap_or_default();
    let mut file = image.clone();
    for part in parts {
        file.extend((part.len() as u64).to_le_bytes());
        file.extend(part);
    }
    file.extend([0; 32]);
    [image.len() as u64, 0, 1].iter().for_each(|number| file.extend(number.to_le_bytes()));
    let digest = blake3::hash(&file);
    file.extend(digest.as_bytes());
    file.extend(b"\x7fhostent");
    file
}

/// Whatever is read as parts is what was written as these.
fn check_container(bytes: &[u8]) {
    if let Ok(parts) = artifact::read(bytes) {
        let mut again = Vec::new();
        artifact::write(&mut again, &parts).expect("a buffer has room");
        assert!(again == bytes, "two files of the same parts");
    }
    assert_eq!(container_parts(&container_of(bytes)), parts(bytes));
}

fn container_parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let parts = artifact::read(bytes).expect("it was written so");
    parts.into_iter().map(<[u8]>::to_vec).collect()
}

/// A file whose digest is right, of parts that NUL separates.
fn container_of(bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    artifact::write(&mut file, &parts(bytes)).expect("a buffer has room");
    file
}

fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

/// A file with some bytes changed: each four of `changes` are a place, and what is added to the
/// byte there. The last one may cut the file off.
fn changed(file: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for change in changes.chunks(4) {
        match *change {
            [a, b, c, value] => {
                let at = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                let at = at % file.len();
                file[at] = file[at].wrapping_add(value);
            }
            [a, b] => file.truncate(usize::from(a) << 8 | usize::from(b)),
            _ => {}
        }
        if file.is_empty() {
            break;
        }
    }
    file
}
