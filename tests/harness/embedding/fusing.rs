//! Programs as one module, through the libraries.

use std::fmt::Write;

use host::{Host, Limits, Mode, Val, Wasi};
use libtest_mimic::{Failed, Trial};
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::support::trial::trial;
use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("fusing::the_same_bytes_twice", the_same_bytes_twice),
        trial("fusing::a_thousand_modules_become_one", a_thousand_modules_become_one),
        trial("fusing::symbols_stay_known_on_request", symbols_stay_known_on_request),
        trial("fusing::a_pool_holds_a_hundred_instances", a_pool_holds_a_hundred_instances),
    ]
}

fn demo() -> Result<Plan, Failed> {
    let guest = |name: &str| host::read(&workspace::guests().join(name));
    let (toolbox, calc) = (guest("toolbox.wasm")?, guest("calc.wasm")?);
    Ok(Plan::new(Set::gather(toolbox, vec![calc], &mut NoLibraries)?)?)
}

fn the_same_bytes_twice() -> Result<(), Failed> {
    let bytes = || -> Result<_, Failed> {
        Ok(demo()?.fuse(&FuseOptions::default())?.modules.remove(0).bytes)
    };
    let first = bytes()?;
    linker::validate("fused", &first)?;
    match first == bytes()? {
        true => Ok(()),
        false => Err("two fusions of one plan differ".into()),
    }
}

/// Each adds one to what the one before it returns, and some data of its own.
fn a_thousand_modules_become_one() -> Result<(), Failed> {
    const COUNT: i32 = 1000;
    let object = |n: i32| -> Result<InputModule, Failed> {
        let mut text = String::from("(module (@dylink.0 (mem-info (memory 4 2)))");
        text += "(import \"env\" \"memory\" (memory 1))";
        text += "(import \"env\" \"__memory_base\" (global $base i32))";
        if n > 0 {
            write!(text, "(import \"env\" \"f{}\" (func $before (result i32)))", n - 1)?;
        }
        let before = if n > 0 { "(call $before)" } else { "(i32.const 0)" };
        text += "(data (global.get $base) \"\\01\\00\\00\\00\")";
        write!(text, "(func (export \"f{n}\") (result i32)")?;
        write!(text, "  (i32.add (i32.load (global.get $base)) {before})))")?;
        Ok(InputModule::load(format!("m{n}"), wat::parse_str(text)?)?)
    };
    let links = (0..COUNT - 1).map(object).collect::<Result<Vec<_>, _>>()?;
    let plan = Plan::new(Set::gather(object(COUNT - 1)?, links, &mut NoLibraries)?)?;
    let host = Host::new(Limits::default())?;
    let program = host.compile(plan)?;
    let results =
        host.start(&program, &Wasi::default())?.invoke(&format!("f{}", COUNT - 1), &[])?;
    match (program.is_fused(), results.as_slice()) {
        (true, [Val::I32(COUNT)]) => Ok(()),
        (is_fused, results) => Err(format!("fused: {is_fused}, returned {results:?}").into()),
    }
}

const USER: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "count" (func $count (result i32)))
    (func (export "test") (result i32) (call $count)))"#;

/// Counts in its data, from 41.
const COUNTER: &str = r#"(module
    (@dylink.0 (mem-info (memory 4 2)))
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (global (export "counter") i32 (i32.const 0))
    (data (global.get $base) "\29\00\00\00")
    (func (export "count") (result i32)
        (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1)))
        (i32.load (global.get $base))))"#;

fn counter(engine: &Engine) -> Result<host::Linker<()>, Failed> {
    let mut linker = host::Linker::new(engine);
    linker.program("user", wat::parse_str(USER)?)?.library("counter", wat::parse_str(COUNTER)?)?;
    Ok(linker)
}

fn symbols_stay_known_on_request() -> Result<(), Failed> {
    let engine = Engine::default();
    for mode in [Mode::Fused, Mode::Separate] {
        let mut linker = counter(&engine)?;
        let program = linker.mode(mode).export("count").export("counter").link()?;
        let mut store = Store::new(&engine, ());
        let linked = program.instantiate(&mut store)?;
        let count = linked.symbol(&mut store, "count").ok_or("`count` is not known")?;
        count.call(&mut store, &[], &mut [Val::I32(0)])?;
        let address = linked.address("counter").ok_or("`counter` has no address")? as usize;
        let memory = linked.get_memory(&mut store).ok_or("there is no memory")?;
        if memory.data(&store)[address] != 42 {
            return Err(format!("{mode:?}: the counter is not where it should be").into());
        }
    }
    let program = counter(&engine)?.link()?;
    let mut store = Store::new(&engine, ());
    match program.instantiate(&mut store)?.symbol(&mut store, "counter") {
        None => Ok(()),
        Some(_) => Err("`counter` is known without having been asked for".into()),
    }
}

fn a_pool_holds_a_hundred_instances() -> Result<(), Failed> {
    const COUNT: u32 = 100;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(COUNT).total_core_instances(COUNT).total_tables(COUNT);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config)?;
    let program = counter(&engine)?.link()?;
    let mut stores = Vec::new();
    for _ in 0..COUNT {
        let mut store = Store::new(&engine, ());
        let linked = program.instantiate(&mut store)?;
        let test = linked.get_typed_func::<(), i32>(&mut store, "test")?;
        if test.call(&mut store, ())? != 42 {
            return Err("an instance starts with another's memory".into());
        }
        stores.push(store);
    }
    match program.instantiate(Store::new(&engine, ())) {
        Err(_) => Ok(()),
        Ok(_) => Err("the pool has more room than it was given".into()),
    }
}
