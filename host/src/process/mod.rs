//! Programs that run, with WASI and limits: [`Host`](host::Host) starts them.

pub(crate) mod backtrace;
pub(crate) mod clock;
pub(crate) mod explain;
pub(crate) mod host;
mod open_files;
pub(crate) mod precompiled;
mod runner;
pub(crate) mod settings;
pub(crate) mod source_map;
pub(crate) mod state;
mod stdio;
pub(crate) mod wasi;

use wasmtime::{Func, Val};

use crate::dlopen::Files;
use crate::error::Error;
use crate::limits::{Limit, Limits};
use crate::program::Program;
use crate::program::info::{CALL_DESTRUCTORS, FFLUSH, FUNCS_ON_EXIT};
use crate::program::linked::LinkedInstance;

use runner::Runner;
use state::State;
use wasi::Wasi;

/// An instance of a [`Program`] whose exports can be called.
///
/// A call that does not return, because of a trap, a limit or an exit, poisons the process: the
/// guest's memory may then be in any state, and the process refuses further calls. Start the
/// program again.
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
        let linked = runner.start()?;
        Ok(Process { runner, linked, is_poisoned: false })
    }

    /// Calls an export of the program and returns its results.
    ///
    /// # Errors
    ///
    /// - [`Error::NoFunction`] if the program does not export the function
    /// - [`Error::Call`] if the arguments do not match its type
    /// - [`Error::Trap`], [`Error::Limit`] or [`Error::Exit`] if it does not return
    /// - [`Error::Poisoned`] if an earlier call did not return
    pub fn invoke(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        let function = self.linked.get_func(&mut self.runner.store, name)?;
        self.call(name, function, args)
    }

    /// Returns whether a call did not return, so that the process refuses further calls.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    fn call(&mut self, name: &str, function: Func, args: &[Val]) -> Result<Vec<Val>, Error> {
        let what = format!("`{name}`");
        if self.is_poisoned {
            return Err(Error::Poisoned { what });
        }
        let called = self.runner.call(function, args);
        let results = called.map_err(|stop| self.runner.end(&self.linked, &what, stop));
        // A call with arguments of the wrong types runs no code.
        self.is_poisoned = matches!(&results, Err(error) if !matches!(error, Error::Call { .. }));
        results
    }

    /// Writes the output that the guest's libc has buffered. Does nothing in a program without
    /// libc.
    ///
    /// # Errors
    ///
    /// The errors of [`Process::invoke`], if the call does not return.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.call_libc(FFLUSH, &[0])
    }

    /// Runs the guest's exit handlers, including destructors of static objects, then flushes its
    /// output. Call this once, last.
    ///
    /// # Errors
    ///
    /// The errors of [`Process::invoke`], if a handler does not return.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.call_libc(FUNCS_ON_EXIT, &[])?;
        self.call_libc(CALL_DESTRUCTORS, &[])?;
        self.flush()
    }

    fn call_libc(&mut self, name: &str, args: &[i32]) -> Result<(), Error> {
        let Some(function) = self.linked.symbol(&mut self.runner.store, name) else {
            return Ok(());
        };
        // A function of another type is the guest's own. It has only its name in common with libc.
        let ty = function.ty(&self.runner.store);
        if ty.params().len() != args.len() || !ty.params().all(|param| param.is_i32()) {
            return Ok(());
        }
        let args: Vec<_> = args.iter().copied().map(Val::I32).collect();
        self.call(name, function, &args).map(drop)
    }
}

/// Checks the limit of instances before there is a store.
fn check_instances(program: &Program<State>, limits: &Limits) -> Result<(), Error> {
    let needed = program.instances();
    let limit = limits.max_instances.unwrap_or(usize::MAX);
    if needed > limit {
        return Err(Error::limit("the program", Limit::Instances { needed, limit }));
    }
    Ok(())
}
