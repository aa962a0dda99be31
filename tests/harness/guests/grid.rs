//! Every kind of module in each language, as the program and as a library, each pair linked.
//!
//! `tests/grid` has the sources. The two modules of a pair hold one of two contracts:
//!
//! - `memory`: both have the same memory and table. Each calls the other by name and by pointer,
//!   and the library reads what the program has in memory.
//! - `numbers`: one of the two is plain and so has a memory of its own, in which a pointer of the
//!   other's means nothing; nor can it be in a cycle. The program calls the library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::support::trial::{ignorable, ignored};
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::compile::{self, Role};
use crate::support::console;
use crate::support::workspace::{self, Shared};

/// The endings of sources, and the role of each.
const KINDS: [(&str, Role); 6] = [
    ("rs", Role::Main),
    ("rs", Role::Shared),
    ("rs", Role::Plain),
    ("cpp", Role::Shared),
    ("cpp", Role::Plain),
    ("c", Role::Shared),
];

pub(crate) fn trials() -> Vec<Trial> {
    let modules = |contract: &str, part: &str| {
        KINDS.map(|(ending, role)| Arc::new(Module::new(contract, part, ending, role)))
    };
    let mut trials = Vec::new();
    for contract in ["memory", "numbers"] {
        let libraries = modules(contract, "library");
        for program in modules(contract, "program") {
            for library in &libraries {
                if contract_of(program.role, library.role) == Some(contract) {
                    trials.push(trial(Arc::clone(&program), Arc::clone(library)));
                }
            }
        }
    }
    trials
}

/// Returns the folder of what a pair can do, if the two can be linked.
fn contract_of(program: Role, library: Role) -> Option<&'static str> {
    match (program, library) {
        // Only one can lend its memory: the case `two-mains` has the error.
        (Role::Main, Role::Main) => None,
        (Role::Plain, _) | (_, Role::Plain) => Some("numbers"),
        _ => Some("memory"),
    }
}

fn trial(program: Arc<Module>, library: Arc<Module>) -> Trial {
    let name = format!("grid::{}_calls_{}", program.kind(), library.kind());
    ignorable(name, move || run(&program, &library))
}

fn run(program: &Module, library: &Module) -> Result<Completion, Failed> {
    let mut missing = [program, library].into_iter().map(|m| compile::missing_compiler(&m.source));
    if let Some(reason) = missing.find_map(|reason| reason) {
        return ignored(&reason);
    }
    let mut host = Command::new(workspace::host());
    workspace::clean_environment(&mut host);
    host.args(["run", "--link"]).arg(library.path()?).args(["--invoke", "test"]);
    let output = host.arg(program.path()?).output()?;
    // A module with a memory of its own makes a warning, which is not the matter here.
    let text = String::from_utf8(output.stdout)? + &console::status(output.status);
    let errors = String::from_utf8_lossy(&output.stderr);
    console::same(&text, "42\n", &format!("`test` returns 42\n{errors}"))?;
    Ok(Completion::Completed)
}

/// A part of a contract as a module, compiled when it is first asked for.
struct Module {
    source: PathBuf,
    role: Role,
    compiled: Shared,
}

impl Module {
    fn new(contract: &str, part: &str, ending: &str, role: Role) -> Self {
        let grid = workspace::root().join("tests").join("grid");
        let source = grid.join(contract).join(part).with_extension(ending);
        Module { source, role, compiled: Shared::default() }
    }

    /// The language and the role.
    fn kind(&self) -> String {
        let ending = compile::ending(&self.source);
        let language = if ending == "rs" { "rust" } else { &ending };
        format!("{language}_{:?}", self.role).to_lowercase()
    }

    fn path(&self) -> Result<PathBuf, Failed> {
        let name = format!("{}.wasm", compile::stem(&self.source));
        let compile =
            |folder: &Path| compile::compile(&self.source, self.role, &folder.join(&name));
        Ok(self.compiled.path(compile)?.join(&name))
    }
}
