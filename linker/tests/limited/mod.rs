//! What the tests of limits have in common.

use linker::{Fault, InputLimits, InputModule, LibrarySource, NoLibraries};

/// No libraries but those that are given, and so many symbols of all modules together.
pub(crate) struct Limited(pub(crate) usize);

impl LibrarySource for Limited {
    fn needed(&mut self, file: &str, by: &InputModule) -> Result<InputModule, Fault> {
        NoLibraries.needed(file, by)
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }

    fn limits(&self) -> InputLimits {
        InputLimits::default().with_max_symbols(self.0)
    }
}
