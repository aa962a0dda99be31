//! `tests/matrix/matrix.toml`: with what to test, and what is known to differ.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::rust::Version;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    suites: Vec<String>,
    pub(super) packages: Vec<String>,
    /// What the names of tests begin with that have nothing to do with the versions.
    pub(super) skip: Vec<String>,
    #[serde(default)]
    known: Vec<Known>,
}

/// Tests that do otherwise with some versions, which is not to be mended here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Known {
    tests: Vec<String>,
    /// Of all of them if none is listed.
    #[serde(default)]
    suites: Vec<String>,
    /// With this version of Rust and later ones.
    rust_since: Option<Version>,
    pub(super) reason: String,
}

impl Settings {
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let file = root.join("tests").join("matrix").join("matrix.toml");
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("cannot read `{}`", file.display()))?;
        toml::from_str(&text).with_context(|| format!("in `{}`", file.display()))
    }

    /// All suites, or those that were asked for.
    pub(super) fn suites<'a>(&'a self, wanted: &'a [String]) -> anyhow::Result<&'a [String]> {
        match wanted.iter().find(|suite| !self.suites.contains(suite)) {
            Some(unknown) => bail!(
                "tests/matrix/matrix.toml has no suite `{unknown}`; there are {}",
                self.suites.join(", ")
            ),
            None if wanted.is_empty() => Ok(&self.suites),
            None => Ok(wanted),
        }
    }

    /// What is known to differ with these versions.
    pub(super) fn known(&self, suite: &str, rust: &Version) -> Vec<&Known> {
        let applies = |known: &&Known| {
            let since = known.rust_since.as_ref().is_none_or(|since| rust >= since);
            since && (known.suites.is_empty() || known.suites.iter().any(|name| name == suite))
        };
        self.known.iter().filter(applies).collect()
    }
}

impl Known {
    pub(super) fn tests(&self) -> &[String] {
        &self.tests
    }
}
