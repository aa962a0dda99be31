//! The relocations of a library: those that `host fuse` needs to leave out data.
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
use wasm_encoder::{CustomSection, DataSymbolDefinition, Encode};
use wasmparser::{
    KnownCustom, Linking, LinkingSectionReader, Parser, Payload, RelocAddendKind,
    RelocSectionReader, RelocationEntry, SymbolInfo,
};

/// The symbol of a relocation that refers to another library.
const NO_SYMBOL: u32 = u32::MAX;

/// The version of the section `linking`.
const VERSION: u32 = 2;

/// The relocations of addresses and slots in a library, and its symbols.
pub(super) struct Relocations<'a> {
    pub(super) symbols: Vec<SymbolInfo<'a>>,
    /// Those of constants in code. Their offsets count from the start of the section's content.
    pub(super) code: Vec<RelocationEntry>,
    /// Those of pointers in data. Their offsets count from the start of the section's content.
    pub(super) data: Vec<RelocationEntry>,
}

impl<'a> Relocations<'a> {
    /// Reads the relocations that `--emit-relocs` has kept.
    ///
    /// # Errors
    ///
    /// If their sections are missing or malformed.
    pub(super) fn read(library: &'a [u8]) -> anyhow::Result<Self> {
        let mut symbols = None;
        let mut code = Vec::new();
        let mut data = Vec::new();
        for payload in Parser::new(0).parse_all(library) {
            let Payload::CustomSection(section) = payload? else { continue };
            match section.as_known() {
                KnownCustom::Linking(linking) => symbols = Some(read_symbols(linking)?),
                KnownCustom::Reloc(reader) if section.name() == "reloc.CODE" => {
                    code = read_values(&reader)?;
                }
                KnownCustom::Reloc(reader) if section.name() == "reloc.DATA" => {
                    data = read_values(&reader)?;
                }
                _ => {}
            }
        }
        let symbols = symbols.context("the section `linking` is missing")?;
        Ok(Relocations { symbols, code, data })
    }

    /// Appends the relocations to a library, with all symbols of data and those symbols of functions
    /// that they refer to.
    ///
    /// # Errors
    ///
    /// If a relocation has no such symbol.
    pub(super) fn append_to(&self, library: &mut Vec<u8>) -> anyhow::Result<()> {
        let mut table = Table::default();
        for (index, symbol) in (0..).zip(&self.symbols) {
            if matches!(symbol, SymbolInfo::Data { .. }) {
                table.index_of(index, symbol)?;
            }
        }
        let sections = section_indices(library)?;
        let mut own = Vec::new();
        for (name, entries, section) in
            [("reloc.CODE", &self.code, sections.code), ("reloc.DATA", &self.data, sections.data)]
        {
            if let Some(section) = section {
                own.push((name, self.section(section, entries, &mut table)?));
            }
        }
        own.push(("linking", table.section()));
        for (name, data) in own {
            let name = format!("{}{name}", linker::OWN_SECTIONS);
            wasm_encoder::Section::append_to(
                &CustomSection { name: name.into(), data: data.into() },
                library,
            );
        }
        Ok(())
    }

    /// Returns the content of the section with the relocations of another section.
    fn section(
        &self,
        section: u32,
        entries: &[RelocationEntry],
        table: &mut Table,
    ) -> anyhow::Result<Vec<u8>> {
        let mut data = Vec::new();
        section.encode(&mut data);
        entries.len().encode(&mut data);
        for entry in entries {
            let symbol = self.symbols.get(entry.index as usize);
            let symbol = symbol.context("a relocation has no symbol")?;
            data.push(entry.ty as u8);
            entry.offset.encode(&mut data);
            table.index_of(entry.index, symbol)?.encode(&mut data);
            if entry.ty.addend_kind() != RelocAddendKind::None {
                entry.addend.encode(&mut data);
            }
        }
        Ok(data)
    }
}

fn read_symbols(linking: LinkingSectionReader<'_>) -> anyhow::Result<Vec<SymbolInfo<'_>>> {
    for subsection in linking {
        if let Linking::SymbolTable(symbols) = subsection? {
            return Ok(symbols.into_iter().collect::<wasmparser::Result<_>>()?);
        }
    }
    bail!("the section `linking` has no symbols")
}

/// Returns the relocations of addresses and slots.
fn read_values(reader: &RelocSectionReader<'_>) -> anyhow::Result<Vec<RelocationEntry>> {
    let entries: Vec<_> = reader.entries().into_iter().collect::<wasmparser::Result<_>>()?;
    let is_value = |entry: &RelocationEntry| {
        !linker::is_index_relocation(entry.ty) && entry.index != NO_SYMBOL
    };
    Ok(entries.into_iter().filter(is_value).collect())
}

/// The indices of sections among all sections of a module.
#[derive(Default)]
struct SectionIndices {
    code: Option<u32>,
    data: Option<u32>,
}

fn section_indices(module: &[u8]) -> anyhow::Result<SectionIndices> {
    let mut indices = SectionIndices::default();
    let mut index = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match payload {
            Payload::CodeSectionStart { .. } => indices.code = Some(index),
            Payload::DataSection(_) => indices.data = Some(index),
            _ => {}
        }
        if payload.as_section().is_some() {
            index += 1;
        }
    }
    Ok(indices)
}

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
