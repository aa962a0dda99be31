//! `cargo xtask setup`: lists what is missing and the commands that install it, and runs them.

mod emsdk;
mod extras;
mod install;
mod plan;
mod system;

use crate::flags::{SetupFlags, Toolchain};
use crate::support::progress::{Progress, print};
use crate::support::project::Project;
use crate::tools::find;
use crate::tools::tool::Tool;
use extras::Extra;
use system::System;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &SetupFlags,
) -> anyhow::Result<()> {
    let missing = Missing::find(project, flags);
    if missing.is_empty() {
        return print("nothing is missing\n");
    }
    missing.install(project, progress, flags)
}

/// Installs what is missing. Does and prints nothing if nothing is missing.
///
/// # Errors
///
/// If something cannot be installed here, with the commands for every system.
pub(crate) fn ensure(
    project: &Project,
    progress: &Progress,
    flags: &SetupFlags,
) -> anyhow::Result<()> {
    Missing::find(project, flags).install(project, progress, flags)
}

/// Installs what is missing for tests: also Zig, a browser and the tools of components, which the
/// build does without, and `wasmtime` if asked for, which takes some minutes.
///
/// # Errors
///
/// When [`ensure`] fails.
pub(crate) fn ensure_for_tests(
    project: &Project,
    progress: &Progress,
    wasmtime: bool,
) -> anyhow::Result<()> {
    let toolchain = Some(Toolchain::Zig);
    let flags = SetupFlags {
        toolchain,
        components: true,
        browser: true,
        bench: wasmtime,
        ..SetupFlags::default()
    };
    ensure(project, progress, &flags)
}

/// What is not installed yet.
struct Missing {
    tools: Vec<Tool>,
    extras: Vec<Extra>,
}

impl Missing {
    /// Finds the tools that are missing, and the programs that the flags ask for.
    fn find(project: &Project, flags: &SetupFlags) -> Self {
        let extras = extras::missing(project, flags);
        let mut tools = find::missing(project);
        let browser = flags.browser.then_some(Tool::Chromium);
        let needed = extras.iter().filter_map(Extra::needs).chain(browser);
        tools.extend(needed.filter(|&tool| find::find(project, tool).is_none()));
        Missing { tools, extras }
    }

    fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.extras.is_empty()
    }

    fn install(
        &self,
        project: &Project,
        progress: &Progress,
        flags: &SetupFlags,
    ) -> anyhow::Result<()> {
        if !self.tools.is_empty() {
            install::install(project, progress, flags, &self.tools)?;
        }
        self.extras.iter().try_for_each(|extra| extra.install(project, progress, flags))
    }
}

/// Returns the commands that install a tool here, or advice if there are none.
pub(crate) fn how_to_get(project: &Project, tool: Tool) -> String {
    let Ok(actions) = plan::plan(&[tool], &System::probe()) else {
        return "`cargo xtask setup` says what to do".to_owned();
    };
    if actions.iter().any(|action| !action.damaged_targets().is_empty()) {
        return "its files are gone, but rustup records it as installed: `cargo xtask setup` \
                repairs that"
            .to_owned();
    }
    let commands = actions.iter().flat_map(|action| action.commands(project));
    commands.map(|command| command.join(" ")).collect::<Vec<_>>().join("; ")
}
