//! Warnings: code that can be linked and is probably a mistake.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::fault::is_process;
use crate::module::Import;
use crate::names::demangle;
use crate::plan::Plan;
use crate::plan::exception_model;
use crate::plan::input::InputModule;
use crate::plan::libc_choice;
use crate::plan::resolve::ImportTarget;
use crate::plan::set::Definition;
use crate::plan::synthetic::invoke;
use crate::plan::system_libraries::WASI_LIBC;
use crate::types::ExternType;
use wasmparser::ValType;

/// A probable mistake that does not keep modules from being linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "warning")]
#[non_exhaustive]
pub enum Warning {
    /// One module calls another with values that may be pointers, and the two have different
    /// memories.
    #[error(
        "`{importer}` calls {} of `{provider}`, but `{own}` keeps a memory of its own: a pointer \
         that is passed \
         there or comes from there means nothing on the other side; if any is, build `{own}` so \
         that it shares \
         memory, as a shared library or a main",
        list(symbols)
    )]
    OtherMemory {
        /// The module that calls.
        importer: String,
        /// The module that is called.
        provider: String,
        /// The one of the two that does not share the process's memory.
        own: String,
        /// The functions that take or return a value of 32 bits, as pointers are.
        symbols: Vec<String>,
    },
    /// A module that calls `setjmp` catches the exceptions of another one and drops them.
    #[error(
        "`{importer}` calls `setjmp` and `{provider}`, which throws: an exception that comes out \
         of that ends in \
         `{importer}`, without a trace, as the compiler has it; build `{importer}` with `{flag}`"
    )]
    EndsExceptions { importer: String, provider: String, flag: &'static str },
    /// A module's function pointers have a type that no other module expects.
    #[error(
        "`{module}` is built with `-sEMULATE_FUNCTION_POINTER_CASTS`: no other module can call its \
         function \
         pointers, as `qsort` calls the one that it is given; build it without"
    )]
    EmulatedCasts { module: String },
    /// A module in a program for wasi-libc may be compiled for another C library.
    #[error(
        "nothing in `{module}` tells for which C library it is compiled, and it calls {}, which \
         is not the same in each: here it is wasi-libc's; if `{module}` is compiled for that, link \
         it with `-lc`, so that it says so",
        list(symbols)
    )]
    NoCLibrarySign { module: String, symbols: Vec<String> },
    /// A module imports functions that nothing defines. By
    /// [`Set::unknown_imports_trap`](crate::Set::unknown_imports_trap) they trap.
    #[error(
        "no module defines {}, which `{importer}` imports: if the program calls {}, it traps",
        list(symbols),
        if symbols.len() == 1 { "it" } else { "one of them" }
    )]
    UnknownImports { importer: String, symbols: Vec<String> },
}

/// The number of functions that a warning names. It counts the rest.
const SHOWN: usize = 3;

fn list(symbols: &[String]) -> String {
    let shown = symbols.iter().take(SHOWN).map(|name| format!("`{}`", demangle(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match symbols.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The memory that a module's pointers point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    None,
    Process,
    Own,
}

impl Memory {
    /// Returns the memory of a module. A shared library that does not use the process's memory does
    /// not import it and has none.
    fn of(input: &InputModule) -> Self {
        match (input.module.internals.memories, input.shares_memory()) {
            (0, _) => Memory::None,
            (_, true) => Memory::Process,
            (_, false) => Memory::Own,
        }
    }
}

impl Plan {
    /// Returns the warnings about a program, in the order of the modules.
    pub fn warnings(&self) -> Vec<Warning> {
        let memories: Vec<_> = self.set.inputs.iter().map(Memory::of).collect();
        let modules = 0..self.set.inputs.len();
        let memories = modules.flat_map(|importer| self.other_memories(importer, &memories));
        let others = self.ended_exceptions().into_iter().chain(self.emulated_casts());
        let others = others.chain(self.without_sign());
        memories.chain(others).chain(self.unknown_imports()).collect()
    }

    /// Returns a warning for each module that may be compiled for another C library than wasi-libc,
    /// in a program that has that.
    fn without_sign(&self) -> Vec<Warning> {
        let is_wasi = |input: &InputModule| input.system == Some(WASI_LIBC);
        let inputs = self.set.inputs.iter().filter(|_| self.set.inputs.iter().any(is_wasi));
        let warning = |input: &InputModule| {
            let symbols = libc_choice::without_sign(input);
            let module = input.module.name.clone();
            (!symbols.is_empty()).then_some(Warning::NoCLibrarySign { module, symbols })
        };
        inputs.filter_map(warning).collect()
    }

    /// Returns a warning for each module that imports functions which nothing defines.
    fn unknown_imports(&self) -> Vec<Warning> {
        let unknown: Vec<_> = self.set.unknown_imports().collect();
        let modules = self.set.inputs.iter().zip(&self.resolution);
        let warning = |(input, targets): (&InputModule, &Vec<ImportTarget>)| {
            let imports = input.module.imports.iter().zip(targets);
            let imports = imports.filter(|(_, target)| {
                target.definition().is_some_and(|it| unknown.contains(&it.module))
            });
            let symbol = |import: &Import| match import.module.as_str() {
                module if is_process(module) => import.name.clone(),
                module => format!("{module}.{}", import.name),
            };
            let symbols: BTreeSet<_> = imports.map(|(import, _)| symbol(import)).collect();
            let symbols: Vec<_> = symbols.into_iter().collect();
            let importer = input.module.name.clone();
            (!symbols.is_empty()).then_some(Warning::UnknownImports { importer, symbols })
        };
        modules.filter_map(warning).collect()
    }

    /// Returns a warning for each module that would end another's exceptions, in a program that
    /// catches any.
    fn ended_exceptions(&self) -> Vec<Warning> {
        let inputs = &self.set.inputs;
        let Some((model, _)) = exception_model::of(inputs.iter(), &mut Vec::new()) else {
            return Vec::new();
        };
        let thrower = |importer: usize| {
            let used = self.resolution[importer].iter().filter_map(|target| target.definition());
            let used = used.map(|used| &inputs[used.module]);
            used.into_iter().find(|input| !input.is_system() && invoke::throws(&input.module))
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

    /// Returns a warning for each module whose function pointers others cannot call.
    fn emulated_casts(&self) -> impl Iterator<Item = Warning> {
        let shared = self.set.inputs.iter().filter(|input| input.shares_memory());
        let is_alone = shared.clone().count() == 1;
        let emulated =
            shared.filter(move |input| !is_alone && input.module.internals.emulates_casts);
        emulated.map(|input| Warning::EmulatedCasts { module: input.module.name.clone() })
    }

    /// Returns a warning for each module that `importer` calls and that has another memory.
    fn other_memories(&self, importer: usize, memories: &[Memory]) -> Vec<Warning> {
        let differ = |provider: usize| {
            let both = [memories[importer], memories[provider]];
            both.contains(&Memory::Process) && both.contains(&Memory::Own)
        };
        let definitions = self.resolution[importer].iter().filter_map(|target| target.definition());
        let is_suspect =
            |used: &Definition| differ(used.module) && may_pass_pointers(self.ty(*used));
        let used: BTreeSet<_> = definitions.filter(is_suspect).collect();
        let used: Vec<_> = used.into_iter().collect();
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

/// Returns whether a function takes or returns a value that may be a pointer.
fn may_pass_pointers(ty: &ExternType) -> bool {
    let ExternType::Func(ty) = ty else { return false };
    ty.params.iter().chain(&ty.results).any(|ty| *ty == ValType::I32)
}
