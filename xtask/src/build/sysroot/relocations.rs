//! Keeps of a library's relocations what `host fuse` needs to leave out data.
//!
//! `--emit-relocs` keeps every relocation and the name of every symbol, which together are a fifth
//! of libc++. Those of the indices of items say nothing that the code does not say. The others
//! stay, with the symbols that they refer to and all symbols of data.
//!
//! The sections get other names. LLVM's reader of object files takes `linking` for the list of all
//! symbols, and crashes at a relocation without a symbol, which `--emit-relocs` writes for the
//! symbols of other libraries. So wasm-ld could not link anything to the library.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use wasm_encoder::{CustomSection, DataSymbolDefinition, Encode, RawSection};
use wasmparser::{
    KnownCustom, Linking, LinkingSectionReader, Parser, Payload, RelocSectionReader, SymbolInfo,
};

/// The symbol of a relocation that refers to another library.
const NO_SYMBOL: u32 = u32::MAX;

/// Returns a library with fewer relocations.
///
/// # Errors
///
/// If its sections are malformed.
pub(super) fn reduce(library: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut reduced = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(library) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let known = match &payload {
            Payload::CustomSection(section) => section.as_known(),
            _ => KnownCustom::Unknown,
        };
        match known {
            KnownCustom::Linking(_) | KnownCustom::Reloc(_) => {}
            _ => {
                reduced.section(&RawSection { id, data: &library[range] });
            }
        }
    }
    for (name, data) in reduced_relocations(library)? {
        let name = format!("{}{name}", linker::OWN_SECTIONS);
        reduced.section(&CustomSection { name: name.into(), data: data.into() });
    }
    Ok(reduced.finish())
}

/// Returns the sections with the symbols and relocations that are kept.
fn reduced_relocations(library: &[u8]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut symbols = None;
    let mut relocations = Vec::new();
    for payload in Parser::new(0).parse_all(library) {
        let Payload::CustomSection(section) = payload? else { continue };
        match section.as_known() {
            KnownCustom::Linking(linking) => symbols = Some(read_symbols(linking)?),
            KnownCustom::Reloc(reader) => relocations.push((section.name().to_owned(), reader)),
            _ => {}
        }
    }
    let symbols = symbols.context("the section `linking` is missing")?;
    let mut table = Table::default();
    for (index, symbol) in symbols.iter().enumerate() {
        if matches!(symbol, SymbolInfo::Data { .. }) {
            table.index_of(index as u32, symbol)?;
        }
    }
    let mut sections = Vec::new();
    for (name, reader) in relocations {
        sections.push((name, reduced_section(&reader, &symbols, &mut table)?));
    }
    sections.push(("linking".to_owned(), table.section()));
    Ok(sections)
}

fn read_symbols(linking: LinkingSectionReader<'_>) -> anyhow::Result<Vec<SymbolInfo<'_>>> {
    for subsection in linking {
        if let Linking::SymbolTable(symbols) = subsection? {
            return Ok(symbols.into_iter().collect::<wasmparser::Result<_>>()?);
        }
    }
    bail!("the section `linking` has no symbols")
}

/// The version of the section `linking`.
const VERSION: u32 = 2;

/// The symbols that are kept.
#[derive(Default)]
struct Table {
    symbols: wasm_encoder::SymbolTable,
    /// The new index of each old one.
    indices: BTreeMap<u32, u32>,
}

impl Table {
    /// Returns the content of the section `linking`.
    fn section(&self) -> Vec<u8> {
        let mut section = Vec::new();
        VERSION.encode(&mut section);
        self.symbols.encode(&mut section);
        section
    }

    /// Returns the new index of a symbol, which is added if it is new.
    fn index_of(&mut self, old: u32, symbol: &SymbolInfo<'_>) -> anyhow::Result<u32> {
        if let Some(&index) = self.indices.get(&old) {
            return Ok(index);
        }
        match *symbol {
            SymbolInfo::Func { flags, index, name } => {
                self.symbols.function(flags.bits(), index, name);
            }
            SymbolInfo::Data { flags, name, symbol } => {
                let definition = symbol.map(|data| DataSymbolDefinition {
                    index: data.index,
                    offset: data.offset,
                    size: data.size,
                });
                self.symbols.data(flags.bits(), name, definition);
            }
            _ => bail!("a relocation of a value refers to neither a function nor data"),
        }
        let index = self.indices.len() as u32;
        self.indices.insert(old, index);
        Ok(index)
    }
}

/// Returns the content of a section with the relocations that are kept.
fn reduced_section(
    reader: &RelocSectionReader<'_>,
    symbols: &[SymbolInfo<'_>],
    table: &mut Table,
) -> anyhow::Result<Vec<u8>> {
    let mut entries = Vec::new();
    let mut count = 0_u32;
    for entry in reader.entries() {
        let entry = entry?;
        if linker::is_index_relocation(entry.ty) || entry.index == NO_SYMBOL {
            continue;
        }
        let symbol = symbols.get(entry.index as usize).context("a relocation has no symbol")?;
        entries.push(entry.ty as u8);
        entry.offset.encode(&mut entries);
        table.index_of(entry.index, symbol)?.encode(&mut entries);
        if entry.ty.addend_kind() != wasmparser::RelocAddendKind::None {
            entry.addend.encode(&mut entries);
        }
        count += 1;
    }
    let mut data = Vec::new();
    reader.section_index().encode(&mut data);
    count.encode(&mut data);
    data.extend(entries);
    Ok(data)
}
