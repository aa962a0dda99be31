//! Bounds on what is read, before anything of it runs.

/// How much the modules of a program may ask the linker to read. Its time and memory are about proportional to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputLimits {
    /// Bytes of one module.
    pub max_module_size: u64,
    /// Symbols of all modules together: what they import and export, and what they name in `dylink.0`.
    pub max_symbols: usize,
}

impl InputLimits {
    /// For modules that this crate has written from some that were within limits.
    pub const NONE: Self = InputLimits { max_module_size: u64::MAX, max_symbols: usize::MAX };
}

impl Default for InputLimits {
    /// 256 MiB a module, and a million symbols: beyond what compilers make of programs that people write.
    fn default() -> Self {
        InputLimits { max_module_size: 256 << 20, max_symbols: 1_000_000 }
    }
}
