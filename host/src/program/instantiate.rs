//! Instantiates the modules of a program.

use std::collections::BTreeMap;

use linker::Source;
use wasmtime::{AsContextMut, Extern, Func, Instance, InstancePre, Val};

use super::Program;
use super::linked::LinkedInstance;
use crate::error::Error;

impl<T: 'static> Program<T> {
    /// Instantiates the modules and runs their constructors. The constructors of a module run after
    /// those of the modules that it depends on.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] if a start function or a constructor does not return, or if the store
    /// denies memory. Drop the store then: it holds instances that are not initialised and cannot
    /// be removed.
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<LinkedInstance, Error> {
        let mut instantiation = Instantiation::new(self);
        while let Some(step) = instantiation.next(&mut store)? {
            match step {
                Step::Instantiate { name, ready } => {
                    let instance = match ready {
                        Ready::Single(single) => single.instantiate(&mut store),
                        Ready::Module(code, imports) => Instance::new(&mut store, code, &imports),
                    };
                    let failed = |error| Error::instantiation(name, error);
                    instantiation.add(instance.map_err(failed)?);
                }
                Step::Call { what, function, arguments, mut results } => {
                    let called = function.call(&mut store, &arguments, &mut results);
                    called.map_err(|error| Error::start(what, error))?;
                }
            }
        }
        Ok(instantiation.finish())
    }

    /// Instantiates the modules like [`Program::instantiate`], in a store whose host functions are
    /// asynchronous.
    ///
    /// # Errors
    ///
    /// The errors of [`Program::instantiate`].
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<LinkedInstance, Error>
    where
        T: Send,
    {
        let mut instantiation = Instantiation::new(self);
        self.run_steps(&mut instantiation, &mut store).await?;
        Ok(instantiation.finish())
    }

    pub(crate) async fn run_steps(
        &self,
        instantiation: &mut Instantiation<'_, T>,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<(), Error>
    where
        T: Send,
    {
        while let Some(step) = instantiation.next(&mut store)? {
            match step {
                Step::Instantiate { name, ready } => {
                    let instance = match ready {
                        Ready::Single(single) => single.instantiate_async(&mut store).await,
                        Ready::Module(code, imports) => {
                            Instance::new_async(&mut store, code, &imports).await
                        }
                    };
                    let failed = |error| Error::instantiation(name, error);
                    instantiation.add(instance.map_err(failed)?);
                }
                Step::Call { what, function, arguments, mut results } => {
                    let called = function.call_async(&mut store, &arguments, &mut results).await;
                    called.map_err(|error| Error::start(what, error))?;
                }
            }
        }
        Ok(())
    }
}

/// The steps of an instantiation, one after the other. The caller performs each step, synchronously
/// or asynchronously.
pub(crate) struct Instantiation<'p, T: 'static> {
    program: &'p Program<T>,
    linked: LinkedInstance,
    /// The number of instantiated modules, starting with the base.
    instantiated: usize,
    initialisers: std::slice::Iter<'p, linker::Initialiser>,
    /// Whether all modules are instantiated.
    is_ready: bool,
}

pub(crate) enum Step<'p, T: 'static> {
    /// The caller passes the instance to [`Instantiation::add`].
    Instantiate { name: &'p str, ready: Ready<'p, T> },
    /// The results mean nothing.
    Call { what: String, function: Func, arguments: Vec<Val>, results: Vec<Val> },
}

/// A module and its imports.
pub(crate) enum Ready<'p, T: 'static> {
    Single(&'p InstancePre<T>),
    Module(&'p wasmtime::Module, Vec<Extern>),
}

impl<'p, T: 'static> Instantiation<'p, T> {
    pub(crate) fn new(program: &'p Program<T>) -> Self {
        let initialisers = program.code.initialisers.iter();
        let linked = LinkedInstance {
            plan: program.plan.clone(),
            info: program.info.clone(),
            linkage: program.linkage.clone(),
            base: None,
            modules: BTreeMap::new(),
            single: None,
        };
        let instantiated = usize::from(program.code.base.is_none());
        Instantiation { program, linked, instantiated, initialisers, is_ready: false }
    }

    /// Returns the next step, or `None` if the program is ready.
    pub(crate) fn next(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Option<Step<'p, T>>, Error> {
        let Some(index) = self.instantiated.checked_sub(1) else {
            let base = self.program.code.base.as_ref();
            let ready = base.map(|code| Ready::Module(code, Vec::new()));
            return Ok(ready.map(|ready| Step::Instantiate { name: "the process", ready }));
        };
        if let Some(compiled) = self.program.code.modules.get(index) {
            let name = self.program.name(compiled.module);
            if let Some(single) = &self.program.single {
                return Ok(Some(Step::Instantiate { name, ready: Ready::Single(single) }));
            }
            let imports = compiled.imports.iter().map(|source| self.import(&mut store, source));
            let ready = Ready::Module(&compiled.code, imports.collect::<Result<_, _>>()?);
            return Ok(Some(Step::Instantiate { name, ready }));
        }
        if let Some(hook) = self.program.hook.as_ref().filter(|_| !self.is_ready) {
            hook(store.as_context_mut().data_mut(), self.program, &self.linked);
        }
        self.is_ready = true;
        let Some(call) = self.initialisers.next() else { return Ok(None) };
        let module = self.program.name(Some(call.module));
        let what = if self.program.is_fused() {
            format!("the initialisation of `{module}`")
        } else {
            format!("`{}` of `{module}`", call.name)
        };
        let function = self.linked.export(&mut store, call.module, &call.name)?;
        let arguments = call.argument.map(|value| Val::I32(value.cast_signed())).into_iter();
        let results = vec![Val::I32(0); function.ty(&store).results().len()];
        Ok(Some(Step::Call { what, function, arguments: arguments.collect(), results }))
    }

    /// Adds the instance of the last step.
    pub(crate) fn add(&mut self, instance: Instance) {
        match self.instantiated.checked_sub(1) {
            _ if self.program.single.is_some() => self.linked.single = Some(instance),
            None => self.linked.base = Some(instance),
            Some(index) => {
                // The module that fills the slots has no exports.
                if let Some(module) = self.program.code.modules[index].module {
                    self.linked.modules.insert(module, instance);
                }
            }
        }
        self.instantiated += 1;
    }

    pub(crate) fn finish(self) -> LinkedInstance {
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
            // Only modules that join later import values.
            Source::Value { .. } => None,
        };
        found.ok_or_else(|| Error::Setup { message: format!("the host has no {source:?}") })
    }
}
