//! A program that runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use linker::Source;
use tokio::runtime::Runtime;
use wasmtime::{Extern, Instance, Store, Trap, Val, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::backtrace;
use crate::error::Error;
use crate::limits::{Deadline, DeadlinePassed, MemoryLimiter};
use crate::program::Program;
use crate::wasi::Wasi;

/// What the store of a process holds.
pub(crate) struct State {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) memory: MemoryLimiter,
}

/// An instance of a [`Program`], whose exports can be called.
///
/// After a trap or a timeout the guest's memory may be in any state; start the program again instead
/// of calling into it further.
pub struct Process<'p> {
    runner: Runner<'p>,
    instances: Instances,
}

impl std::fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("program", self.runner.program).finish_non_exhaustive()
    }
}

impl<'p> Process<'p> {
    pub(crate) fn start(program: &'p Program, wasi: &Wasi) -> Result<Self, Error> {
        let mut runner = Runner::new(program, wasi)?;
        let instances = runner.instantiate_all()?;
        for call in program.plan().initialisers() {
            let what = format!("`{}` of `{}`", call.name, program.name(call.module));
            runner.call(&what, instances.of(call.module)?, call.name, &[], &mut [])?;
        }
        Ok(Process { runner, instances })
    }

    /// Calls an export of the main module and returns its results.
    ///
    /// # Errors
    ///
    /// When there is no such function, the arguments are not of its types, or it does not return: a
    /// trap, a timeout, an exit.
    pub fn invoke(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        let program = self.runner.program;
        let ty = crate::function(program.main(), name)?;
        let mut results = vec![Val::I32(0); ty.results.len()];
        let main = self.instances.of(program.plan().set().program)?;
        self.runner.call(&format!("`{name}`"), main, name, args, &mut results)?;
        Ok(results)
    }

    /// Writes what libc holds back of the guest's output; does nothing in a program without libc.
    ///
    /// # Errors
    ///
    /// When the call does not return.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.call_libc("fflush", &[Val::I32(0)])
    }

    /// Runs what the guest registered for its end, destructors of static objects among it, and flushes.
    ///
    /// # Errors
    ///
    /// When one of them does not return.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.call_libc("__funcs_on_exit", &[])?;
        self.flush()
    }

    fn call_libc(&mut self, name: &str, args: &[Val]) -> Result<(), Error> {
        let program = self.runner.program;
        let Some(libc) = program.plan().definer(name) else { return Ok(()) };
        let ty = program.plan().set().objects[libc].module.function(name);
        let mut results = vec![Val::I32(0); ty.map_or(0, |ty| ty.results.len())];
        let instance = self.instances.of(libc)?;
        self.runner.call(&format!("`{name}`"), instance, name, args, &mut results)
    }
}

/// The instances of a process.
struct Instances {
    base: Option<Instance>,
    /// By place in the set.
    modules: BTreeMap<usize, Instance>,
}

impl Instances {
    fn of(&self, module: usize) -> Result<Instance, Error> {
        let missing = || Error::Setup { message: "a module was not instantiated".to_owned() };
        self.modules.get(&module).copied().ok_or_else(missing)
    }
}

/// Runs guest code under the program's limits.
struct Runner<'p> {
    program: &'p Program,
    store: Store<State>,
    runtime: Runtime,
    deadline: Option<Deadline>,
}

impl<'p> Runner<'p> {
    fn new(program: &'p Program, wasi: &Wasi) -> Result<Self, Error> {
        let engine = program.functions.engine();
        let state = State { wasi: wasi.build()?, memory: MemoryLimiter::new(&program.limits) };
        let mut store = Store::new(engine, state);
        if program.limits.max_memory.is_some() {
            store.limiter(|state| &mut state.memory);
        }
        let deadline = program.limits.timeout.and_then(|limit| Deadline::start(engine, limit));
        match &deadline {
            Some(deadline) => deadline.watch(&mut store),
            None => store.set_epoch_deadline(u64::MAX / 2),
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::Setup { message: e.to_string() })?;
        Ok(Runner { program, store, runtime, deadline })
    }

    fn instantiate_all(&mut self) -> Result<Instances, Error> {
        let base = self.program.base.as_ref();
        let base = base.map(|code| self.instantiate("the process", code, &[])).transpose()?;
        let mut instances = Instances { base, modules: BTreeMap::new() };
        for compiled in &self.program.modules {
            let imports = compiled.imports.iter().map(|source| self.import(&instances, source));
            let imports = imports.collect::<Result<Vec<_>, _>>()?;
            let name = self.program.name(compiled.module);
            let instance = self.instantiate(name, &compiled.code, &imports)?;
            instances.modules.insert(compiled.module, instance);
        }
        Ok(instances)
    }

    fn import(&mut self, instances: &Instances, source: &Source) -> Result<Extern, Error> {
        let found = match source {
            Source::Shared(shared) => {
                let base = instances.base;
                base.and_then(|base| base.get_export(&mut self.store, shared.export_name()))
            }
            Source::Export { module, name } => {
                instances.of(*module)?.get_export(&mut self.store, name)
            }
            Source::Host { module, name } => {
                self.program.functions.get(&mut self.store, module, name).ok()
            }
        };
        found.ok_or_else(|| Error::Setup { message: format!("{source:?} is missing") })
    }

    fn instantiate(
        &mut self,
        name: &str,
        code: &wasmtime::Module,
        imports: &[Extern],
    ) -> Result<Instance, Error> {
        self.store.data_mut().memory.denied = None;
        let run = async |store: &mut Store<State>| Instance::new_async(store, code, imports).await;
        self.block_on(run).map_err(|stop| self.explain_start(name, stop))
    }

    fn call(
        &mut self,
        what: &str,
        instance: Instance,
        name: &str,
        args: &[Val],
        results: &mut [Val],
    ) -> Result<(), Error> {
        let function = instance.get_func(&mut self.store, name);
        let missing = || Error::Setup { message: format!("{what} is gone") };
        let function = function.ok_or_else(missing)?;
        let called = self.block_on(async |store| function.call_async(store, args, results).await);
        called.map_err(|stop| self.explain(what, stop))
    }

    /// Runs guest code to its end. A host call that waits ends at the deadline too.
    fn block_on<T>(
        &mut self,
        run: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Stop> {
        let store = &mut self.store;
        match &self.deadline {
            None => self.runtime.block_on(run(store)).map_err(Stop::Error),
            Some(deadline) => {
                let left = deadline.at.saturating_duration_since(Instant::now());
                let timed = async { tokio::time::timeout(left, run(store)).await };
                match self.runtime.block_on(timed) {
                    Ok(result) => result.map_err(Stop::Error),
                    Err(_) => Err(Stop::Deadline(deadline.limit)),
                }
            }
        }
    }

    fn explain_start(&self, name: &str, stop: Stop) -> Error {
        let module = name.to_owned();
        if stop.is_in_guest() {
            return self.explain(&format!("the start function of `{module}`"), stop);
        }
        match self.store.data().memory.denied {
            Some(needed) => Error::MemoryLimit {
                module,
                needed: ByteSize(needed as u64),
                limit: ByteSize(self.program.limits.max_memory.unwrap_or(usize::MAX) as u64),
            },
            None => Error::Instantiate { module, message: stop.message() },
        }
    }

    fn explain(&self, what: &str, stop: Stop) -> Error {
        let error = match stop {
            Stop::Deadline(limit) => return Error::Timeout { what: what.to_owned(), limit },
            Stop::Error(error) => error,
        };
        if let Some(DeadlinePassed(limit)) = error.downcast_ref() {
            return Error::Timeout { what: what.to_owned(), limit: *limit };
        }
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return Error::Exit(*code);
        }
        let (trap, backtrace) =
            (error.downcast_ref::<Trap>(), error.downcast_ref::<WasmBacktrace>());
        if trap.is_none() && backtrace.is_none() {
            return Error::Call { what: what.to_owned(), message: Error::message(&error) };
        }
        Error::Trap {
            what: what.to_owned(),
            trap: match trap {
                Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
                None => error.root_cause().to_string(),
            },
            backtrace: backtrace.map(|b| backtrace::lines(self.program, b)).unwrap_or_default(),
        }
    }
}

/// Why guest code stopped.
enum Stop {
    Error(wasmtime::Error),
    Deadline(Duration),
}

impl Stop {
    /// Whether the reason is to be found in guest code.
    fn is_in_guest(&self) -> bool {
        match self {
            Stop::Deadline(_) => true,
            Stop::Error(error) => {
                error.is::<WasmBacktrace>() || error.is::<I32Exit>() || error.is::<Trap>()
            }
        }
    }

    fn message(&self) -> String {
        match self {
            Stop::Deadline(_) => "out of time".to_owned(),
            Stop::Error(error) => Error::message(error),
        }
    }
}
