//! Links and compiles a program once, and instantiates it thousands of times.
//!
//! A server does so for each request: instances share their code but no data. The pooling
//! allocator of Wasmtime reuses the memory of instances that ended.
//!
//! ```console
//! $ cargo run --release -p host --example instances
//! 10000 instances, each counted to 1
//! 100 instances at the same time, each counted to 2
//! ```

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use host::{LinkedInstance, Program};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

const PROGRAM: &str = r#"(module
    (import "env" "step" (func $step (param i32) (result i32)))
    (memory 1)
    (func (export "count") (result i32)
        (i32.store (i32.const 0) (call $step (i32.load (i32.const 0))))
        (i32.load (i32.const 0))))"#;

const LIBRARY: &str = r#"(module
    (func (export "step") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;

fn link(engine: &Engine) -> anyhow::Result<Program<()>> {
    let mut linker = host::Linker::new(engine);
    linker.program("program", wat::parse_str(PROGRAM)?)?;
    linker.library("library", wat::parse_str(LIBRARY)?)?;
    Ok(linker.link()?)
}

fn count(store: &mut Store<()>, instance: &LinkedInstance) -> anyhow::Result<i32> {
    let count = instance.get_typed_func::<(), i32>(&mut *store, "count")?;
    Ok(count.call(store, ())?)
}

fn main() -> anyhow::Result<()> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(100).total_memories(100).max_memory_size(1 << 20);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // Each memory then reserves this much of the address space, instead of 4 GiB.
    config.memory_reservation(1 << 20);
    let engine = Engine::new(&config)?;
    let program = link(&engine)?;

    for _ in 0..10_000 {
        let mut store = Store::new(&engine, ());
        let instance = program.instantiate(&mut store)?;
        anyhow::ensure!(count(&mut store, &instance)? == 1, "an instance is not new");
    }
    println!("10000 instances, each counted to 1");

    let mut instances = Vec::new();
    for _ in 0..100 {
        let mut store = Store::new(&engine, ());
        let instance = program.instantiate(&mut store)?;
        count(&mut store, &instance)?;
        instances.push((store, instance));
    }
    for (store, instance) in &mut instances {
        anyhow::ensure!(count(store, instance)? == 2, "instances share data");
    }
    println!("{} instances at the same time, each counted to 2", instances.len());
    Ok(())
}
