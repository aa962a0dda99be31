//! The programs on this machine that can install tools.

use std::process::Command;

use crate::support::process;
use crate::tools::package_managers::{self, PackageManager};
use crate::tools::rust;
use crate::tools::tool::Tool;

/// The installers of this machine.
#[derive(Debug)]
pub(super) struct System {
    pub(super) manager: Option<UsableManager>,
    pub(super) has_git: bool,
    pub(super) has_rustup: bool,
    /// The Rust targets that rustup records as installed.
    pub(super) recorded_targets: Vec<String>,
}

/// A package manager that this user may run without a password.
#[derive(Debug, Clone, Copy)]
pub(super) struct UsableManager {
    pub(super) manager: &'static PackageManager,
    pub(super) needs_sudo: bool,
}

impl System {
    /// Looks for the installers.
    pub(super) fn probe() -> Self {
        let is_on_path = |program: &str| which::which(program).is_ok();
        let mut managers = package_managers::ALL.iter().filter(|m| is_on_path(m.program));
        let has_rustup = is_on_path("rustup");
        System {
            manager: managers.find_map(usable),
            has_git: is_on_path("git"),
            has_rustup,
            recorded_targets: if has_rustup { rust::recorded_targets() } else { Vec::new() },
        }
    }

    /// Returns whether rustup records a target as installed.
    pub(super) fn has_recorded(&self, triple: &str) -> bool {
        self.recorded_targets.iter().any(|recorded| recorded == triple)
    }
}

/// Checks that the user may run a package manager: as it is, as root, or with `sudo`.
fn usable(manager: &'static PackageManager) -> Option<UsableManager> {
    if !manager.needs_root || process::is_root() {
        return Some(UsableManager { manager, needs_sudo: false });
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"]);
    process::read(sudo).ok()?;
    Some(UsableManager { manager, needs_sudo: true })
}

impl UsableManager {
    /// Returns the commands that install the tools, with `sudo` if necessary.
    pub(super) fn commands(&self, tools: &[Tool]) -> Vec<Vec<String>> {
        let prefix: &[&str] = match (self.manager.program, self.needs_sudo) {
            ("apt-get", false) => &["env", "DEBIAN_FRONTEND=noninteractive"],
            ("apt-get", true) => &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"],
            (_, false) => &[],
            (_, true) => &["sudo", "-n"],
        };
        let with_prefix = |command: Vec<String>| {
            prefix.iter().map(|&word| word.to_owned()).chain(command).collect()
        };
        self.manager.commands(tools).into_iter().map(with_prefix).collect()
    }
}
