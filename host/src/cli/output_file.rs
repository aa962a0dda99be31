//! Files that commands write.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use linker::Plan;

/// Fails if the output file is one of the files of the program.
pub(crate) fn check(path: &Path, plan: &Plan) -> anyhow::Result<()> {
    let Ok(real) = path.canonicalize() else { return Ok(()) };
    let files = plan.set().inputs.iter().filter_map(|input| input.file.as_ref());
    let is_it = |file: &&std::path::PathBuf| file.canonicalize().is_ok_and(|file| file == real);
    ensure!(
        !files.into_iter().any(|file| is_it(&file)) || !path.is_file(),
        "`{}` is one of the modules that are read; write to another file",
        path.display()
    );
    Ok(())
}

/// Replaces a file completely or not at all. Writes to a device directly.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
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

/// Returns the builder of a file that others can read, if the user's umask allows it.
fn new_file() -> tempfile::Builder<'static, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no permissions to set"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
