//! The threads that compile code.

use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// Starts the threads that Wasmtime compiles with. Wasmtime would start them itself, but it panics
/// if the system refuses a thread.
pub(crate) fn start_compiler() -> Result<(), Error> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut is_started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_started
        && let Err(error) = rayon::ThreadPoolBuilder::new().build_global()
        // The error has no cause if the threads are already there.
        && let Some(cause) = std::error::Error::source(&error)
    {
        let message = format!("no threads can be started to compile with: {cause}");
        return Err(Error::Setup { message });
    }
    *is_started = true;
    Ok(())
}
