//! How code is compiled.

use std::sync::{Mutex, PoisonError};

use wasmtime::{Config, Inlining};

use crate::cache::Cache;
use crate::error::Error;
use crate::limits::Limits;
use crate::program::Mode;
use crate::search::Search;

/// What a [`Host`](crate::Host) does with programs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub limits: Limits,
    /// Whether the modules of a program become one.
    pub mode: Mode,
    /// Where libraries are that programs open while they run.
    pub libraries: Search,
    /// Lets programs open libraries in the directories that they are given, too: see
    /// [`Files::with_directories`](crate::Files::with_directories).
    pub libraries_in_directories: bool,
    /// Inlines short functions into others: a call in a short loop then costs nothing, but a trap does not
    /// tell of functions that were inlined.
    pub inlining: bool,
    /// Where compiled code is kept; without it all is compiled anew.
    pub cache: Option<Cache>,
    /// Compiles code so that it can be given a time limit, though [`Settings::limits`] has none: for code that
    /// runs under other limits, as [`precompile`](crate::precompile)d code does.
    pub interruptible: bool,
}

/// Functions are inlined while caller and callee together have no more instructions of Cranelift's than
/// this: enough for a loop that calls another language. With Wasmtime's own number, 2000, a program with
/// libc++ takes five times as long to compile as without inlining, with this one a sixth longer.
const INLINED_SIZE: &str = "60";

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

impl Settings {
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        self.limits.configure(&mut config);
        if self.interruptible {
            config.epoch_interruption(true);
        }
        if self.inlining {
            config.compiler_inlining(Inlining::Yes);
            // SAFETY: the setting decides which of two correct ways a call is compiled in, nothing else.
            unsafe {
                config.cranelift_flag_set("wasmtime_inlining_sum_size_threshold", INLINED_SIZE)
            };
        }
        config
    }
}
