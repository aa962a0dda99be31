//! `host plan`: shows how modules would be linked.

mod graph;
mod page;

use std::path::Path;

use anyhow::Context;
use linker::{FuseOptions, Plan, Why};
use serde::Serialize;

use super::console::{print, print_json};
use super::flags::PlanFlags;
use super::link::Purpose;
use super::{link, output_file};
use graph::ModuleGraph;

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
    if flags.draws() {
        return draw(&plan, flags);
    }
    match (&flags.why, flags.json) {
        (Some(symbol), json) => explain(&plan, symbol, json),
        (None, true) => print_json(&plan),
        (None, false) => print(&plan.to_string()),
    }
}

/// Writes the files that show the plan, and opens the page.
fn draw(plan: &Plan, flags: &PlanFlags) -> anyhow::Result<()> {
    let symbols = plan.symbols();
    let graph = ModuleGraph::new(plan, &symbols);
    if let Some(file) = &flags.html {
        write(file, plan, &page::page(plan, &symbols, &graph)?)?;
        if flags.open {
            open::that_detached(file).with_context(|| {
                format!("cannot open `{}` in a browser; open it yourself", file.display())
            })?;
        }
    }
    if let Some(file) = &flags.svg {
        write(file, plan, &graph.to_svg())?;
    }
    if let Some(file) = &flags.dot {
        write(file, plan, &graph.to_dot())?;
    }
    Ok(())
}

/// Writes a text to a file, or prints it if the file is called `-`.
fn write(file: &Path, plan: &Plan, text: &str) -> anyhow::Result<()> {
    if file == Path::new("-") {
        return print(text);
    }
    output_file::check(file, plan)?;
    output_file::write(file, text.as_bytes())
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
