//! The code of libraries that are opened while a program runs. Each library is compiled once per
//! process, and kept in the cache for other processes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use linker::dynamic::{BindKey, Opening};
use linker::{BoundModule, InputModule, Set};
use wasmtime::Engine;

use super::cache::{Cache, CacheError};
use super::code::Code;
use super::key::Key;
use crate::compiler_threads::start_compiler;
use crate::digest::Digest;
use crate::error::Error;

/// The code of a library, and the module that it was compiled from.
pub(crate) struct CompiledLibrary {
    pub(crate) code: wasmtime::Module,
    pub(crate) bound: BoundModule,
    opening: Opening,
}

impl CompiledLibrary {
    /// Returns the modules that the library was linked with, which its backtraces name.
    pub(crate) fn set(&self) -> &Set {
        self.opening.set()
    }
}

/// The compiled libraries of a program. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Compilations {
    known: Arc<Mutex<Known>>,
    cache: Option<Cache>,
    /// The first error of the cache.
    cache_error: Arc<OnceLock<CacheError>>,
}

#[derive(Default)]
struct Known {
    /// By the inputs of binding. Each library holds its opening, so that the key stays valid.
    bound: HashMap<BindKey, Arc<CompiledLibrary>>,
    /// By the digest of the bound module.
    code: HashMap<Digest, wasmtime::Module>,
}

/// The number of libraries whose code is kept in memory. Beyond that, all are compiled again.
const MAX_LIBRARIES: usize = 1000;

impl Compilations {
    /// Creates an empty store of libraries that also uses a cache.
    pub(crate) fn kept_in(cache: Option<&Cache>) -> Self {
        Compilations { cache: cache.cloned(), ..Compilations::default() }
    }

    /// Returns the first error of the cache.
    pub(crate) fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.get()
    }

    /// Compiles a new module of an opening. Validates its function bodies first, because the linker
    /// rewrites them and expects them to be valid.
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
        if known.bound.len() >= MAX_LIBRARIES {
            *known = Known::default();
        }
        let digest = Digest::of(&bound.bytes);
        let code = match known.code.get(&digest) {
            Some(code) => code.clone(),
            None => self.code(engine, &input.name, &bound.bytes)?,
        };
        known.code.insert(digest, code.clone());
        let compiled = Arc::new(CompiledLibrary { code, bound, opening: opening.clone() });
        known.bound.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }

    /// Returns the code of a bound module, from the cache if it is there.
    fn code(&self, engine: &Engine, name: &str, bytes: &[u8]) -> Result<wasmtime::Module, Error> {
        let compile = || {
            start_compiler()?;
            let code = wasmtime::Module::from_binary(engine, bytes);
            code.map_err(|error| Error::compile(name, &error))
        };
        let Some(cache) = &self.cache else { return compile() };
        let key = Key::of_library(engine, bytes);
        let (mut code, error) = cache.code(engine, key, &[], || compile().map(Code::of_module))?;
        if let Some(error) = error {
            // Only the first error is reported.
            let _ = self.cache_error.set(error);
        }
        let module = code.modules.pop().map(|compiled| compiled.code);
        module.map_or_else(compile, Ok)
    }

    /// Returns the library with this code.
    pub(crate) fn find(&self, code: &wasmtime::Module) -> Option<Arc<CompiledLibrary>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.bound.values().find(|compiled| wasmtime::Module::same(&compiled.code, code)).cloned()
    }
}
