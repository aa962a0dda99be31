//! `host run`: a command, or one call of an export.

use std::path::Path;

use anyhow::bail;
use host::{Error, Guest, Host, Preload, Program, Wasi};
use linker::Kind;

use super::flags::RunFlags;

pub(crate) fn run(flags: &RunFlags) -> anyhow::Result<()> {
    let host = Host::new(flags.limits())?;
    let guest = host.load(Path::new(flags.module()))?;
    let mut preloads = Vec::new();
    for (name, file) in &flags.preload {
        preloads.push(Preload { name: name.clone(), guest: host.load(file)? });
    }
    let args: &[String] = if flags.invoke.is_some() { &[] } else { flags.args() };
    let wasi = Wasi {
        args: [flags.module().to_owned()].into_iter().chain(args.iter().cloned()).collect(),
        env: flags.env.clone(),
        directories: flags.dir.clone(),
    };
    match &flags.invoke {
        None => {
            check_command(&guest)?;
            let program = link(&host, guest, preloads)?;
            program.start(&wasi)?.invoke("_start", &[])?;
        }
        Some(name) => {
            let ty = guest.function(name)?.clone();
            let args = host::parse_arguments(name, &ty, flags.args()).map_err(Error::from)?;
            let program = link(&host, guest, preloads)?;
            let results = program.start(&wasi)?.invoke(name, &args)?;
            let lines: String = results.iter().map(|v| format!("{}\n", host::display(v))).collect();
            super::print(&lines)?;
        }
    }
    Ok(())
}

/// Links, and says how to give a module that is missing.
fn link(host: &Host, guest: Guest, preloads: Vec<Preload>) -> anyhow::Result<Program> {
    host.link(guest, preloads).map_err(|error| match &error {
        Error::Link(faults) => match faults.missing_module() {
            Some(module) => {
                anyhow::anyhow!("{error}\nhelp: give the module with `--preload {module}=FILE`")
            }
            None => error.into(),
        },
        _ => error.into(),
    })
}

fn check_command(guest: &Guest) -> anyhow::Result<()> {
    let module = &guest.module;
    if module.kind == Kind::Command {
        return Ok(());
    }
    let functions = guest.functions();
    let names: Vec<_> = functions.iter().map(|(name, ty)| format!("\n  {name}: {ty}")).collect();
    bail!(
        "`{}` is no command, it has no `_start`; call one of its exports with `--invoke NAME`{}",
        module.name,
        names.concat()
    )
}
