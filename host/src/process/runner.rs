//! Runs guest code under limits.

use wasmtime::{Func, Store, Trap, Val, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::backtrace::{self, Backtrace};
use super::clock::Clock;
use super::explain::{self, Stop};
use super::state::{OpenFiles, State};
use super::wasi::Wasi;
use crate::dlopen::{Files, Libraries};
use crate::error::Error;
use crate::limits::{Limit, Limiter, Limits};
use crate::program::Program;
use crate::program::instantiate::Instantiation;
use crate::program::linked::LinkedInstance;

/// A store of one process, and what limits its code.
pub(super) struct Runner {
    pub(super) program: Program<State>,
    limits: Limits,
    pub(super) store: Store<State>,
    clock: Clock,
}

impl Runner {
    pub(super) fn new(
        program: &Program<State>,
        limits: Limits,
        wasi: &Wasi,
        files: Files,
    ) -> Result<Self, Error> {
        let state = state(&limits, wasi, files)?;
        let mut store = Store::new(program.functions.engine(), state);
        store.limiter(|state| &mut state.limiter);
        let clock = Clock::start(&mut store, &limits)?;
        Ok(Runner { program: program.clone(), limits, store, clock })
    }

    /// Instantiates the program and runs its constructors.
    pub(super) fn start(&mut self) -> Result<LinkedInstance, Error> {
        let program = self.program.clone();
        let mut instantiation = Instantiation::new(&program);
        let steps = &mut instantiation;
        let run = async |store: &mut Store<State>| Ok(program.run_steps(steps, store).await);
        let started = self.clock.block_on(&mut self.store, run);
        let linked = instantiation.finish();
        match started {
            Ok(Ok(())) => Ok(linked),
            Ok(Err(Error::Start { what, error })) => Err(self.end_start(&linked, &what, error)),
            Ok(Err(error)) => Err(error),
            Err(stop) => Err(self.describe("the program's start", &stop)),
        }
    }

    pub(super) fn call(&mut self, function: Func, args: &[Val]) -> Result<Vec<Val>, Stop> {
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let out = &mut results;
        let call = async |store: &mut Store<State>| function.call_async(store, args, out).await;
        self.clock.block_on(&mut self.store, call)?;
        Ok(results)
    }

    /// Ends a program of which a module was not instantiated or initialised, and returns why.
    fn end_start(&mut self, linked: &LinkedInstance, what: &str, error: wasmtime::Error) -> Error {
        let in_guest = error.is::<WasmBacktrace>() || error.is::<I32Exit>() || error.is::<Limit>();
        if in_guest || error.is::<Trap>() {
            return self.end(linked, what, Stop::Error(error));
        }
        match self.store.data().limiter.denied() {
            Some(limit) => Error::limit("the program", limit),
            None => Error::start(what.to_owned(), error),
        }
    }

    /// Ends a program whose code stopped, and returns why.
    ///
    /// If the guest threw an exception that nothing catches, this lets the guest end as programs
    /// of its language do: it reports the exception, or runs the handler that was set for it. An
    /// exit or a limit at that point is then the reason.
    pub(super) fn end(&mut self, linked: &LinkedInstance, what: &str, stop: Stop) -> Error {
        let has_overflowed =
            stop.is_out_of_bounds() && linked.has_stack_overflowed(&mut self.store);
        if let Err(end) = self.terminate(linked)
            && let error @ (Error::Exit(_) | Error::Limit { .. }) = self.describe(what, &end)
        {
            return error;
        }
        let error = self.describe(what, &stop);
        if has_overflowed {
            return error.because(&backtrace::overflow(&self.program.info));
        }
        error
    }

    /// Calls the guest's terminate handler for its pending exception. Returns if there is no
    /// exception, or no handler.
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

    fn describe(&self, what: &str, stop: &Stop) -> Error {
        let traced = |frames: &WasmBacktrace| Backtrace::new(&self.program, frames);
        explain::describe(&self.limits, what, stop, traced)
    }
}

/// Creates the data of a store.
fn state(limits: &Limits, wasi: &Wasi, files: Files) -> Result<State, Error> {
    let max_instances = limits.max_instances.unwrap_or(usize::MAX);
    let mut libraries = Libraries::new(files).with_max_instances(max_instances);
    if let Some(name) = wasi.args.first() {
        libraries = libraries.with_program_name(name);
    }
    Ok(State {
        wasi: wasi.build(limits)?,
        libraries,
        limiter: Limiter::new(limits),
        open_files: OpenFiles {
            limit: limits.max_open_files.unwrap_or(usize::MAX),
            given: wasi.directories.len(),
        },
    })
}
