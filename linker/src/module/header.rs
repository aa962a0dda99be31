//! Checks of a file's header and sections, for messages that say what a file is instead.

use wasmparser::{KnownCustom, Name, Parser, Payload};

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
        version if version >> 16 == 1 => {
            Err(LoadError::Component { module, holds: core_modules(bytes) })
        }
        version => Err(LoadError::Version { module, version }),
    }
}

/// Returns the names of the core modules in a component. Those that only connect the others have
/// none.
fn core_modules(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload
            && let Some(module) = bytes.get(unchecked_range)
        {
            names.extend(module_name(module));
        }
    }
    names
}

/// Returns the name that a module gives itself.
fn module_name(bytes: &[u8]) -> Option<String> {
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let mut names = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) => match section.as_known() {
            KnownCustom::Name(names) => Some(names),
            _ => None,
        },
        _ => None,
    });
    names.next()?.map_while(Result::ok).find_map(|name| match name {
        Name::Module { name, .. } => Some(name.to_owned()),
        _ => None,
    })
}

fn start_of(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(4)]
}

/// Returns what a file that is no module probably is, and what helps; empty if nothing is known.
fn guess_format(name: &str, bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    if [".js", ".mjs", ".cjs"].iter().any(|ending| name.ends_with(ending)) {
        "; it is JavaScript: give the file next to it that ends in `.wasm`"
    } else if text.starts_with(b"(module") || text.starts_with(b";;") {
        "; it looks like the text format: convert it with `wasm-tools parse`"
    } else if bytes.starts_with(ARCHIVE) {
        archive_hint(bytes)
    } else {
        let format = FORMATS.iter().find(|(magic, _)| bytes.starts_with(magic));
        format.map_or("", |(_, hint)| *hint)
    }
}

/// The first bytes of other formats, and what such a file is. The first that fits counts.
const FORMATS: [(&[u8], &str); 17] = [
    (b"BC\xc0\xde", BITCODE),
    (b"\xde\xc0\x17\x0b", BITCODE),
    (b"!<thin>\n", OBJECT_ARCHIVE),
    (b"\x7fELF", NATIVE),
    (b"MZ", WINDOWS),
    (b"\xcf\xfa\xed\xfe", MACOS),
    (b"\xce\xfa\xed\xfe", MACOS),
    // Several architectures in one file. A class of Java begins like that, but has no small number
    // in the next four bytes.
    (b"\xca\xfe\xba\xbe\0\0\0\x01", MACOS),
    (b"\xca\xfe\xba\xbe\0\0\0\x02", MACOS),
    (b"\xca\xfe\xba\xbe\0\0\0\x03", MACOS),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\x1f\x8b", "; it is compressed: unpack it with `gunzip`"),
    (b"\xfd7zXZ\0", "; it is compressed: unpack it with `unxz`"),
    (b"BZh", "; it is compressed: unpack it with `bunzip2`"),
    (b"\x28\xb5\x2f\xfd", "; it is compressed: unpack it with `unzstd`"),
    (b"#!", "; it is a script: give the module that it runs"),
];

const BITCODE: &str = "; it is LLVM bitcode, as `-flto` makes it: link it to a module first, or \
                       compile without `-flto`";
const OBJECT_ARCHIVE: &str = "; it is an archive of object files: link all of them to a module \
                              first, for example with `emcc -sSIDE_MODULE=1 \
                              -Wl,--whole-archive`";
const NATIVE_ARCHIVE: &str = "; it is an archive of native object files: build it for a wasm32 \
                              target, and as a shared library";
const IMPORT_LIBRARY: &str = "; it is the import library of a DLL for Windows, and has no code: \
                              build that library for a wasm32 target";
const NATIVE: &str = "; it is a native program or library (ELF, as on Linux): build it for a \
                      wasm32 target";
const WINDOWS: &str = "; it is a native program or DLL for Windows: build it for a wasm32 target";
const MACOS: &str = "; it is a native program or library for macOS: build it for a wasm32 target";
const ZIP: &str = "; it is a zip archive, such as a wheel of Python: unpack it, and give the \
                   modules in it";

const ARCHIVE: &[u8] = b"!<arch>\n";

/// Says what to do with an archive, which depends on what is in it.
fn archive_hint(bytes: &[u8]) -> &'static str {
    match first_member(bytes) {
        Some(member) if member.starts_with(b"\0\0\xff\xff") => IMPORT_LIBRARY,
        Some(member) if !member.starts_with(MAGIC) && !member.starts_with(b"BC") => NATIVE_ARCHIVE,
        _ => OBJECT_ARCHIVE,
    }
}

/// Returns the contents of an archive's first file, after its tables of symbols and of names.
fn first_member(bytes: &[u8]) -> Option<&[u8]> {
    const MEMBER_HEADER: usize = 60;
    let mut rest = bytes.get(ARCHIVE.len()..)?;
    loop {
        let (header, after) = rest.split_at_checked(MEMBER_HEADER)?;
        let size = std::str::from_utf8(&header[48..58]).ok()?.trim().parse::<usize>().ok()?;
        let (name, contents) = (&header[..16], after.get(..size.min(after.len()))?);
        // BSD's archives have long names at the start of the contents, and the size is of both.
        let long_name = std::str::from_utf8(name.strip_prefix(b"#1/").unwrap_or(b"0")).ok()?;
        let long_name = contents.get(..long_name.trim().parse().ok()?)?;
        let is_table = [b"/ ".as_slice(), b"// ", b"/SYM64/ ", b"__.SYMDEF"]
            .iter()
            .any(|table| name.starts_with(table) || long_name.starts_with(table));
        if !is_table {
            return contents.get(long_name.len()..);
        }
        rest = after.get(size.checked_next_multiple_of(2)?..)?;
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
