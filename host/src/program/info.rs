//! What is known of a program without its plan.

use std::collections::BTreeMap;

use linker::Plan;
use serde::{Deserialize, Serialize};

use crate::exports::Exports;

/// The parts of a plan that are needed to start and to end a program. A program from the cache has
/// them without its plan.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramInfo {
    /// The names of the modules, in the order of the set.
    pub(crate) modules: Vec<String>,
    /// The index of the module whose exports are called.
    pub(crate) program: usize,
    /// The index of the module whose `_start` runs the program, if it is a command.
    pub(crate) start: Option<usize>,
    pub(crate) exports: Exports,
    pub(crate) opens_libraries: bool,
    /// The size in bytes of the stack in linear memory, if modules share that memory.
    pub(crate) stack_size: Option<u32>,
    /// The main that brings its own stack, if there is one.
    pub(crate) stack_owner: Option<String>,
    /// The texts of the warnings about a program that is linked from files.
    pub(crate) warnings: Vec<String>,
    /// The index of the module that defines each of [`HOST_CALLS`].
    definers: BTreeMap<String, Option<usize>>,
}

/// The symbols that the host itself calls, if a module defines them.
const HOST_CALLS: [&str; 4] = [FUNCS_ON_EXIT, CALL_DESTRUCTORS, FFLUSH, linker::TERMINATE];

/// The function of libc that runs exit handlers.
pub(crate) const FUNCS_ON_EXIT: &str = "__funcs_on_exit";
/// The function that runs the exit handlers of a main with a libc of its own, as Rust for WASI has.
pub(crate) const CALL_DESTRUCTORS: &str = "__wasm_call_dtors";
/// The function of libc that writes buffered output.
pub(crate) const FFLUSH: &str = "fflush";

impl ProgramInfo {
    pub(crate) fn of(plan: &Plan, warnings: Vec<String>) -> Self {
        let set = plan.set();
        let definer = |name: &str| (name.to_owned(), plan.definer(name));
        ProgramInfo {
            modules: set.inputs.iter().map(|input| input.module.name.clone()).collect(),
            program: set.program,
            start: plan.start(),
            exports: Exports::of(plan.main()),
            opens_libraries: plan.opens_libraries(),
            stack_size: plan.stack_size(),
            stack_owner: plan.stack_owner().map(|main| main.name.clone()),
            warnings,
            definers: HOST_CALLS.into_iter().map(definer).collect(),
        }
    }

    /// Returns the name that messages use for a module of the set, or for the module that fills the
    /// table's slots.
    pub(crate) fn name(&self, module: Option<usize>) -> &str {
        module.map_or("the table", |index| &self.modules[index])
    }

    /// Returns the index of the module that defines a symbol, or `None` if only the plan knows it.
    pub(crate) fn definer(&self, symbol: &str) -> Option<Option<usize>> {
        self.definers.get(symbol).copied()
    }
}
