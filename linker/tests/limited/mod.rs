//! What the tests of limits have in common.

use linker::{Fault, InputLimits, Library, NoLibrary, Object};

/// No libraries but those that are given, and so many symbols of all modules together.
pub(crate) struct Limited(pub(crate) usize);

impl Library for Limited {
    fn needed(&mut self, file: &str, by: &Object) -> Result<Object, Fault> {
        NoLibrary.needed(file, by)
    }

    fn system(&mut self, _: &str) -> Option<Object> {
        None
    }

    fn limits(&self) -> InputLimits {
        InputLimits { max_symbols: self.0, ..InputLimits::default() }
    }
}
