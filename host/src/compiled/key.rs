//! The keys of the cache.

use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::time::SystemTime;

use linker::Plan;
use wasmtime::Engine;

use crate::digest::{self, Digest};

/// The hash of everything that determines the code of a program or library, or, for a program that
/// is linked from files, of everything but the libraries that were found for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(Digest);

impl Key {
    /// Returns the key of a program: the hash of its modules, how they are linked, and the
    /// compiler.
    pub(crate) fn of_plan(engine: &Engine, plan: &Plan, linkage: &impl Hash) -> Self {
        Key::of_compiled(engine, ("program", linkage, plan.set()))
    }

    /// Returns the key of a library that a program opens: the hash of the bound module.
    pub(crate) fn of_library(engine: &Engine, module: &[u8]) -> Self {
        Key::of_compiled(engine, ("library", module))
    }

    /// Returns the key of a component.
    pub(crate) fn of_component(engine: &Engine, component: &[u8]) -> Self {
        Key::of_compiled(engine, ("component", component))
    }

    /// Returns the key of a program that is linked from files. `settings` are those of the
    /// compiler, which is not needed for this.
    pub(crate) fn of_files(files: &impl Hash, settings: &impl Hash, linkage: &impl Hash) -> Self {
        Key::of(("files", settings, linkage, files))
    }

    fn of_compiled(engine: &Engine, compiled: impl Hash) -> Self {
        // Wasmtime's version, the processor, and all settings.
        Key::of((engine.precompile_compatibility_hash(), compiled))
    }

    fn of(compiled: impl Hash) -> Self {
        let mut hasher = KeyHasher::default();
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        this_program().hash(&mut hasher);
        compiled.hash(&mut hasher);
        Key(hasher.0.finish())
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

/// Returns the identity of the running executable. A new build may link differently and still have
/// the same version.
fn this_program() -> Option<(PathBuf, u64, SystemTime)> {
    let path = env::current_exe().ok()?;
    let data = fs::metadata(&path).ok()?;
    Some((path, data.len(), data.modified().ok()?))
}

/// A [`Hasher`] that uses a cryptographic hash, so that nobody can find two programs with the same
/// key.
#[derive(Default)]
struct KeyHasher(digest::Hasher);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.add(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.finish();
        digest.bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
