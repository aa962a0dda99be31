//! `host run`: a command, or one call of an export.

use std::path::Path;

use anyhow::bail;
use host::{Error, Host, Wasi};
use linker::{Kind, Module};

use super::flags::RunFlags;
use super::link;

pub(crate) fn run(flags: &RunFlags) -> anyhow::Result<()> {
    let host = Host::with(flags.settings())?;
    let object = host::read(Path::new(flags.module()))?;
    match &flags.invoke {
        None => {
            check_command(&object.module)?;
            let program = host.compile(link::plan(object, &flags.link)?)?;
            host.start(&program, &wasi(flags, flags.args()))?.invoke("_start", &[])?;
            Ok(())
        }
        Some(name) => {
            let ty = host::function(&object.module, name)?.clone();
            let args = host::parse_arguments(name, &ty, flags.args()).map_err(Error::from)?;
            let program = host.compile(link::plan(object, &flags.link)?)?;
            let mut process = host.start(&program, &wasi(flags, &[]))?;
            let results = process.invoke(name, &args)?;
            process.flush()?;
            let lines: String = results.iter().map(|v| format!("{}\n", host::display(v))).collect();
            super::print(&lines)?;
            Ok(process.finish()?)
        }
    }
}

fn wasi(flags: &RunFlags, args: &[String]) -> Wasi {
    Wasi {
        args: [flags.module().to_owned()].into_iter().chain(args.iter().cloned()).collect(),
        env: flags.env.clone(),
        directories: flags.dir.clone(),
    }
}

fn check_command(module: &Module) -> anyhow::Result<()> {
    if module.kind == Kind::Command {
        return Ok(());
    }
    let functions = host::functions(module);
    let names: Vec<_> = functions
        .iter()
        .map(|(name, ty)| format!("\n  {}: {ty}", linker::printable(name)))
        .collect();
    bail!(
        "`{}` is no command, it has no `_start`; call one of its exports with `--invoke NAME`{}",
        module.name,
        names.concat()
    )
}
