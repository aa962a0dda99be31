//! From the options that `run` and `plan` share to a plan.

use std::fmt;

use host::Error;
use linker::{Faults, Object, Plan, Set};

use super::flags::LinkFlags;

/// Gathers what is linked with the program, and decides how.
pub(crate) fn plan(program: Object, flags: &LinkFlags) -> anyhow::Result<Plan> {
    let mut others = Vec::new();
    for (name, file) in &flags.preload {
        others.push(host::read(file)?.preloaded_as(name));
    }
    host::check_preloads(&others)?;
    for file in &flags.link {
        others.push(host::read(file)?);
    }
    let set = Set::gather(program, others, &mut flags.search()).map_err(Error::from)?;
    Ok(Plan::new(set).map_err(|faults| unresolved(faults, flags))?)
}

/// Symbols that cannot be resolved, and how to give them.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) faults: Faults,
    help: Option<String>,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.fmt(f)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for Unresolved {}

fn unresolved(faults: Faults, flags: &LinkFlags) -> Unresolved {
    let help = faults.missing_module().map(|module| {
        let module = if module.starts_with("GOT.") { "env" } else { module };
        let module = linker::printable(module);
        let give = format!("give what defines it with `--link FILE` or `--preload {module}=FILE`");
        match flags.search().has_sysroot() {
            true => give,
            false => {
                format!("{give}; there is no folder with libc and libc++, which `--sysroot` names")
            }
        }
    });
    Unresolved { faults, help }
}
