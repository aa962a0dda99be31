//! Opens libraries in a program that runs: a plugin that the program did not know when it was
//! linked calls a function of the program.
//!
//! ```console
//! $ cargo run --release -p host --example dlopen
//! run() = 42
//! `absent.wasm`: there is no library `absent.wasm` in the folders of libraries (`-L`)
//! ```

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use anyhow::Context;
use host::{Files, Libraries, OpenFlags, Search};
use wasmtime::{Engine, Store};

/// The program brings the allocator from which libraries get memory for their data.
const PROGRAM: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 1))
    (func (export "malloc") (param i32) (result i32) (i32.const 2048))
    (func (export "step") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;

const PLUGIN: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "step" (func $step (param i32) (result i32)))
    (func (export "run") (result i32) (call $step (i32.const 41))))"#;

/// The data of a store. The libraries are part of it.
struct State {
    libraries: Libraries<State>,
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("plugin.wasm"), wat::parse_str(PLUGIN)?)?;

    let engine = Engine::default();
    let mut linker = host::Linker::<State>::new(&engine);
    linker.program("program", wat::parse_str(PROGRAM)?)?;
    let loader = linker.enable_dlopen(|state| &mut state.libraries)?;
    let program = linker.link()?;

    // Libraries are looked for in this folder only.
    let files = Files::new(Search::new(vec![folder.path().to_owned()], None));
    let mut store = Store::new(&engine, State { libraries: Libraries::new(files) });
    program.instantiate(&mut store)?;

    let plugin = loader.open(&mut store, "plugin.wasm", OpenFlags::default())?;
    let run = loader.get_func(&mut store, plugin, "run")?.context("the plugin has no `run`")?;
    println!("run() = {}", run.typed::<(), i32>(&store)?.call(&mut store, ())?);
    loader.close(&mut store, plugin)?;

    // A library that cannot be opened leaves the program as it was.
    if let Err(error) = loader.open(&mut store, "absent.wasm", OpenFlags::default()) {
        println!("{error}");
    }
    Ok(())
}
