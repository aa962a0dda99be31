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
    let bytes = fused.modules.first().map_or(&[][..], |module| &module.bytes);
    std::fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
