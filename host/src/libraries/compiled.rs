//! The code of libraries, compiled once in a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use linker::{BoundModule, Identity, Object, Opening, Set};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::engine::start_compiler;
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

/// What was compiled; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Compilations(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// By what it is bound from: each holds its opening, so that stays what it is.
    bound: HashMap<Identity, Arc<Compiled>>,
    /// By the hash of the module as it is bound.
    code: HashMap<[u8; 32], wasmtime::Module>,
}

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
        let identity = opening.identity(module);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.bound.get(&identity) {
            return Ok(Arc::clone(compiled));
        }
        start_compiler()?;
        let Object { module: about, bytes, .. } = opening.object(module);
        linker::validate(&about.name, bytes)?;
        let bound = opening.bind(module)?;
        if known.bound.len() >= KEPT {
            *known = Known::default();
        }
        let digest = Sha256::digest(&bound.bytes).into();
        let code = match known.code.get(&digest) {
            Some(code) => code.clone(),
            None => {
                let code = wasmtime::Module::from_binary(engine, &bound.bytes);
                code.map_err(|error| Error::compile(&about.name, &error))?
            }
        };
        known.code.insert(digest, code.clone());
        let compiled = Arc::new(Compiled { code, bound, opening: opening.clone() });
        known.bound.insert(identity, Arc::clone(&compiled));
        Ok(compiled)
    }

    /// What became this code.
    pub(crate) fn find(&self, code: &wasmtime::Module) -> Option<Arc<Compiled>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.bound.values().find(|compiled| wasmtime::Module::same(&compiled.code, code)).cloned()
    }
}
