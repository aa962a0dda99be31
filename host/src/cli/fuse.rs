//! `host fuse`: a program as one module.

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
        ..FuseOptions::default()
    };
    let bytes = match flags.preinit {
        true => host::preinit(&plan, &options)?,
        false => plan.fuse(&options)?.modules.pop().map(|module| module.bytes).unwrap_or_default(),
    };
    write(&flags.output, &bytes)
}

/// Replaces a file, or leaves it as it is.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
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
    written().with_context(|| format!("cannot write `{}`", path.display()))
}

/// One that others may read, as far as the user lets them.
fn new_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
