//! The name of the toolchain that a system library is of, in the library itself.

use wasm_metadata::Producers;

/// A toolchain with system libraries.
pub(super) struct Sdk<'a> {
    pub(super) name: &'static str,
    pub(super) version: &'a str,
}

impl Sdk<'_> {
    /// Adds the toolchain to the section of a library that lists what made it. Messages about
    /// symbols of other versions name it.
    pub(super) fn record(&self, library: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut producers = Producers::empty();
        producers.add("sdk", self.name, self.version);
        producers.add_to_wasm(library)
    }
}
