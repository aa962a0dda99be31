//! `host fuse`: a program as one module, and its source map.

use std::fs;
use std::path::Path;

use anyhow::Context;
use linker::FuseOptions;

use super::flags::FuseFlags;
use super::link;

pub(crate) fn run(flags: &FuseFlags) -> anyhow::Result<()> {
    let plan = link::plan(host::read(&flags.module)?, &flags.link)?;
    let options = FuseOptions {
        exports: flags.export.clone(),
        multi_memory: flags.multi_memory,
        debug: flags.debug,
        source_map_url: flags.source_map_url.clone(),
    };
    let fused = plan.fuse(&options)?;
    let Some(module) = fused.modules.first() else { return Ok(()) };
    write(&flags.output, &module.bytes)?;
    // Nothing lies beside a device.
    if flags.output.is_file()
        && let Some(map) = module.source_map(plan.set())
    {
        let text = host::source_map_text(map, &module.bytes);
        write(&host::source_map_path(&flags.output), text.as_bytes())?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
