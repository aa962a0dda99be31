//! `host fuse`: a program as one module.

use anyhow::Context;
use linker::FuseOptions;

use super::flags::FuseFlags;
use super::link;

pub(crate) fn run(flags: &FuseFlags) -> anyhow::Result<()> {
    let plan = link::plan(host::read(&flags.module)?, &flags.link)?;
    let options = FuseOptions {
        exports: flags.export.clone(),
        multi_memory: flags.multi_memory,
        ..FuseOptions::default()
    };
    let bytes = match flags.preinit {
        true => host::preinit(&plan, &options)?,
        false => plan.fuse(&options)?.modules.pop().map(|module| module.bytes).unwrap_or_default(),
    };
    let path = &flags.output;
    std::fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
