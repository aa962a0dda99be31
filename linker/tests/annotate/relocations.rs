//! Writes relocations as `--emit-relocs` keeps them.

use wasm_encoder::{CustomSection, Encode, Section};

pub(crate) const MEMORY_ADDRESS: u8 = 5;
pub(crate) const MEMORY_ADDRESS_RELATIVE: u8 = 11;
pub(crate) const TABLE_INDEX_RELATIVE: u8 = 12;

/// A relocation.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) kind: u8,
    /// The offset of the value in its section.
    pub(crate) offset: u32,
    /// The index of the symbol.
    pub(crate) symbol: u32,
    /// The addend, for the kinds that have one.
    pub(crate) addend: i32,
}

/// Appends the section with the relocations of another section to a module. `section` is the index
/// of that other section.
pub(crate) fn append(module: &mut Vec<u8>, name: &str, section: u32, entries: &[Entry]) {
    let mut data = Vec::new();
    section.encode(&mut data);
    entries.len().encode(&mut data);
    for entry in entries {
        data.push(entry.kind);
        entry.offset.encode(&mut data);
        entry.symbol.encode(&mut data);
        if [MEMORY_ADDRESS_RELATIVE, MEMORY_ADDRESS].contains(&entry.kind) {
            entry.addend.encode(&mut data);
        }
    }
    CustomSection { name: name.into(), data: data.into() }.append_to(module);
}
