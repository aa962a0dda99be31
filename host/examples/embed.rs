//! Calls a C++ function that calls Rust, both as WebAssembly, in about 30 lines.
//!
//! Build the guests with `cargo xtask build-all`, then run this in the project's folder:
//!
//! ```console
//! $ cargo run --release -p host --example embed
//! foo(7) = 8
//! ```

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use std::path::Path;

use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtxBuilder, p1};

fn main() -> anyhow::Result<()> {
    let engine = Engine::default();
    let mut linker = host::Linker::new(&engine);

    // `toolbox` is C++ and imports `add`, which `calc`, written in Rust, exports.
    let guests = Path::new("target").join("guests");
    linker.program_file(&guests.join("toolbox.wasm"))?;
    linker.library_file(&guests.join("calc.wasm"))?;

    // The store holds the WASI context. The guest sees nothing else of this machine.
    p1::add_to_linker_sync(linker.host(), |wasi| wasi)?;
    let mut store = Store::new(&engine, WasiCtxBuilder::new().inherit_stdio().build_p1());

    let instance = linker.instantiate(&mut store)?;
    let function = instance.get_typed_func::<i32, i32>(&mut store, "foo")?;
    println!("foo(7) = {}", function.call(&mut store, 7)?);
    Ok(())
}
