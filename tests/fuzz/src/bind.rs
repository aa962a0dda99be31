//! Any plan, carried out as a module each: valid if the modules were, and the same each time.

use linker::{Bound, Module, Plan};

use super::modules::{check_text, is_refused};
use super::plan;

pub fn run(data: &[u8]) {
    let Some((input, plan)) = plan::of(data) else { return };
    let is_valid = input.is_valid();
    match plan.bind() {
        Ok(bound) => check(&plan, &bound, is_valid),
        Err(error) => {
            check_text(&error.to_string());
            assert!(!is_valid || is_refused(&error), "valid modules, but {error}");
        }
    }
}

fn check(plan: &Plan, bound: &Bound, is_valid: bool) {
    let again = plan.bind().expect("it was bound before");
    assert_eq!(modules(&again), modules(bound), "the same plan becomes other modules");
    for module in bound.modules.iter().chain(&bound.slots) {
        // A module that shares nothing stays unchanged.
        let input = plan.set().inputs.get(module.module);
        if is_valid || input.is_none() {
            linker::validate("bound", &module.bytes).expect("what is bound is valid");
            let loaded = Module::load("bound", &module.bytes).expect("it is valid");
            assert_eq!(loaded.imports.len(), module.imports.len(), "a source for each import");
        }
        for offset in [0, module.bytes.len() / 2, module.bytes.len()] {
            let _ = module.origins(plan.set(), offset);
        }
    }
    if let Some(base) = &bound.base {
        linker::validate("base", base).expect("the base module is valid");
    }
}

fn modules(bound: &Bound) -> Vec<&[u8]> {
    let modules = bound.modules.iter().chain(&bound.slots).map(|module| module.bytes.as_slice());
    modules.chain(bound.base.as_deref()).collect()
}
