//! `host plan`: shows how modules would be linked.

use linker::{FuseOptions, Plan, Why};
use serde::Serialize;

use super::console::{print, print_json};
use super::flags::PlanFlags;
use super::link;
use super::link::Purpose;

pub(crate) fn run(flags: &PlanFlags) -> anyhow::Result<()> {
    let plan = link::plan(&flags.module, &flags.link, Purpose::Write { exports: &[] })
        .inspect_err(|error| {
            // A tool that requests JSON also gets the faults as JSON. The messages go to the standard
            // error as always.
            if let Some(link::Unresolved { faults, .. }) =
                error.downcast_ref().filter(|_| flags.json)
            {
                drop(print_json(&serde_json::json!({ "faults": faults })));
            }
        })?;
    match (&flags.why, flags.json) {
        (Some(symbol), json) => explain(&plan, symbol, json),
        (None, true) => print_json(&plan),
        (None, false) => print(&plan.to_string()),
    }
}

/// Prints who imports and defines a symbol, and why it is in the fused program.
fn explain(plan: &Plan, symbol: &str, json: bool) -> anyhow::Result<()> {
    let why = plan.why(symbol);
    let kept_by = plan.why_kept(symbol, &FuseOptions::default())?;
    if json {
        return print_json(&Explanation { why, kept_by });
    }
    let kept = match kept_by.as_slice() {
        [] => "  left out of a fused program\n".to_owned(),
        chain => {
            let links = chain.iter().map(|link| format!("    {link}\n"));
            format!("  kept in a fused program by\n{}", links.collect::<String>())
        }
    };
    // Only functions inside of a module are neither imported nor exported.
    let is_inside = why.wanted_by.is_empty() && why.offered_by.is_empty() && !kept_by.is_empty();
    let symbols =
        if is_inside { format!("{}\n", linker::demangle(symbol)) } else { why.to_string() };
    print(&format!("{symbols}{kept}"))
}

#[derive(Serialize)]
struct Explanation<'a> {
    #[serde(flatten)]
    why: Why<'a>,
    /// What keeps the symbol in a fused program, from an export or constructor to the symbol.
    kept_by: Vec<String>,
}
