//! Source maps in files next to modules.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use linker::{InputLimits, InputModule, Mappings, SourceMap};
use sha2::{Digest, Sha256};

use crate::input::read_limited;

/// Returns the path of the source map of a module: `app.wasm.map` for `app.wasm`.
pub fn source_map_path(module: &Path) -> PathBuf {
    let mut path = OsString::from(module);
    path.push(".map");
    path.into()
}

/// Returns the text of a source map's file. `module` are the bytes of the module that it is for:
/// the text contains their digest.
pub fn source_map_text(mut map: SourceMap, module: &[u8]) -> String {
    map.sha256 = digest(module);
    // A source map has nothing that JSON cannot represent.
    serde_json::to_string(&map).unwrap_or_default() + "\n"
}

/// The source map that is next to a module.
pub(crate) enum StoredMap {
    /// There is none, or the file is not a source map of `host fuse` and is ignored.
    Nothing,
    /// The map of another module with the same name, probably an older version.
    Stale(PathBuf),
    Map(Mappings),
}

/// Reads the source map next to a module.
pub(crate) fn read(input: &InputModule) -> StoredMap {
    let Some(file) = &input.file else { return StoredMap::Nothing };
    let path = source_map_path(file);
    // Reading a pipe could wait forever.
    if !path.is_file() {
        return StoredMap::Nothing;
    }
    let text = read_limited(&path, InputLimits::default().max_module_size).ok().flatten();
    match text.and_then(|text| serde_json::from_slice::<SourceMap>(&text).ok()) {
        Some(map) if map.sha256 == digest(&input.bytes) => StoredMap::Map(map.read()),
        Some(map) if !map.sha256.is_empty() => StoredMap::Stale(path),
        _ => StoredMap::Nothing,
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
