//! Measures each phase from bytes to a program that can be called, by itself: `cargo bench -p tests
//! --bench linking`.
//!
//! The time is the median of several runs, without making what the phase is given and dropping what
//! it returns. The memory, on the line below, is what the phase has allocated at most at one time
//! beyond what it was given, of one further run whose time does not count. A counting allocator
//! measures it, the same on every system. So what Wasmtime maps by itself is not in it: the machine
//! code and the program's memories.
//!
//! The sets of generated modules grow tenfold, and a line says how many times as long as the one
//! before a phase took: much more than ten means that something in it is quadratic. The loop is our
//! own, since Criterion brings crates that Wasmtime has in other versions.
#![expect(clippy::print_stdout, reason = "a benchmark reports")]

#[path = "common/generated.rs"]
mod generated;

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::time::{Duration, Instant};

use host::{Host, Limits, Wasi};
use linker::{Bound, Fault, InputModule, LibrarySource, NoLibraries, Plan, Set};
use wasmtime::{Config, Engine, WasmBacktraceDetails};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The phases of `linker`, and then those of Wasmtime, in the order in which a program goes through
/// them. *instantiate* is a new store with WASI, the instances, relocations and constructors.
const PHASES: [&str; 7] = ["load", "gather", "plan", "validate", "bind", "compile", "instantiate"];

/// The cost of a phase.
#[derive(Debug, Clone, Copy)]
struct Cost {
    time: Duration,
    /// Bytes.
    memory: usize,
}

fn main() -> Result<()> {
    line("", PHASES.iter().map(|phase| (*phase).to_owned()));
    for input in [demo()?, tour()?, zstd()?].into_iter().flatten() {
        let linked = Linked::new(&input)?;
        let costs = [measure_linker(&input, &linked)?, measure_wasmtime(&linked)?].concat();
        print(input.name, &costs);
    }
    let mut before: Option<Vec<Cost>> = None;
    for size in SIZES {
        let input = generated(size);
        let costs = measure_linker(&input, &Linked::new(&input)?)?;
        print(&format!("{size} modules"), &costs);
        if let Some(before) = before {
            let ratio = |(now, before): (&Cost, &Cost)| {
                format!("x {:.1}", now.time.as_secs_f64() / before.time.as_secs_f64())
            };
            line("", costs.iter().zip(&before).map(ratio));
        }
        before = Some(costs);
    }
    Ok(())
}

fn print(name: &str, costs: &[Cost]) {
    line(name, costs.iter().map(|cost| format!("{:.1?}", cost.time)));
    line("", costs.iter().map(|cost| bytes(cost.memory)));
}

fn line(name: &str, cells: impl Iterator<Item = String>) {
    let cells: String = cells.map(|cell| format!("{cell:>12}")).collect();
    println!("{name:<12}{cells}");
}

fn bytes(count: usize) -> String {
    let kib = count as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.1} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

/// The system's allocator, which counts only while a phase's memory is measured.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
/// Bytes that are allocated beyond those before the phase; fewer if it frees what it was given.
static ALLOCATED: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn count(freed: usize, allocated: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        let change = allocated.cast_signed() - freed.cast_signed();
        let now = ALLOCATED.fetch_add(change, Ordering::Relaxed) + change;
        PEAK.fetch_max(now, Ordering::Relaxed);
    }
}

// SAFETY: each method does what the system's allocator does, with the arguments that it was given;
// counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        // SAFETY: the caller keeps the conditions, which are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), size);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

const SIZES: [usize; 3] = [10, 100, 1000];

/// The inputs: the program, the modules linked to it, and those system libraries that are needed.
struct Input {
    name: &'static str,
    modules: Vec<(String, Vec<u8>)>,
    system: Vec<(String, Vec<u8>)>,
}

fn load(modules: &[(String, Vec<u8>)]) -> Result<Vec<InputModule>> {
    let inputs = modules.iter().map(|(name, bytes)| InputModule::load(name, bytes.as_slice()));
    Ok(inputs.collect::<std::result::Result<_, _>>()?)
}

/// Loaded system libraries, to be given once as such and once as needed: copying them is no part of
/// linking.
struct Loaded([Vec<InputModule>; 2]);

impl LibrarySource for Loaded {
    fn needed(&mut self, name: &str, by: &InputModule) -> std::result::Result<InputModule, Fault> {
        let [_, needed] = &mut self.0;
        let named = |input: &InputModule| name.strip_suffix(".wasm") == Some(&input.module.name);
        match needed.iter().position(named) {
            Some(at) => Ok(needed.swap_remove(at)),
            None => NoLibraries.needed(name, by),
        }
    }

    fn system(&mut self, file: &str) -> Option<InputModule> {
        let [system, _] = &mut self.0;
        let at = system.iter().position(|input| input.module.name == linker::module_name(file))?;
        Some(system.swap_remove(at))
    }
}

/// Those of programs in which nothing catches exceptions.
const SYSTEM_LIBRARIES: [&str; 3] = ["libc++.wasm", "libiconv.wasm", "libc.wasm"];

/// The input of the phases after *gather*.
struct Linked {
    set: Set,
    plan: Plan,
    bound: Bound,
}

impl Linked {
    fn new(input: &Input) -> Result<Self> {
        let system = load(&input.system)?;
        let set = gather((load(&input.modules)?, Loaded([system.clone(), system])))?;
        let plan = Plan::new(set.clone())?;
        let bound = plan.bind()?;
        Ok(Linked { set, plan, bound })
    }
}

fn measure_linker(input: &Input, Linked { set, plan, .. }: &Linked) -> Result<Vec<Cost>> {
    let (inputs, system) = (load(&input.modules)?, load(&input.system)?);
    let loaded = || (inputs.clone(), Loaded([system.clone(), system.clone()]));
    let all = [input.modules.as_slice(), &input.system].concat();
    let validate = |input: &InputModule| linker::validate(&input.module.name, &input.bytes);
    Ok(vec![
        cost(|| (), |()| load(&all)),
        cost(loaded, gather),
        cost(|| set.clone(), Plan::new),
        cost(|| (), |()| set.inputs.iter().try_for_each(validate)),
        cost(|| (), |()| plan.bind()),
    ])
}

fn measure_wasmtime(Linked { plan, bound, .. }: &Linked) -> Result<Vec<Cost>> {
    // The same settings as of `Host` without a time limit.
    let mut config = Config::new();
    config.wasm_backtrace_details(WasmBacktraceDetails::Enable);
    let engine = Engine::new(&config)?;
    let host = Host::new(Limits::default())?;
    let program = host.compile(plan.clone())?;
    host.start(&program, &Wasi::default())?;
    Ok(vec![
        cost(|| (), |()| compile(&engine, bound)),
        cost(|| (), |()| host.start(&program, &Wasi::default())),
    ])
}

fn compile(engine: &Engine, bound: &Bound) -> wasmtime::Result<Vec<wasmtime::Module>> {
    let modules = bound.modules.iter().chain(&bound.slots).map(|module| &module.bytes);
    let modules = bound.base.iter().chain(modules);
    modules.map(|bytes| wasmtime::Module::from_binary(engine, bytes)).collect()
}

fn gather((inputs, mut library): (Vec<InputModule>, Loaded)) -> Result<Set> {
    let mut inputs = inputs.into_iter();
    let program = inputs.next().ok_or("no program")?;
    Ok(Set::gather(program, inputs.collect(), &mut library)?)
}

fn cost<T, R>(given: impl Fn() -> T, function: impl Fn(T) -> R) -> Cost {
    Cost { memory: memory(given(), &function), time: time(given, &function) }
}

fn memory<T, R>(given: T, function: impl Fn(T) -> R) -> usize {
    ALLOCATED.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    COUNTS.store(true, Ordering::Relaxed);
    let result = function(given);
    COUNTS.store(false, Ordering::Relaxed);
    drop(result);
    PEAK.load(Ordering::Relaxed).unsigned_abs()
}

fn time<T, R>(given: impl Fn() -> T, function: impl Fn(T) -> R) -> Duration {
    let end = Instant::now() + ENOUGH;
    let mut times = Vec::new();
    while times.len() < AT_LEAST || Instant::now() < end {
        let given = given();
        let start = Instant::now();
        let result = function(given);
        times.push(start.elapsed());
        drop(result);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

const ENOUGH: Duration = Duration::from_secs(1);
const AT_LEAST: usize = 7;

fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(3).map(Path::to_owned).unwrap_or_default()
}

fn read(path: &Path) -> Result<(String, Vec<u8>)> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?))
}

fn demo() -> Result<Option<Input>> {
    let guests = target().join("guests");
    let modules = ["toolbox", "calc"].map(|name| guests.join(name).with_extension("wasm"));
    built("demo", &modules, &[], "build-all")
}

/// Rust with std, C++, and what they use of libc and libc++.
fn tour() -> Result<Option<Input>> {
    let guests = target().join("guests");
    let modules = ["tour", "tour-cpp"].map(|name| guests.join(name).with_extension("wasm"));
    built("tour", &modules, &SYSTEM_LIBRARIES, "build-all")
}

/// A large library in C as the tests of real libraries build it, and libc.
fn zstd() -> Result<Option<Input>> {
    let module = target().join("tests").join("real").join("zstd.wasm");
    built("zstd", &[module], &SYSTEM_LIBRARIES, "test real")
}

/// Nothing if a file is missing; `command` of `cargo xtask` builds it.
fn built(
    name: &'static str,
    modules: &[PathBuf],
    system: &[&str],
    command: &str,
) -> Result<Option<Input>> {
    let sysroot = target().join("guests").join("sysroot");
    let system: Vec<_> = system.iter().map(|file| sysroot.join(file)).collect();
    if !modules.iter().chain(&system).all(|file| file.is_file()) {
        println!("{name:<12} is not built: `cargo xtask {command}` does");
        return Ok(None);
    }
    let read = |files: &[PathBuf]| files.iter().map(|file| read(file)).collect::<Result<_>>();
    Ok(Some(Input { name, modules: read(modules)?, system: read(&system)? }))
}

/// Shared libraries that all use each other.
fn generated(count: usize) -> Input {
    Input { name: "generated", modules: generated::modules(count), system: Vec::new() }
}
