//! A program that runs.

mod backtrace;
pub(crate) mod host;
mod open_files;
pub(crate) mod precompiled;
pub(crate) mod settings;
pub(crate) mod source_map;
pub(crate) mod state;
mod stdio;
pub(crate) mod wasi;

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use wasmtime::{Func, Store, ThrownException, Trap, Val, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::deadline::Deadline;
use crate::dlopen::{Files, Libraries};
use crate::error::Error;
use crate::limits::{Limit, Limiter, Limits};
use crate::program::Program;
use crate::program::instantiate::Instantiation;
use crate::program::linked::LinkedInstance;
use crate::trap;

use backtrace::Backtrace;
use state::{OpenFiles, State};
use wasi::Wasi;

/// An instance of a [`Program`], whose exports can be called.
///
/// A call that does not return, because of a trap, a timeout or an exit, poisons it: the guest's memory may be
/// in any state then, and further calls are refused. Start the program again.
pub struct Process {
    runner: Runner,
    linked: LinkedInstance,
    is_poisoned: bool,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("program", &self.runner.program).finish_non_exhaustive()
    }
}

impl Process {
    pub(crate) fn start(
        program: &Program<State>,
        limits: Limits,
        wasi: &Wasi,
        files: Files,
    ) -> Result<Self, Error> {
        check_instances(program, &limits)?;
        let mut runner = Runner::new(program, limits, wasi, files)?;
        let mut instantiation = Instantiation::new(program);
        let steps = &mut instantiation;
        let run = async |store: &mut Store<State>| Ok(program.run_steps(steps, store).await);
        let started = runner.block_on(run);
        let linked = instantiation.finish();
        match started {
            Ok(Ok(())) => Ok(Process { runner, linked, is_poisoned: false }),
            Ok(Err(Error::Start { what, error })) => {
                Err(runner.explain_start(&linked, &what, error))
            }
            Ok(Err(error)) => Err(error),
            Err(stop) => Err(runner.explain("the program's start", stop)),
        }
    }

    /// Calls an export of the main module and returns its results.
    ///
    /// # Errors
    ///
    /// When there is no such function, the arguments are not of its types, or it does not return: a
    /// trap, a timeout, an exit. Or when an earlier call did not.
    pub fn invoke(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        let function = self.linked.get_func(&mut self.runner.store, name)?;
        self.call(name, function, args)
    }

    /// Whether a call did not return, so that no other will be made.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    fn call(&mut self, name: &str, function: Func, args: &[Val]) -> Result<Vec<Val>, Error> {
        let what = format!("`{name}`");
        if self.is_poisoned {
            return Err(Error::Poisoned { what });
        }
        let runner = &mut self.runner;
        let called = runner.call(function, args);
        let results = called.map_err(|stop| runner.explain_uncaught(&self.linked, &what, stop));
        // ArgumentErrors of other types than the function's reach no code.
        self.is_poisoned = matches!(&results, Err(error) if !matches!(error, Error::Call { .. }));
        results
    }

    /// Writes what libc holds back of the guest's output; does nothing in a program without libc.
    ///
    /// # Errors
    ///
    /// When the call does not return.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.call_libc("fflush", &[0])
    }

    /// Runs what the guest registered for its end, destructors of static objects among it, and flushes.
    /// To be called once, last.
    ///
    /// # Errors
    ///
    /// When one of them does not return.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.call_libc("__funcs_on_exit", &[])?;
        // That of a main with a libc of its own: Rust for WASI.
        self.call_libc("__wasm_call_dtors", &[])?;
        self.flush()
    }

    fn call_libc(&mut self, name: &str, args: &[i32]) -> Result<(), Error> {
        let Some(function) = self.linked.symbol(&mut self.runner.store, name) else {
            return Ok(());
        };
        // Of another type it is the guest's own, and has no more to do with libc than its name.
        let ty = function.ty(&self.runner.store);
        if ty.params().len() != args.len() || !ty.params().all(|param| param.is_i32()) {
            return Ok(());
        }
        let args: Vec<_> = args.iter().copied().map(Val::I32).collect();
        self.call(name, function, &args).map(drop)
    }
}

/// Runs guest code under limits.
struct Runner {
    program: Program<State>,
    limits: Limits,
    store: Store<State>,
    /// Waits for what host calls wait for; there until this is dropped.
    runtime: Option<Runtime>,
    deadline: Option<Deadline>,
}

impl Drop for Runner {
    /// A call may read from a pipe to which nobody writes, long after the guest's time was over: it is not waited for.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runner {
    fn new(
        program: &Program<State>,
        limits: Limits,
        wasi: &Wasi,
        files: Files,
    ) -> Result<Self, Error> {
        let engine = program.functions.engine();
        let max_instances = limits.max_instances.unwrap_or(usize::MAX);
        let open_files = OpenFiles {
            limit: limits.max_open_files.unwrap_or(usize::MAX),
            given: wasi.directories.len(),
        };
        let libraries = Libraries::new(files).with_max_instances(max_instances);
        let libraries = match wasi.args.first() {
            Some(name) => libraries.with_program_name(name),
            None => libraries,
        };
        let state = State {
            wasi: wasi.build(&limits)?,
            libraries,
            limiter: Limiter::new(&limits),
            open_files,
        };
        let setup = |message: String| Error::Setup { message };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        if let Some(fuel) = limits.fuel {
            store.set_fuel(fuel).map_err(|error| setup(Error::message(&error)))?;
        }
        let deadline = Deadline::start(&mut store, limits.timeout);
        let deadline = deadline.map_err(|error| {
            setup(format!("no thread can be started for the time limit: {error}"))
        })?;
        // It needs no file descriptor without the driver for sockets, which WASI's first preview has not.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| setup(error.to_string()))?;
        Ok(Runner { program: program.clone(), limits, store, runtime: Some(runtime), deadline })
    }

    fn call(&mut self, function: Func, args: &[Val]) -> Result<Vec<Val>, Stop> {
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let out = &mut results;
        self.block_on(async |store| function.call_async(store, args, out).await)?;
        Ok(results)
    }

    /// Runs guest code to its end. A host call that waits ends at the deadline too.
    fn block_on<T>(
        &mut self,
        run: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Stop> {
        let ended = || Stop::Error(wasmtime::Error::msg("the process has ended"));
        let (store, runtime) = (&mut self.store, self.runtime.as_ref().ok_or_else(ended)?);
        match &self.deadline {
            None => runtime.block_on(run(store)).map_err(Stop::Error),
            Some(deadline) => {
                let left = deadline.at.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    // Code would run until it is woken up the next time.
                    return Err(Stop::Deadline(deadline.limit));
                }
                let timed = async { tokio::time::timeout(left, run(store)).await };
                match runtime.block_on(timed) {
                    Ok(result) => result.map_err(Stop::Error),
                    Err(_) => Err(Stop::Deadline(deadline.limit)),
                }
            }
        }
    }

    /// Why a module was not instantiated or initialised.
    fn explain_start(
        &mut self,
        linked: &LinkedInstance,
        what: &str,
        error: wasmtime::Error,
    ) -> Error {
        let in_guest = error.is::<WasmBacktrace>() || error.is::<I32Exit>() || error.is::<Limit>();
        match self.store.data().limiter.denied() {
            _ if in_guest || error.is::<Trap>() => {
                self.explain_uncaught(linked, what, Stop::Error(error))
            }
            Some(limit) => Error::limit("the program", limit),
            None => Error::Start { what: what.to_owned(), error },
        }
    }

    /// As [`Runner::explain`]. If the guest has thrown something, it ends as programs of its language do then:
    /// it says what that is, or does what somebody told it to do at such an end.
    fn explain_uncaught(&mut self, linked: &LinkedInstance, what: &str, stop: Stop) -> Error {
        let has_overflowed =
            stop.is_out_of_bounds() && linked.has_stack_overflowed(&mut self.store);
        let ended = self.terminate(linked).map_err(|end| self.explain(what, end));
        match ended {
            Err(end @ (Error::Exit(_) | Error::Limit { .. })) => end,
            _ if has_overflowed => {
                self.explain(what, stop).because(&backtrace::overflow(&self.program.plan))
            }
            _ => self.explain(what, stop),
        }
    }

    /// Returns if there is no exception, or it is not the guest's matter.
    fn terminate(&mut self, linked: &LinkedInstance) -> Result<(), Stop> {
        let Some(exception) = self.store.take_pending_exception() else { return Ok(()) };
        let Some(function) = linked.symbol(&mut self.store, linker::TERMINATE) else {
            return Ok(());
        };
        match exception.field(&mut self.store, 0) {
            Ok(header @ Val::I32(_)) => self.call(function, &[header]).map(drop),
            _ => Ok(()),
        }
    }

    fn explain(&self, what: &str, stop: Stop) -> Error {
        let error = match stop {
            Stop::Deadline(limit) => return Error::limit(what, Limit::Time { limit }),
            Stop::Error(error) => error,
        };
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return Error::Exit(*code);
        }
        let (trap, backtrace) =
            (error.downcast_ref::<Trap>(), error.downcast_ref::<WasmBacktrace>());
        let limit = self.limits.reached(&error);
        if let Some(limit @ Limit::Time { .. }) = limit {
            // Where the code was then says little.
            return Error::limit(what, limit);
        }
        if trap.is_none() && backtrace.is_none() && limit.is_none() {
            return Error::Call { what: what.to_owned(), message: Error::message(&error) };
        }
        let traced = backtrace.map(|backtrace| Backtrace::new(&self.program, backtrace));
        let Backtrace { lines, fault, stale_maps } = traced.unwrap_or_default();
        let what = what.to_owned();
        if let Some(limit) = limit {
            return Error::Limit { what, limit, backtrace: lines, stale_maps };
        }
        Error::Trap {
            what,
            trap: match trap {
                Some(trap) => match fault.filter(|_| *trap == Trap::UnreachableCodeReached) {
                    Some(fault) => fault.to_owned(),
                    None => trap::reason(trap),
                },
                None if error.is::<ThrownException>() => "uncaught exception".to_owned(),
                None => error.root_cause().to_string(),
            },
            backtrace: lines,
            stale_maps,
        }
    }
}

/// What can be known before there is a store.
fn check_instances(program: &Program<State>, limits: &Limits) -> Result<(), Error> {
    let (needed, limit) = (program.instances(), limits.max_instances.unwrap_or(usize::MAX));
    match needed <= limit {
        true => Ok(()),
        false => Err(Error::limit("the program", Limit::Instances { needed, limit })),
    }
}

/// Why guest code stopped.
enum Stop {
    Error(wasmtime::Error),
    Deadline(Duration),
}

impl Stop {
    /// Whether code has read or written where there is no memory.
    fn is_out_of_bounds(&self) -> bool {
        match self {
            Stop::Error(error) => error.downcast_ref() == Some(&Trap::MemoryOutOfBounds),
            Stop::Deadline(_) => false,
        }
    }
}
