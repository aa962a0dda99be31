//! Carries out the plan of `setup`: shows it, asks, runs the commands, and checks the result.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};

use crate::commands::setup::emsdk;
use crate::commands::setup::plan::{Action, plan};
use crate::commands::setup::system::System;
use crate::flags::SetupFlags;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Progress;
use crate::support::project::Project;
use crate::tools::find;
use crate::tools::rust;
use crate::tools::tool::Tool;

/// Installs tools, unless this is a dry run or the user refuses.
pub(super) fn install(
    project: &Project,
    progress: &Progress,
    flags: &SetupFlags,
    missing: &[Tool],
) -> anyhow::Result<()> {
    let actions = plan(missing, &System::probe())?;
    announce(progress, project, missing, &actions);
    if flags.dry_run {
        return Ok(());
    }
    if !flags.yes && actions.iter().any(Action::is_system_wide) && !confirm()? {
        bail!(
            "nothing was installed: run the commands above yourself, or `cargo xtask setup --yes`"
        );
    }
    for action in &actions {
        run(project, progress, action)?;
    }
    verify(project, missing)
}

fn announce(progress: &Progress, project: &Project, missing: &[Tool], actions: &[Action]) {
    let list: Vec<_> =
        missing.iter().map(|tool| format!("{} ({})", tool.name(), tool.needed_for())).collect();
    progress.line(format_args!("missing: {}", list.join(", ")));
    for triple in actions.iter().flat_map(Action::damaged_targets) {
        progress.line(format_args!(
            "rustup records {triple} as installed, but its files are gone: setup creates empty \
             files, so that rustup can remove the target and add it again"
        ));
    }
    progress.line("commands to run:");
    for command in actions.iter().flat_map(|action| action.commands(project)) {
        progress.line(format_args!("  {}", command.join(" ")));
    }
}

/// Asks the user, on a terminal. Without one, nobody can answer, and the user has already asked to
/// install.
fn confirm() -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("install these packages now? [Y/n] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    let length = io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes");
    // At the end of the input, there is no answer.
    Ok(length > 0 && is_yes)
}

fn run(project: &Project, progress: &Progress, action: &Action) -> anyhow::Result<()> {
    let sh = process::shell(&project.root)?;
    let step = progress.step(action.label());
    prepare(project, action)?;
    for command in action.commands(project) {
        step.announce(command.join(" "));
        if let Some((program, args)) = command.split_first() {
            process::run(&step, sh.cmd(program).args(args))?;
        }
    }
    step.done("installed");
    Ok(())
}

/// Removes what would make the commands of an action fail.
fn prepare(project: &Project, action: &Action) -> anyhow::Result<()> {
    match action {
        // The rest of a clone that was interrupted.
        Action::Emsdk if !emsdk::is_cloned(project) => files::remove(&project.emsdk()).map(drop),
        Action::DamagedRustTargets(triples) => {
            triples.iter().try_for_each(|triple| rust::fill_gaps(triple))
        }
        _ => Ok(()),
    }
}

/// Checks that the tools can be found now.
fn verify(project: &Project, tools: &[Tool]) -> anyhow::Result<()> {
    let missing: Vec<_> =
        tools.iter().copied().filter(|&tool| find::find(project, tool).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let is_target = |tool: &Tool| matches!(tool, Tool::RustTarget(_));
    let reinstall = if missing.iter().any(is_target) {
        "; to install a Rust toolchain again, `rustup toolchain uninstall` it first"
    } else {
        ""
    };
    let names: Vec<_> = missing.iter().map(|tool| tool.name()).collect();
    bail!(
        "still not found after installing: {}; see `cargo xtask doctor`{reinstall}",
        names.join(", ")
    )
}
