//! The relocations that a linker has applied, as `--emit-relocs` keeps them in a module.
//!
//! The section `linking` has the symbols, and `reloc.CODE` and `reloc.DATA` have the places whose
//! values depend on a symbol: see "Linking" among the tool conventions. Tools that rewrite a module
//! often copy these sections although they no longer fit, so nothing here is certain to be true.

use std::collections::BTreeMap;

use wasmparser::{
    CustomSectionReader, Linking, LinkingSectionReader, RelocSectionReader, RelocationType,
    SymbolInfo,
};

use crate::convention::DSO_HANDLE;
use crate::module::custom_sections::OWN_SECTIONS;
use crate::module::sections::Contents;

/// The section with which linkers link an object file.
pub(crate) const LINKING: &str = "linking";
const CODE: &str = "reloc.CODE";
const DATA: &str = "reloc.DATA";

/// The symbols of a module, and the places whose values depend on them.
#[derive(Debug, Default)]
pub(crate) struct Relocations {
    pub(crate) symbols: Vec<Symbol>,
    /// The constants in code that have an address or a slot, in ascending order.
    pub(crate) code: Vec<Relocation>,
    /// The pointers in data, in ascending order.
    pub(crate) data: Vec<Relocation>,
}

/// A symbol that a relocation may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// Bytes of a data segment.
    Data { segment: u32, offset: u32, size: u32 },
    /// The start of the module's data, which stands for the module.
    Start,
    /// A function, by its index.
    Function(u32),
    /// Anything else, such as a symbol that another module defines.
    Other,
}

/// A place whose value depends on a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relocation {
    /// The offset of the value in the module, in bytes.
    pub(crate) offset: usize,
    pub(crate) kind: RelocationKind,
    /// The index of the symbol.
    pub(crate) symbol: u32,
    /// A number that is added to the address of the symbol.
    pub(crate) addend: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelocationKind {
    /// An address in memory.
    Address,
    /// A slot of the table.
    Slot,
}

impl Relocations {
    /// Reads the relocations of a position-independent module. Returns `None` if the module has
    /// none, if they are malformed, or if some are of a kind that such a module does not need.
    pub(crate) fn read(contents: &Contents<'_>) -> Option<Self> {
        let mut relocations = Relocations::default();
        let mut has_symbols = false;
        let mut has_code = false;
        let mut has_data = false;
        for section in &contents.custom {
            match known(section) {
                Known::Linking(linking) if !has_symbols => {
                    has_symbols = true;
                    relocations.symbols = symbols(linking)?;
                }
                Known::Code(section) if !has_code => {
                    has_code = true;
                    relocations.code = values(&section, contents.code_start?)?;
                }
                Known::Data(section) if !has_data => {
                    has_data = true;
                    relocations.data = values(&section, contents.data_start?)?;
                }
                Known::Other => {}
                _ => return None,
            }
        }
        (has_symbols && has_code).then_some(relocations)
    }
}

/// A section with relocations, or with the symbols that they refer to.
enum Known<'a> {
    Linking(LinkingSectionReader<'a>),
    Code(RelocSectionReader<'a>),
    Data(RelocSectionReader<'a>),
    /// A section about something else, or one that is malformed.
    Other,
}

/// Reads the start of a section.
fn known<'a>(section: &CustomSectionReader<'a>) -> Known<'a> {
    let name = section.name();
    let reader = section.data_reader();
    let known = match name.strip_prefix(OWN_SECTIONS).unwrap_or(name) {
        LINKING => LinkingSectionReader::new(reader).map(Known::Linking),
        CODE => RelocSectionReader::new(reader).map(Known::Code),
        DATA => RelocSectionReader::new(reader).map(Known::Data),
        _ => Ok(Known::Other),
    };
    known.unwrap_or(Known::Other)
}

/// Returns the names of the data symbols of a module, by the index of the symbol.
pub(crate) fn data_names<'a>(contents: &Contents<'a>) -> BTreeMap<u32, &'a str> {
    let linking = contents.custom.iter().find_map(|section| match known(section) {
        Known::Linking(linking) => Some(linking),
        _ => None,
    });
    let tables = linking.into_iter().flatten().filter_map(|subsection| match subsection {
        Ok(Linking::SymbolTable(table)) => Some(table),
        _ => None,
    });
    let symbols = (0..).zip(tables.flatten());
    let names = symbols.filter_map(|(index, symbol)| match symbol {
        Ok(SymbolInfo::Data { name, .. }) => Some((index, name)),
        _ => None,
    });
    names.collect()
}

/// Returns the symbols, by index.
fn symbols(linking: LinkingSectionReader<'_>) -> Option<Vec<Symbol>> {
    let mut symbols = Vec::new();
    for subsection in linking {
        let Linking::SymbolTable(table) = subsection.ok()? else { continue };
        for symbol in table {
            symbols.push(match symbol.ok()? {
                SymbolInfo::Data { symbol: Some(data), name: DSO_HANDLE, .. }
                    if (data.offset, data.size) == (0, 0) =>
                {
                    Symbol::Start
                }
                SymbolInfo::Data { symbol: Some(data), .. } => {
                    data.offset.checked_add(data.size)?;
                    Symbol::Data { segment: data.index, offset: data.offset, size: data.size }
                }
                SymbolInfo::Func { index, .. } => Symbol::Function(index),
                _ => Symbol::Other,
            });
        }
    }
    Some(symbols)
}

/// Returns the addresses and slots of a section whose content starts at an offset in the module.
fn values(section: &RelocSectionReader<'_>, start: usize) -> Option<Vec<Relocation>> {
    let mut values = Vec::new();
    for entry in section.entries() {
        let entry = entry.ok()?;
        let kind = match entry.ty {
            RelocationType::MemoryAddrRelSleb | RelocationType::MemoryAddrI32 => {
                RelocationKind::Address
            }
            RelocationType::TableIndexRelSleb | RelocationType::TableIndexI32 => {
                RelocationKind::Slot
            }
            ty if is_index_relocation(ty) => continue,
            // Position-independent code of 32 bits does not need the others.
            _ => return None,
        };
        values.push(Relocation {
            offset: start.checked_add(entry.offset as usize)?,
            kind,
            symbol: entry.index,
            addend: i32::try_from(entry.addend).ok()?.cast_unsigned(),
        });
    }
    values.sort_unstable_by_key(|value| value.offset);
    let is_ascending = values.windows(2).all(|pair| pair[0].offset < pair[1].offset);
    is_ascending.then_some(values)
}

/// Returns whether a relocation is that of the index of an item. It says nothing that the code does
/// not say.
pub fn is_index_relocation(ty: RelocationType) -> bool {
    matches!(
        ty,
        RelocationType::FunctionIndexLeb
            | RelocationType::GlobalIndexLeb
            | RelocationType::TypeIndexLeb
            | RelocationType::EventIndexLeb
            | RelocationType::TableNumberLeb
    )
}
