//! Reads `tests/matrix/matrix.toml`: the versions to test with, and the known differences.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::toolchain::Version;
use crate::support::files;

/// The content of `matrix.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The names of Debian releases.
    suites: Vec<String>,
    /// The packages to install in each root folder.
    pub(super) packages: Vec<String>,
    /// The prefixes of tests that do not depend on the versions.
    pub(super) skip: Vec<String>,
    #[serde(default, rename = "world")]
    worlds: Vec<World>,
    #[serde(default)]
    known: Vec<KnownDifference>,
}

/// The world of the tests that no other one has.
const EMSCRIPTEN: &str = "Emscripten";

/// A C library and a way to compile, in addition to those of plain Emscripten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct World {
    name: String,
    /// Parts of the names of its tests.
    tests: Vec<String>,
}

/// Tests that fail with some versions, for a reason that this workspace cannot change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KnownDifference {
    pub(super) tests: Vec<String>,
    /// The releases with the difference. If the list is empty, every one has it.
    #[serde(default)]
    suites: Vec<String>,
    /// The first version of Rust with the difference.
    rust_since: Option<Version>,
    pub(super) reason: String,
}

impl Settings {
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let file = root.join("tests").join("matrix").join("matrix.toml");
        toml::from_str(&files::read_text(&file)?)
            .with_context(|| format!("in `{}`", file.display()))
    }

    /// Returns the wanted suites, or else every suite.
    pub(super) fn suites<'a>(&'a self, wanted: &'a [String]) -> anyhow::Result<&'a [String]> {
        match wanted.iter().find(|suite| !self.suites.contains(suite)) {
            Some(unknown) => bail!(
                "tests/matrix/matrix.toml has no suite `{unknown}`; it has {}",
                self.suites.join(", ")
            ),
            None if wanted.is_empty() => Ok(&self.suites),
            None => Ok(wanted),
        }
    }

    /// Returns the names of all worlds.
    pub(super) fn worlds(&self) -> impl Iterator<Item = &str> {
        [EMSCRIPTEN].into_iter().chain(self.worlds.iter().map(|world| &*world.name))
    }

    /// Returns the world of a test.
    pub(super) fn world(&self, test: &str) -> &str {
        let is_of = |world: &&World| world.tests.iter().any(|part| test.contains(&**part));
        self.worlds.iter().find(is_of).map_or(EMSCRIPTEN, |world| &*world.name)
    }

    /// Returns the known differences with these versions.
    pub(super) fn known(&self, suite: &str, rust: &Version) -> Vec<&KnownDifference> {
        let applies = |known: &&KnownDifference| {
            let is_since = known.rust_since.as_ref().is_none_or(|since| rust >= since);
            let is_in_suite =
                known.suites.is_empty() || known.suites.iter().any(|name| name == suite);
            is_since && is_in_suite
        };
        self.known.iter().filter(applies).collect()
    }
}
