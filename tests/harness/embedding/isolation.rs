//! Two programs in one host, neither of which may notice the other, and reused memory.

use std::fs;
use std::time::{Duration, Instant};

use host::{Error, Host, Limit, Limits, Process, Program, Search, Settings, State, Val, Wasi};
use libtest_mimic::{Failed, Trial};

use crate::embedding::guest::Guest;
use crate::embedding::program::{LOOPS, expect_i32, program};
use crate::support::trial::trial;
use crate::support::workspace::Sandbox;
use linker::{InputModule, NoLibraries, Set};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("isolation::memory_globals_and_tables", memory_globals_and_tables),
        trial("isolation::of_several_modules", of_several_modules),
        trial("isolation::libraries_that_are_open", libraries_that_are_open),
        trial("isolation::files", files),
        trial("isolation::exceptions_and_poison", exceptions_and_poison),
        trial("isolation::deadlines", deadlines),
        trial("isolation::limits_are_each_ones_own", limits_are_each_ones_own),
        trial("isolation::memory_that_was_used_before_is_zero", memory_is_zero),
    ]
}

/// All state that code can have. `set` changes each kind, and `get` returns whether any was
/// changed.
const STATE: &str = include_str!("../wat/isolation-state.wat");

/// The answer of `get` where nothing was changed.
const UNCHANGED: i32 = 5;

fn memory_globals_and_tables() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let state = program(&host, "state", STATE)?;
    let start = || host.start(&state, &Wasi::default());
    let (mut first, mut second) = (start()?, start()?);
    first.invoke("set", &[])?;
    expect_i32(&mut second, "get", &[], UNCHANGED)?;
    // Nor does it come back when the first has ended.
    drop(first);
    for _ in 0..10 {
        let mut next = start()?;
        expect_i32(&mut next, "get", &[], UNCHANGED)?;
        next.invoke("set", &[])?;
    }
    expect_i32(&mut second, "get", &[], UNCHANGED)?;
    // The program that set the state sees it, so the test would notice a leak.
    match second.invoke("set", &[]).and_then(|_| second.invoke("get", &[])) {
        Err(Error::Trap { .. }) => Ok(()),
        other => Err(format!("`get` after `set`: {other:?}").into()),
    }
}

/// A program of two modules that share memory, table and stack pointer, as C and C++ have them.
fn of_several_modules() -> Result<(), Failed> {
    let library = include_str!("../wat/isolation-library.wat");
    let text = r#"(module (@dylink.0 (mem-info))
        (import "env" "bump" (func $bump (result i32)))
        (import "env" "stack" (func $stack (result i32)))
        (func (export "run") (result i32) (call $bump))
        (func (export "sp") (result i32) (call $stack)))"#;
    for mode in [host::Mode::Fused, host::Mode::Separate] {
        let host = Host::with(Settings::default().with_mode(mode))?;
        let library = InputModule::load("library", wat::parse_str(library)?)?;
        let object = InputModule::load("program", wat::parse_str(text)?)?;
        let program = host.link(Set::gather(object, vec![library], &mut NoLibraries)?)?;
        let start = || host.start(&program, &Wasi::default());
        let (mut first, mut second) = (start()?, start()?);
        let stack = second.invoke("sp", &[])?[0].i32().unwrap_or_default();
        expect_i32(&mut first, "run", &[], 1)?;
        expect_i32(&mut first, "sp", &[], stack - 16)?;
        expect_i32(&mut second, "sp", &[], stack)?;
        // Its slot is filled still.
        expect_i32(&mut second, "run", &[], 1)?;
    }
    Ok(())
}

/// Answers 1 if a library is open, without opening it.
const OPENS: &str = include_str!("../wat/isolation-opens.wat");

fn libraries_that_are_open() -> Result<(), Failed> {
    let folder = Sandbox::empty()?;
    let library = r#"(module (@dylink.0 (mem-info (memory 16 0)))
        (import "env" "memory" (memory 1))
        (func (export "secret") (result i32) (i32.const 7)))"#;
    fs::write(folder.path().join("opened.wasm"), wat::parse_str(library)?)?;
    let libraries = Search::new(vec![folder.path().to_owned()], None);
    let host = Host::with(Settings::default().with_libraries(libraries))?;
    let program = program(&host, "opens", OPENS)?;
    let start = || host.start(&program, &Wasi::default());
    let (mut first, mut second) = (start()?, start()?);
    let mut both = |first_has: i32, second_has: i32| -> Result<(), Failed> {
        for name in ["is_open", "sees"] {
            expect_i32(&mut first, name, &[], first_has)?;
            expect_i32(&mut second, name, &[], second_has)?;
        }
        if first_has == 0 {
            expect_i32(&mut first, "open", &[], 1)?;
        } else if second_has == 0 {
            expect_i32(&mut second, "open", &[], 1)?;
        }
        Ok(())
    };
    both(0, 0)?;
    both(1, 0)?;
    both(1, 1)
}

fn files() -> Result<(), Failed> {
    let folder = Sandbox::empty()?;
    fs::write(folder.path().join("file"), "text")?;
    let host = Host::new(Limits::default())?;
    let program = Guest::program(&host)?;
    let mut first = Guest::start(&host, &program, &[(folder.path(), "/")])?;
    let mut second = Guest::start(&host, &program, &[])?;
    let file = first.open(3, "file")?;
    let text = i32::from_le_bytes(*b"text");
    if file < 0 || first.look(3, "file")? != text {
        return Err(format!("the first one cannot open its file: {file}").into());
    }
    // The numbers of the one are nothing to the other.
    for fd in 3..=file {
        match (second.look(fd, "file")?, second.close(fd)?) {
            (-8, -8) => {}
            found => return Err(format!("{fd} is known to the second one: {found:?}").into()),
        }
    }
    match first.look(3, "file")? == text {
        true => Ok(()),
        false => Err("the first one has lost its directory".into()),
    }
}

const THROWS: &str = r#"(module
    (tag $t (param i32))
    (func (export "throw") (throw $t (i32.const 1)))
    (func (export "catch") (result i32)
        (block $caught (result i32)
            (try_table (result i32) (catch $t $caught) (throw $t (i32.const 7)))))
    (func (export "fine") (result i32) (i32.const 1)))"#;

fn exceptions_and_poison() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let throws = program(&host, "throws", THROWS)?;
    let start = || host.start(&throws, &Wasi::default());
    let (mut first, mut second) = (start()?, start()?);
    for _ in 0..2 {
        match first.invoke("throw", &[]) {
            Err(Error::Trap { .. } | Error::Poisoned { .. }) => {}
            other => return Err(format!("nothing was thrown: {other:?}").into()),
        }
        // Nothing of it is pending here.
        expect_i32(&mut second, "fine", &[], 1)?;
        expect_i32(&mut second, "catch", &[], 7)?;
    }
    match (first.is_poisoned(), second.is_poisoned()) {
        (true, false) => Ok(()),
        found => Err(format!("poisoned: {found:?}").into()),
    }
}

/// Many that end by their time limit, in one engine, while others that have theirs later go on.
fn deadlines() -> Result<(), Failed> {
    let early = Duration::from_millis(100);
    let host = Host::new(Limits::default().with_timeout(early))?;
    let program = program(&host, "works", LOOPS)?;
    let end = || -> Result<(), String> {
        let process = host.start(&program, &Wasi::default());
        match process.and_then(|mut process| process.invoke("for_ever", &[])) {
            Err(Error::Limit { limit: Limit::Time { .. }, .. }) => Ok(()),
            other => Err(format!("a loop has ended otherwise: {other:?}")),
        }
    };
    std::thread::scope(|scope| {
        // One after the other, so that at any time one ends while another has just begun.
        let enders: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..5).try_for_each(|_| end()))).collect();
        let (begun, mut ended) = (Instant::now(), 0);
        while begun.elapsed() < 5 * early || ended == 0 {
            let begun = Instant::now();
            let process = host.start(&program, &Wasi::default());
            match process.and_then(|mut process| process.invoke("count", &[Val::I32(1000)])) {
                Ok(_) => ended += 1,
                // Its own, where the machine is that slow.
                Err(Error::Limit { .. }) if begun.elapsed() >= early => {}
                other => return Err(format!("after {:?}: {other:?}", begun.elapsed()).into()),
            }
        }
        enders.into_iter().try_for_each(|ender| Ok(ender.join().map_err(|_| "a panic")??))
    })
}

/// Resources that one program uses up are still there for the other.
fn limits_are_each_ones_own() -> Result<(), Failed> {
    let text = r#"(module (memory 1) (table $t 1 funcref)
        (func (export "memory") (result i32) (memory.grow (i32.const 1)))
        (func (export "table") (result i32) (table.grow $t (ref.null func) (i32.const 1)))
        (func (export "for_ever") (loop (br 0)))
        (func (export "fine") (result i32) (i32.const 1)))"#;
    let limits = Limits::default()
        .with_max_memory(128 << 10)
        .with_max_table(2)
        .with_max_instances(1)
        .with_fuel(10_000);
    let host = Host::new(limits)?;
    let program: Program<State> = program(&host, "grows", text)?;
    let mut all: Vec<Process> = Vec::new();
    for _ in 0..5 {
        let mut process = host.start(&program, &Wasi::default())?;
        for name in ["memory", "table"] {
            expect_i32(&mut process, name, &[], 1)?;
            expect_i32(&mut process, name, &[], -1)?;
        }
        all.push(process);
    }
    for process in &mut all {
        expect_i32(process, "fine", &[], 1)?;
        if process.invoke("for_ever", &[]).is_ok() {
            return Err("a loop without end has ended".into());
        }
    }
    Ok(())
}

/// Memories of programs that have ended are used again, by copies on writing or from a pool: what
/// the first has written there the next does not read.
fn memory_is_zero() -> Result<(), Failed> {
    const PAGES: u64 = 4;
    let text = r#"(module
        (memory (export "memory") 1 4)
        (data (i32.const 16) "data")
        (func (export "fill") (drop (memory.grow (i32.const 3)))
            (memory.fill (i32.const 0) (i32.const 255) (i32.const 262144))))"#;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(1).total_memories(1).max_memory_size(1 << 20).total_tables(1);
    for (strategy, copies) in [
        (InstanceAllocationStrategy::OnDemand, true),
        (InstanceAllocationStrategy::OnDemand, false),
        (InstanceAllocationStrategy::Pooling(pool.clone()), true),
        (InstanceAllocationStrategy::Pooling(pool), false),
    ] {
        let mut config = Config::new();
        config.allocation_strategy(strategy).memory_init_cow(copies);
        let engine = Engine::new(&config)?;
        let mut linker = host::Linker::<()>::new(&engine);
        linker.program("memory", wat::parse_str(text)?)?;
        let program = linker.link()?;
        for _ in 0..4 {
            let mut store = Store::new(&engine, ());
            let linked = program.instantiate(&mut store)?;
            let memory = linked.get_memory(&mut store);
            let memory = memory.ok_or("the program has no memory")?;
            let is_fresh = |bytes: &[u8]| {
                let other = |(at, byte): (usize, &u8)| !(16..20).contains(&at) && *byte != 0;
                bytes[16..20] == *b"data" && !bytes.iter().enumerate().any(other)
            };
            if memory.size(&store) != 1 || !is_fresh(memory.data(&store)) {
                return Err(format!("a memory that is not new, with copies: {copies}").into());
            }
            let fill = linked.get_typed_func::<(), ()>(&mut store, "fill")?;
            // The pages that it grows by are new too.
            memory.grow(&mut store, PAGES - 1)?;
            if !is_fresh(memory.data(&store)) {
                return Err(format!("growth that is not new, with copies: {copies}").into());
            }
            fill.call(&mut store, ())?;
            if memory.data(&store).iter().any(|byte| *byte != 255) {
                return Err("the memory was not filled".into());
            }
        }
    }
    Ok(())
}
