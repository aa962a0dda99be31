//! Checks of a file's header and sections, for messages that say what a file is instead.

use crate::module::error::LoadError;

const MAGIC: &[u8] = b"\0asm";

/// Bytes of the header: the magic number and the version.
const HEADER_SIZE: usize = 8;

/// Checks the first eight bytes: the magic number, the version and the layer.
pub(crate) fn check_header(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let module = name.to_owned();
    if bytes.is_empty() {
        return Err(LoadError::Empty { module });
    }
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        let found = format!("`{}`", start_of(bytes).escape_ascii());
        return Err(LoadError::NotWasm { module, found, hint: guess_format(name, bytes) });
    }
    let Some((version, _)) = bytes[MAGIC.len().min(bytes.len())..].split_first_chunk() else {
        let found = bytes.len();
        return Err(LoadError::Truncated { module, offset: 0, expected: HEADER_SIZE, found });
    };
    match u32::from_le_bytes(*version) {
        1 => Ok(()),
        // The upper half is the layer: 0 for core modules, 1 for components.
        version if version >> 16 == 1 => Err(LoadError::Component { module }),
        version => Err(LoadError::Version { module, version }),
    }
}

fn start_of(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(4)]
}

/// Returns what a file that is no module probably is, and what helps; empty if nothing is known.
fn guess_format(name: &str, bytes: &[u8]) -> &'static str {
    let start = start_of(bytes);
    let text = bytes.trim_ascii_start();
    let is_script = [".js", ".mjs", ".cjs"].iter().any(|ending| name.ends_with(ending));
    if start == b"BC\xc0\xde" || start == b"\xde\xc0\x17\x0b" {
        "; it is LLVM bitcode, as `-flto` makes it: link it to a module first, or compile without \
         `-flto`"
    } else if start.starts_with(b"\x1f\x8b") {
        "; it is compressed: unpack it with `gunzip`"
    } else if is_script {
        "; it is JavaScript: give the file beside it that ends in `.wasm`"
    } else if text.starts_with(b"(module") || text.starts_with(b";;") {
        "; it looks like the text format: convert it with `wasm-tools parse`"
    } else if start == b"!<ar" {
        "; it is an archive of object files: link it to a module first"
    } else if start == b"\x7fELF" || start.starts_with(b"MZ") || start == b"\xcf\xfa\xed\xfe" {
        "; it is a native program or library: build it for a wasm32 target"
    } else {
        ""
    }
}

/// Returns the error of a module that the parser or the validator refuses: that its file is
/// truncated, if it is, or else that it is malformed.
pub(crate) fn explain(name: &str, bytes: &[u8], error: &wasmparser::Error) -> LoadError {
    match truncated_section(bytes) {
        Some((offset, expected)) => {
            let module = name.to_owned();
            LoadError::Truncated { module, offset, expected, found: bytes.len() }
        }
        None => LoadError::malformed(name, error),
    }
}

/// Returns the section that reaches beyond the end of the file: its offset, and the offset at
/// which it should end.
fn truncated_section(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut offset = HEADER_SIZE;
    while offset < bytes.len() {
        let mut reader = wasmparser::BinaryReader::new(bytes.get(offset + 1..)?, offset + 1);
        let Ok(size) = reader.read_var_u32() else {
            // An identifier and five bytes of size, of which the last are missing.
            return (bytes.len() - offset < 6).then_some((offset, bytes.len() + 1));
        };
        let end = reader.original_position().saturating_add(size as usize);
        if end > bytes.len() {
            return Some((offset, end));
        }
        offset = end;
    }
    None
}
