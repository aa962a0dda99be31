//! Source maps in files beside modules.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use linker::{InputLimits, InputModule, Mappings, SourceMap};
use sha2::{Digest, Sha256};

use crate::input::read_limited;

/// Where the source map of a module is kept: beside it, `app.wasm.map` for `app.wasm`.
pub fn source_map_path(module: &Path) -> PathBuf {
    let mut path = OsString::from(module);
    path.push(".map");
    path.into()
}

/// The text of a source map's file, with the digest of the module that it is for.
pub fn source_map_text(mut map: SourceMap, module: &[u8]) -> String {
    map.sha256 = digest(module);
    // There is nothing in it that JSON could not say.
    serde_json::to_string(&map).unwrap_or_default() + "\n"
}

/// What is kept beside a module.
pub(crate) enum StoredMap {
    /// Nothing, or what is no source map of `host fuse`: such a file tells nothing and harms nobody.
    Nothing,
    /// The map of another module of that name, probably an older one.
    Stale(PathBuf),
    Map(Mappings),
}

pub(crate) fn read(input: &InputModule) -> StoredMap {
    let Some(file) = &input.file else { return StoredMap::Nothing };
    let path = source_map_path(file);
    // For a pipe nobody may ever write to.
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
