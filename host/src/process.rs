//! A program that runs.

use std::time::{Duration, Instant};

use bytesize::ByteSize;
use tokio::runtime::Runtime;
use wasmtime::{Instance, Store, Trap, Val, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::backtrace;
use crate::error::Error;
use crate::limits::{Deadline, DeadlinePassed, MemoryLimiter};
use crate::program::{Guest, Program};
use crate::wasi::Wasi;

/// What the store of a process holds.
pub(crate) struct State {
    pub(crate) wasi: WasiP1Ctx,
    memory: MemoryLimiter,
}

/// An instance of a [`Program`], whose exports can be called.
///
/// After a trap or a timeout the guest's memory may be in any state; start the program again instead
/// of calling into it further.
pub struct Process<'p> {
    program: &'p Program,
    store: Store<State>,
    main: Option<Instance>,
    runtime: Runtime,
    deadline: Option<Deadline>,
}

impl std::fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("program", self.program).finish_non_exhaustive()
    }
}

impl<'p> Process<'p> {
    pub(crate) fn start(program: &'p Program, wasi: Wasi) -> Result<Self, Error> {
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
        let mut process = Process { program, store, main: None, runtime, deadline };
        process.instantiate()?;
        Ok(process)
    }

    fn instantiate(&mut self) -> Result<(), Error> {
        let mut linker = self.program.functions.clone();
        for preload in &self.program.preloads {
            let instance = self.instance(&linker, &preload.guest)?;
            linker.instance(&mut self.store, &preload.name, instance).map_err(|error| {
                let module = preload.guest.module.name.clone();
                Error::Instantiate { module, message: Error::message(&error) }
            })?;
        }
        self.main = Some(self.instance(&linker, &self.program.main)?);
        Ok(())
    }

    fn instance(
        &mut self,
        linker: &wasmtime::Linker<State>,
        guest: &Guest,
    ) -> Result<Instance, Error> {
        let name = &guest.module.name;
        let what = format!("the start function of `{name}`");
        let denied = self.store.data_mut().memory.denied.take();
        debug_assert!(denied.is_none(), "nothing has run since the last instance");
        let started =
            self.block_on(async |store| linker.instantiate_async(store, &guest.code).await);
        let instance = started.map_err(|stop| match self.store.data().memory.denied {
            Some(needed) if !stop.is_trap() => Error::MemoryLimit {
                module: name.clone(),
                needed: ByteSize(needed as u64),
                limit: ByteSize(self.program.limits.max_memory.unwrap_or(usize::MAX) as u64),
            },
            _ if stop.is_trap() => self.explain(&what, stop),
            _ => Error::Instantiate { module: name.clone(), message: stop.message() },
        })?;
        self.initialize(guest, instance)?;
        Ok(instance)
    }

    /// Relocations before constructors, which may read relocated pointers; and `_initialize` calls the
    /// constructors itself where a module has it.
    fn initialize(&mut self, guest: &Guest, instance: Instance) -> Result<(), Error> {
        let exports = |name: &&str| guest.module.export(name).is_some();
        let relocations = ["__wasm_apply_data_relocs"].into_iter().filter(|name| exports(name));
        let constructors = ["_initialize", "__wasm_call_ctors"].into_iter().find(exports);
        for name in relocations.chain(constructors) {
            if guest.module.kind != linker::Kind::Command {
                let what = format!("`{name}` of `{}`", guest.module.name);
                self.call(&what, instance, name, &[], &mut [])?;
            }
        }
        Ok(())
    }

    /// Calls an export of the main module and returns its results.
    ///
    /// # Errors
    ///
    /// When there is no such function, or it does not return: a trap, a timeout, an exit.
    ///
    /// # Panics
    ///
    /// When the arguments are not of the function's types.
    pub fn invoke(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        let ty = self.program.main.function(name)?;
        let mut results = vec![Val::I32(0); ty.results.len()];
        let Some(main) = self.main else {
            unreachable!("a process is made with its main instance")
        };
        self.call(&format!("`{name}`"), main, name, args, &mut results)?;
        Ok(results)
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
        let backtrace = error.downcast_ref::<WasmBacktrace>();
        Error::Trap {
            what: what.to_owned(),
            trap: match error.downcast_ref::<Trap>() {
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
    /// Whether guest code ran, so that the reason is to be found in it.
    fn is_trap(&self) -> bool {
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
