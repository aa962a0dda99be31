//! How long each phase of `linker` takes, without running anything: `cargo bench -p tests`.
//!
//! The sets of generated modules grow tenfold, and each line says how many times as long as the one before a phase
//! took: much more than ten means that something in it is quadratic. The loop is our own, since Criterion
//! brings crates that Wasmtime has in other versions.
#![expect(clippy::print_stdout, reason = "a benchmark reports")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use linker::{Fault, Library, NoLibrary, Object, Plan, Set};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemoryType, Module,
    RefType, TableType, TypeSection, ValType,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The phases, in the order in which they are measured.
const PHASES: [&str; 4] = ["load", "gather", "plan", "bind"];

type Times = [Duration; PHASES.len()];

fn main() -> Result<()> {
    for input in [demo()?, cpp()?].into_iter().flatten() {
        print(input.name, measure(&input)?, None);
    }
    let mut before = None;
    for size in SIZES {
        let times = measure(&generated(size))?;
        print(&format!("{size} modules"), times, before);
        before = Some(times);
    }
    Ok(())
}

fn print(name: &str, times: Times, before: Option<Times>) {
    print!("{name:>12}:");
    for (phase, time) in PHASES.iter().zip(times) {
        print!("  {phase} {:>9}", format!("{time:.1?}"));
    }
    println!();
    let Some(before) = before else { return };
    print!("{:>12} ", "");
    for ((phase, time), before) in PHASES.iter().zip(times).zip(before) {
        let ratio = time.as_secs_f64() / before.as_secs_f64();
        print!("  {:phase$} {:>9}", "", format!("x {ratio:.1}"), phase = phase.len());
    }
    println!();
}

const SIZES: [usize; 3] = [10, 100, 1000];

/// What is linked: the program, then what is linked to it; of system libraries what is wanted.
struct Input {
    name: &'static str,
    modules: Vec<(String, Vec<u8>)>,
    system: Vec<(String, Vec<u8>)>,
}

fn load(modules: &[(String, Vec<u8>)]) -> Result<Vec<Object>> {
    let objects = modules.iter().map(|(name, bytes)| Object::load(name, bytes.as_slice()));
    Ok(objects.collect::<std::result::Result<_, _>>()?)
}

/// Loaded system libraries, to be given once as such and once as needed: copying them is no part of linking.
struct Loaded([Vec<Object>; 2]);

impl Library for Loaded {
    fn needed(&mut self, name: &str, by: &str) -> std::result::Result<Object, Fault> {
        let [_, needed] = &mut self.0;
        let named = |object: &Object| name.strip_suffix(".wasm") == Some(&object.module.name);
        match needed.iter().position(named) {
            Some(at) => Ok(needed.swap_remove(at)),
            None => NoLibrary.needed(name, by),
        }
    }

    fn system(&mut self) -> Vec<Object> {
        std::mem::take(&mut self.0[0])
    }
}

fn measure(input: &Input) -> Result<Times> {
    let (objects, system) = (load(&input.modules)?, load(&input.system)?);
    let loaded = || (objects.clone(), Loaded([system.clone(), system.clone()]));
    let set = gather(loaded())?;
    let plan = Plan::new(set.clone())?;
    plan.bind()?;
    let all = [input.modules.as_slice(), &input.system].concat();
    Ok([
        median(|| (), |()| load(&all)),
        median(loaded, gather),
        median(|| set.clone(), Plan::new),
        median(|| (), |()| plan.bind()),
    ])
}

fn gather((objects, mut library): (Vec<Object>, Loaded)) -> Result<Set> {
    let mut objects = objects.into_iter();
    let program = objects.next().ok_or("no program")?;
    Ok(Set::gather(program, objects.collect(), &mut library)?)
}

/// How long a function takes, without making what it is given and dropping what it returns.
fn median<T, R>(given: impl Fn() -> T, function: impl Fn(T) -> R) -> Duration {
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

/// Nothing if it is not built.
fn demo() -> Result<Option<Input>> {
    let files = ["toolbox", "calc"].map(|name| target().join("guests").join(name));
    let files = files.map(|file| file.with_extension("wasm"));
    if !files.iter().all(|file| file.is_file()) {
        println!("no demo: `cargo xtask build-all` builds it");
        return Ok(None);
    }
    let modules = files.iter().map(|file| read(file)).collect::<Result<_>>()?;
    Ok(Some(Input { name: "demo", modules, system: Vec::new() }))
}

/// A program in C++ that uses the standard library; nothing where that is not built.
fn cpp() -> Result<Option<Input>> {
    let sysroot = target().join("guests").join("sysroot");
    let libraries = linker::SYSTEM_LIBRARIES.map(|file| sysroot.join(file));
    let Ok(emcc) = which::which("em++") else { return Ok(None) };
    if !libraries.iter().all(|file| file.is_file()) {
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("main.wasm");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join("program.cpp");
    let mut command = Command::new(emcc);
    command.args(["-Os", "-std=c++17", "-sSIDE_MODULE=1", "-sSTANDALONE_WASM", "-sWASM_BIGINT"]);
    command.arg("--no-entry").arg(source);
    if !command.arg("-o").arg(&program).status()?.success() {
        return Err(format!("{command:?} failed").into());
    }
    let system = libraries.iter().map(|file| read(file)).collect::<Result<_>>()?;
    Ok(Some(Input { name: "C++", modules: vec![read(&program)?], system }))
}

/// Shared libraries that all use each other.
fn generated(count: usize) -> Input {
    let module = |index| (format!("module_{index}"), shared_library(index, count));
    Input { name: "generated", modules: (0..count).map(module).collect(), system: Vec::new() }
}

/// Functions that each generated module exports, and as many that it imports.
const FUNCTIONS: u32 = 100;
/// The same of data symbols.
const DATA: u32 = 10;

/// What the convention DynamicLinking calls `WASM_DYLINK_MEM_INFO`: 1, its size of 4 bytes, 64 bytes of memory
/// aligned to 2^4, no table elements.
const DYLINK: [u8; 6] = [1, 4, 64, 4, 0, 0];

fn shared_library(index: usize, count: usize) -> Vec<u8> {
    let mut module = Module::new();
    module.section(&CustomSection { name: "dylink.0".into(), data: DYLINK.as_slice().into() });
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    module.section(&types).section(&imports(index, count));
    let mut functions = FunctionSection::new();
    let mut globals = GlobalSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for function in 0..FUNCTIONS {
        functions.function(0);
        let name = format!("function_{function}_of_module_{index}");
        exports.export(&name, ExportKind::Func, FUNCTIONS + function);
        code.function(&body(function));
    }
    for data in 0..DATA {
        let address = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(address, &ConstExpr::i32_const(4 * data.cast_signed()));
        let name = format!("data_{data}_of_module_{index}");
        exports.export(&name, ExportKind::Global, FIRST_GOT + 2 * DATA + data);
    }
    module.section(&functions).section(&globals).section(&exports).section(&code);
    module.finish()
}

/// The stack pointer and `__memory_base` are before it.
const FIRST_GOT: u32 = 2;

/// Everything of another module, so that each module uses a hundred others if there are as many.
fn imports(index: usize, count: usize) -> ImportSection {
    let mut imports = ImportSection::new();
    let global = |mutable| GlobalType { val_type: ValType::I32, mutable, shared: false };
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let table = TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 0,
        maximum: None,
        shared: false,
    };
    imports.import("env", "memory", memory);
    imports.import("env", "__indirect_function_table", table);
    imports.import("env", "__stack_pointer", global(true));
    imports.import("env", "__memory_base", global(false));
    let other = |number: u32| (index + 1 + number as usize * 7) % count;
    for function in 0..FUNCTIONS {
        let name = format!("function_{function}_of_module_{}", other(function));
        imports.import("env", &name, EntityType::Function(0));
    }
    for data in 0..DATA {
        let name = format!("data_{data}_of_module_{}", other(data));
        imports.import("GOT.mem", &name, global(true));
    }
    for function in 0..DATA {
        let name = format!("function_{function}_of_module_{}", other(2 * function));
        imports.import("GOT.func", &name, global(true));
    }
    imports
}

/// Calls an import with a number from memory.
fn body(function: u32) -> Function {
    let mut body = Function::new([]);
    let mut code: InstructionSink<'_> = body.instructions();
    let number = wasm_encoder::MemArg { offset: 0, align: 2, memory_index: 0 };
    code.global_get(FIRST_GOT + function % (2 * DATA)).i32_load(number);
    code.local_get(0).i32_add().call(function).end();
    body
}
