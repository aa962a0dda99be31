//! The instances of a program in a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use linker::{Plan, Shared, Source};
use wasmtime::{
    AsContextMut, Extern, Func, Instance, Memory, Table, TypedFunc, WasmParams, WasmResults,
};

use crate::error::Error;
use crate::program::Program;

/// A program that is instantiated in a store, all constructors run.
#[derive(Debug, Clone)]
pub struct Linked {
    plan: Arc<Plan>,
    base: Option<Instance>,
    /// By place in the set.
    modules: BTreeMap<usize, Instance>,
}

impl Linked {
    /// A function that the program exports.
    ///
    /// # Errors
    ///
    /// When there is none of that name, with those that there are.
    pub fn func(&self, store: impl AsContextMut, name: &str) -> Result<Func, Error> {
        let program = self.plan.set().program;
        crate::function(&self.plan.set().objects[program].module, name)?;
        self.export(store, program, name)
    }

    /// As [`Linked::func`], with parameters and results of Rust's types.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or it has other types.
    pub fn typed_func<P: WasmParams, R: WasmResults>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.func(&mut store, name)?;
        func.typed(&store).map_err(|error| Error::Call {
            what: format!("`{name}`"),
            message: Error::message(&error),
        })
    }

    /// A function that any of the modules defines as a symbol of the process; `None` if none does.
    pub fn symbol(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.export(store, self.plan.definer(name)?, name).ok()
    }

    /// The address of a data symbol in [`Linked::memory`], or the slot of a function in
    /// [`Linked::table`] if it has one.
    pub fn address(&self, symbol: &str) -> Option<u32> {
        self.plan.address(symbol)
    }

    /// The memory that the modules share; `None` if none does.
    pub fn memory(&self, store: impl AsContextMut) -> Option<Memory> {
        self.base?.get_memory(store, Shared::Memory.export_name())
    }

    /// The table that the modules share; `None` if none does.
    pub fn table(&self, store: impl AsContextMut) -> Option<Table> {
        self.base?.get_table(store, Shared::Table.export_name())
    }

    /// How the modules were linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn export(&self, store: impl AsContextMut, module: usize, name: &str) -> Result<Func, Error> {
        let instance = self.modules.get(&module);
        let missing = || Error::Setup { message: format!("`{name}` is not instantiated") };
        instance.and_then(|instance| instance.get_func(store, name)).ok_or_else(missing)
    }
}

/// The steps of an instantiation, one after the other: how each is taken, with or without waiting, is
/// another's matter.
pub(crate) struct Instantiation<'p, T: 'static> {
    program: &'p Program<T>,
    linked: Linked,
    /// Modules that are instantiated, the base one first.
    instantiated: usize,
    initialisers: std::vec::IntoIter<linker::Initialiser>,
}

pub(crate) enum Step<'p> {
    /// To be answered with [`Instantiation::add`].
    Instantiate { name: String, code: &'p wasmtime::Module, imports: Vec<Extern> },
    /// A function without parameters and results.
    Call { what: String, function: Func },
}

impl<'p, T: 'static> Instantiation<'p, T> {
    pub(crate) fn new(program: &'p Program<T>) -> Self {
        let plan = program.plan.clone();
        let initialisers = plan.initialisers().into_iter();
        let linked = Linked { plan, base: None, modules: BTreeMap::new() };
        let instantiated = usize::from(program.base.is_none());
        Instantiation { program, linked, instantiated, initialisers }
    }

    /// What is to be done next; `None` when the program is ready.
    pub(crate) fn next(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Option<Step<'p>>, Error> {
        let Some(index) = self.instantiated.checked_sub(1) else {
            let code = self.program.base.as_ref();
            let name = "the process".to_owned();
            return Ok(code.map(|code| Step::Instantiate { name, code, imports: Vec::new() }));
        };
        if let Some(compiled) = self.program.modules.get(index) {
            let imports = compiled.imports.iter().map(|source| self.import(&mut store, source));
            let imports = imports.collect::<Result<_, _>>()?;
            let name = self.program.name(compiled.module).to_owned();
            return Ok(Some(Step::Instantiate { name, code: &compiled.code, imports }));
        }
        let Some(call) = self.initialisers.next() else { return Ok(None) };
        let what = format!("`{}` of `{}`", call.name, self.program.name(call.module));
        let function = self.linked.export(store, call.module, call.name)?;
        Ok(Some(Step::Call { what, function }))
    }

    /// Takes the instance of the module that was asked for.
    pub(crate) fn add(&mut self, instance: Instance) {
        match self.instantiated.checked_sub(1) {
            None => self.linked.base = Some(instance),
            Some(index) => {
                let module = self.program.modules[index].module;
                self.linked.modules.insert(module, instance);
            }
        }
        self.instantiated += 1;
    }

    pub(crate) fn finish(self) -> Linked {
        self.linked
    }

    fn import(
        &self,
        mut store: impl AsContextMut<Data = T>,
        source: &Source,
    ) -> Result<Extern, Error> {
        let linked = &self.linked;
        let found = match source {
            Source::Shared(shared) => {
                linked.base.and_then(|base| base.get_export(&mut store, shared.export_name()))
            }
            Source::Export { module, name } => {
                let instance = linked.modules.get(module);
                instance.and_then(|instance| instance.get_export(&mut store, name))
            }
            Source::Host { module, name } => {
                self.program.functions.get(&mut store, module, name).ok()
            }
        };
        found.ok_or_else(|| Error::Setup { message: format!("the host has no {source:?}") })
    }
}
