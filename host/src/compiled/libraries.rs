//! The code of libraries: compiled once in a process, and kept in the cache for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use linker::dynamic::{BindKey, Opening};
use linker::{BoundModule, InputModule, Set};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use super::cache::{Cache, CacheError, Key};
use super::code::Code;
use crate::engine::start_compiler;
use crate::error::Error;

/// A library as it is instantiated, and as it was before.
pub(crate) struct CompiledLibrary {
    pub(crate) code: wasmtime::Module,
    pub(crate) bound: BoundModule,
    opening: Opening,
}

impl CompiledLibrary {
    /// The modules that it was linked with, by which its code is traced back.
    pub(crate) fn set(&self) -> &Set {
        self.opening.set()
    }
}

/// What was compiled; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Compilations {
    known: Arc<Mutex<Known>>,
    cache: Option<Cache>,
    /// What was first wrong with the cache.
    cache_error: Arc<OnceLock<CacheError>>,
}

#[derive(Default)]
struct Known {
    /// By what it is bound from: each holds its opening, so that stays what it is.
    bound: HashMap<BindKey, Arc<CompiledLibrary>>,
    /// By the hash of the module as it is bound.
    code: HashMap<[u8; 32], wasmtime::Module>,
}

/// Libraries whose code is kept; when a program has opened more, they are compiled again.
const KEPT: usize = 1000;

impl Compilations {
    /// Compilations whose code is kept in a cache too.
    pub(crate) fn kept_in(cache: Option<&Cache>) -> Self {
        Compilations { cache: cache.cloned(), ..Compilations::default() }
    }

    /// Why code was not taken from the cache, or is not kept there.
    pub(crate) fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.get()
    }

    /// A new module of an opening. Function bodies are validated too: the linker rewrites them and expects them
    /// to be valid.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        opening: &Opening,
        module: usize,
    ) -> Result<Arc<CompiledLibrary>, Error> {
        let key = opening.bind_key(module);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.bound.get(&key) {
            return Ok(Arc::clone(compiled));
        }
        let InputModule { module: input, bytes, .. } = opening.input(module);
        linker::validate(&input.name, bytes)?;
        let bound = opening.bind(module)?;
        if known.bound.len() >= KEPT {
            *known = Known::default();
        }
        let digest = Sha256::digest(&bound.bytes).into();
        let code = match known.code.get(&digest) {
            Some(code) => code.clone(),
            None => self.code(engine, &input.name, &bound.bytes)?,
        };
        known.code.insert(digest, code.clone());
        let compiled = Arc::new(CompiledLibrary { code, bound, opening: opening.clone() });
        known.bound.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }

    /// The code of a module as it is bound, from the cache if it is there.
    fn code(&self, engine: &Engine, name: &str, bytes: &[u8]) -> Result<wasmtime::Module, Error> {
        let compile = || {
            start_compiler()?;
            let code = wasmtime::Module::from_binary(engine, bytes);
            code.map_err(|error| Error::compile(name, &error))
        };
        let Some(cache) = &self.cache else { return compile() };
        let key = Key::of_library(engine, bytes);
        let (mut code, error) = cache.code(engine, key, || compile().map(Code::of_module))?;
        if let Some(error) = error {
            // One is enough to tell of.
            let _ = self.cache_error.set(error);
        }
        let module = code.modules.pop().map(|compiled| compiled.code);
        module.map_or_else(compile, Ok)
    }

    /// What became this code.
    pub(crate) fn find(&self, code: &wasmtime::Module) -> Option<Arc<CompiledLibrary>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.bound.values().find(|compiled| wasmtime::Module::same(&compiled.code, code)).cloned()
    }
}
