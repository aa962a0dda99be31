//! The threads that compile code.

use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// Starts the threads that Wasmtime compiles with. It would do so by itself, but panic if the system gives it none.
pub(crate) fn start_compiler() -> Result<(), Error> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut is_started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_started
        && let Err(error) = rayon::ThreadPoolBuilder::new().build_global()
        // Without a cause the error is that somebody has done so before.
        && let Some(cause) = std::error::Error::source(&error)
    {
        let message = format!("no threads can be started to compile with: {cause}");
        return Err(Error::Setup { message });
    }
    *is_started = true;
    Ok(())
}
