//! Runs guest code and host calls until they end or a deadline passes.

use std::time::Instant;

use tokio::runtime::Runtime;
use wasmtime::Store;

use super::explain::Stop;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::limits::Limits;

/// The runtime that drives the host calls of one store, and the deadline of its code.
pub(crate) struct Clock {
    /// It is `None` only while the clock is dropped.
    runtime: Option<Runtime>,
    deadline: Option<Deadline>,
}

impl Drop for Clock {
    /// Does not wait for host calls: one may read from a pipe to which nobody writes, long after
    /// the guest's time was over.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Clock {
    /// Gives a store its fuel, and starts its time.
    pub(crate) fn start<T: 'static>(store: &mut Store<T>, limits: &Limits) -> Result<Self, Error> {
        let setup = |message: String| Error::Setup { message };
        if let Some(fuel) = limits.fuel {
            store.set_fuel(fuel).map_err(|error| setup(Error::message(&error)))?;
        }
        let deadline = Deadline::start(store, limits.timeout).map_err(|error| {
            setup(format!("no thread can be started for the time limit: {error}"))
        })?;
        // Only sockets need the runtime's I/O driver, and with it a file descriptor. Guests have
        // none.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Clock { runtime: Some(runtime), deadline })
    }

    /// Runs guest code to its end. The deadline also ends a host call that waits.
    pub(crate) fn block_on<T: 'static, R>(
        &self,
        store: &mut Store<T>,
        run: impl AsyncFnOnce(&mut Store<T>) -> wasmtime::Result<R>,
    ) -> Result<R, Stop> {
        let ended = || Stop::Error(wasmtime::Error::msg("the process has ended"));
        let runtime = self.runtime.as_ref().ok_or_else(ended)?;
        let Some(deadline) = &self.deadline else {
            return runtime.block_on(run(store)).map_err(Stop::Error);
        };
        let left = deadline.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Code would run until the next time that the epoch is incremented.
            return Err(Stop::Deadline(deadline.limit));
        }
        match runtime.block_on(async { tokio::time::timeout(left, run(store)).await }) {
            Ok(result) => result.map_err(Stop::Error),
            Err(_) => Err(Stop::Deadline(deadline.limit)),
        }
    }
}
