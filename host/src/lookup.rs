//! Lookups of libraries, and what they depend on.

use std::path::PathBuf;

use linker::InputModule;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A lookup of a library, and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lookup {
    /// A module needed a library. `found` is the path of the file and the digest of its contents.
    Needed { name: String, by: Requester, found: Option<(PathBuf, Digest)> },
    /// A system library was looked for in the sysroot.
    System { file: String, found: Option<Digest> },
}

/// A module that needs a library, as far as the search depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requester {
    /// Its name in messages.
    pub(crate) name: String,
    /// The folder that `$ORIGIN` stands for, if that is known.
    pub(crate) origin: Option<PathBuf>,
    /// The parts of its runtime path, in order.
    pub(crate) runtime_path: Vec<String>,
}

impl Requester {
    pub(crate) fn of(input: &InputModule) -> Self {
        // An entry can have several parts.
        let entries = input.module.dylink.iter().flat_map(|dylink| &dylink.runtime_path);
        let parts = entries.flat_map(|entry| entry.split(':')).filter(|part| !part.is_empty());
        Requester {
            name: input.module.name.clone(),
            origin: input.origin.clone(),
            runtime_path: parts.map(str::to_owned).collect(),
        }
    }
}
