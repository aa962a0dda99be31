//! The code of libraries, compiled once in a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use linker::{BoundModule, Object, Opening, Source};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::error::Error;

/// A library as it is instantiated.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) code: wasmtime::Module,
    pub(crate) imports: Arc<[Source]>,
}

/// What was compiled, by the hash of the module as it is bound; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Compilations(Arc<Mutex<HashMap<[u8; 32], wasmtime::Module>>>);

/// Libraries whose code is kept; a program that opens more has them compiled again.
const KEPT: usize = 1000;

impl Compilations {
    /// A new module of an opening. Function bodies are validated too: the linker rewrites them and expects them
    /// to be valid.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        opening: &Opening,
        module: usize,
    ) -> Result<Library, Error> {
        let Object { module: about, bytes, .. } = opening.object(module);
        linker::validate(&about.name, bytes)?;
        let BoundModule { bytes, imports, .. } = opening.bind(module)?;
        let digest = Sha256::digest(&bytes).into();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known.get(&digest) {
            return Ok(Library { code: code.clone(), imports: imports.into() });
        }
        let code = wasmtime::Module::from_binary(engine, &bytes);
        let code = code.map_err(|error| Error::compile(&about.name, &error))?;
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(digest, code.clone());
        Ok(Library { code, imports: imports.into() })
    }
}
