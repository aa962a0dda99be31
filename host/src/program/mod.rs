//! Linked and compiled programs. Nothing here knows of libraries that are opened later.

pub(crate) mod fuse;
pub(crate) mod host_functions;
pub(crate) mod instantiate;
pub(crate) mod linkage;
pub(crate) mod linked;
pub(crate) mod preinit;

use std::sync::Arc;

use linker::{BoundModule, Import, Module, Plan};
use wasmtime::InstancePre;

use crate::compiled::cache::{Cache, CacheError, Key};
use crate::compiled::code::Code;
use crate::compiled::libraries::Compilations;
use crate::compiler_threads::start_compiler;
use crate::error::Error;

use fuse::validated;
use linkage::Linkage;
use linked::LinkedInstance;

/// Linked and compiled modules that can be instantiated any number of times, in stores that hold a
/// `T`.
///
/// A program is cheap to clone: clones share the code.
pub struct Program<T: 'static> {
    pub(crate) plan: Arc<Plan>,
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
        let set = self.plan.set();
        let name = &set.inputs[set.program].module.name;
        f.debug_struct("Program").field("name", name).finish_non_exhaustive()
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
        let compile = || {
            start_compiler()?;
            check_host(&plan, functions)?;
            let bound = validated(plan.set(), || linkage.write_modules(&plan))?;
            Code::compile(engine, &plan, bound)
        };
        let (code, cache_error) = match cache {
            None => (compile()?, None),
            Some(cache) => cache.code(engine, Key::new(engine, &plan, &linkage), compile)?,
        };
        let cache_error = cache_error.map(Arc::new);
        Ok(Program { cache_error, ..Program::of_code(plan, functions, linkage, code, cache)? })
    }

    /// Creates a program of code that exists. `cache` is for the code of libraries that the program
    /// opens later.
    pub(crate) fn of_code(
        plan: Plan,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        code: Code,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let single = match (&code.base, code.modules.as_slice()) {
            (None, [only]) => {
                let pre = functions.instantiate_pre(&only.code);
                Some(pre.map_err(|error| Error::compile(only.name(&plan), &error))?)
            }
            _ => None,
        };
        Ok(Program {
            plan: Arc::new(plan),
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
        self.single.is_some() && self.plan.set().inputs.len() > 1
    }

    /// Returns the modules as they were before they were compiled.
    pub(crate) fn bound(&self) -> Vec<BoundModule> {
        self.linkage.write_modules(&self.plan).map(|bound| bound.modules).unwrap_or_default()
    }

    /// Returns how the modules are linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the number of instances that the program starts with.
    pub(crate) fn instances(&self) -> usize {
        self.code.modules.len() + usize::from(self.code.base.is_some())
    }

    /// Returns the module whose exports are called.
    pub fn main(&self) -> &Module {
        &self.plan.set().inputs[self.plan.set().program].module
    }

    /// Returns the name that messages use for a module of the set, or for the module that fills the
    /// table's slots.
    pub(crate) fn name(&self, module: Option<usize>) -> &str {
        module.map_or("the table", |index| &self.plan.set().inputs[index].module.name)
    }
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
