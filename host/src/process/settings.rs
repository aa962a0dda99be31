//! The configuration of a host.

use std::hash::Hash;

use wasmtime::{Config, Inlining};

use crate::compiled::cache::Cache;
use crate::limits::Limits;
use crate::program::linkage::Mode;
use crate::search::Search;

/// The configuration of a [`Host`](crate::Host).
///
/// ```
/// use host::{Host, Limits, Mode, Settings};
///
/// let settings = Settings::default()
///     .with_limits(Limits::default().with_fuel(1_000_000))
///     .with_mode(Mode::Separate);
/// let host = Host::with(settings)?;
/// # Ok::<(), host::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// The limits of each program.
    pub limits: Limits,
    /// Whether the modules of a program are fused to one.
    pub mode: Mode,
    /// The folders of the libraries that programs open while they run.
    pub libraries: Search,
    /// Whether programs may also open libraries in the directories that they are given: see
    /// [`Files::with_directories`](crate::Files::with_directories).
    pub libraries_in_directories: bool,
    /// Whether short functions are inlined. A call in a short loop then costs nothing, but the
    /// backtrace of a trap does not name functions that were inlined.
    pub inlining: bool,
    /// The cache of compiled code. Without one, each program is compiled again.
    pub cache: Option<Cache>,
    /// Whether code is compiled so that it can have a time limit even if [`Settings::limits`] has
    /// none. [`precompile`](crate::precompile) does so, because its code later runs under other
    /// limits.
    pub interruptible: bool,
}

/// The size of caller and callee together up to which functions are inlined, in instructions of
/// Cranelift. This is enough for a loop that calls another language. With Wasmtime's default of
/// 2000, a program with libc++ takes five times as long to compile as without inlining; with this
/// value it takes a sixth longer.
const INLINED_SIZE: &str = "60";

impl Settings {
    /// Sets [`Self::limits`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`Self::mode`].
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets [`Self::libraries`].
    #[must_use]
    pub fn with_libraries(mut self, libraries: Search) -> Self {
        self.libraries = libraries;
        self
    }

    /// Sets [`Self::libraries_in_directories`].
    #[must_use]
    pub fn with_libraries_in_directories(mut self, libraries_in_directories: bool) -> Self {
        self.libraries_in_directories = libraries_in_directories;
        self
    }

    /// Sets [`Self::inlining`].
    #[must_use]
    pub fn with_inlining(mut self, inlining: bool) -> Self {
        self.inlining = inlining;
        self
    }

    /// Sets [`Self::cache`].
    #[must_use]
    pub fn with_cache(mut self, cache: impl Into<Option<Cache>>) -> Self {
        self.cache = cache.into();
        self
    }

    /// Sets [`Self::interruptible`].
    #[must_use]
    pub fn with_interruptible(mut self, interruptible: bool) -> Self {
        self.interruptible = interruptible;
        self
    }

    /// Returns the settings that compiled code depends on.
    pub(crate) fn of_code(&self) -> impl Hash + use<> {
        let Limits { timeout, fuel, .. } = self.limits;
        let is_interruptible = self.interruptible || timeout.is_some();
        (is_interruptible, fuel.is_some(), self.inlining.then_some(INLINED_SIZE))
    }

    /// Returns the configuration of an engine that can compile.
    pub(crate) fn config(&self) -> Config {
        let mut config = self.runtime_config();
        config.enable_compiler(true);
        if self.inlining {
            config.compiler_inlining(Inlining::Yes);
            // SAFETY: the setting only chooses between two correct ways to compile a call.
            unsafe {
                config.cranelift_flag_set("wasmtime_inlining_sum_size_threshold", INLINED_SIZE)
            };
        }
        config
    }

    /// Returns the configuration of an engine that only loads compiled code. It starts sooner.
    pub(crate) fn runtime_config(&self) -> Config {
        let mut config = Config::new();
        config.enable_compiler(false);
        self.limits.configure(&mut config);
        if self.interruptible {
            config.epoch_interruption(true);
        }
        config
    }
}
