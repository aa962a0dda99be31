//! Any set of modules: a plan that holds together, or faults with a text each.

use linker::{Fault, Faults, Kind, Plan, Set};
use serde_json::Value;

use super::modules::{Input, check_text};

pub fn run(data: &[u8]) {
    if let Some((_, plan)) = of(data) {
        check(&plan);
    }
}

/// The plan of an input, if its modules fit.
pub(super) fn of(data: &[u8]) -> Option<(Input, Plan)> {
    let input = Input::read(data);
    let set = input.gather()?;
    let plan = set.and_then(Plan::new);
    match plan {
        Ok(plan) => Some((input, plan)),
        Err(faults) => {
            check_faults(&faults);
            None
        }
    }
}

pub(super) fn check_faults(faults: &Faults) {
    assert!(!faults.as_slice().is_empty(), "faults without one");
    faults.as_slice().iter().map(Fault::to_string).for_each(|text| check_text(&text));
    serde_json::to_string(faults).expect("faults are JSON");
    let _ = (faults.missing_module(), faults.split_system(), faults.is_library_missing());
}

fn check(plan: &Plan) {
    let text = plan.to_string();
    check_text(&text);
    let again = Plan::new(plan.set().clone()).expect("it was planned before");
    assert_eq!(again.to_string(), text, "the same set has two plans");
    let json = serde_json::to_value(plan).expect("a plan is JSON");
    check_regions(plan.set(), &json, "memory", json["memory"]["pages"].as_u64().map(|n| n << 16));
    check_regions(plan.set(), &json, "table", json["table"]["size"].as_u64());
    for input in &plan.set().inputs {
        for symbol in input.symbols().take(8) {
            check_text(&plan.why(symbol).to_string());
            let _ = (plan.definer(symbol), plan.address(symbol));
        }
    }
    let _ = (plan.main(), plan.opens_libraries(), plan.host_functions().count());
}

/// Each module has what it asks for: aligned, for itself, and there from the start.
fn check_regions(set: &Set, json: &Value, what: &str, size: Option<u64>) {
    let size = size.expect("a plan tells sizes");
    let modules = json["modules"].as_array().expect("a plan tells its modules");
    let field = |module: &Value, name: &str| module[format!("{what}_{name}")].as_u64();
    let mut regions: Vec<(u64, u64)> = modules
        .iter()
        .filter_map(|module| Some((field(module, "base")?, field(module, "size")?)))
        .filter(|(_, size)| *size > 0)
        .collect();
    regions.sort_unstable();
    for pair in regions.windows(2) {
        assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{what}: {pair:?} overlap");
    }
    for (base, length) in &regions {
        assert!(base + length <= size, "{what}: {base} + {length} is beyond {size}");
    }
    let placed = set.inputs.iter().filter(|input| input.shares_memory());
    let placed = placed.filter(|input| input.module.kind == Kind::SharedLibrary);
    let alignments = placed.filter_map(|input| input.module.dylink.as_ref());
    let alignments: Vec<u64> = alignments
        .map(|dylink| match what {
            "memory" => dylink.mem_info.memory_alignment.into(),
            _ => dylink.mem_info.table_alignment.into(),
        })
        .collect();
    // The report does not say which of several modules of one name has which.
    if let [only] = alignments[..] {
        let bases = modules.iter().filter_map(|module| field(module, "base"));
        bases
            .for_each(|base| assert_eq!(base % only, 0, "{what}: {base} is not aligned to {only}"));
    }
}
