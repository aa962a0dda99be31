//! Any plan, carried out as one module, with any options: valid if the modules were, and the same
//! each time.

use linker::{Bound, FuseError, InputModule, Module, NoLibraries, Plan, Set};

use super::modules::{check_text, is_refused};
use super::plan;

pub fn run(data: &[u8]) {
    let Some((input, plan)) = plan::of(data) else { return };
    let is_valid = input.is_valid();
    match plan.fuse(&input.options) {
        Ok(fused) => {
            let again = plan.fuse(&input.options).expect("it was fused before");
            check(&plan, &fused, &again, is_valid);
        }
        Err(error) => {
            check_text(&error.to_string());
            let is_refused = !matches!(&error, FuseError::Malformed(error) if !is_refused(error));
            assert!(!is_valid || is_refused, "valid modules, but {error}");
        }
    }
}

fn check(plan: &Plan, fused: &Bound, again: &Bound, is_valid: bool) {
    let [module] = &fused.modules[..] else { panic!("{} modules", fused.modules.len()) };
    let [other] = &again.modules[..] else { panic!("{} modules", again.modules.len()) };
    assert!(module.bytes == other.bytes, "the same plan becomes other bytes");
    assert!(fused.base.is_none() && fused.slots.is_none(), "one module is all");
    for offset in [0, module.bytes.len() / 2, module.bytes.len()] {
        let _ = module.origins(plan.set(), offset);
    }
    let _ = module.source_map(plan.set());
    if !is_valid {
        return;
    }
    linker::validate("fused", &module.bytes).expect("what is fused is valid");
    let loaded = Module::load("fused", &module.bytes).expect("it is valid");
    assert_eq!(loaded.imports.len(), module.imports.len(), "a source for each import");
    let input = InputModule::load("fused", module.bytes.as_slice()).expect("it is valid");
    let set = Set::gather(input, Vec::new(), &mut NoLibraries).expect("it needs no library");
    if let Err(faults) = Plan::new(Set { host: set.wanted_of_host(), ..set }) {
        check_text(&faults.to_string());
    }
}
