//! The compiled code of a program, and its serialized form.

use linker::{Bound, BoundModule, Initialiser, Plan, Source};
use serde::{Deserialize, Serialize};
use wasmtime::Engine;

use crate::compiler_threads::start_compiler;
use crate::error::Error;

/// The compiled modules of a program, and the data to instantiate them.
pub(crate) struct Code {
    pub(crate) base: Option<wasmtime::Module>,
    /// The modules in the order of instantiation.
    pub(crate) modules: Vec<CompiledModule>,
    pub(crate) initialisers: Vec<Initialiser>,
}

/// A compiled module and its imports.
pub(crate) struct CompiledModule {
    /// Its index in the set; `None` for the module that fills the table's slots.
    pub(crate) module: Option<usize>,
    pub(crate) code: wasmtime::Module,
    pub(crate) imports: Vec<Source>,
}

/// [`Code`] as bytes.
pub(crate) struct SerializedCode {
    /// Everything but the machine code.
    pub(crate) outline: Vec<u8>,
    /// The machine code of each module, that of the base first.
    pub(crate) images: Vec<Vec<u8>>,
}

/// The parts of [`Code`] that are not machine code.
#[derive(Debug, Serialize, Deserialize)]
struct Outline {
    has_base: bool,
    /// The index of each module in the set, and the sources of its imports.
    modules: Vec<(Option<usize>, Vec<Source>)>,
    initialisers: Vec<Initialiser>,
}

fn name(plan: &Plan, module: Option<usize>) -> &str {
    module.map_or("slots", |index| &plan.set().inputs[index].module.name)
}

impl Code {
    pub(crate) fn compile(engine: &Engine, plan: &Plan, bound: Bound) -> Result<Self, Error> {
        start_compiler()?;
        let compile = |name: &str, bytes: &[u8]| {
            wasmtime::Module::from_binary(engine, bytes).map_err(|e| Error::compile(name, &e))
        };
        let base = bound.base.map(|bytes| compile("base", &bytes)).transpose()?;
        let compile_module = |index: Option<usize>, module: BoundModule| {
            let code = compile(name(plan, index), &module.bytes)?;
            Ok::<_, Error>(CompiledModule { module: index, code, imports: module.imports })
        };
        let mut modules = Vec::new();
        for module in bound.modules {
            modules.push(compile_module(Some(module.module), module)?);
        }
        if let Some(slots) = bound.slots {
            modules.push(compile_module(None, slots)?);
        }
        Ok(Code { base, modules, initialisers: bound.initialisers })
    }

    /// Creates the code of a single module without imports.
    pub(crate) fn of_module(code: wasmtime::Module) -> Self {
        let compiled = CompiledModule { module: Some(0), code, imports: Vec::new() };
        Code { base: None, modules: vec![compiled], initialisers: Vec::new() }
    }

    /// Serializes the code.
    pub(crate) fn serialize(&self) -> wasmtime::Result<SerializedCode> {
        let modules =
            self.modules.iter().map(|compiled| (compiled.module, compiled.imports.clone()));
        let outline = Outline {
            has_base: self.base.is_some(),
            modules: modules.collect(),
            initialisers: self.initialisers.clone(),
        };
        let modules = self.modules.iter().map(|compiled| &compiled.code);
        let modules = self.base.iter().chain(modules);
        Ok(SerializedCode {
            outline: serde_json::to_vec(&outline)?,
            images: modules.map(wasmtime::Module::serialize).collect::<Result<_, _>>()?,
        })
    }

    /// Makes the code of an outline and of the modules that were loaded from the images.
    ///
    /// # Errors
    ///
    /// If another version wrote the outline, or a module could not be loaded.
    pub(crate) fn of_modules(
        outline: &[u8],
        loaded: impl IntoIterator<Item = wasmtime::Result<wasmtime::Module>>,
    ) -> wasmtime::Result<Self> {
        let Outline { has_base, modules, initialisers } = serde_json::from_slice(outline)?;
        let mut loaded = loaded.into_iter();
        let mut next = || {
            let missing = || Err(wasmtime::Error::msg("a module is missing"));
            loaded.next().unwrap_or_else(missing)
        };
        let base = has_base.then(&mut next).transpose()?;
        let modules = modules.into_iter();
        let modules =
            modules.map(|(module, imports)| Ok(CompiledModule { module, code: next()?, imports }));
        let modules = modules.collect::<wasmtime::Result<_>>()?;
        Ok(Code { base, modules, initialisers })
    }
}
