//! Programs linked by `host` against the same sources built natively, or linked statically and run
//! on plain Wasmtime: `cargo xtask bench` builds the guests, runs this program once a row, and
//! compares with goals.
//!
//! `cargo bench -p tests --bench peers -- ROW` prints a line of JSON: nanoseconds or bytes of each
//! round, ours and theirs. Rounds alternate, so that what else the machine does slows both down
//! alike; both sides must come to the same result.
#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use host::{Host, Linker, Process, Program, Search, Settings, State, Val, Wasi};
use linker::{FuseOptions, Set};
use serde_json::json;
use wasmtime::{Engine, InstancePre, Module, Store, TypedFunc};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    // Cargo adds options of its own.
    let words: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [row] => {
            let Samples { ours, theirs } = measure(row)?;
            println!("{}", json!({ "ours": ours, "theirs": theirs }));
        }
        [INSTANCES_1000, side] => println!("{}", memory_of_side(side)?),
        _ => println!(
            "one row at a time: `cargo xtask bench` builds what they need, and runs all of them"
        ),
    }
    Ok(())
}

fn measure(row: &str) -> Result<Samples> {
    let libraries = || Search::new(vec![built("")], Some(sysroot()));
    let default = || Settings::default().with_libraries(libraries());
    let inlining = || default().with_inlining(true);
    match row {
        "call-rust" => against_native(&CALL_RUST, default()),
        "call-rust-inlined" => against_native(&CALL_RUST, inlining()),
        "call-back" => against_native(&CALL_BACK, default()),
        "throw-catch" => against_native(&THROW_CATCH, default()),
        "open-close" => against_native(&OPEN_CLOSE, default()),
        "zstd-native" => against_native(&ZSTD, default()),
        "mesh-native" => against_native(&MESH, default()),
        "zstd-static" => against_static(&ZSTD, default()),
        "mesh-static" => against_static(&MESH, default()),
        "sort-static" => against_static(&SORT, default()),
        "sort-inlined" => against_static(&SORT, inlining()),
        "map-static" => against_static(&MAP, default()),
        "typed-call" => typed_call(),
        "instance" => instance(false),
        "instance-preinit" => instance(true),
        INSTANCES_1000 => memory_of_instances(),
        _ => Err(format!("there is no row `{row}` here").into()),
    }
}

/// A function of one number, in several builds: shared libraries `MODULE.wasm`, a native program
/// `FUNCTION`, and a statically linked `FUNCTION.static.wasm`.
struct Bench {
    function: &'static str,
    /// The program first.
    modules: &'static [&'static str],
    /// The amount of work.
    argument: u32,
    /// What one nanosecond is shared by.
    per: u32,
    rounds: usize,
}

const CALLS: u32 = 20_000_000;
const CALL_RUST: Bench = Bench {
    function: "call_rust",
    modules: &["calls", "calls-rust"],
    argument: CALLS,
    per: CALLS,
    rounds: 31,
};
const CALL_BACK: Bench = Bench { function: "call_back", ..CALL_RUST };
const THROWS: u32 = 100_000;
const THROW_CATCH: Bench = Bench {
    function: "throw_catch",
    modules: &["throws"],
    argument: THROWS,
    per: THROWS,
    rounds: 31,
};
/// A store can have ten thousand instances: this is less in all rounds.
const OPENED: u32 = 100;
const OPEN_CLOSE: Bench = Bench {
    function: "open_close",
    modules: &["opens"],
    argument: OPENED,
    per: OPENED,
    rounds: 31,
};
const ZSTD: Bench = Bench {
    function: "compress",
    modules: &["compress", "zstd"],
    argument: 16 << 20,
    per: 1,
    rounds: 15,
};
const MESH: Bench = Bench {
    function: "optimise",
    modules: &["mesh", "meshopt"],
    argument: 200,
    per: 1,
    rounds: 31,
};
const SORT: Bench = Bench {
    function: "sort_integers",
    modules: &["containers"],
    argument: 10_000_000,
    per: 1,
    rounds: 7,
};
const MAP: Bench = Bench { function: "insert_into_map", argument: 500_000, rounds: 9, ..SORT };

#[derive(Default)]
struct Samples {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

/// The result of a round, and the nanoseconds that it took.
type Round = (u32, f64);

/// Rounds of both sides in turn, after one of each that does not count.
fn alternate(
    rounds: usize,
    mut ours: impl FnMut() -> Result<Round>,
    mut theirs: impl FnMut() -> Result<Round>,
) -> Result<Samples> {
    let mut samples = Samples::default();
    for round in 0..=rounds {
        let ((our_result, our_time), (their_result, their_time)) = (ours()?, theirs()?);
        if our_result != their_result {
            return Err(format!("ours came to {our_result}, theirs to {their_result}").into());
        }
        if round > 0 {
            samples.ours.push(our_time);
            samples.theirs.push(their_time);
        }
    }
    Ok(samples)
}

fn time(run: impl FnOnce() -> Result<u32>) -> Result<Round> {
    let start = Instant::now();
    let result = run()?;
    Ok((result, start.elapsed().as_nanos() as f64))
}

fn against_native(bench: &Bench, settings: Settings) -> Result<Samples> {
    let mut native = Native::start(bench.function)?;
    with_process(bench, settings, |ours| {
        alternate(bench.rounds, ours, || {
            let (result, time) = native.call(bench.argument)?;
            Ok((result, time / f64::from(bench.per)))
        })
    })
}

fn against_static(bench: &Bench, settings: Settings) -> Result<Samples> {
    let mut plain = Plain::start(bench.function)?;
    with_process(bench, settings, |ours| {
        alternate(bench.rounds, ours, || plain.call(bench.argument))
    })
}

/// Calls `measure` with a function that runs a round of ours.
fn with_process(
    bench: &Bench,
    settings: Settings,
    measure: impl FnOnce(&mut dyn FnMut() -> Result<Round>) -> Result<Samples>,
) -> Result<Samples> {
    let host = Host::with(settings)?;
    let program = program(&host, bench.modules)?;
    let mut process: Process = host.start(&program, &Wasi::default())?;
    let argument = [Val::I32(bench.argument.cast_signed())];
    measure(&mut || {
        let (result, time) =
            time(|| match process.invoke(bench.function, &argument)?.as_slice() {
                [Val::I32(result)] => Ok(result.cast_unsigned()),
                other => Err(format!("`{}` returned {other:?}", bench.function).into()),
            })?;
        Ok((result, time / f64::from(bench.per)))
    })
}

fn program(host: &Host, modules: &[&str]) -> Result<Program<State>> {
    let read = |name: &&str| host::read(&built(&format!("{name}.wasm")));
    let mut inputs = modules.iter().map(read).collect::<std::result::Result<Vec<_>, _>>()?;
    let program = inputs.remove(0);
    let mut search = Search::new(Vec::new(), Some(sysroot()));
    Ok(host.link(Set::gather(program, inputs, &mut search)?)?)
}

fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).map(Into::into).unwrap_or_default()
}

/// Returns the path of a file that `cargo xtask bench` has built.
fn built(name: &str) -> PathBuf {
    target().join("bench").join("built").join(name)
}

fn guest(name: &str) -> PathBuf {
    target().join("guests").join(format!("{name}.wasm"))
}

fn sysroot() -> PathBuf {
    target().join("guests").join("sysroot")
}

/// A native program that runs rounds when it is asked to.
struct Native {
    child: Child,
    numbers: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Native {
    fn start(function: &str) -> Result<Self> {
        let mut command =
            Command::new(built(&format!("{function}{}", std::env::consts::EXE_SUFFIX)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let numbers = child.stdin.take();
        let answers = child.stdout.take().ok_or("no stdout")?;
        Ok(Native { child, numbers, answers: BufReader::new(answers) })
    }

    fn call(&mut self, argument: u32) -> Result<Round> {
        writeln!(self.numbers.as_ref().ok_or("no stdin")?, "{argument}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let (result, time) = line.trim().split_once(' ').ok_or("the native program has ended")?;
        Ok((result.parse()?, time.parse()?))
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // It ends with its input.
        self.numbers = None;
        drop(self.child.wait());
    }
}

/// A statically linked program on Wasmtime, as an embedder would run it without `host`.
struct Plain {
    store: Store<WasiP1Ctx>,
    function: TypedFunc<u32, u32>,
}

impl Plain {
    fn start(function: &str) -> Result<Self> {
        let engine = Engine::default();
        let pre = statically_linked(&engine, &format!("{function}.static.wasm"))?;
        let mut store = Store::new(&engine, wasi());
        let instance = pre.instantiate(&mut store)?;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, INITIALIZE) {
            initialize.call(&mut store, ())?;
        }
        let function = instance.get_typed_func(&mut store, function)?;
        Ok(Plain { store, function })
    }

    fn call(&mut self, argument: u32) -> Result<Round> {
        time(|| Ok(self.function.call(&mut self.store, argument)?))
    }
}

const INITIALIZE: &str = "_initialize";

fn statically_linked(engine: &Engine, name: &str) -> Result<InstancePre<WasiP1Ctx>> {
    let module = Module::new(engine, fs::read(built(name))?)?;
    let mut linker = wasmtime::Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    Ok(linker.instantiate_pre(&module)?)
}

fn wasi() -> WasiP1Ctx {
    WasiCtxBuilder::new().build_p1()
}

/// The same module, called through `host::Linker` and by Wasmtime alone.
fn typed_call() -> Result<Samples> {
    const CALLS: i32 = 2_000_000;
    let engine = Engine::default();
    let bytes = fs::read(guest("calc"))?;
    let sum = |store: &mut Store<()>, add: &TypedFunc<(i32, i32), i32>| {
        let (result, time) = time(|| {
            let mut sum = 0;
            for number in 0..CALLS {
                sum = add.call(&mut *store, black_box((sum, number)))?;
            }
            Ok(sum.cast_unsigned())
        })?;
        Ok((result, time / f64::from(CALLS)))
    };

    let mut linker = Linker::new(&engine);
    linker.program("calc", bytes.clone())?;
    let mut our_store = Store::new(&engine, ());
    let ours = linker.instantiate(&mut our_store)?.get_typed_func(&mut our_store, "add")?;

    let mut their_store = Store::new(&engine, ());
    let instance = wasmtime::Instance::new(&mut their_store, &Module::new(&engine, bytes)?, &[])?;
    let theirs = instance.get_typed_func(&mut their_store, "add")?;

    alternate(31, || sum(&mut our_store, &ours), || sum(&mut their_store, &theirs))
}

/// A new store and in it the tour, ready to be called; ours as its constructors left it, or to be
/// constructed.
fn instance(preinit: bool) -> Result<Samples> {
    const INSTANCES: u32 = 200;
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.sysroot(sysroot()).program_file(&guest("tour"))?.library_file(&guest("tour-cpp"))?;
    p1::add_to_linker_sync(linker.host(), |wasi| wasi)?;
    if preinit {
        let ready =
            host::preinit(&linker.plan()?, &FuseOptions::default(), &host::Limits::default())?;
        linker = Linker::new(&engine);
        linker.program("tour", ready)?;
        p1::add_to_linker_sync(linker.host(), |wasi| wasi)?;
    }
    let ours = linker.link()?;
    let theirs = statically_linked(&engine, "tour.static.wasm")?;

    let our_instance = || {
        let mut store = Store::new(&engine, wasi());
        let tour = ours.instantiate(&mut store)?.get_typed_func::<(), u32>(&mut store, "tour")?;
        Ok((store, tour))
    };
    let their_instance = || {
        let mut store = Store::new(&engine, wasi());
        let instance = theirs.instantiate(&mut store)?;
        instance.get_typed_func::<(), ()>(&mut store, INITIALIZE)?.call(&mut store, ())?;
        let tour = instance.get_typed_func::<(), u32>(&mut store, "tour")?;
        Ok((store, tour))
    };
    alternate(31, || instances(INSTANCES, our_instance), || instances(INSTANCES, their_instance))
}

/// The time for one of several instances, and what a call of the last one returns.
fn instances(
    count: u32,
    new: impl Fn() -> Result<(Store<WasiP1Ctx>, TypedFunc<(), u32>)>,
) -> Result<Round> {
    let (_, time) = time(|| {
        for _ in 0..count {
            black_box(new()?);
        }
        Ok(count)
    })?;
    let (mut store, tour) = new()?;
    Ok((tour.call(&mut store, ())?, time / f64::from(count)))
}

const INSTANCES_1000: &str = "instances-1000";
const OURS: &str = "ours";
const THEIRS: &str = "theirs";

/// Measures the memory that each of many instances takes. Each round is a process of its own, since
/// a process uses again what an earlier round has freed.
fn memory_of_instances() -> Result<Samples> {
    let side = |side: &str| {
        let output =
            Command::new(std::env::current_exe()?).args([INSTANCES_1000, side]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok((COUNT, String::from_utf8_lossy(&output.stdout).trim().parse()?))
    };
    alternate(5, || side(OURS), || side(THEIRS))
}

const COUNT: u32 = 1000;

/// Starts instances of the command `strings`, each in a store of its own, runs it in each, and
/// keeps them. Returns the bytes of memory that one takes.
fn memory_of_side(side: &str) -> Result<f64> {
    let engine = Engine::default();
    match side {
        OURS => {
            let mut linker = Linker::new(&engine);
            linker.sysroot(sysroot()).program_file(&built("strings.wasm"))?;
            p1::add_to_linker_sync(linker.host(), |wasi| wasi)?;
            let program = linker.link()?;
            memory_of_each(&engine, |store| {
                Ok(program.instantiate(&mut *store)?.get_typed_func(store, START)?)
            })
        }
        THEIRS => {
            let program = statically_linked(&engine, "strings.static.wasm")?;
            memory_of_each(&engine, |store| {
                Ok(program.instantiate(&mut *store)?.get_typed_func(store, START)?)
            })
        }
        _ => Err(format!("there is no side `{side}`").into()),
    }
}

const START: &str = "_start";

fn memory_of_each(
    engine: &Engine,
    instantiate: impl Fn(&mut Store<WasiP1Ctx>) -> Result<TypedFunc<(), ()>>,
) -> Result<f64> {
    let run = || -> Result<Store<WasiP1Ctx>> {
        let mut store = Store::new(engine, wasi());
        let start = instantiate(&mut store)?;
        match start.call(&mut store, ()) {
            Err(error) if error.downcast_ref::<I32Exit>().is_none_or(|exit| exit.0 != 0) => {
                Err(error.into())
            }
            _ => Ok(store),
        }
    };
    // The first one also takes what all of them share.
    let first = run()?;
    let before = resident_memory()?;
    let instances = (0..COUNT).map(|_| run()).collect::<Result<Vec<_>>>()?;
    let after = resident_memory()?;
    drop((first, instances));
    Ok((after - before) / f64::from(COUNT))
}

/// Returns the bytes of memory that this process has. A page that several mappings share counts
/// once.
fn resident_memory() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes = kibibytes.ok_or("the kernel does not say how much memory this process has")?;
    Ok(kibibytes.parse::<f64>()? * 1024.0)
}
