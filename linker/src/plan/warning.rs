//! What is allowed between modules and probably not meant.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::names::demangle;
use crate::plan::Plan;
use crate::plan::exception_model;
use crate::plan::input::InputModule;
use crate::plan::set::Definition;
use crate::plan::synthetic::invoke;
use crate::types::ExternType;
use wasmparser::ValType;

/// Something that does not keep modules from being linked, and probably is a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "warning")]
pub enum Warning {
    /// One module calls another with numbers that may be pointers, and the two have different memories.
    #[error(
        "`{importer}` calls {} of `{provider}`, but `{own}` keeps a memory of its own: a pointer that is passed \
         there or comes from there means nothing on the other side; if any is, build `{own}` so that it shares \
         memory, as a shared library or a main",
        list(symbols)
    )]
    OtherMemory {
        importer: String,
        provider: String,
        /// The one of the two that does not share the process's memory.
        own: String,
        /// The functions that take or return a number of 32 bits, as a pointer is.
        symbols: Vec<String>,
    },
    /// A module that calls `setjmp` catches the exceptions of another, and does not know it.
    #[error(
        "`{importer}` calls `setjmp` and `{provider}`, which throws: an exception that comes out of that ends in \
         `{importer}`, without a trace, as the compiler has it; build `{importer}` with `{flag}`"
    )]
    EndsExceptions { importer: String, provider: String, flag: &'static str },
    /// A module's function pointers have a type that no other module expects.
    #[error(
        "`{module}` is built with `-sEMULATE_FUNCTION_POINTER_CASTS`: no other module can call its function \
         pointers, as `qsort` calls the one that it is given; build it without"
    )]
    EmulatedCasts { module: String },
}

/// Functions named in a report; the rest are counted.
const SHOWN: usize = 3;

fn list(symbols: &[String]) -> String {
    let shown = symbols.iter().take(SHOWN).map(|name| format!("`{}`", demangle(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match symbols.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The memory that a module can have pointers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    None,
    Process,
    Own,
}

impl Memory {
    /// A shared library that has no use for the process's memory does not import it.
    fn of(input: &InputModule) -> Self {
        match (input.module.internals.memories, input.shares_memory()) {
            (0, _) => Memory::None,
            (_, true) => Memory::Process,
            (_, false) => Memory::Own,
        }
    }
}

impl Plan {
    /// What is probably a mistake, in the order of the modules.
    pub fn warnings(&self) -> Vec<Warning> {
        let memories: Vec<_> = self.set.inputs.iter().map(Memory::of).collect();
        let modules = 0..self.set.inputs.len();
        let memories = modules.flat_map(|importer| self.other_memories(importer, &memories));
        memories.chain(self.ended_exceptions()).chain(self.emulated_casts()).collect()
    }

    /// A warning for each module that would end another's exceptions, in a program that catches any.
    fn ended_exceptions(&self) -> Vec<Warning> {
        let inputs = &self.set.inputs;
        let Some((model, _)) = exception_model::of(inputs.iter(), &mut Vec::new()) else {
            return Vec::new();
        };
        let thrower = |importer: usize| {
            let used = self.resolution[importer].iter().filter_map(|target| target.definition());
            let mut used = used.map(|used| &inputs[used.module]).filter(|o| !o.is_system());
            used.find(|input| invoke::throws(&input.module))
        };
        let warning = |(importer, input): (usize, &InputModule)| {
            let provider = thrower(importer).filter(|_| invoke::ends_exceptions(&input.module))?;
            Some(Warning::EndsExceptions {
                importer: input.module.name.clone(),
                provider: provider.module.name.clone(),
                flag: model.setjmp_flag,
            })
        };
        inputs.iter().enumerate().filter_map(warning).collect()
    }

    /// A warning for each module whose function pointers others cannot call.
    fn emulated_casts(&self) -> impl Iterator<Item = Warning> {
        let shared = self.set.inputs.iter().filter(|input| input.shares_memory());
        let is_alone = shared.clone().count() == 1;
        let emulated =
            shared.filter(move |input| !is_alone && input.module.internals.emulates_casts);
        emulated.map(|input| Warning::EmulatedCasts { module: input.module.name.clone() })
    }

    /// A warning for each module that one calls and that has another memory.
    fn other_memories(&self, importer: usize, memories: &[Memory]) -> Vec<Warning> {
        let differ = |provider: usize| {
            let both = [memories[importer], memories[provider]];
            both.contains(&Memory::Process) && both.contains(&Memory::Own)
        };
        let used = self.resolution[importer].iter().filter_map(|target| target.definition());
        let used = used.filter(|used| differ(used.module) && may_pass_pointers(self.ty(*used)));
        let used: Vec<_> = used.collect::<BTreeSet<_>>().into_iter().collect();
        let name = |module: usize| self.set.inputs[module].module.name.clone();
        let warning = |used: &[Definition]| {
            let provider = used[0].module;
            let own = if memories[importer] == Memory::Own { importer } else { provider };
            Warning::OtherMemory {
                importer: name(importer),
                provider: name(provider),
                own: name(own),
                symbols: used.iter().map(|used| self.symbol_name(*used).to_owned()).collect(),
            }
        };
        used.chunk_by(|a, b| a.module == b.module).map(warning).collect()
    }

    fn ty(&self, definition: Definition) -> &ExternType {
        &self.set.inputs[definition.module].module.exports[definition.export].ty
    }

    fn symbol_name(&self, definition: Definition) -> &str {
        &self.set.inputs[definition.module].module.exports[definition.export].name
    }
}

/// Whether a function takes or returns what a pointer may be, too.
fn may_pass_pointers(ty: &ExternType) -> bool {
    let ExternType::Func(ty) = ty else { return false };
    ty.params.iter().chain(&ty.results).any(|ty| *ty == ValType::I32)
}
