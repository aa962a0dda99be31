//! Guests that fail, through `host`'s library: what becomes of their store, as the documentation
//! says, and that all others go on.

use host::{
    Error, Files, Host, Libraries, Limits, Loader, Mode, OpenFlags, Process, Program, Search,
    State, Val, Wasi,
};
use libtest_mimic::{Failed, Trial};
use linker::{InputModule, NoLibraries, Set};
use wasmtime::{Caller, Engine, Store, ThrownException, Trap};

use crate::support::trial::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("failures::a_process_that_does_not_start", a_process_that_does_not_start),
        trial("failures::a_trap_in_a_callback_poisons_the_process", a_trap_in_a_callback),
        trial("failures::a_constructor_that_traps_fails_its_store_only", a_constructor_that_traps),
        trial("failures::memory_that_is_short_fails_its_store_only", memory_that_is_short),
        trial("failures::a_store_goes_on_after_a_trap_in_a_callback", a_store_goes_on),
        trial("failures::exceptions_pass_the_host", exceptions_pass_the_host),
        trial("failures::a_library_that_traps_leaves_the_program", a_library_that_traps),
        trial("failures::a_guest_exits_in_a_librarys_constructor", an_exit_in_a_constructor),
        trial("failures::names_without_end_are_refused", names_without_end),
    ]
}

/// Two side modules in one memory: the program calls the library, which calls the program back
/// through the table. Constructors and the callback trap if the host says so; the library has
/// thrown nothing yet.
const PROGRAM: &str = include_str!("../wat/failures-program.wat");

const LIBRARY: &str = include_str!("../wat/failures-library.wat");

/// The data of a store: whether guests trap when they ask.
struct Data {
    is_bad: bool,
    libraries: Libraries<Data>,
}

struct Embedder {
    engine: Engine,
    program: Program<Data>,
    loader: Loader<Data>,
    folder: tempfile::TempDir,
}

impl Embedder {
    /// The two modules, as one or as an instance each, and `plugin.wasm` to be opened.
    fn new(mode: Mode, plugin: &str) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("plugin.wasm"), wat::parse_str(plugin)?)?;
        let engine = Engine::default();
        let mut linker = host::Linker::<Data>::new(&engine);
        linker.mode(mode);
        linker.program("program", wat::parse_str(PROGRAM)?)?;
        linker.library("library", wat::parse_str(LIBRARY)?)?;
        linker.host().func_wrap("env", "is_bad", |caller: Caller<'_, Data>| {
            i32::from(caller.data().is_bad)
        })?;
        linker.host().func_wrap("env", "fail", || {
            Err::<(), _>(wasmtime::Error::msg("the host has no more of it"))
        })?;
        let loader = linker.enable_dlopen(|data| &mut data.libraries)?;
        Ok(Embedder { program: linker.link()?, engine, loader, folder })
    }

    fn store(&self, is_bad: bool) -> Store<Data> {
        let search = Search::new(vec![self.folder.path().to_owned()], None);
        let libraries = Libraries::new(Files::new(search));
        Store::new(&self.engine, Data { is_bad, libraries })
    }

    fn run(&self, store: &mut Store<Data>, linked: &host::LinkedInstance) -> wasmtime::Result<i32> {
        let run = linked.get_typed_func::<i32, i32>(&mut *store, "run");
        run.map_err(wasmtime::Error::from)?.call(store, 41)
    }

    /// A new store, and a program that runs in it as ever.
    fn works(&self) -> Result<(), Failed> {
        let mut store = self.store(false);
        let linked = self.program.instantiate(&mut store)?;
        answers(self.run(&mut store, &linked)?)
    }
}

const MODES: [Mode; 2] = [Mode::Fused, Mode::Separate];
const PLUGIN: &str = r#"(module (@dylink.0 (mem-info)))"#;

fn answers(found: i32) -> Result<(), Failed> {
    if found == 42 { Ok(()) } else { Err(format!("{found} instead of 42").into()) }
}

fn unexpected<T>(what: &str, found: impl std::fmt::Debug) -> Result<T, Failed> {
    Err(format!("expected {what}, found {found:?}").into())
}

fn a_constructor_that_traps() -> Result<(), Failed> {
    for mode in MODES {
        let embedder = Embedder::new(mode, PLUGIN)?;
        let mut other = embedder.store(false);
        let linked = embedder.program.instantiate(&mut other)?;
        let mut bad = embedder.store(true);
        for _ in 0..2 {
            match embedder.program.instantiate(&mut bad) {
                Err(Error::Start { error, .. }) if error.is::<Trap>() => {}
                found => return unexpected("a trap", found),
            }
        }
        answers(embedder.run(&mut other, &linked)?)?;
        drop(bad);
        answers(embedder.run(&mut other, &linked)?)?;
        embedder.works()?;
    }
    Ok(())
}

fn memory_that_is_short() -> Result<(), Failed> {
    let text =
        r#"(module (memory (export "memory") 3) (func (export "f") (result i32) i32.const 42))"#;
    let engine = Engine::default();
    let mut linker = host::Linker::<wasmtime::StoreLimits>::new(&engine);
    linker.program("large", wat::parse_str(text)?)?;
    let program = linker.link()?;
    let store = |bytes| {
        let limits = wasmtime::StoreLimitsBuilder::new().memory_size(bytes).build();
        let mut store = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        store
    };
    match program.instantiate(store(2 << 16)) {
        Err(Error::Start { .. }) => {}
        found => return unexpected("a memory that is too large", found),
    }
    let mut store = store(3 << 16);
    let linked = program.instantiate(&mut store)?;
    answers(linked.get_typed_func::<(), i32>(&mut store, "f")?.call(&mut store, ())?)
}

/// The program calls the library, that the program, and there it traps.
fn a_store_goes_on() -> Result<(), Failed> {
    for mode in MODES {
        let embedder = Embedder::new(mode, PLUGIN)?;
        let mut store = embedder.store(false);
        let linked = embedder.program.instantiate(&mut store)?;
        for _ in 0..100 {
            store.data_mut().is_bad = true;
            match embedder.run(&mut store, &linked) {
                Err(error) if error.is::<Trap>() => {}
                found => return unexpected("a trap", found),
            }
            store.data_mut().is_bad = false;
            answers(embedder.run(&mut store, &linked)?)?;
        }
    }
    Ok(())
}

/// In a process the arguments decide: what fails asks how many there are.
const ASKS: &str = r#"
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (func $is_bad (param i32) (result i32)
        (drop (call $args (i32.const 512) (i32.const 516)))
        (i32.eq (i32.load (i32.const 512)) (local.get 0)))"#;

/// The same modules, which trap in the constructor if there is one argument, and in the callback if
/// there are two.
fn asking(host: &Host) -> Result<Program<State>, Failed> {
    let import = r#"(import "env" "is_bad" (func $is_bad (result i32)))"#;
    let asks = ASKS.split_once("\n    (func").ok_or("no function")?;
    let object = |name: &str, text: &str, arguments: u32| {
        let call = format!("(call $is_bad (i32.const {arguments}))");
        let text = text.replace(import, asks.0).replace("(call $is_bad)", &call);
        let text = text.trim_end().strip_suffix(')').unwrap_or_default();
        Ok::<_, Failed>(InputModule::load(
            name,
            wat::parse_str(format!("{text}(func{})", asks.1))?,
        )?)
    };
    let program = object("program", PROGRAM, 2)?;
    let library = object("library", LIBRARY, 1)?;
    Ok(host.link(Set::gather(program, vec![library], &mut NoLibraries)?)?)
}

fn start(host: &Host, program: &Program<State>, arguments: usize) -> Result<Process, Error> {
    host.start(program, &Wasi::default().with_args(vec![String::new(); arguments]))
}

fn run(process: &mut Process) -> Result<(), Failed> {
    match process.invoke("run", &[Val::I32(41)])?.as_slice() {
        [Val::I32(found)] => answers(*found),
        found => unexpected("a number", found),
    }
}

fn a_process_that_does_not_start() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let program = asking(&host)?;
    let mut other = start(&host, &program, 0)?;
    for _ in 0..3 {
        match start(&host, &program, 1) {
            Err(Error::Trap { .. }) => {}
            found => return unexpected("a trap", found),
        }
        run(&mut other)?;
    }
    run(&mut start(&host, &program, 0)?)
}

fn a_trap_in_a_callback() -> Result<(), Failed> {
    let host = Host::new(Limits::default())?;
    let program = asking(&host)?;
    let mut other = start(&host, &program, 0)?;
    let mut process = start(&host, &program, 2)?;
    match process.invoke("run", &[Val::I32(41)]) {
        Err(Error::Trap { backtrace, .. }) if backtrace.len() == 3 => {}
        found => return unexpected("a trap in three functions", found),
    }
    match process.invoke("run", &[Val::I32(41)]) {
        Err(Error::Poisoned { .. }) if process.is_poisoned() => {}
        found => return unexpected("a poisoned process", found),
    }
    match process.finish() {
        // Without libc there is nothing to be done at the end.
        Ok(()) => {}
        found => return unexpected("nothing", found),
    }
    run(&mut other)?;
    drop(process);
    run(&mut other)?;
    run(&mut start(&host, &program, 0)?)
}

/// A guest calls the host, that a guest, which throws through the host.
fn exceptions_pass_the_host() -> Result<(), Failed> {
    let text = r#"(module
        (import "env" "call_back" (func $call_back (param i32)))
        (tag $exception (param i32))
        (func (export "throw") (param i32) (throw $exception (local.get 0)))
        (func (export "throws") (param i32) (call $call_back (local.get 0)))
        (func (export "catches") (param i32) (result i32)
            (block $caught (result i32)
                (try_table (catch $exception $caught) (call $call_back (local.get 0)))
                (i32.const -1))))"#;
    let engine = Engine::default();
    let mut linker = host::Linker::<()>::new(&engine);
    linker.program("throws", wat::parse_str(text)?)?;
    linker.host().func_wrap("env", "call_back", |mut caller: Caller<'_, ()>, number: i32| {
        let throw = caller.get_export("throw").and_then(wasmtime::Extern::into_func);
        let throw = throw.ok_or_else(|| wasmtime::Error::msg("no `throw`"))?;
        throw.typed::<i32, ()>(&caller)?.call(&mut caller, number)
    })?;
    let program = linker.link()?;
    let mut store = Store::new(&engine, ());
    let linked = program.instantiate(&mut store)?;
    let catches = linked.get_typed_func::<i32, i32>(&mut store, "catches")?;
    let throws = linked.get_typed_func::<i32, ()>(&mut store, "throws")?;
    for _ in 0..100 {
        answers(catches.call(&mut store, 42)?)?;
        match throws.call(&mut store, 42) {
            Err(error) if error.is::<ThrownException>() => {}
            found => return unexpected("an exception", found),
        }
        let thrown = store.take_pending_exception().ok_or("no exception is pending")?;
        answers(thrown.field(&mut store, 0)?.unwrap_i32())?;
    }
    answers(catches.call(&mut store, 42)?)
}

/// Its constructor traps if the host says so, after it has grown the table by its slots and memory
/// by its data.
const TRAPS: &str = include_str!("../wat/failures-traps.wat");

fn a_library_that_traps() -> Result<(), Failed> {
    for mode in MODES {
        let embedder = Embedder::new(mode, TRAPS)?;
        let mut store = embedder.store(false);
        let linked = embedder.program.instantiate(&mut store)?;
        let mut sizes = Vec::new();
        for _ in 0..50 {
            store.data_mut().is_bad = true;
            match embedder.loader.open(&mut store, "plugin.wasm", OpenFlags::default()) {
                Err(Error::Library { message, .. }) if message.contains(" trapped: ") => {}
                found => return unexpected("a trap", found),
            }
            store.data_mut().is_bad = false;
            answers(embedder.run(&mut store, &linked)?)?;
            let library = embedder.loader.open(&mut store, "plugin.wasm", OpenFlags::default())?;
            let answer =
                embedder.loader.get_func(&mut store, library, "answer")?.ok_or("no answer")?;
            answers(answer.typed::<(), i32>(&store)?.call(&mut store, ())?)?;
            embedder.loader.close(&mut store, library)?;
            let table = linked.get_table(&mut store).ok_or("no table")?;
            sizes.push(table.size(&store));
        }
        if sizes.first() != sizes.last() {
            return unexpected("a table that does not grow", sizes);
        }
        embedder.works()?;
    }
    Ok(())
}

/// An error that is not a trap ends the whole call, not only the opening.
fn an_exit_in_a_constructor() -> Result<(), Failed> {
    let fails = r#"(module
        (@dylink.0 (mem-info))
        (import "env" "fail" (func $fail))
        (func (export "__wasm_call_ctors") (call $fail)))"#;
    let embedder = Embedder::new(Mode::Separate, fails)?;
    let mut store = embedder.store(false);
    let linked = embedder.program.instantiate(&mut store)?;
    match embedder.loader.open(&mut store, "plugin.wasm", OpenFlags::default()) {
        Err(Error::Start { error, .. }) if format!("{error:#}").contains("no more of it") => {}
        found => return unexpected("the host's error", found),
    }
    answers(embedder.run(&mut store, &linked)?)?;
    embedder.works()
}

/// A guest may name a library as long as its memory: that is not copied.
fn names_without_end() -> Result<(), Failed> {
    let text = include_str!("../wat/failures-names-without-end.wat");
    let host = Host::new(Limits::default())?;
    let object = InputModule::load("names", wat::parse_str(text)?)?;
    let program = host.link(Set::gather(object, Vec::new(), &mut NoLibraries)?)?;
    let mut process = host.start(&program, &Wasi::default())?;
    match process.invoke("run", &[])?.as_slice() {
        // Nothing is found, and what is said of it is short.
        [Val::I32(length)] if (1..200).contains(length) => Ok(()),
        found => unexpected("a short message", found),
    }
}
