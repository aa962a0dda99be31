//! Turns the end of guest code into an error. Nothing here runs guest code.

use std::time::Duration;

use wasmtime::{ThrownException, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::backtrace::Backtrace;
use crate::error::Error;
use crate::limits::{Limit, Limits};
use crate::trap;

/// The reason why guest code stopped.
pub(crate) enum Stop {
    Error(wasmtime::Error),
    /// The deadline passed while a host call was waiting, or before any code ran.
    Deadline(Duration),
}

impl Stop {
    /// Returns whether code read or wrote where there is no memory.
    pub(super) fn is_out_of_bounds(&self) -> bool {
        match self {
            Stop::Error(error) => error.downcast_ref() == Some(&Trap::MemoryOutOfBounds),
            Stop::Deadline(_) => false,
        }
    }

    /// Returns the kind of this end for a program under some limits.
    pub(super) fn classify(&self, limits: &Limits) -> StopKind {
        let error = match self {
            Stop::Deadline(limit) => return StopKind::Timeout(Limit::Time { limit: *limit }),
            Stop::Error(error) => error,
        };
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return StopKind::Exit(*code);
        }
        match limits.reached(error) {
            Some(limit @ Limit::Time { .. }) => StopKind::Timeout(limit),
            Some(limit) => StopKind::Limit(limit),
            None if error.is::<Trap>() || error.is::<WasmBacktrace>() => StopKind::Trap,
            None => StopKind::Refused,
        }
    }
}

/// The kinds of ends of guest code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopKind {
    Exit(i32),
    /// The time is over. It says little where the code was at that moment.
    Timeout(Limit),
    /// The code reached another limit.
    Limit(Limit),
    /// The code trapped, threw an exception that nothing catches, or a host function failed.
    Trap,
    /// No code ran.
    Refused,
}

/// Describes a stop as an error of `what`, with the backtrace that `traced` makes if it has one.
pub(crate) fn describe(
    limits: &Limits,
    what: &str,
    stop: &Stop,
    traced: impl FnOnce(&WasmBacktrace) -> Backtrace,
) -> Error {
    let kind = stop.classify(limits);
    let error = match (kind, stop) {
        (StopKind::Exit(code), _) => return Error::Exit(code),
        (StopKind::Timeout(limit), _) => return Error::limit(what, limit),
        (_, Stop::Error(error)) => error,
        (_, Stop::Deadline(limit)) => return Error::limit(what, Limit::Time { limit: *limit }),
    };
    if kind == StopKind::Refused {
        return Error::Call { what: what.to_owned(), message: Error::message(error) };
    }
    let traced = error.downcast_ref().map(traced);
    let Backtrace { lines: backtrace, fault, stale_maps } = traced.unwrap_or_default();
    let what = what.to_owned();
    match kind {
        StopKind::Limit(limit) => Error::Limit { what, limit, backtrace, stale_maps },
        _ => Error::Trap { what, trap: trap_text(error, fault.as_deref()), backtrace, stale_maps },
    }
}

/// Describes a trap. `fault` is the fault that the guest itself found and reports by the trap.
fn trap_text(error: &wasmtime::Error, fault: Option<&str>) -> String {
    match (error.downcast_ref(), fault) {
        (Some(Trap::UnreachableCodeReached), Some(fault)) => fault.to_owned(),
        (Some(trap), _) => trap::reason(trap),
        (None, _) if error.is::<ThrownException>() => "uncaught exception".to_owned(),
        (None, _) => error.root_cause().to_string(),
    }
}
