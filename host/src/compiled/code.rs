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

/// The parts of [`Code`] that are not machine code.
#[derive(Debug, Serialize, Deserialize)]
struct Outline {
    has_base: bool,
    /// The index of each module in the set, and the sources of its imports.
    modules: Vec<(Option<usize>, Vec<Source>)>,
    initialisers: Vec<Initialiser>,
}

impl CompiledModule {
    pub(crate) fn name<'p>(&self, plan: &'p Plan) -> &'p str {
        name(plan, self.module)
    }
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

    /// Serializes the code: an outline, then the machine code of each module.
    pub(crate) fn to_parts(&self) -> wasmtime::Result<Vec<Vec<u8>>> {
        let modules =
            self.modules.iter().map(|compiled| (compiled.module, compiled.imports.clone()));
        let outline = Outline {
            has_base: self.base.is_some(),
            modules: modules.collect(),
            initialisers: self.initialisers.clone(),
        };
        let modules = self.modules.iter().map(|compiled| &compiled.code);
        let mut parts = vec![serde_json::to_vec(&outline)?];
        for module in self.base.iter().chain(modules) {
            parts.push(module.serialize()?);
        }
        Ok(parts)
    }

    /// Reads code that was serialized.
    ///
    /// # Safety
    ///
    /// The caller guarantees that the parts are the unchanged result of [`Code::to_parts`], of this
    /// or any other version of this program. The machine code in them is not validated; only its
    /// version and settings are checked.
    ///
    /// # Errors
    ///
    /// If the parts were written by another version, or for another processor or other settings
    /// than those of the engine.
    pub(crate) unsafe fn from_parts(engine: &Engine, parts: &[&[u8]]) -> wasmtime::Result<Self> {
        let mut parts = parts.iter().copied();
        let outline = parts.next().unwrap_or_default();
        let Outline { has_base, modules, initialisers } = serde_json::from_slice(outline)?;
        let mut next = || {
            let bytes = parts.next().unwrap_or_default();
            // SAFETY: the caller guarantees that `Module::serialize` wrote the bytes.
            unsafe { wasmtime::Module::deserialize(engine, bytes) }
        };
        let base = has_base.then(&mut next).transpose()?;
        let modules = modules.into_iter();
        let modules =
            modules.map(|(module, imports)| Ok(CompiledModule { module, code: next()?, imports }));
        let modules = modules.collect::<wasmtime::Result<_>>()?;
        Ok(Code { base, modules, initialisers })
    }
}
