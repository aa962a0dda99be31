//! `host plan`: shows how modules would be linked.

use super::console::{print, print_json};
use super::flags::PlanFlags;
use super::link;

pub(crate) fn run(flags: &PlanFlags) -> anyhow::Result<()> {
    let program = flags.link.input.read(&flags.module)?;
    let plan = link::plan(program, &flags.link).inspect_err(|error| {
        // A tool that requests JSON also gets the faults as JSON. The messages go to the standard
        // error as always.
        if let Some(link::Unresolved { faults, .. }) = error.downcast_ref().filter(|_| flags.json) {
            drop(print_json(&serde_json::json!({ "faults": faults })));
        }
    })?;
    match (&flags.why, flags.json) {
        (Some(symbol), true) => print_json(&plan.why(symbol)),
        (Some(symbol), false) => print(&plan.why(symbol).to_string()),
        (None, true) => print_json(&plan),
        (None, false) => print(&plan.to_string()),
    }
}
