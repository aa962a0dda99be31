//! The code of libraries, compiled once in a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use linker::{BoundModule, Object, Opening, Set};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::error::Error;

/// A library as it is instantiated, and as it was before.
pub(crate) struct Compiled {
    pub(crate) code: wasmtime::Module,
    pub(crate) bound: BoundModule,
    opening: Opening,
}

impl Compiled {
    /// The modules that it was linked with, by which its code is traced back.
    pub(crate) fn set(&self) -> &Set {
        self.opening.set()
    }
}

/// What was compiled, by the hash of the module as it is bound; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Compilations(Arc<Mutex<HashMap<[u8; 32], Arc<Compiled>>>>);

/// Libraries whose code is kept; when a program has opened more, they are compiled again.
const KEPT: usize = 1000;

impl Compilations {
    /// A new module of an opening. Function bodies are validated too: the linker rewrites them and expects them
    /// to be valid.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        opening: &Opening,
        module: usize,
    ) -> Result<Arc<Compiled>, Error> {
        let Object { module: about, bytes, .. } = opening.object(module);
        linker::validate(&about.name, bytes)?;
        let bound = opening.bind(module)?;
        let digest = Sha256::digest(&bound.bytes).into();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.get(&digest) {
            return Ok(Arc::clone(compiled));
        }
        let code = wasmtime::Module::from_binary(engine, &bound.bytes);
        let code = code.map_err(|error| Error::compile(&about.name, &error))?;
        if known.len() >= KEPT {
            known.clear();
        }
        let compiled = Arc::new(Compiled { code, bound, opening: opening.clone() });
        known.insert(digest, Arc::clone(&compiled));
        Ok(compiled)
    }

    /// What became this code.
    pub(crate) fn find(&self, code: &wasmtime::Module) -> Option<Arc<Compiled>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|compiled| wasmtime::Module::same(&compiled.code, code)).cloned()
    }
}
