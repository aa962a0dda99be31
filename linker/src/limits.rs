//! Bounds on what is read, before anything of it runs.

use crate::fault::Fault;
use crate::module::{LoadError, Module};

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

    pub(crate) fn check_size(&self, module: &str, size: usize) -> Result<(), LoadError> {
        match size as u64 > self.max_module_size {
            true => Err(self.too_large(module)),
            false => Ok(()),
        }
    }

    /// The error of a module that has more bytes than it may, however many.
    pub fn too_large(&self, module: &str) -> LoadError {
        LoadError::TooLarge { module: module.to_owned(), limit: self.max_module_size }
    }

    /// Of one module.
    pub(crate) fn check_symbols(&self, module: &str, symbols: usize) -> Result<(), LoadError> {
        let limit = self.max_symbols;
        match symbols > limit {
            true => Err(LoadError::TooManySymbols { module: module.to_owned(), symbols, limit }),
            false => Ok(()),
        }
    }

    /// Of all modules that have joined so far.
    pub(crate) fn check_all_symbols(&self, symbols: usize) -> Result<(), Fault> {
        let limit = self.max_symbols;
        match symbols > limit {
            true => Err(Fault::TooManySymbols { symbols, limit }),
            false => Ok(()),
        }
    }
}

impl Default for InputLimits {
    /// 256 MiB a module, and a million symbols: beyond what compilers make of programs that people write.
    fn default() -> Self {
        InputLimits { max_module_size: 256 << 20, max_symbols: 1_000_000 }
    }
}

impl Module {
    /// As [`InputLimits::max_symbols`] counts them.
    pub(crate) fn symbol_count(&self) -> usize {
        let dylink = self.dylink.as_ref().map_or(0, crate::Dylink::name_count);
        self.imports.len() + self.exports.len() + dylink
    }
}
