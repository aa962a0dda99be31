//! Modules from files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use linker::{InputLimits, InputModule};

use crate::artifact;
use crate::error::Error;

/// Reads a module from a file; it is called by the file's name, without the ending. A module in the text
/// format is converted, as by `wasmtime`.
///
/// # Errors
///
/// When it cannot be read, is no valid module, or larger than it may be by default.
pub fn read(path: &Path) -> Result<InputModule, Error> {
    read_within(path, &InputLimits::default())
}

/// As [`read`], within other limits.
///
/// # Errors
///
/// As there.
pub fn read_within(path: &Path, limits: &InputLimits) -> Result<InputModule, Error> {
    // An error names the whole path: there may be several files of one name.
    let file = File::open(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    let mut input = read_file(&file, path, limits)?;
    input.file = Some(path.to_owned());
    input.origin = path.parent().map(Path::to_owned);
    input.opened_as = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(input)
}

/// As [`read_within`], of a file that is open and that messages know by a path.
pub(crate) fn read_file(
    file: &File,
    path: &Path,
    limits: &InputLimits,
) -> Result<InputModule, Error> {
    let shown = linker::printable(&path.to_string_lossy()).into_owned();
    let bytes = bytes_of(file, limits.max_module_size)
        .map_err(|error| Error::Read { path: path.to_owned(), error })?
        .ok_or_else(|| limits.too_large(&shown))?;
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut input = InputModule::load_within(shown, binary(path, bytes)?, limits)?;
    let name = linker::printable(linker::module_name(&file)).into_owned();
    Arc::make_mut(&mut input.module).name = name;
    Ok(input)
}

/// The bytes of a file, `None` if there are more than that: a device such as `/dev/zero` has no end.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    bytes_of(&File::open(path)?, limit)
}

fn bytes_of(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // A device says that it has none.
    let size = file.metadata()?.len().min(limit);
    let mut bytes = room_for(size)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= limit))
}

/// A vector for this many bytes of a file: a size that someone else chose is no reason to abort.
pub(crate) fn room_for(size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(bytes)
}

fn binary(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if artifact::is_artifact(&bytes) {
        return Err(Error::IsPrecompiled { path: path.to_owned() });
    }
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"(") && !text.starts_with(b";;") {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(binary) => Ok(binary.into_owned()),
        Err(mut error) => {
            error.set_path(path);
            // It shows the line of the file.
            let message = linker::printable_lines(&error.to_string()).into_owned();
            Err(Error::Text { path: path.to_owned(), message })
        }
    }
}

/// Fails if two modules that are preloaded have one name, or one has WASI's.
///
/// # Errors
///
/// With the name and both modules.
pub fn check_preloads(preloads: &[InputModule]) -> Result<(), Error> {
    for (i, second) in preloads.iter().enumerate() {
        if second.linked_as == linker::WASI {
            return Err(Error::ReservedName { name: second.linked_as.clone() });
        }
        let same = |first: &&InputModule| first.linked_as == second.linked_as;
        if let Some(first) = preloads[..i].iter().find(same) {
            return Err(Error::DuplicatePreload {
                name: second.linked_as.clone(),
                first: first.module.name.clone(),
                second: second.module.name.clone(),
            });
        }
    }
    Ok(())
}
