//! `host fuse`: a program as one module, and its source map.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use linker::FuseOptions;

use super::flags::FuseFlags;
use super::link;

pub(crate) fn run(flags: &FuseFlags) -> anyhow::Result<()> {
    let plan = link::plan(host::read(&flags.module)?, &flags.link)?;
    let options = FuseOptions {
        exports: flags.export.clone(),
        multi_memory: flags.multi_memory,
        preinit: flags.preinit,
        debug: flags.debug,
        source_map_url: flags.source_map_url.clone(),
    };
    if flags.preinit {
        return write(&flags.output, &host::preinit(&plan, &options)?);
    }
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

/// Replaces a file, or leaves it as it is. A device is written to.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write `{}`", path.display());
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).with_context(failed);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(
        folder.is_dir(),
        "cannot write `{}`: there is no folder `{}`",
        path.display(),
        folder.display()
    );
    let written = || -> io::Result<()> {
        let mut file = new_file().tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    written().with_context(failed)
}

/// One that others may read, as far as the user lets them.
fn new_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
