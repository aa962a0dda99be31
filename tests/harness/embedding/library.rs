//! The demo and the limits, through `host`'s library.

use std::time::Duration;

use host::{Error, Host, Limit, Limits, Val, Wasi};
use libtest_mimic::{Failed, Trial};

use crate::embedding::program::{LOOPS, TWO_MEMORIES, expect_i32, program};
use linker::{NoLibraries, Set};

use crate::support::trial::trial;
use crate::support::workspace;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("library::demo", demo),
        trial("library::a_program_starts_many_times", a_program_starts_many_times),
        trial("library::a_timeout_ends_only_its_own_process", a_timeout_ends_only_its_own_process),
        trial("library::a_timeout_that_has_passed_ends_a_process", a_timeout_that_has_passed),
        trial("library::a_timeout_that_never_comes_is_none", a_timeout_that_never_comes_is_none),
        trial("library::memory_is_limited_in_total", memory_is_limited_in_total),
        trial("library::a_trap_poisons_its_own_process", a_trap_poisons_its_own_process),
        trial("library::a_stack_has_the_size_that_is_chosen", a_stack_has_the_size_that_is_chosen),
        trial("library::host_and_programs_cross_threads", host_and_programs_cross_threads),
        trial("library::unknown_imports_trap_if_that_is_chosen", unknown_imports_trap),
    ]
}

fn demo() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let calc = host::read(&workspace::guests().join("calc.wasm"))?;
    let toolbox = host::read(&workspace::guests().join("toolbox.wasm"))?;
    let program = host.link(Set::gather(toolbox, vec![calc], &mut NoLibraries)?)?;
    expect_i32(&mut host.start(&program, &Wasi::default())?, "foo", &[Val::I32(7)], 8)
}

const STACK: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 1))
    (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
    (func (export "end") (result i32) (global.get $stack_pointer)))"#;

/// It begins behind the first kibibyte, in which null pointers end.
fn a_stack_has_the_size_that_is_chosen() -> Result<(), Failed> {
    let engine = wasmtime::Engine::default();
    for (chosen, size) in [(None, 8 << 20), (Some(4096), 4096), (Some(16 << 20), 16 << 20)] {
        let mut linker = host::Linker::<()>::new(&engine);
        linker.program("stack", wat::parse_str(STACK)?)?;
        chosen.map(|bytes| linker.stack_size(bytes));
        let mut store = wasmtime::Store::new(&engine, ());
        let linked = linker.instantiate(&mut store)?;
        let end = linked.get_typed_func::<(), i32>(&mut store, "end")?.call(&mut store, ())?;
        if end != 1024 + size || linked.plan()?.stack_size() != Some(size.cast_unsigned()) {
            return Err(format!("a stack of {size} bytes ends at {end}").into());
        }
    }
    Ok(())
}

const COUNTER: &str = r#"(module
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (global.get $n)))"#;

fn a_program_starts_many_times() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let program = program(&host, "counter", COUNTER)?;
    let mut first = host.start(&program, &Wasi::default())?;
    expect_i32(&mut first, "next", &[], 1)?;
    expect_i32(&mut first, "next", &[], 2)?;
    expect_i32(&mut host.start(&program, &Wasi::default())?, "next", &[], 1)
}

fn a_timeout_ends_only_its_own_process() -> Result<(), Failed> {
    let limits = Limits::default().with_timeout(Duration::from_millis(300));
    let host = Host::new(limits)?;
    let program = program(&host, "loops", LOOPS)?;
    let mut early = host.start(&program, &Wasi::default())?;
    std::thread::sleep(Duration::from_millis(200));
    let mut late = host.start(&program, &Wasi::default())?;
    match early.invoke("for_ever", &[]) {
        Err(Error::Limit { limit: Limit::Time { limit }, .. })
            if limit == Duration::from_millis(300) => {}
        other => return Err(format!("expected a timeout, found {other:?}").into()),
    }
    // The first one's deadline has passed; the second one has time left.
    expect_i32(&mut late, "count", &[Val::I32(1000)], 1000)
}

/// Also if that is before the process has begun to watch for it.
fn a_timeout_that_has_passed() -> Result<(), Failed> {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let run = || {
            for microseconds in 0..300 {
                let timeout = Some(Duration::from_micros(microseconds));
                let host = Host::new(Limits::default().with_timeout(timeout))?;
                let program = program(&host, "loops", LOOPS)?;
                let process = host.start(&program, &Wasi::default());
                let ended = process.and_then(|mut process| process.invoke("for_ever", &[]));
                if !matches!(ended, Err(Error::Limit { limit: Limit::Time { .. }, .. })) {
                    return Err("it ended in another way".into());
                }
            }
            Ok::<(), Failed>(())
        };
        drop(done.send(run().map_err(|failed| failed.message().unwrap_or_default().to_owned())));
    });
    let ended = ended.recv_timeout(Duration::from_secs(60));
    Ok(ended.map_err(|_| "it runs on after its time")??)
}

fn a_timeout_that_never_comes_is_none() -> Result<(), Failed> {
    let host = Host::new(Limits::default().with_timeout(Duration::MAX))?;
    let program = program(&host, "loops", LOOPS)?;
    expect_i32(&mut host.start(&program, &Wasi::default())?, "count", &[Val::I32(1000)], 1000)
}

fn memory_is_limited_in_total() -> Result<(), Failed> {
    const PAGE: usize = 64 * 1024;
    let host = Host::new(Limits::default().with_max_memory(4 * PAGE))?;
    let memories = program(&host, "memories", TWO_MEMORIES)?;
    let mut process = host.start(&memories, &Wasi::default())?;
    expect_i32(&mut process, "grow_a", &[Val::I32(3)], -1)?;
    expect_i32(&mut process, "grow_a", &[Val::I32(1)], 1)?;
    expect_i32(&mut process, "grow_b", &[Val::I32(1)], 1)?;
    expect_i32(&mut process, "grow_b", &[Val::I32(1)], -1)?;

    let host = Host::new(Limits::default().with_max_memory(2 * PAGE - 1))?;
    match host.start(&program(&host, "memories", TWO_MEMORIES)?, &Wasi::default()) {
        Err(Error::Limit { limit: Limit::Memory { needed, .. }, .. })
            if needed.as_u64() == 2 * PAGE as u64 =>
        {
            Ok(())
        }
        other => Err(format!("expected the memory limit, found {other:?}").into()),
    }
}

fn a_trap_poisons_its_own_process() -> Result<(), Failed> {
    let text = r#"(module
        (func (export "fine") (result i32) (i32.const 1))
        (func (export "trap") (unreachable)))"#;
    let host = Host::new(Limits::default())?;
    let program = program(&host, "traps", text)?;
    let (mut first, mut second) =
        (host.start(&program, &Wasi::default())?, host.start(&program, &Wasi::default())?);
    expect_i32(&mut first, "fine", &[], 1)?;
    // Arguments that do not fit are refused before any code runs.
    first.invoke("fine", &[Val::I32(1)]).err().ok_or("an argument too many")?;
    expect_i32(&mut first, "fine", &[], 1)?;
    match first.invoke("trap", &[]) {
        Err(Error::Trap { .. }) if first.is_poisoned() => {}
        other => return Err(format!("expected a trap, found {other:?}").into()),
    }
    match first.invoke("fine", &[]) {
        Err(Error::Poisoned { .. }) => {}
        other => return Err(format!("expected a poisoned process, found {other:?}").into()),
    }
    expect_i32(&mut second, "fine", &[], 1)
}

fn host_and_programs_cross_threads() -> Result<(), Failed> {
    fn shared<T: Send + Sync>(value: T) -> T {
        value
    }
    let host = shared(Host::new(Limits::default())?);
    let program = shared(program(&host, "counter", COUNTER)?);
    std::thread::scope(|scope| {
        let count = || -> Result<(), String> {
            let mut process = host.start(&program, &Wasi::default()).map_err(|e| e.to_string())?;
            (1..=100).try_for_each(|n| {
                expect_i32(&mut process, "next", &[], n).map_err(|_| format!("not {n}"))
            })
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
        threads.into_iter().try_for_each(|t| Ok(t.join().map_err(|_| "a panic")??))
    })
}

const CALLS_NOTHING: &str = r#"(module
    (import "env" "known" (func $known (result i32)))
    (import "env" "nothing" (func $nothing))
    (func (export "call") (param i32) (result i32)
        (if (local.get 0) (then (call $nothing)))
        (call $known)))"#;

/// The host's own functions are known.
fn unknown_imports_trap() -> Result<(), Failed> {
    let engine = wasmtime::Engine::default();
    let mut linker = host::Linker::<()>::new(&engine);
    linker.program("calls", wat::parse_str(CALLS_NOTHING)?)?;
    linker.func_wrap("env", "known", || 42)?;
    let Err(Error::Link(faults)) = linker.link() else { return Err("it is linked".into()) };
    if faults.as_slice().len() != 1 {
        return Err(faults.to_string().into());
    }
    linker.unknown_imports_trap(true);
    let warnings: Vec<_> = linker.plan()?.warnings().iter().map(ToString::to_string).collect();
    if warnings.len() != 1 || !warnings[0].contains("`nothing`") {
        return Err(warnings.concat().into());
    }
    let mut store = wasmtime::Store::new(&engine, ());
    let linked = linker.instantiate(&mut store)?;
    let call = linked.get_typed_func::<i32, i32>(&mut store, "call")?;
    let (known, nothing) = (call.call(&mut store, 0)?, call.call(&mut store, 1));
    let is_trap = nothing
        .is_err_and(|error| error.downcast_ref() == Some(&wasmtime::Trap::UnreachableCodeReached));
    if known == 42 && is_trap { Ok(()) } else { Err(format!("{known}, {is_trap}").into()) }
}
