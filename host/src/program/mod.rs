//! Linked and compiled programs. Nothing here knows of libraries that are opened later.

pub(crate) mod cached;
pub(crate) mod demangler;
pub(crate) mod files;
pub(crate) mod fuse;
pub(crate) mod host_functions;
pub(crate) mod info;
pub(crate) mod instantiate;
pub(crate) mod lazy_plan;
pub(crate) mod linkage;
pub(crate) mod linked;
pub(crate) mod preinit;

use std::sync::Arc;

use linker::{BoundModule, Import, Plan};
use wasmtime::{Engine, InstancePre};

use crate::compiled::cache::{Cache, CacheError};
use crate::compiled::code::Code;
use crate::compiled::key::Key;
use crate::compiled::libraries::Compilations;
use crate::compiler_threads::start_compiler;
use crate::error::Error;
use crate::exports::Exports;

use fuse::{blame_system, validated};
use info::ProgramInfo;
use lazy_plan::LazyPlan;
use linkage::Linkage;
use linked::LinkedInstance;

/// Linked and compiled modules that can be instantiated any number of times, in stores that hold a
/// `T`.
///
/// A program is cheap to clone: clones share the code.
pub struct Program<T: 'static> {
    pub(crate) plan: Arc<LazyPlan>,
    pub(crate) info: Arc<ProgramInfo>,
    pub(crate) code: Arc<Code>,
    /// The module with its imports resolved, if the program is a single module.
    pub(crate) single: Option<InstancePre<T>>,
    pub(crate) functions: Arc<wasmtime::Linker<T>>,
    hook: Option<Hook<T>>,
    pub(crate) compilations: Compilations,
    linkage: Arc<Linkage>,
    cache_error: Option<Arc<CacheError>>,
}

/// A function that is called with a store's data when all modules of a program are instantiated in
/// the store, before constructors run.
type Hook<T> = Arc<dyn Fn(&mut T, &Program<T>, &LinkedInstance) + Send + Sync>;

impl<T> Clone for Program<T> {
    fn clone(&self) -> Self {
        Program {
            plan: self.plan.clone(),
            info: self.info.clone(),
            code: self.code.clone(),
            single: self.single.clone(),
            functions: self.functions.clone(),
            hook: self.hook.clone(),
            compilations: self.compilations.clone(),
            linkage: self.linkage.clone(),
            cache_error: self.cache_error.clone(),
        }
    }
}

impl<T> std::fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.info.exports.module();
        f.debug_struct("Program").field("name", &name).finish_non_exhaustive()
    }
}

impl<T: 'static> Program<T> {
    /// Compiles a plan, or takes its code from the cache.
    pub(crate) fn new(
        plan: Plan,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let plan = linkage.fuse_if_dynamic(plan)?;
        let engine = functions.engine();
        let entry = cache.map(|cache| CacheEntry {
            cache,
            key: Key::of_plan(engine, &plan, &linkage),
            record: Vec::new(),
        });
        let info = ProgramInfo::of(&plan, Vec::new());
        let compiled = compiled(engine, entry, || {
            check_host(&plan, functions)?;
            compile(engine, &plan, &linkage)
        })?;
        Program::of_compiled(plan, info, functions, linkage, compiled, cache)
    }

    /// Creates a program of the code of a plan.
    fn of_compiled(
        plan: Plan,
        info: ProgramInfo,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        (code, cache_error): Compiled,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let program = Program::of_code(plan.into(), info, functions, linkage, code, cache)?;
        Ok(Program { cache_error: cache_error.map(Arc::new), ..program })
    }

    /// Creates a program of code that exists. `cache` is for the code of libraries that the program
    /// opens later.
    pub(crate) fn of_code(
        plan: LazyPlan,
        info: ProgramInfo,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        code: Code,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let single = match (&code.base, code.modules.as_slice()) {
            (None, [only]) => {
                let pre = functions.instantiate_pre(&only.code);
                let name = info.name(only.module);
                Some(pre.map_err(|error| Error::compile(name, &error))?)
            }
            _ => None,
        };
        Ok(Program {
            plan: Arc::new(plan),
            info: Arc::new(info),
            code: Arc::new(code),
            single,
            functions: Arc::new(functions.clone()),
            hook: None,
            compilations: Compilations::kept_in(cache),
            linkage: Arc::new(linkage),
            cache_error: None,
        })
    }

    /// Sets a function that is called with a store's data when all modules are instantiated in the
    /// store, before constructors run.
    pub(crate) fn with_hook(
        self,
        hook: impl Fn(&mut T, &Program<T>, &LinkedInstance) + Send + Sync + 'static,
    ) -> Self {
        Program { hook: Some(Arc::new(hook)), ..self }
    }

    /// Returns the first error of the [`Cache`], with the code of this program or of a library that
    /// it opened. Such an error does not prevent the program from running.
    pub fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.as_deref().or_else(|| self.compilations.cache_error())
    }

    /// Returns whether several modules were fused to one.
    pub fn is_fused(&self) -> bool {
        self.single.is_some() && self.info.modules.len() > 1
    }

    /// Returns the modules as they were before they were compiled.
    pub(crate) fn bound(&self, plan: &Plan) -> Vec<BoundModule> {
        self.linkage.write_modules(plan).map(|bound| bound.modules).unwrap_or_default()
    }

    /// Returns how the modules are linked. A program from the cache is planned again for that.
    ///
    /// # Errors
    ///
    /// [`Error::FilesChanged`] if the files of a program from the cache have changed since it was
    /// found there.
    pub fn plan(&self) -> Result<&Plan, Error> {
        self.plan.get()
    }

    /// Returns the functions that can be called.
    pub fn exports(&self) -> &Exports {
        &self.info.exports
    }

    /// Returns whether the program can open libraries while it runs.
    pub fn opens_libraries(&self) -> bool {
        self.info.opens_libraries
    }

    /// Returns the texts of the warnings about a program that was linked from
    /// [files](crate::ProgramFiles).
    pub fn warnings(&self) -> &[String] {
        &self.info.warnings
    }

    /// Returns the number of instances that the program starts with.
    pub(crate) fn instances(&self) -> usize {
        self.code.modules.len() + usize::from(self.code.base.is_some())
    }

    /// Returns the name that messages use for a module of the set, or for the module that fills the
    /// table's slots.
    pub(crate) fn name(&self, module: Option<usize>) -> &str {
        self.info.name(module)
    }
}

/// The entry of the cache that belongs to a program.
struct CacheEntry<'c> {
    cache: &'c Cache,
    key: Key,
    /// The record that the entry must have.
    record: Vec<u8>,
}

/// The code of a program, and an error of the cache, if there was one.
type Compiled = (Code, Option<CacheError>);

/// Takes the code of a program from an entry of the cache, or compiles it.
fn compiled(
    engine: &Engine,
    entry: Option<CacheEntry<'_>>,
    compile: impl FnOnce() -> Result<Code, Error>,
) -> Result<Compiled, Error> {
    match entry {
        None => Ok((compile()?, None)),
        Some(CacheEntry { cache, key, record }) => cache.code(engine, key, &record, compile),
    }
}

/// Writes the modules of a plan, and compiles them.
fn compile(engine: &Engine, plan: &Plan, linkage: &Linkage) -> Result<Code, Error> {
    start_compiler()?;
    let bound = validated(plan.set(), || linkage.write_modules(plan))?;
    Code::compile(engine, plan, bound).map_err(|error| blame_system(plan.set(), error))
}

/// Checks that the host has the functions that modules import, before there is a store.
fn check_host<T: 'static>(plan: &Plan, functions: &wasmtime::Linker<T>) -> Result<(), Error> {
    let imports: Vec<_> = plan.host_functions().collect();
    if host_functions::has_all(functions, &imports) {
        return Ok(());
    }
    let missing = imports.iter().filter(|import| !host_functions::has_all(functions, &[import]));
    let name = |i: &Import| linker::printable(&format!("{}.{}", i.module, i.name)).into_owned();
    let missing = missing.map(|import| (name(import), import.ty.to_string()));
    Err(Error::HostFunctions { missing: missing.collect() })
}
