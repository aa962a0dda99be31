//! Programs that are linked from files, and found in the cache by these files.
//!
//! The key is the contents of the files that were given, and the options. Which libraries belong to
//! the program is not known before it is linked, so the entry records all lookups of libraries. A
//! hit repeats each lookup and compares the contents of what it finds. It neither reads a module
//! nor makes a plan: the entry also records what is needed of that.

use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::files::{LinkedFiles, ProgramFiles};
use super::info::ProgramInfo;
use super::lazy_plan::PlanOrigin;
use super::linkage::Linkage;
use super::{CacheEntry, Program, compile, compiled};
use crate::compiled::cache::{Cache, KeptCode};
use crate::compiled::key::Key;
use crate::digest::Digest;
use crate::error::Error;
use crate::lookup::Lookup;

/// The record of an entry. `I` is a [`ProgramInfo`], owned or borrowed.
#[derive(Debug, Serialize, Deserialize)]
struct Record<I> {
    lookups: Vec<Lookup>,
    info: I,
}

/// A program from the cache whose files are unchanged.
pub(crate) struct CachedProgram {
    origin: PlanOrigin,
    info: ProgramInfo,
    code: KeptCode,
}

impl CachedProgram {
    /// Finds the code of a program. `settings` are those of the compiler.
    pub(crate) fn find(
        files: &ProgramFiles,
        linkage: Linkage,
        settings: &impl Hash,
        cache: &Cache,
    ) -> Option<Self> {
        let digests = files.digests()?;
        let key = Key::of_files(&files.identity(&digests), settings, &linkage);
        let code = cache.find(key).ok()??;
        let Record::<ProgramInfo> { lookups, info } = serde_json::from_slice(code.record()).ok()?;
        if !lookups.iter().all(|lookup| files.search().gives(lookup)) {
            return None;
        }
        let origin = PlanOrigin { files: files.clone(), linkage, digests, lookups };
        Some(CachedProgram { origin, info, code })
    }

    /// Returns whether the program can open libraries, which may have to be compiled.
    pub(crate) fn opens_libraries(&self) -> bool {
        self.info.opens_libraries
    }

    /// Loads the code.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the code is for another processor.
    pub(crate) fn load<T: 'static>(
        self,
        functions: &wasmtime::Linker<T>,
        cache: &Cache,
    ) -> Result<Program<T>, Error> {
        let CachedProgram { origin, info, code } = self;
        let code = code.load(functions.engine());
        let code = code.map_err(|error| Error::Setup { message: Error::message(&error) })?;
        let linkage = origin.linkage.clone();
        Program::of_code(origin.into(), info, functions, linkage, code, Some(cache))
    }
}

impl<T: 'static> Program<T> {
    /// Compiles a program that was linked from files, or takes its code from the cache.
    pub(crate) fn of_files(
        linked: LinkedFiles,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        settings: &impl Hash,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let warnings = linked.warnings();
        let LinkedFiles { files, plan, contents, lookups } = linked;
        let plan = linkage.fuse_if_dynamic(plan)?;
        let info = ProgramInfo::of(&plan, warnings);
        let entry = cache.and_then(|cache| {
            let lookups = lookups.into_iter().map(Lookup::digest).collect();
            let record = Record { lookups, info: &info };
            // A path that is no text cannot be recorded. Such a program is not kept.
            let record = serde_json::to_vec(&record).ok()?;
            let digests: Vec<_> = contents.iter().map(|bytes| Digest::of(bytes)).collect();
            let key = Key::of_files(&files.identity(&digests), settings, &linkage);
            Some(CacheEntry { cache, key, record })
        });
        // The host has every function that is not of a module: those of WASI, and optional ones.
        let engine = functions.engine();
        let compiled = compiled(engine, entry, || compile(engine, &plan, &linkage))?;
        Program::of_compiled(plan, info, functions, linkage, compiled, cache)
    }
}
