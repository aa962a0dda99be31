//! `host run` of a component.

use std::path::Path;

use anyhow::ensure;
use host::{ComponentProgram, Settings};

use super::cache;
use super::flags::RunFlags;

/// Runs the component, or calls one of its exports. Returns `false` if the file is no component.
pub(crate) fn run(flags: &RunFlags, settings: &Settings) -> anyhow::Result<bool> {
    let Some(program) = ComponentProgram::read(Path::new(flags.module()), settings)? else {
        return Ok(false);
    };
    ensure!(
        !flags.links(false),
        "`{}` is a component, which is linked already: leave `--link`, `--preload`, `--replace`, \
         `-L`, `--stack-size` and `unknown-imports-trap` out",
        flags.module()
    );
    ensure!(
        !flags.is_for_modules(),
        "`{}` is a component: `--mode`, `--inline`, `--dlopen-from-dir` and `--tests-together` are \
         for modules; leave them out",
        flags.module()
    );
    cache::warn_of(program.cache_error());
    match &flags.invoke {
        None => program.run(&flags.wasi(flags.args()))?,
        Some(name) => {
            let results = program.invoke(&flags.wasi(&[]), name, flags.args())?;
            let lines = results.iter().map(|result| format!("{result}\n"));
            super::console::print(&lines.collect::<String>())?;
        }
    }
    Ok(true)
}
