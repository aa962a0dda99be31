//! The plan of `setup`: which commands install which tools.

use anyhow::bail;

use crate::commands::setup::emsdk;
use crate::commands::setup::system::{System, UsableManager};
use crate::support::project::Project;
use crate::tools::package_managers;
use crate::tools::tool::Tool;

/// A way to install some of the missing tools.
#[derive(Debug)]
pub(super) enum Action {
    RustTargets(Vec<&'static str>),
    /// Targets that rustup records as installed although their files are gone.
    DamagedRustTargets(Vec<&'static str>),
    Packages {
        manager: UsableManager,
        tools: Vec<Tool>,
    },
    Emsdk,
}

/// Chooses how to install each missing tool: Rust targets with rustup, and the others with the
/// system's package manager, or else Emscripten with emsdk.
///
/// # Errors
///
/// If some cannot be installed here, with the commands for every system.
pub(super) fn plan(missing: &[Tool], system: &System) -> anyhow::Result<Vec<Action>> {
    let mut damaged = Vec::new();
    let mut targets = Vec::new();
    let mut packages = Vec::new();
    let mut needs_emsdk = false;
    let mut stuck = Vec::new();
    for &tool in missing {
        match tool {
            Tool::RustTarget(triple) if system.has_recorded(triple) => damaged.push(triple),
            Tool::RustTarget(triple) if system.has_rustup => targets.push(triple),
            _ if system.manager.is_some_and(|usable| usable.manager.has(tool)) => {
                packages.push(tool);
            }
            Tool::Emscripten if system.has_git => needs_emsdk = true,
            _ => stuck.push(tool),
        }
    }
    if !stuck.is_empty() {
        bail!("{}", advice(&stuck));
    }
    let mut actions = Vec::new();
    if !damaged.is_empty() {
        actions.push(Action::DamagedRustTargets(damaged));
    }
    if !targets.is_empty() {
        actions.push(Action::RustTargets(targets));
    }
    if let Some(manager) = system.manager
        && !packages.is_empty()
    {
        actions.push(Action::Packages { manager, tools: packages });
    }
    if needs_emsdk {
        actions.push(Action::Emsdk);
    }
    Ok(actions)
}

/// Returns the commands that the user can type on each system to install the tools.
fn advice(stuck: &[Tool]) -> String {
    let names: Vec<_> = stuck.iter().map(|tool| tool.name()).collect();
    let mut lines = vec![format!(
        "cannot install {} here: there is no package manager that works without a password; \
         install it yourself, then run this again:",
        names.join(", ")
    )];
    for manager in package_managers::ALL.iter().filter(|m| stuck.iter().any(|&t| m.has(t))) {
        let sudo = if manager.needs_root { "sudo " } else { "" };
        for command in manager.commands(stuck) {
            lines.push(format!("  {}: {sudo}{}", manager.systems, command.join(" ")));
        }
    }
    for tool in stuck {
        if let Tool::RustTarget(triple) = tool {
            lines.push(format!("  with rustup from https://rustup.rs: rustup target add {triple}"));
        }
    }
    if stuck.contains(&Tool::Emscripten) {
        lines.push("  anywhere: https://emscripten.org/docs/getting_started/downloads.html".into());
    }
    lines.join("\n")
}

impl Action {
    /// Returns whether the action changes more than this workspace and the user's toolchain.
    pub(super) fn is_system_wide(&self) -> bool {
        matches!(self, Action::Packages { .. })
    }

    pub(super) fn label(&self) -> &'static str {
        match self {
            Action::RustTargets(_) | Action::DamagedRustTargets(_) => "Rust targets",
            Action::Packages { .. } => "system packages",
            Action::Emsdk => "emsdk",
        }
    }

    /// Returns the commands of the action, as words.
    pub(super) fn commands(&self, project: &Project) -> Vec<Vec<String>> {
        match self {
            Action::RustTargets(triples) => vec![rustup_target("add", triples)],
            Action::DamagedRustTargets(triples) => {
                vec![rustup_target("remove", triples), rustup_target("add", triples)]
            }
            Action::Packages { manager, tools } => manager.commands(tools),
            Action::Emsdk => emsdk::commands(project),
        }
    }

    /// Returns the targets that the action repairs.
    pub(super) fn damaged_targets(&self) -> &[&'static str] {
        match self {
            Action::DamagedRustTargets(triples) => triples,
            _ => &[],
        }
    }
}

fn rustup_target(verb: &str, triples: &[&str]) -> Vec<String> {
    let words = ["rustup", "target", verb].into_iter().chain(triples.iter().copied());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: System =
        System { manager: None, has_git: false, has_rustup: false, recorded_targets: Vec::new() };

    fn apt(needs_sudo: bool) -> Option<UsableManager> {
        Some(UsableManager { manager: &package_managers::ALL[0], needs_sudo })
    }

    fn text(actions: &[Action]) -> Vec<String> {
        let project = Project::at("/p");
        let commands = actions.iter().flat_map(|action| action.commands(&project));
        commands.map(|command| command.join(" ")).collect()
    }

    #[test]
    fn on_debian_apt_installs_packages_and_rustup_targets() {
        let system = System { manager: apt(true), has_git: true, has_rustup: true, ..NOTHING };
        let missing = [Tool::RustTarget("wasm32-wasip1"), Tool::Emscripten, Tool::CppCompiler];
        let actions = plan(&missing, &system).unwrap();
        let sudo = "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get";
        assert_eq!(
            text(&actions),
            [
                "rustup target add wasm32-wasip1".to_owned(),
                format!("{sudo} update"),
                format!("{sudo} install --yes --no-install-recommends emscripten g++"),
            ]
        );
    }

    #[test]
    fn a_damaged_target_is_removed_first() {
        let recorded_targets = vec!["wasm32-wasip1".to_owned()];
        let system = System { has_rustup: true, recorded_targets, ..NOTHING };
        let missing = ["wasm32-unknown-unknown", "wasm32-wasip1"].map(Tool::RustTarget);
        assert_eq!(
            text(&plan(&missing, &system).unwrap()),
            [
                "rustup target remove wasm32-wasip1",
                "rustup target add wasm32-wasip1",
                "rustup target add wasm32-unknown-unknown",
            ]
        );
    }

    #[test]
    fn without_a_package_manager_emscripten_comes_from_emsdk() {
        let actions = plan(&[Tool::Emscripten], &System { has_git: true, ..NOTHING }).unwrap();
        assert!(matches!(actions[..], [Action::Emsdk]), "{actions:?}");
    }

    #[test]
    fn if_nothing_can_be_installed_the_commands_for_every_system_are_listed() {
        let advice = plan(&Tool::ALL, &NOTHING).unwrap_err().to_string();
        for manager in &package_managers::ALL {
            assert!(advice.contains(manager.program), "{advice}");
        }
        assert!(advice.contains("rustup target add wasm32-unknown-unknown"), "{advice}");
    }

    #[test]
    fn only_system_packages_are_asked_about() {
        let packages = Action::Packages { manager: apt(false).unwrap(), tools: vec![Tool::Make] };
        assert!(packages.is_system_wide());
        assert!(!Action::Emsdk.is_system_wide());
    }
}
