//! From the options that `run` and `plan` share to a plan.

use anyhow::anyhow;
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
    Plan::new(set).map_err(|faults| explain(faults, flags))
}

/// Says how to give what is missing.
fn explain(faults: Faults, flags: &LinkFlags) -> anyhow::Error {
    let Some(module) = faults.missing_module() else { return Error::from(faults).into() };
    let module = if module.starts_with("GOT.") { "env" } else { module };
    let mut help = format!("give what defines it with `--link FILE` or `--preload {module}=FILE`");
    if !flags.search().has_sysroot() {
        help.push_str("; there is no folder with libc and libc++, which `--sysroot` names");
    }
    anyhow!("{faults}\nhelp: {help}")
}
