//! Libraries that are opened while a program runs.
//!
//! What joins a program and how is decided by [`linker::Running`]. Here files are found ([`files`]), modules
//! compiled once ([`compiled`]), and memory, table and instances made for them ([`open`], [`close`]).
//! [`guest`] is what the program itself calls, by libdl.
//!
//! A store frees neither instances nor code before it is dropped. Their memory and slots are given back, so
//! that a library can be opened and closed as often as a store can have instances: ten thousand times, unless
//! [`Limits::max_instances`](crate::Limits::max_instances) says otherwise.

mod close;
mod compiled;
mod files;
mod guest;
mod loader;
mod open;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use linker::{LoadedFunction, LoadedSymbol, Plan, Running};
use wasmtime::{AsContextMut, Func, Global, Instance, Memory, StoreContextMut, Table, Val};

use crate::linked::Linked;
use crate::program::Program;

pub(crate) use compiled::{Compilations, Compiled};
pub use files::Files;
pub(crate) use guest::{define, define_async};
pub use loader::{Library, Loader};
pub use open::OpenFlags;

/// The libraries of a program that runs: a part of what its store holds, a `T`.
pub struct Libraries<T: 'static> {
    files: Files,
    started: Option<Started<T>>,
    /// Made of the former when somebody opens or asks something: most programs never do.
    process: Option<Process<T>>,
    /// How the guest calls the program itself.
    program_name: Option<String>,
    /// What was wrong last, until the guest asks for it.
    error: Option<String>,
    /// Instances that the store has, and may have.
    instances: usize,
    max_instances: usize,
}

/// Where a store's data has its [`Libraries`].
pub(crate) type Get<T> = fn(&mut T) -> &mut Libraries<T>;

/// A program all of whose modules are instantiated.
struct Started<T: 'static> {
    plan: Arc<Plan>,
    functions: Arc<wasmtime::Linker<T>>,
    compilations: Compilations,
    linked: Linked,
}

/// A program that runs, and its libraries.
struct Process<T: 'static> {
    functions: Arc<wasmtime::Linker<T>>,
    compilations: Compilations,
    running: Running,
    linked: Linked,
    /// The instances of libraries, by number.
    instances: BTreeMap<usize, Instance>,
    /// Where `malloc` has put their data.
    blocks: BTreeMap<usize, u32>,
    /// Those whose constructors have not all returned.
    incomplete: BTreeSet<usize>,
    /// Whether libraries are being closed, so that a destructor that closes another leaves that to who does.
    is_closing: bool,
}

/// How guest code is called: as the store must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sync,
    Async,
}

const KEEPS_NOTHING: &str = "the program keeps no table and stack that a library could share; if it was made by `host fuse`, \
                             make it with `--dynamic`";

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program goes on and is told.
    Refused(String),
    /// The program ends: it has exited, its time is over.
    End(wasmtime::Error),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Failure::End(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Refused(message)
    }
}

impl<T> std::fmt::Debug for Libraries<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Libraries").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<T: 'static> Libraries<T> {
    /// Libraries that are looked for among these files.
    pub fn new(files: Files) -> Self {
        Libraries {
            files,
            started: None,
            process: None,
            program_name: None,
            error: None,
            instances: 0,
            max_instances: usize::MAX,
        }
    }

    /// Says how the guest calls the program itself, by its first argument for example: `dladdr` tells it.
    #[must_use]
    pub fn with_program_name(self, name: impl Into<String>) -> Self {
        Libraries { program_name: Some(name.into()), ..self }
    }

    /// Opens libraries only as long as the store has no more than so many instances, those of the program and of
    /// libraries that were closed among them. Without it the store's own limit holds, which is found only when memory
    /// for the library is taken already.
    #[must_use]
    pub fn with_max_instances(self, max_instances: usize) -> Self {
        Libraries { max_instances, ..self }
    }

    /// Takes note that a program's modules are all instantiated.
    pub(crate) fn start(&mut self, program: &Program<T>, linked: &Linked) {
        self.process = None;
        self.instances += program.instances();
        self.started = Some(Started {
            plan: Arc::clone(&program.plan),
            functions: Arc::clone(&program.functions),
            compilations: program.compilations.clone(),
            linked: linked.clone(),
        });
    }

    fn process(&mut self) -> Result<&mut Process<T>, Failure> {
        if let Some(started) = self.started.take() {
            self.process = Some(Process::new(started));
        }
        let missing = || Failure::Refused("the program has no instances yet".to_owned());
        self.process.as_mut().ok_or_else(missing)
    }
}

impl<T: 'static> Process<T> {
    fn new(started: Started<T>) -> Self {
        let Started { plan, functions, compilations, linked } = started;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Process {
            functions,
            compilations,
            running: Running::new(&plan).with_files(real),
            linked,
            instances: BTreeMap::new(),
            blocks: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            is_closing: false,
        }
    }

    fn instances(&self) -> impl Iterator<Item = (usize, Instance)> + '_ {
        let libraries = self.instances.iter().map(|(module, instance)| (*module, *instance));
        self.linked.instances().chain(libraries)
    }

    fn instance(&self, module: usize) -> Option<Instance> {
        self.instances.get(&module).copied().or_else(|| self.linked.instance(module))
    }
}

/// A store that is at work, and where its libraries are.
pub(crate) struct Session<'s, T: 'static> {
    store: StoreContextMut<'s, T>,
    get: Get<T>,
    way: Way,
}

type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'s, T: Send + 'static> Session<'s, T> {
    pub(crate) fn new(store: StoreContextMut<'s, T>, get: Get<T>, way: Way) -> Self {
        Session { store, get, way }
    }

    fn libraries(&mut self) -> &mut Libraries<T> {
        (self.get)(self.store.data_mut())
    }

    fn process(&mut self) -> Result<&mut Process<T>> {
        (self.get)(self.store.data_mut()).process()
    }

    fn running(&mut self) -> Result<&mut Running> {
        Ok(&mut self.process()?.running)
    }

    fn memory(&mut self) -> Result<Memory> {
        let linked = self.process()?.linked.clone();
        let memory = linked.memory(&mut self.store);
        memory.ok_or_else(|| "the program's modules share no memory".to_owned().into())
    }

    fn table(&mut self) -> Result<Table> {
        let linked = self.process()?.linked.clone();
        let table = linked.table(&mut self.store);
        table.ok_or_else(|| KEEPS_NOTHING.to_owned().into())
    }

    fn stack_pointer(&mut self) -> Result<Global> {
        let linked = self.process()?.linked.clone();
        let global = linked.stack_pointer(&mut self.store);
        global.ok_or_else(|| KEEPS_NOTHING.to_owned().into())
    }

    async fn call(&mut self, function: Func, args: &[Val]) -> wasmtime::Result<Option<i32>> {
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        match self.way {
            Way::Sync => function.call(&mut self.store, args, &mut results)?,
            Way::Async => function.call_async(&mut self.store, args, &mut results).await?,
        }
        Ok(results.first().and_then(Val::i32))
    }

    /// A function that the program, or what everybody sees of its libraries, defines.
    fn global_function(&mut self, name: &str) -> Result<Option<Func>> {
        match self.running()?.symbol(name) {
            Some(LoadedSymbol::Function(function)) => self.function(function).map(Some),
            _ => Ok(None),
        }
    }

    fn function(&mut self, function: LoadedFunction) -> Result<Func> {
        let process = self.process()?;
        let name = process.running.export_name(function).unwrap_or_default().to_owned();
        let instance = process.instance(function.module);
        let func = instance.and_then(|instance| instance.get_func(&mut self.store, &name));
        func.ok_or_else(|| {
            let name = linker::printable(&name);
            format!("`{name}` is not among what the program keeps").into()
        })
    }

    /// What a name stands for in a library that is open, and those that it needs; in the whole program, if
    /// that is what is open.
    fn symbol(&mut self, handle: u32, name: &str) -> Result<Option<LoadedSymbol>> {
        let running = self.running()?;
        let library = running.of_handle(handle);
        let library = library.ok_or_else(|| format!("no library is open as {handle:#x}"))?;
        match library == running.program() {
            true => Ok(running.symbol(name)),
            false => Ok(running.symbol_of(library, name)),
        }
    }

    /// The slot of a function, which it is given if it has none.
    fn slot(&mut self, function: LoadedFunction) -> Result<u32> {
        if let Some(slot) = function.slot {
            return Ok(slot);
        }
        let func = self.function(function)?;
        let slot = self.take_slots(1, 1)?.start;
        self.table()?.set(&mut self.store, slot.into(), func.into())?;
        self.running()?.set_slot(function, slot);
        Ok(slot)
    }

    /// Slots in a row, for which the table grows if it must.
    fn take_slots(&mut self, count: u32, alignment: u64) -> Result<std::ops::Range<u32>> {
        let table = self.table()?;
        let full = || {
            let limit = "the limit of `--max-table`, or its own";
            Failure::Refused(format!("the table has no room for {count} more functions ({limit})"))
        };
        let size = table.size(&self.store);
        let size = u32::try_from(size).map_err(|_| full())?;
        let slots = self.running()?.take_slots(count, alignment, size).ok_or_else(full)?;
        if let Some(more) = slots.end.checked_sub(size).filter(|more| *more > 0) {
            let null = wasmtime::Ref::Func(None);
            if table.grow(&mut self.store, more.into(), null).is_err() {
                // Those that exist are free, the others do not exist.
                self.running()?.forget_slots_from(size);
                return Err(full());
            }
        }
        Ok(slots)
    }

    /// Writes null into slots, so that a call through them traps, and frees them.
    fn clear_slots(&mut self, slots: &std::ops::Range<u32>) -> Result<()> {
        let table = self.table()?;
        let (start, count) = (slots.start.into(), slots.len() as u64);
        Ok(table.fill(self.store.as_context_mut(), start, wasmtime::Ref::Func(None), count)?)
    }
}
