//! `host fuse`: a program as one module.

use anyhow::Context;
use linker::FuseOptions;

use super::flags::FuseFlags;
use super::link;

pub(crate) fn run(flags: &FuseFlags) -> anyhow::Result<()> {
    let plan = link::plan(host::read(&flags.module)?, &flags.link)?;
    let options = FuseOptions { exports: flags.export.clone(), multi_memory: flags.multi_memory };
    let fused = plan.fuse(&options)?;
    let path = &flags.output;
    std::fs::write(path, &fused.bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
