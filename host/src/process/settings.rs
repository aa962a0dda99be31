//! The configuration of a host.

use wasmtime::{Config, Inlining};

use crate::compiled::cache::Cache;
use crate::limits::Limits;
use crate::program::linkage::Mode;
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
