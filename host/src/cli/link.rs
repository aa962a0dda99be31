//! From the options that `run` and `plan` share to a plan.

use std::fmt;

use linker::{Faults, Object, Plan, Set};

use super::complain;
use super::flags::LinkFlags;

/// Gathers what is linked with the program, and decides how.
pub(crate) fn plan(program: Object, flags: &LinkFlags) -> anyhow::Result<Plan> {
    let mut others = Vec::new();
    for (name, file) in &flags.preload {
        others.push(flags.input.read(file)?.preloaded_as(name));
    }
    host::check_preloads(&others)?;
    for file in &flags.link {
        others.push(flags.input.read(file)?);
    }
    let set = Set::gather(program, others, &mut flags.search());
    let plan = set.and_then(Plan::new);
    let plan = plan.map_err(|faults| Unresolved { help: help(&faults, flags), faults })?;
    warn(&plan);
    Ok(plan)
}

/// Tells what is probably a mistake.
pub(crate) fn warn(plan: &Plan) {
    plan.warnings().iter().for_each(|warning| complain(&format!("warning: {warning}")));
}

/// Why modules cannot be linked, and what the options do about it.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) faults: Faults,
    help: Vec<String>,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.fmt(f)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for Unresolved {}

fn help(faults: &Faults, flags: &LinkFlags) -> Vec<String> {
    let mut help = Vec::new();
    if faults.is_library_missing() {
        let text =
            "name the folder that has the library with `-L DIR`, or the file with `--link FILE`";
        help.push(text.to_owned());
    }
    if let Some(module) = faults.missing_module() {
        let module = if module.starts_with("GOT.") { "env" } else { module };
        let module = linker::printable(module);
        help.push(format!("give what defines it with `--link FILE` or `--preload {module}=FILE`"));
    }
    if faults.is_symbol_missing() && !flags.search().has_sysroot() {
        help.push(
            "there is no folder with libc and libc++: name one with `--sysroot DIR`".to_owned(),
        );
    }
    help
}
