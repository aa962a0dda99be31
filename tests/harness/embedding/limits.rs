//! Each limit of a program: at it, one below and one above.

use std::fs;
use std::time::Duration;

use host::{Error, Host, Limit, Limits, Mode, Search, Settings, Val, Wasi};
use libtest_mimic::{Failed, Trial};

use crate::embedding::guest::Guest;
use crate::embedding::program::{LOOPS, TWO_MEMORIES, expect_i32, program};
use crate::support::trial::trial;
use crate::support::workspace::Sandbox;
use linker::{FuseOptions, InputModule, NoLibraries, Plan, Set};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("limits::fuel", fuel),
        trial("limits::stack", stack),
        trial("limits::time_of_nothing", time_of_nothing),
        trial("limits::memory", memory),
        trial("limits::growth_that_fails_is_not_counted", growth_that_fails_is_not_counted),
        trial("limits::tables", tables),
        trial("limits::instances_at_the_start", instances_at_the_start),
        trial("limits::instances_of_libraries", instances_of_libraries),
        trial("limits::tables_of_libraries", tables_of_libraries),
        trial("limits::what_ends_a_program_ends_it_in_a_library_too", ends_in_a_library),
        trial("limits::open_files", open_files),
        trial("limits::constructors_that_run_ahead", constructors_that_run_ahead),
        trial("limits::messages_name_the_flag", messages_name_the_flag),
    ]
}

/// The least for which something succeeds; `try_with` says whether it does. At it, and with one
/// more, it must succeed, with one less not.
fn least(try_with: impl Fn(u64) -> Result<bool, Failed>) -> Result<u64, Failed> {
    let mut enough = 1;
    while !try_with(enough)? {
        enough *= 2;
    }
    let mut too_little = enough / 2;
    while enough - too_little > 1 {
        let middle = too_little + (enough - too_little) / 2;
        match try_with(middle)? {
            true => enough = middle,
            false => too_little = middle,
        }
    }
    match (try_with(enough - 1)?, try_with(enough)?, try_with(enough + 1)?) {
        (false, true, true) => Ok(enough),
        found => Err(format!("one below {enough}, at it, and one above: {found:?}").into()),
    }
}

/// Checks that each further piece of work needs the same as the one before.
fn grows_evenly(needed: impl Fn(i32) -> Result<u64, Failed>) -> Result<(), Failed> {
    let [one, two, three] = [1000, 2000, 3000].map(needed);
    let (one, two, three) = (one?, two?, three?);
    match two - one == three - two && two - one >= 1000 {
        true => Ok(()),
        false => Err(format!("{one}, {two} and {three} are needed").into()),
    }
}

/// Returns whether a call returns under limits. Otherwise it must end by the expected limit.
fn returns(
    limits: Limits,
    text: &str,
    name: &str,
    argument: i32,
    expected: Limit,
) -> Result<bool, Failed> {
    let host = Host::new(limits)?;
    let program = program(&host, "guest", text)?;
    let called = host.start(&program, &Wasi::default())?.invoke(name, &[Val::I32(argument)]);
    match called {
        Ok(results) if results[0].i32() == Some(argument) => Ok(true),
        Err(Error::Limit { limit, backtrace, .. })
            if limit == expected && backtrace[0].starts_with("0: guest!") =>
        {
            Ok(false)
        }
        other => Err(format!("{name}({argument}): {other:?}").into()),
    }
}

fn fuel() -> Result<(), Failed> {
    grows_evenly(|loops| {
        least(|fuel| {
            let limits = Limits::default().with_fuel(fuel);
            returns(limits, LOOPS, "count", loops, Limit::Fuel { limit: fuel })
        })
    })
}

const DOWN: &str = r#"(module
    (func $down (export "down") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 0))
            (else (i32.add (i32.const 1)
                (call $down (i32.sub (local.get 0) (i32.const 1))))))))"#;

fn stack() -> Result<(), Failed> {
    grows_evenly(|depth| {
        least(|size| {
            let max_stack = usize::try_from(size)?;
            let limits = Limits::default().with_max_stack(max_stack);
            let limit = Limit::Stack { limit: format!("{size}B").parse()? };
            returns(limits, DOWN, "down", depth, limit)
        })
    })
}

/// The event that wakes code may come before the code runs.
fn time_of_nothing() -> Result<(), Failed> {
    for nanoseconds in [0, 1, 1000, 100_000].repeat(10) {
        let timeout = Some(Duration::from_nanos(nanoseconds));
        let host = Host::new(Limits::default().with_timeout(timeout))?;
        let program = program(&host, "loops", LOOPS)?;
        let process = host.start(&program, &Wasi::default());
        match process.and_then(|mut process| process.invoke("for_ever", &[])) {
            Err(Error::Limit { limit: Limit::Time { .. }, .. }) => {}
            other => return Err(format!("expected a timeout, found {other:?}").into()),
        }
    }
    Ok(())
}

const PAGE: usize = 64 << 10;

fn memory() -> Result<(), Failed> {
    for (limit, grown) in [(4 * PAGE - 1, -1), (4 * PAGE, 1), (4 * PAGE + 1, 1)] {
        let host = Host::new(Limits::default().with_max_memory(limit))?;
        let memories = program(&host, "memories", TWO_MEMORIES)?;
        let mut process = host.start(&memories, &Wasi::default())?;
        expect_i32(&mut process, "grow_a", &[Val::I32(1)], 1)?;
        expect_i32(&mut process, "grow_b", &[Val::I32(1)], grown)?;
    }
    Ok(())
}

fn growth_that_fails_is_not_counted() -> Result<(), Failed> {
    let text = r#"(module
        (memory $a 1 2) (memory $b 1)
        (func (export "grow_a") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0))))"#;
    let host = Host::new(Limits::default().with_max_memory(4 * PAGE))?;
    let memories = program(&host, "memories", text)?;
    let mut process = host.start(&memories, &Wasi::default())?;
    for _ in 0..10 {
        expect_i32(&mut process, "grow_a", &[Val::I32(2)], -1)?;
        expect_i32(&mut process, "grow_a", &[Val::I32(-1)], -1)?;
    }
    expect_i32(&mut process, "grow_b", &[Val::I32(2)], 1)?;
    expect_i32(&mut process, "grow_a", &[Val::I32(1)], -1)
}

const TWO_TABLES: &str = r#"(module
    (table $a 10 funcref) (table $b 10 funcref)
    (func (export "grow_a") (param i32) (result i32)
        (table.grow $a (ref.null func) (local.get 0)))
    (func (export "grow_b") (param i32) (result i32)
        (table.grow $b (ref.null func) (local.get 0))))"#;

fn tables() -> Result<(), Failed> {
    for (limit, grown) in [(29, -1), (30, 10), (31, 10)] {
        let host = Host::new(Limits::default().with_max_table(limit))?;
        let tables = program(&host, "tables", TWO_TABLES)?;
        let mut process = host.start(&tables, &Wasi::default())?;
        expect_i32(&mut process, "grow_a", &[Val::I32(5)], 10)?;
        expect_i32(&mut process, "grow_b", &[Val::I32(5)], grown)?;
    }
    for (limit, starts) in [(19, false), (20, true), (21, true)] {
        let host = Host::new(Limits::default().with_max_table(limit))?;
        let tables = program(&host, "tables", TWO_TABLES)?;
        match host.start(&tables, &Wasi::default()) {
            Ok(_) if starts => {}
            Err(Error::Limit { limit: Limit::Table { needed: 20, limit: 19 }, .. }) if !starts => {}
            other => return Err(format!("with {limit}: {other:?}").into()),
        }
    }
    Ok(())
}

fn instances_at_the_start() -> Result<(), Failed> {
    let start = |limit| -> Result<Result<(), Error>, Failed> {
        let limits = Limits::default().with_max_instances(limit);
        let host = Host::with(Settings::default().with_limits(limits).with_mode(Mode::Separate))?;
        let library =
            InputModule::load("library", wat::parse_str(r#"(module (func (export "f")))"#)?)?;
        let text = r#"(module (import "env" "f" (func)) (func (export "run")))"#;
        let object = InputModule::load("program", wat::parse_str(text)?)?;
        let program = host.link(Set::gather(object, vec![library], &mut NoLibraries)?)?;
        Ok(host.start(&program, &Wasi::default()).map(drop))
    };
    let Err(Error::Limit { limit: Limit::Instances { needed, limit: 0 }, .. }) = start(0)? else {
        return Err("no instances are enough".into());
    };
    match (start(needed - 1)?, start(needed)?, start(needed + 1)?) {
        (Err(Error::Limit { .. }), Ok(()), Ok(())) if needed >= 2 => Ok(()),
        found => Err(format!("{needed} are needed: {found:?}").into()),
    }
}

/// A program that opens libraries, by the host's own functions. Its `open` answers with a handle or
/// 0, and `wrong` with the length of what was wrong, which `letter` tells then.
const OPENER: &str = include_str!("../wat/limits-opener.wat");

/// Opens and closes a library three times under limits. Returns why it could not, and when.
fn open_and_close(limits: Limits, library: &str) -> Result<Option<(usize, String)>, Failed> {
    let folder = Sandbox::empty()?;
    fs::write(folder.path().join("opened.wasm"), wat::parse_str(library)?)?;
    let libraries = Search::new(vec![folder.path().to_owned()], None);
    let host = Host::with(Settings::default().with_limits(limits).with_libraries(libraries))?;
    let program = program(&host, "opener", OPENER)?;
    let mut process = host.start(&program, &Wasi::default())?;
    let number = |results: Vec<Val>| results[0].i32().unwrap_or_default();
    for time in 0..3 {
        let handle = number(process.invoke("open", &[])?);
        if handle == 0 {
            let length = number(process.invoke("wrong", &[])?);
            let mut message = Vec::new();
            for at in 0..length {
                message.push(number(process.invoke("letter", &[Val::I32(at)])?) as u8);
            }
            return Ok(Some((time, String::from_utf8(message)?)));
        }
        expect_i32(&mut process, "close", &[Val::I32(handle)], 0)?;
    }
    Ok(None)
}

fn instances_of_libraries() -> Result<(), Failed> {
    let library = r#"(module (@dylink.0 (mem-info)) (func (export "f")))"#;
    let open = |max| {
        let limits = Limits::default().with_max_instances(max);
        open_and_close(limits, library)
    };
    // The number that the program has at the start, and three libraries.
    let mut enough = 1;
    while !matches!(open(enough), Ok(None)) {
        enough += 1;
        if enough > 100 {
            return Err(format!("not even 100 are enough: {:?}", open(100)?).into());
        }
    }
    if let Some(failed) = open(enough + 1)? {
        return Err(format!("with one more: {failed:?}").into());
    }
    match open(enough - 1)? {
        Some((2, message)) if message.contains("the limit of `--max-instances`") => Ok(()),
        other => Err(format!("with one less: {other:?}").into()),
    }
}

fn tables_of_libraries() -> Result<(), Failed> {
    let library = r#"(module (@dylink.0 (mem-info (table 100 0))) (func (export "f")))"#;
    let enough = least(|max| {
        let max_table = Some(usize::try_from(max)? + 1);
        match open_and_close(Limits::default().with_max_table(max_table), library) {
            Ok(None) => Ok(true),
            Ok(Some((0, message))) if message.contains("the limit of `--max-table`") => Ok(false),
            // The program's own table is too large then.
            Err(failed) if failed.message().is_some_and(|m| m.contains("at the start")) => {
                Ok(false)
            }
            other => Err(format!("with {max}: {other:?}").into()),
        }
    })?;
    match enough >= 100 {
        true => Ok(()),
        false => Err(format!("{enough} are enough for 100").into()),
    }
}

/// A trap in a constructor is an error for the caller of `dlopen`; exceeding a limit of the program
/// in one ends the program.
fn ends_in_a_library() -> Result<(), Failed> {
    let library = r#"(module (@dylink.0 (mem-info))
        (func (export "__wasm_call_ctors") (loop (br 0))))"#;
    for (limits, flag) in [
        (Limits::default().with_fuel(100_000), "--fuel"),
        (Limits::default().with_timeout(Duration::from_millis(200)), "--timeout"),
    ] {
        match open_and_close(limits, library) {
            Err(failed) if failed.message().is_some_and(|message| message.contains(flag)) => {}
            other => return Err(format!("{flag}: {other:?}").into()),
        }
    }
    Ok(())
}

fn open_files() -> Result<(), Failed> {
    const TOO_MANY: i32 = -33;
    let folder = Sandbox::empty()?;
    fs::write(folder.path().join("file"), "text")?;
    for limit in 0..4 {
        let limits = Limits::default().with_max_open_files(limit);
        let host = Host::new(limits)?;
        let program = Guest::program(&host)?;
        let mut guest =
            Guest::start(&host, &program, &[(folder.path(), "/a"), (folder.path(), "/b")])?;
        let mut opened = Vec::new();
        for _ in 0..limit {
            opened.push(guest.open(3, "file")?);
        }
        let beyond = guest.open(4, "file")?;
        // A folder counts as a file does, and a file is not made.
        let (folder_too, new) = (guest.open(4, ".")?, guest.create(4, "new")?);
        let exists = folder.path().join("new").exists();
        if (beyond, folder_too, new, exists) != (TOO_MANY, TOO_MANY, TOO_MANY, false)
            || opened.iter().any(|fd| *fd < 0)
        {
            return Err(format!("{limit}: {opened:?}, {beyond}, {folder_too}, {new}").into());
        }
        for fd in opened {
            guest.close(fd)?;
            match (guest.open(3, "file")?, guest.open(3, "file")?) {
                (0.., TOO_MANY) => {}
                found => return Err(format!("one was closed, and then {found:?}").into()),
            }
        }
    }
    Ok(())
}

fn constructors_that_run_ahead() -> Result<(), Failed> {
    let preinit = |text: &str, limits: &Limits| -> Result<Result<Vec<u8>, Error>, Failed> {
        let object = InputModule::load("constructed", wat::parse_str(text)?)?;
        let plan = Plan::new(Set::gather(object, Vec::new(), &mut NoLibraries)?)?;
        Ok(host::preinit(&plan, &FuseOptions::default(), limits))
    };
    let constructor = |body: &str| {
        format!(
            r#"(module (memory (export "memory") 2) (table 7 funcref)
                (func $f (export "_initialize") {body})
                (func (export "run") (drop (table.size 0))))"#
        )
    };
    let none = Limits::default();
    let fine = constructor("(i32.store (i32.const 8) (i32.const 8))");
    preinit(&fine, &none.with_max_memory(2 * PAGE).with_max_table(7))??;
    for (text, limits, flag) in [
        (constructor("(loop (br 0))"), none.with_timeout(Duration::from_millis(100)), "--timeout"),
        (constructor("(loop (br 0))"), none.with_fuel(10_000), "--fuel"),
        (constructor("(call $f)"), none, "--max-stack"),
        (fine.clone(), none.with_max_memory(2 * PAGE - 1), "--max-memory"),
        (fine.clone(), none.with_max_table(6), "--max-table"),
    ] {
        match preinit(&text, &limits)? {
            Err(Error::Limit { limit, .. }) if limit.flag() == flag => {}
            other => return Err(format!("{flag}: {other:?}").into()),
        }
    }
    Ok(())
}

fn messages_name_the_flag() -> Result<(), Failed> {
    let host = Host::new(Limits::default().with_fuel(1000))?;
    let program = program(&host, "loops", LOOPS)?;
    let error = host.start(&program, &Wasi::default())?.invoke("for_ever", &[]);
    let error = error.err().ok_or("a loop without end has ended")?.to_string();
    let expected = "`for_ever` has used up 1000 units of fuel, the limit of `--fuel`\n\
        wasm backtrace:\n  0: loops!function 0";
    match error == expected {
        true => Ok(()),
        false => Err(error.into()),
    }
}
