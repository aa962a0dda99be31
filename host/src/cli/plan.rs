//! `host plan`: how modules would be linked.

use super::flags::PlanFlags;
use super::{link, print};

pub(crate) fn run(flags: &PlanFlags) -> anyhow::Result<()> {
    let program = host::read(&flags.module)?;
    let plan = link::plan(program, &flags.link).inspect_err(|error| {
        // What asks for JSON reads the faults there too; the sentences go to the standard error as ever.
        if let Some(link::Unresolved { faults, .. }) = error.downcast_ref().filter(|_| flags.json) {
            let json = serde_json::json!({ "faults": faults });
            drop(print(&format!("{json:#}\n")));
        }
    })?;
    let text = match (&flags.why, flags.json) {
        (Some(symbol), true) => serde_json::to_string_pretty(&plan.why(symbol))? + "\n",
        (Some(symbol), false) => plan.why(symbol).to_string(),
        (None, true) => serde_json::to_string_pretty(&plan)? + "\n",
        (None, false) => plan.to_string(),
    };
    print(&text)
}
