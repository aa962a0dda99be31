//! Limits on the modules that are read.

/// Limits on the modules of a program. The linker's time and memory are about proportional to them.
///
/// Exceeding one is an ordinary error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputLimits {
    /// The most bytes that one module may have.
    pub max_module_size: u64,
    /// The most symbols that all modules may have together: their imports and exports, and the
    /// names in `dylink.0`.
    pub max_symbols: usize,
}

impl InputLimits {
    /// Sets [`max_module_size`](Self::max_module_size), in bytes.
    #[must_use]
    pub const fn with_max_module_size(mut self, max_module_size: u64) -> Self {
        self.max_module_size = max_module_size;
        self
    }

    /// Sets [`max_symbols`](Self::max_symbols).
    #[must_use]
    pub const fn with_max_symbols(mut self, max_symbols: usize) -> Self {
        self.max_symbols = max_symbols;
        self
    }

    /// No limits, for modules that this crate has written from modules within limits.
    pub const NONE: Self = InputLimits { max_module_size: u64::MAX, max_symbols: usize::MAX };
}

impl Default for InputLimits {
    /// Returns 256 MiB for a module and a million symbols: more than compilers make of programs
    /// that people write.
    fn default() -> Self {
        InputLimits { max_module_size: 256 << 20, max_symbols: 1_000_000 }
    }
}
