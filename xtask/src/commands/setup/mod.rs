//! `cargo xtask setup`: installs what is missing, after saying what and how.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::{MAIN_SEPARATOR, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use xshell::Shell;

use crate::flags::SetupFlags;
use crate::support::files;
use crate::support::process;
use crate::support::progress::{Progress, print};
use crate::support::project::{self, Project};
use crate::tools::cargo;
use crate::tools::package_managers::{self, PackageManager};
use crate::tools::rust_targets;
use crate::tools::tool::Tool;

/// The emsdk that is installed when nothing else brings Emscripten.
const EMSDK_VERSION: &str = "3.1.69";
const EMSDK_URL: &str = "https://github.com/emscripten-core/emsdk.git";
/// A mirror to clone emsdk from instead, for networks that do not reach the original.
const EMSDK_URL_VARIABLE: &str = "XTASK_EMSDK_URL";

/// A program that is compiled for this workspace only, when it is asked for.
struct Extra {
    program: &'static str,
    package: &'static str,
    version: &'static str,
    /// Further arguments of `cargo install`.
    args: &'static [&'static str],
}

/// What `cargo xtask bench` compares with: of the version that `host` has as a library, with what running modules with
/// a cache needs; with more, it would take longer to start.
const WASMTIME: Extra = Extra {
    program: "wasmtime",
    package: "wasmtime-cli",
    version: "48.0.8",
    args: &["--no-default-features", "--features", "run,cranelift,cache,parallel-compilation,wat"],
};

/// What checks the dependencies by `deny.toml`.
const DENY: Extra =
    Extra { program: "cargo-deny", package: "cargo-deny", version: "0.20.2", args: &[] };

/// What `cargo xtask fuzz` needs beside a nightly Rust.
const FUZZ: Extra =
    Extra { program: "cargo-fuzz", package: "cargo-fuzz", version: "0.13.2", args: &[] };

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &SetupFlags,
) -> anyhow::Result<()> {
    let extras = [(flags.bench, WASMTIME), (flags.fuzz, FUZZ), (flags.deny, DENY)].into_iter();
    let extras = extras.filter(|(asked, extra)| *asked && project.program(extra.program).is_none());
    let extras: Vec<_> = extras.map(|(_, extra)| extra).collect();
    match missing(project).as_slice() {
        [] if !extras.is_empty() => {}
        [] => print("nothing is missing\n")?,
        missing => install(project, progress, flags, missing)?,
    }
    extras.iter().try_for_each(|extra| extra.install(project, progress, flags))
}

impl Extra {
    fn install(
        &self,
        project: &Project,
        progress: &Progress,
        flags: &SetupFlags,
    ) -> anyhow::Result<()> {
        let (cargo, root) = (project::cargo(), project.tools());
        let sh = Shell::new().context("cannot read the current folder")?;
        let command = sh.cmd(cargo).args(["install", "--locked", "--root"]).arg(root);
        let command = command.args([self.package, "--version", self.version]).args(self.args);
        progress.line(format_args!("to be run:\n  {command}"));
        if flags.dry_run {
            return Ok(());
        }
        let step = progress.step(self.program);
        step.announce("compiling it, which takes some minutes");
        // Nobody knows how many crates there are before cargo has looked at them.
        cargo::run(&step, command, || None)?;
        step.done("installed");
        Ok(())
    }
}

/// Installs what is missing; does and prints nothing if all is there.
///
/// # Errors
///
/// When something cannot be installed here, with the command for each system.
pub(crate) fn ensure(
    project: &Project,
    progress: &Progress,
    flags: &SetupFlags,
) -> anyhow::Result<()> {
    match missing(project).as_slice() {
        [] => Ok(()),
        missing => install(project, progress, flags, missing),
    }
}

fn install(
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
        action.run(project, progress)?;
    }
    verify(project, missing)
}

/// The commands that would install a tool here, or what to do where there are none.
pub(crate) fn how_to_get(project: &Project, tool: Tool) -> String {
    match plan(&[tool], &System::probe()) {
        Ok(actions) if actions.iter().any(|action| !action.damaged().is_empty()) => {
            "its files are gone, but rustup takes it for installed: `cargo xtask setup` repairs that"
                .to_owned()
        }
        Ok(actions) => {
            let commands = actions.iter().flat_map(|action| action.commands(project));
            commands.map(|command| command.join(" ")).collect::<Vec<_>>().join("; ")
        }
        Err(_) => "`cargo xtask setup` tells what to do".to_owned(),
    }
}

fn missing(project: &Project) -> Vec<Tool> {
    Tool::ALL.into_iter().filter(|tool| tool.find(project).is_none()).collect()
}

fn announce(progress: &Progress, project: &Project, missing: &[Tool], actions: &[Action]) {
    let list: Vec<_> =
        missing.iter().map(|tool| format!("{} ({})", tool.name(), tool.needed_for())).collect();
    progress.line(format_args!("missing: {}", list.join(", ")));
    for triple in actions.iter().flat_map(Action::damaged) {
        progress.line(format_args!(
            "rustup takes {triple} for installed, but its files are gone: empty ones take their \
             places, so that rustup can remove it"
        ));
    }
    progress.line("to be run:");
    for command in actions.iter().flat_map(|action| action.commands(project)) {
        progress.line(format_args!("  {}", command.join(" ")));
    }
}

/// Asks at a terminal; elsewhere nobody can answer, and installing is what was asked for.
fn confirm() -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("install these packages now? [Y/n] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    let length = io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    // The end of input is no answer.
    Ok(length > 0 && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

fn verify(project: &Project, wanted: &[Tool]) -> anyhow::Result<()> {
    let still: Vec<_> = wanted.iter().filter(|tool| tool.find(project).is_none()).collect();
    if still.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = still.iter().map(|tool| tool.name()).collect();
    let reinstall = match still.iter().any(|tool| matches!(tool, Tool::RustTarget(_))) {
        true => "; to install a Rust toolchain again, `rustup toolchain uninstall` it first",
        false => "",
    };
    let names = names.join(", ");
    bail!("still not found after installing: {names}; see `cargo xtask doctor`{reinstall}")
}

/// What this machine can install with.
#[derive(Debug)]
struct System {
    manager: Option<Manager>,
    git: bool,
    rustup: bool,
    /// The Rust targets that rustup takes for installed.
    rust_targets: Vec<String>,
}

/// A package manager that this user may run.
#[derive(Debug, Clone, Copy)]
struct Manager {
    data: &'static PackageManager,
    sudo: bool,
}

impl System {
    fn probe() -> Self {
        let on_path = |program: &str| which::which(program).is_ok();
        let manager = package_managers::ALL.iter().filter(|m| on_path(m.program)).find_map(usable);
        let rustup = on_path("rustup");
        let rust_targets = if rustup { rust_targets::recorded() } else { Vec::new() };
        System { manager, git: on_path("git"), rustup, rust_targets }
    }

    fn has_recorded(&self, triple: &str) -> bool {
        self.rust_targets.iter().any(|recorded| recorded == triple)
    }
}

fn usable(data: &'static PackageManager) -> Option<Manager> {
    if !data.root || is_root() {
        return Some(Manager { data, sudo: false });
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"]);
    process::ask(sudo).is_ok().then_some(Manager { data, sudo: true })
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// One way to install some of what is missing.
#[derive(Debug)]
enum Action {
    RustTargets(Vec<&'static str>),
    /// Targets whose files are gone, which rustup does not notice.
    DamagedRustTargets(Vec<&'static str>),
    Packages {
        manager: Manager,
        tools: Vec<Tool>,
    },
    Emsdk,
}

/// Chooses how to install each missing tool: rustup for targets, the system's packages for the rest,
/// else a pinned emsdk for Emscripten.
///
/// # Errors
///
/// When there is no way for some of them, with the command for each system.
fn plan(missing: &[Tool], system: &System) -> anyhow::Result<Vec<Action>> {
    let mut actions = Vec::new();
    let mut stuck = Vec::new();
    let (mut targets, mut damaged, mut packages) = (Vec::new(), Vec::new(), Vec::new());
    let mut emsdk = false;
    for &tool in missing {
        match tool {
            Tool::RustTarget(triple) if system.has_recorded(triple) => damaged.push(triple),
            Tool::RustTarget(triple) if system.rustup => targets.push(triple),
            _ if system.manager.is_some_and(|m| m.data.has(tool)) => packages.push(tool),
            Tool::Emscripten if system.git => emsdk = true,
            _ => stuck.push(tool),
        }
    }
    if !stuck.is_empty() {
        bail!("{}", advice(&stuck));
    }
    if !damaged.is_empty() {
        actions.push(Action::DamagedRustTargets(damaged));
    }
    if !targets.is_empty() {
        actions.push(Action::RustTargets(targets));
    }
    if let (Some(manager), false) = (system.manager, packages.is_empty()) {
        actions.push(Action::Packages { manager, tools: packages });
    }
    if emsdk {
        actions.push(Action::Emsdk);
    }
    Ok(actions)
}

/// What to type on each system, when nothing can be installed from here.
fn advice(stuck: &[Tool]) -> String {
    let names: Vec<_> = stuck.iter().map(|tool| tool.name()).collect();
    let mut lines = vec![format!(
        "cannot install {} here: no package manager that may be used without a password; \
         install it yourself, then run this again:",
        names.join(", ")
    )];
    for manager in package_managers::ALL.iter().filter(|m| stuck.iter().any(|&t| m.has(t))) {
        let sudo = if manager.root { "sudo " } else { "" };
        for command in manager.commands(stuck) {
            lines.push(format!("  {}: {sudo}{}", manager.systems, command.join(" ")));
        }
    }
    let target = |tool: &Tool| match tool {
        Tool::RustTarget(triple) => Some(*triple),
        _ => None,
    };
    for triple in stuck.iter().filter_map(target) {
        lines.push(format!("  with rustup from https://rustup.rs: rustup target add {triple}"));
    }
    if stuck.contains(&Tool::Emscripten) {
        lines.push("  anywhere: https://emscripten.org/docs/getting_started/downloads.html".into());
    }
    lines.join("\n")
}

impl Action {
    fn is_system_wide(&self) -> bool {
        matches!(self, Action::Packages { .. })
    }

    fn label(&self) -> &'static str {
        match self {
            Action::RustTargets(_) | Action::DamagedRustTargets(_) => "Rust targets",
            Action::Packages { .. } => "system packages",
            Action::Emsdk => "emsdk",
        }
    }

    fn commands(&self, project: &Project) -> Vec<Vec<String>> {
        match self {
            Action::RustTargets(triples) => vec![rustup_target("add", triples)],
            Action::DamagedRustTargets(triples) => {
                vec![rustup_target("remove", triples), rustup_target("add", triples)]
            }
            Action::Packages { manager, tools } => manager.commands(tools),
            Action::Emsdk => emsdk_commands(project),
        }
    }

    fn run(&self, project: &Project, progress: &Progress) -> anyhow::Result<()> {
        let sh = Shell::new().context("cannot read the current folder")?;
        sh.change_dir(&project.root);
        let step = progress.step(self.label());
        self.prepare(project)?;
        for command in self.commands(project) {
            step.announce(command.join(" "));
            if let Some((program, args)) = command.split_first() {
                process::run(&step, sh.cmd(program).args(args))?;
            }
        }
        step.done("installed");
        Ok(())
    }

    /// The targets that it repairs.
    fn damaged(&self) -> &[&'static str] {
        match self {
            Action::DamagedRustTargets(triples) => triples,
            _ => &[],
        }
    }

    /// Takes away what would make the commands fail.
    fn prepare(&self, project: &Project) -> anyhow::Result<()> {
        match self {
            // What a clone that was interrupted has left.
            Action::Emsdk if !emsdk_program(project).is_file() => {
                files::remove(&project.emsdk()).map(drop)
            }
            Action::DamagedRustTargets(triples) => {
                triples.iter().try_for_each(|triple| rust_targets::fill_gaps(triple))
            }
            _ => Ok(()),
        }
    }
}

fn rustup_target(verb: &str, triples: &[&str]) -> Vec<String> {
    let words = ["rustup", "target", verb].into_iter().chain(triples.iter().copied());
    words.map(str::to_owned).collect()
}

impl Manager {
    fn commands(&self, tools: &[Tool]) -> Vec<Vec<String>> {
        let prefix: &[&str] = match (self.data.program, self.sudo) {
            ("apt-get", false) => &["env", "DEBIAN_FRONTEND=noninteractive"],
            ("apt-get", true) => &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"],
            (_, false) => &[],
            (_, true) => &["sudo", "-n"],
        };
        let with_prefix = |command: Vec<String>| {
            prefix.iter().map(|&word| word.to_owned()).chain(command).collect()
        };
        self.data.commands(tools).into_iter().map(with_prefix).collect()
    }
}

fn emsdk_program(project: &Project) -> PathBuf {
    project.emsdk().join(if cfg!(windows) { "emsdk.bat" } else { "emsdk" })
}

fn emsdk_commands(project: &Project) -> Vec<Vec<String>> {
    let url = env::var(EMSDK_URL_VARIABLE).unwrap_or_else(|_| EMSDK_URL.to_owned());
    let folder = format!(".tools{MAIN_SEPARATOR}emsdk");
    let program = emsdk_program(project).display().to_string();
    let clone = ["git", "clone", "--depth", "1", "--branch", EMSDK_VERSION, &url, &folder];
    let clone = (!emsdk_program(project).is_file()).then_some(clone.map(str::to_owned).to_vec());
    let emsdk = |verb: &str| vec![program.clone(), verb.to_owned(), EMSDK_VERSION.to_owned()];
    clone.into_iter().chain([emsdk("install"), emsdk("activate")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: System =
        System { manager: None, git: false, rustup: false, rust_targets: Vec::new() };

    fn apt(sudo: bool) -> Option<Manager> {
        Some(Manager { data: &package_managers::ALL[0], sudo })
    }

    fn text(actions: &[Action]) -> Vec<String> {
        let project = Project::at("/p");
        let commands = actions.iter().flat_map(|action| action.commands(&project));
        commands.map(|command| command.join(" ")).collect()
    }

    #[test]
    fn debian_gets_packages_without_recommended_ones_and_rustup_targets() {
        let system = System { manager: apt(true), git: true, rustup: true, ..NOTHING };
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
    fn a_target_that_rustup_takes_for_installed_is_removed_first() {
        let rust_targets = vec!["wasm32-wasip1".to_owned()];
        let system = System { rustup: true, rust_targets, ..NOTHING };
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
        let actions = plan(&[Tool::Emscripten], &System { git: true, ..NOTHING }).unwrap();
        assert!(matches!(actions[..], [Action::Emsdk]), "{actions:?}");
    }

    #[test]
    fn without_any_way_the_commands_for_every_system_are_listed() {
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
