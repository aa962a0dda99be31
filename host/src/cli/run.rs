//! `host run`: runs a command, or calls an export.

use std::mem;
use std::path::Path;

use anyhow::bail;
use host::{Error, Exports, Host, Process, Program, Settings, State};

use super::cache;
use super::component;
use super::flags::RunFlags;
use super::link::FoundProgram;
use super::tests;
use super::watch;

pub(crate) fn run(flags: &RunFlags) -> anyhow::Result<()> {
    if flags.watch {
        return watch::run(flags);
    }
    let settings = flags.settings()?;
    cache::warn_of_guest(settings.cache.as_ref(), &flags.dir);
    if component::run(flags, &settings)? {
        return Ok(());
    }
    if let Some((host, program)) = precompiled(flags, &settings)? {
        let call = Call::new(program.exports(), flags)?;
        return call.make(&host, &program, flags);
    }
    let files = flags.files(settings.libraries.clone());
    let host = Host::on_demand(settings);
    let found = FoundProgram::find(&host, &files)?;
    if tests::are_in(&found.exports()) && flags.runs_tests() {
        return tests::run(flags);
    }
    let call = Call::new(&found.exports(), flags)?;
    let program = found.link(&host, &files)?;
    call.make(&host, &program, flags)
}

/// Loads the program if its file is compiled code and the flag allows it.
fn precompiled(
    flags: &RunFlags,
    settings: &Settings,
) -> anyhow::Result<Option<(Host, Program<State>)>> {
    if !flags.allow_precompiled {
        return Ok(None);
    }
    // SAFETY: the user guarantees by the flag that `host compile` made the file. The flag's help
    // says what that means.
    let program = unsafe { host::load_precompiled(Path::new(flags.module()), settings.clone()) }?;
    let opens_libraries = |(_, program): &(Host, Program<State>)| program.opens_libraries();
    let folders = program.as_ref().is_some_and(opens_libraries);
    if program.is_some() && flags.links(folders) {
        bail!(
            "`{}` is linked already: leave `--link`, `--preload`, `--replace`, `-L`, \
             `--stack-size` and `unknown-imports-trap` out, or give them to `host compile`",
            flags.module()
        );
    }
    Ok(program)
}

/// A call of a function that exists.
enum Call<'f> {
    Start,
    Export { name: &'f str, args: Vec<host::Val> },
}

impl<'f> Call<'f> {
    fn new(exports: &Exports, flags: &'f RunFlags) -> anyhow::Result<Self> {
        let Some(name) = &flags.invoke else {
            check_command(exports)?;
            return Ok(Call::Start);
        };
        let ty = exports.function(name)?;
        let args = host::parse_arguments(name, ty, flags.args()).map_err(Error::from)?;
        Ok(Call::Export { name, args })
    }

    /// Makes the call. If the cache cannot be used, it warns once: for the program, or for the
    /// first library that the program opens.
    fn make(&self, host: &Host, program: &Program<State>, flags: &RunFlags) -> anyhow::Result<()> {
        let has_warned = cache::warn(program);
        let result = self.run(host, program, flags);
        if !has_warned {
            cache::warn(program);
        }
        result
    }

    fn run(&self, host: &Host, program: &Program<State>, flags: &RunFlags) -> anyhow::Result<()> {
        match self {
            Call::Start => {
                let mut process = host.start(program, &flags.wasi(flags.args()))?;
                process.invoke("_start", &[])?;
                end(process)
            }
            Call::Export { name, args } => {
                let mut process = host.start(program, &flags.wasi(&[]))?;
                let results = process.invoke(name, args)?;
                process.flush()?;
                let results = results.iter().map(|value| format!("{}\n", host::display(value)));
                super::console::print(&results.collect::<String>())?;
                end(process)
            }
        }
    }
}

fn end(mut process: Process) -> anyhow::Result<()> {
    process.finish()?;
    // The host ends here, and the system frees its memory faster than `drop` does.
    mem::forget(process);
    Ok(())
}

fn check_command(exports: &Exports) -> anyhow::Result<()> {
    if exports.is_command() {
        return Ok(());
    }
    let functions = exports.functions();
    let names: Vec<_> = functions
        .iter()
        .map(|(name, ty)| format!("\n  {}: {ty}", linker::printable(name)))
        .collect();
    bail!(
        "`{}` is no command, it has no `_start`; call one of its exports with `--invoke NAME`{}",
        exports.module(),
        names.concat()
    )
}
