//! Many instances, one after the other and at once.
//!
//! Each measurement runs in a process of its own, which is this program again, so that nothing else
//! uses its memory. Each kind of load is run by all threads in equal rounds. The first third of the
//! rounds warms up, and the last must need no more than the second: memory, file descriptors and
//! threads.

use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use host::{
    Cache, Error, Files, Host, Libraries, Limit, Limits, OpenFlags, Program, Search, Settings,
    State, Val, Wasi,
};
use libtest_mimic::{Failed, Trial};
use linker::{InputModule, NoLibraries, Plan, Set};
use wasmtime::{Engine, Store};

use crate::support::trial::{is_soak, times, trial};
use crate::support::workspace;

/// The environment variable that makes this program a load, and says which.
const LOAD: &str = "TESTS_LOAD";

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials =
        vec![trial("load::a_store_never_blocks_another", a_store_never_blocks_another)];
    if cfg!(target_os = "linux") {
        let measured = |load: &'static Load| {
            trial(&format!("load::{}", load.name), move || measure_apart(load))
        };
        trials.extend(LOADS.iter().map(measured));
    }
    trials
}

struct Load {
    name: &'static str,
    threads: usize,
    /// Rounds of each thread: some, and in a soak.
    rounds: (usize, usize),
    /// Makes what all threads share, and then has the rounds run.
    run: fn(RunRounds<'_>) -> Result<Figures, Failed>,
}

/// The work that a thread repeats. It returns only if everything was as expected.
type Round<'r> = &'r (dyn Fn() -> Result<(), Failed> + Sync);

/// Has the rounds run by all threads.
type RunRounds<'r> = &'r dyn Fn(Round<'_>) -> Result<Figures, Failed>;

/// Libraries are opened by fewer threads: the system's own allocator, glibc's, needs far more than
/// a thousand rounds of 64 threads until it has settled.
const LOADS: [Load; 5] = [
    Load { name: "processes_of_a_program", threads: 64, rounds: (100, 1000), run: processes },
    Load { name: "programs_of_a_plan", threads: 64, rounds: (100, 1000), run: programs },
    Load { name: "stores_of_an_embedder", threads: 64, rounds: (300, 1000), run: stores },
    Load { name: "libraries_opened_and_closed", threads: 8, rounds: (500, 8000), run: libraries },
    Load { name: "calls_of_a_process", threads: 1, rounds: (100_000, 1_000_000), run: calls },
];

/// Runs a load in a process of its own, which has to end in time.
fn measure_apart(load: &Load) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(LOAD, load.name).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let limit = Duration::from_secs(times(300, 3600) as u64);
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > limit {
            child.kill()?;
            return Err(format!("not done after {limit:?}: {:?}", child.wait_with_output()?).into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output()?;
    let text = crate::support::commands::text(&output);
    if is_soak() {
        write!(io::stderr(), "{text}")?;
    }
    if output.status.success() { Ok(()) } else { Err(text.into()) }
}

/// Runs this program as a load, if it is one, and returns how it ended.
pub(crate) fn child() -> Option<ExitCode> {
    let name = std::env::var(LOAD).ok()?;
    let load = LOADS.iter().find(|load| load.name == name)?;
    let figures = (load.run)(&|round| run_rounds(load, round));
    let (text, code) = match figures.and_then(|figures| figures.check(load).map(|()| figures)) {
        Ok(figures) => (figures.describe(load), ExitCode::SUCCESS),
        Err(failed) => (failed.message().unwrap_or_default().to_owned(), ExitCode::FAILURE),
    };
    writeln!(io::stdout(), "{text}").ok()?;
    Some(code)
}

/// The resources that this process uses, as the system reports them.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    /// Resident, in bytes.
    memory: usize,
    files: usize,
}

impl Needs {
    fn now() -> Result<Self, Failed> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|text| text.split_whitespace().next());
        let kilobytes: usize = kilobytes.ok_or("no `VmRSS`")?.parse()?;
        let files = std::fs::read_dir("/proc/self/fd")?.count();
        Ok(Needs { memory: kilobytes << 10, files })
    }
}

/// The resources that each third of the rounds used: the mean of many samples.
#[derive(Debug, Default)]
struct Figures {
    time: Duration,
    thirds: [Needs; 3],
    looks: [usize; 3],
}

impl Figures {
    fn look(&mut self, third: usize) -> Result<(), Failed> {
        let now = Needs::now()?;
        self.thirds[third].memory += now.memory;
        self.thirds[third].files += now.files;
        self.looks[third] += 1;
        Ok(())
    }

    fn mean(&self, third: usize) -> Needs {
        let (sum, looks) = (self.thirds[third], self.looks[third].max(1));
        Needs { memory: sum.memory / looks, files: sum.files.div_ceil(looks) }
    }

    /// A look falls into a moment in which more threads have an instance than in another: that is
    /// why a little more is allowed. A leak of a page a round would be ten times as much.
    fn check(&self, load: &Load) -> Result<(), Failed> {
        let (second, last) = (self.mean(1), self.mean(2));
        let slack = second.memory / 50 + if is_soak() { 0 } else { 4 << 20 };
        let is_flat = last.memory <= second.memory + slack && last.files <= second.files + 8;
        match is_flat && self.looks.iter().all(|looks| *looks > 0) {
            true => Ok(()),
            false => Err(format!("more is needed as time goes by: {}", self.describe(load)).into()),
        }
    }

    fn describe(&self, load: &Load) -> String {
        let needs = [0, 1, 2].map(|third| {
            let Needs { memory, files } = self.mean(third);
            format!("{:.1} MiB and {files} files", memory as f64 / f64::from(1 << 20))
        });
        let (threads, rounds) = (load.threads, times(load.rounds.0, load.rounds.1));
        format!(
            "{}: {threads} threads of {rounds} rounds in {:.1} s; in each third {}",
            load.name,
            self.time.as_secs_f64(),
            needs.join(", ")
        )
    }
}

/// By who has just done a round, however busy the machine is.
const LOOKS: usize = 60;

fn run_rounds(load: &Load, round: Round<'_>) -> Result<Figures, Failed> {
    let rounds = times(load.rounds.0, load.rounds.1);
    let all = load.threads * rounds;
    let done = AtomicUsize::new(0);
    let figures = Mutex::new(Figures::default());
    let start = Instant::now();
    thread::scope(|scope| {
        let run = || {
            (0..rounds).try_for_each(|_| {
                let failed = |failed: Failed| failed.message().unwrap_or_default().to_owned();
                round().map_err(failed)?;
                let before = done.fetch_add(1, Ordering::Relaxed);
                if before.is_multiple_of((all / LOOKS).max(1)) {
                    let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
                    figures.look((before * 3 / all).min(2)).map_err(failed)?;
                }
                Ok::<_, String>(())
            })
        };
        let threads: Vec<_> = (0..load.threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().try_for_each(|t| Ok::<_, Failed>(t.join().map_err(|_| "a panic")??))
    })?;
    let mut figures = figures.into_inner().unwrap_or_else(PoisonError::into_inner);
    figures.time = start.elapsed();
    Ok(figures)
}

fn guest(name: &str) -> Result<InputModule, Failed> {
    Ok(host::read(&workspace::guests().join(format!("{name}.wasm")))?)
}

/// The tour, with libc and libc++.
fn tour() -> Result<Set, Failed> {
    let mut search = Search::new(Vec::new(), Some(workspace::guests().join("sysroot")));
    Ok(Set::gather(guest("tour")?, vec![guest("tour-cpp")?], &mut search)?)
}

fn expect(found: &[Val], expected: i32) -> Result<(), Failed> {
    match found {
        [Val::I32(found)] if *found == expected => Ok(()),
        _ => Err(format!("{found:?} instead of {expected}").into()),
    }
}

/// Instances of one compiled program, each with a time limit of its own: instantiate, call, drop.
fn processes(run: RunRounds<'_>) -> Result<Figures, Failed> {
    let timeout = Some(Duration::from_secs(600));
    let host = Host::new(Limits::default().with_timeout(timeout))?;
    let program = host.link(tour()?)?;
    run(&|| {
        let mut process = host.start(&program, &Wasi::default())?;
        expect(&process.invoke("rust_hanoi", &[Val::I32(8)])?, 255)
    })
}

/// One plan: link with a cache, instantiate, call, drop.
fn programs(run: RunRounds<'_>) -> Result<Figures, Failed> {
    let folder = tempfile::tempdir()?;
    let cache = Some(Cache::new(folder.path().join("cache")));
    let host = Host::with(Settings::default().with_cache(cache))?;
    let set = Set::gather(guest("toolbox")?, vec![guest("calc")?], &mut NoLibraries)?;
    let plan = Plan::new(set)?;
    run(&|| {
        let program = host.compile(plan.clone())?;
        if let Some(error) = program.cache_error() {
            return Err(error.to_string().into());
        }
        let mut process = host.start(&program, &Wasi::default())?;
        expect(&process.invoke("foo", &[Val::I32(7)])?, 8)
    })
}

/// Stores of an embedder's own, and an instance for each module.
fn stores(run: RunRounds<'_>) -> Result<Figures, Failed> {
    let engine = Engine::default();
    let mut linker = host::Linker::<()>::new(&engine);
    linker.mode(host::Mode::Separate);
    linker.program_file(&workspace::guests().join("toolbox.wasm"))?;
    linker.library_file(&workspace::guests().join("calc.wasm"))?;
    let program = linker.link()?;
    run(&|| {
        let mut store = Store::new(&engine, ());
        let linked = program.instantiate(&mut store)?;
        let function = linked.get_typed_func::<i32, i32>(&mut store, "foo")?;
        expect(&[Val::I32(function.call(&mut store, 7)?)], 8)
    })
}

struct Opens {
    libraries: Libraries<Opens>,
}

const PLUGIN: &str = r#"(module
    (@dylink.0 (mem-info (memory 64 4)))
    (import "env" "memory" (memory 1))
    (import "env" "__memory_base" (global $base i32))
    (import "env" "step" (func $step (param i32) (result i32)))
    (data (global.get $base) "\29")
    (func (export "run") (result i32) (call $step (i32.load8_u (global.get $base)))))"#;

const OPENS: &str = r#"(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 1))
    (func (export "malloc") (param i32) (result i32) (i32.const 2048))
    (func (export "free") (param i32))
    (func (export "step") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 1))))"#;

/// In each store a library is opened, called and closed, ten times.
fn libraries(run: RunRounds<'_>) -> Result<Figures, Failed> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("plugin.wasm"), wat::parse_str(PLUGIN)?)?;
    let engine = Engine::default();
    let mut linker = host::Linker::<Opens>::new(&engine);
    linker.program("program", wat::parse_str(OPENS)?)?;
    let loader = linker.enable_dlopen(|state| &mut state.libraries)?;
    let program = linker.link()?;
    let search = Search::new(vec![folder.path().to_owned()], None);
    run(&|| {
        let libraries = Libraries::new(Files::new(search.clone()));
        let mut store = Store::new(&engine, Opens { libraries });
        program.instantiate(&mut store)?;
        for _ in 0..10 {
            let plugin = loader.open(&mut store, "plugin.wasm", OpenFlags::default())?;
            let run = loader.get_func(&mut store, plugin, "run")?.ok_or("no `run`")?;
            let found = run.typed::<(), i32>(&store)?.call(&mut store, ())?;
            expect(&[Val::I32(found)], 42)?;
            loader.close(&mut store, plugin)?;
        }
        Ok(())
    })
}

/// Calls of one instance.
fn calls(run: RunRounds<'_>) -> Result<Figures, Failed> {
    let host = Host::new(Limits::default())?;
    let program = host.link(tour()?)?;
    let process = host.start(&program, &Wasi::default())?;
    let process = std::sync::Mutex::new(process);
    run(&|| {
        let mut process = process.lock().map_err(|_| "a panic")?;
        expect(&process.invoke("rust_hanoi", &[Val::I32(3)])?, 7)
    })
}

const BUSY: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "loop") (loop (br 0)))
    (func (export "sleep")
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
    (func (export "quick") (result i32) (i32.const 7)))"#;

/// Some loop and sleep until their time is over, and meanwhile others begin and end.
fn a_store_never_blocks_another() -> Result<(), Failed> {
    let limit = Duration::from_secs(times(3, 20) as u64);
    let host = Host::new(Limits::default().with_timeout(limit))?;
    let object = InputModule::load("busy", wat::parse_str(BUSY)?)?;
    let program = host.link(Set::gather(object, Vec::new(), &mut NoLibraries)?)?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let blocked = |name| {
            let (host, program, is_over) = (&host, &program, &is_over);
            scope.spawn(move || {
                let ended = ends_by_its_time(host, program, name);
                is_over.store(true, Ordering::SeqCst);
                ended
            })
        };
        let blocked = ["loop", "sleep", "sleep"].map(blocked);
        let quick = || {
            for _ in 0..times(20, 1000) {
                let started = host.start(&program, &Wasi::default());
                let mut process = started.map_err(|error| error.to_string())?;
                let found = process.invoke("quick", &[]).map_err(|error| error.to_string())?;
                expect(&found, 7).map_err(|_| "not 7")?;
            }
            match is_over.load(Ordering::SeqCst) {
                true => Err("it was done only after the others' time was over".to_owned()),
                false => Ok(()),
            }
        };
        let quick: Vec<_> = (0..8).map(|_| scope.spawn(quick)).collect();
        quick.into_iter().try_for_each(|t| Ok::<_, Failed>(t.join().map_err(|_| "a panic")??))?;
        blocked.into_iter().try_for_each(|t| Ok(t.join().map_err(|_| "a panic")??))
    })
}

fn ends_by_its_time(host: &Host, program: &Program<State>, name: &str) -> Result<(), String> {
    let mut process = host.start(program, &Wasi::default()).map_err(|error| error.to_string())?;
    match process.invoke(name, &[]) {
        Err(Error::Limit { limit: Limit::Time { .. }, .. }) => Ok(()),
        other => Err(format!("`{name}` ended with {other:?}")),
    }
}
