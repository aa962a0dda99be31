//! Modules from files.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use linker::{InputLimits, InputModule, SharedBytes};

use crate::artifact;
use crate::error::Error;

/// Reads a module from a file, in the binary or the text format. Its name is the file's name
/// without the extension.
///
/// # Errors
///
/// [`Error::Read`] if the file cannot be read; [`Error::Text`] or [`Error::Load`] if it is not a
/// valid module or exceeds the default [`InputLimits`]; [`Error::IsPrecompiled`] if it is compiled
/// code.
pub fn read(path: &Path) -> Result<InputModule, Error> {
    read_within(path, &InputLimits::default())
}

/// Reads a module from a file, like [`read`], with other limits.
///
/// # Errors
///
/// The errors of [`read`].
pub fn read_within(path: &Path, limits: &InputLimits) -> Result<InputModule, Error> {
    module_at(path, contents_at(path, limits)?, limits)
}

/// Reads a module from a file, like [`read_within`]. Returns it with the contents of the file.
pub(crate) fn read_with_contents(
    path: &Path,
    limits: &InputLimits,
) -> Result<(InputModule, SharedBytes), Error> {
    let contents = contents_at(path, limits)?;
    Ok((module_at(path, contents.clone(), limits)?, contents))
}

/// Reads a system library from a file of the sysroot, and returns it with the contents of the file.
/// It is not validated: see [`InputModule::load_trusted`].
pub(crate) fn read_trusted(path: &Path) -> Result<(InputModule, SharedBytes), Error> {
    let limits = InputLimits::default();
    let contents = contents_at(path, &limits)?;
    let bytes = binary(path, contents.clone())?;
    let input = InputModule::load_trusted(shown(path), bytes, &limits)?;
    Ok((from_file(input, path), contents))
}

/// The beginning of a component: the magic number, the version and the layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// The beginning of a component in the text format.
const COMPONENT_TEXT: &[u8] = b"(component";

/// Returns the contents of a file, if it is a component. Of another file, only the beginning is
/// read.
pub(crate) fn component(path: &Path, limits: &InputLimits) -> Result<Option<SharedBytes>, Error> {
    let failed = |error| Error::Read { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(failed)?;
    // What cannot be read twice, such as a pipe, is not for components.
    if !file.metadata().map_err(failed)?.is_file() {
        return Ok(None);
    }
    let mut start = Vec::new();
    (&file).take(COMPONENT_TEXT.len() as u64).read_to_end(&mut start).map_err(failed)?;
    if start != COMPONENT_TEXT && !start.starts_with(COMPONENT) {
        return Ok(None);
    }
    file.rewind().map_err(failed)?;
    binary(path, contents(&file, path, limits)?).map(Some)
}

fn contents_at(path: &Path, limits: &InputLimits) -> Result<SharedBytes, Error> {
    // Errors name the whole path, because several files can have the same name.
    let file = File::open(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    contents(&file, path, limits)
}

fn module_at(
    path: &Path,
    contents: SharedBytes,
    limits: &InputLimits,
) -> Result<InputModule, Error> {
    Ok(from_file(module(contents, path, limits)?, path))
}

/// Records the file that a module was read from.
fn from_file(mut input: InputModule, path: &Path) -> InputModule {
    input.file = Some(path.to_owned());
    input.origin = path.parent().map(Path::to_owned);
    input.opened_as = path.file_name().map(|name| name.to_string_lossy().into_owned());
    input
}

/// Reads a module from an open file. `path` is its name in messages.
pub(crate) fn read_file(
    file: &File,
    path: &Path,
    limits: &InputLimits,
) -> Result<InputModule, Error> {
    module(contents(file, path, limits)?, path, limits)
}

/// Reads the contents of an open file. `path` is its name in messages.
pub(crate) fn contents(
    file: &File,
    path: &Path,
    limits: &InputLimits,
) -> Result<SharedBytes, Error> {
    let bytes = bytes_of(file, limits.max_module_size)
        .map_err(|error| Error::Read { path: path.to_owned(), error })?
        .ok_or_else(|| limits.too_large(&shown(path)))?;
    Ok(bytes.into())
}

/// Makes a module of the contents of a file.
pub(crate) fn module(
    contents: SharedBytes,
    path: &Path,
    limits: &InputLimits,
) -> Result<InputModule, Error> {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut input = InputModule::load_within(shown(path), binary(path, contents)?, limits)?;
    let name = linker::printable(linker::module_name(&file)).into_owned();
    Arc::make_mut(&mut input.module).name = name;
    Ok(input)
}

/// Reads a file. Returns `None` if it has more than `limit` bytes: a device such as `/dev/zero` has
/// no end.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    bytes_of(&File::open(path)?, limit)
}

fn bytes_of(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // A device reports a size of 0.
    let size = file.metadata()?.len().min(limit);
    let mut bytes = room_for(size)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= limit))
}

/// Returns an empty vector with room for the bytes of a file. Somebody else chose the size, so a
/// lack of memory is an error and no reason to abort.
pub(crate) fn room_for(size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(bytes)
}

/// Returns a path as messages show it.
fn shown(path: &Path) -> String {
    linker::printable(&path.to_string_lossy()).into_owned()
}

/// Returns a module in the binary format.
fn binary(path: &Path, bytes: SharedBytes) -> Result<SharedBytes, Error> {
    if artifact::is_artifact(&bytes) {
        return Err(Error::IsPrecompiled { path: path.to_owned() });
    }
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"(") && !text.starts_with(b";;") {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(binary) => Ok(binary.into_owned().into()),
        Err(mut error) => {
            error.set_path(path);
            // The message shows the line of the file.
            let message = linker::printable_lines(&error.to_string()).into_owned();
            Err(Error::Text { path: path.to_owned(), message })
        }
    }
}

/// Checks that preloaded modules have different names, and none has the name of WASI.
///
/// # Errors
///
/// [`Error::DuplicatePreload`] with the name and both modules, or [`Error::ReservedName`].
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
