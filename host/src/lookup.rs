//! Lookups of libraries, and what they depend on.

use std::path::PathBuf;

use linker::{InputModule, SharedBytes};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A lookup of a library, and its result. `F` is what is known of a file that was found: its
/// contents, or only their digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lookup<F = Digest> {
    /// A module needed a library. `found` has the path of the file.
    Needed { name: String, by: Requester, found: Option<(PathBuf, F)> },
    /// A system library was looked for in the sysroot.
    System { file: String, found: Option<F> },
}

impl Lookup<SharedBytes> {
    /// Computes the digest of the file that was found.
    pub(crate) fn digest(self) -> Lookup {
        match self {
            Lookup::Needed { name, by, found } => {
                let found = found.map(|(path, contents)| (path, Digest::of(&contents)));
                Lookup::Needed { name, by, found }
            }
            Lookup::System { file, found } => {
                Lookup::System { file, found: found.map(|contents| Digest::of(&contents)) }
            }
        }
    }
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
