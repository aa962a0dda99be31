//! The pieces of a module's data that stay or go one by one, and the references to them.
//!
//! A module that was linked with `--emit-relocs` says where each of its variables begins and ends,
//! and which instructions and pointers mean which variable. Nothing of that is trusted: a pointer
//! must be what the module's own relocations store, and a constant in code must be what
//! [`address_flow`] expects. A module that does not fit has no [`Symbols`], so its data stays
//! together.

pub(crate) mod address_flow;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{Data, DataKind, FuncType};

use crate::convention::{ENV, REGISTER_AT_EXIT, is_private};
use crate::fuse::image::{Effect, Provenance, Value, value};
use crate::hash::HashMap;
use crate::module::relocations::{RelocationKind, Relocations, Symbol};
use crate::module::sections::{Contents, Signatures};
use crate::plan::compact::Piece;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::types::ExternType;
use crate::write::live::{Live, MOST_ITEMS};
use crate::write::targets::{SharedTarget, Targets};

/// The pieces of a module's data, and the references to them.
pub(crate) struct Symbols {
    /// The pieces, in ascending order. They do not overlap.
    pub(crate) pieces: Vec<Piece>,
    /// For each piece the index of a symbol that names it; `None` if no symbol does.
    pub(crate) names: Vec<Option<u32>>,
    /// The address of each data segment. Addresses count from the start of the data.
    pub(crate) segments: Vec<u32>,
    /// The constants in code that are relative to a base, by the offset of their instruction.
    sites: HashMap<usize, Site>,
    /// What the relocations store, by address.
    pointers: BTreeMap<u32, Target>,
    pub(crate) types: FunctionTypes,
    /// The functions whose last parameter is the handle of a module.
    pub(crate) take_handle: BTreeSet<u32>,
}

/// Returns the functions of a module whose last parameter is the handle of a module.
fn functions_that_take_handles(input: &InputModule) -> BTreeSet<u32> {
    let takes_handle = |name: &str| REGISTER_AT_EXIT.contains(&name);
    let imports = (0..).zip(input.module.imported_functions());
    let imports = imports.filter(|(_, import)| import.module == ENV && takes_handle(&import.name));
    let exports = input.module.exports.iter();
    let exports = exports
        .filter(|export| matches!(export.ty, ExternType::Func(_)) && takes_handle(&export.name));
    imports.map(|(index, _)| index).chain(exports.map(|export| export.index)).collect()
}

/// The types of a module's functions.
pub(crate) struct FunctionTypes {
    signatures: Signatures,
    /// The index of the type of each function, the imported ones first.
    functions: Vec<u32>,
}

impl FunctionTypes {
    fn new(input: &InputModule, contents: &Contents<'_>) -> Self {
        let imported = input.module.imported_functions().map(|import| import.type_index);
        FunctionTypes {
            signatures: Signatures::new(input.module.imported_tag_types(), contents),
            functions: imported.chain(contents.functions.iter().copied()).collect(),
        }
    }

    pub(crate) fn function(&self, index: u32) -> Option<&FuncType> {
        self.ty(*self.functions.get(index as usize)?)
    }

    pub(crate) fn ty(&self, index: u32) -> Option<&FuncType> {
        self.signatures.function(index)
    }
}

/// A constant in code.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Site {
    /// The address of data.
    Data { value: u32, place: Place },
    /// The slot of a function, counted from the module's first slot.
    Slot { value: u32, function: u32 },
}

/// What a pointer in data is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// An address in the data of the module itself.
    Own(Place),
    /// Any other value.
    Value(Value),
}

/// An address in the data of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The index of the piece; `None` for the start of the module's data.
    pub(crate) piece: Option<usize>,
    /// The distance from the start of the piece. It may lead out of the piece.
    pub(crate) distance: u32,
}

impl Symbols {
    /// Finds the pieces of a module's data. `effects` is what its relocations do. Returns `None` if
    /// the module does not name them, or names them in a way that cannot be right.
    pub(crate) fn find<'e>(
        targets: &Targets<'_>,
        contents: &Contents<'_>,
        module: usize,
        table: &BTreeMap<u32, ItemId>,
        effects: impl Iterator<Item = &'e Effect>,
    ) -> Option<Self> {
        let input = &targets.plan.set.inputs[module];
        let info = input.mem_info()?;
        let relocations = Relocations::read(contents)?;
        let segments = segments(targets, contents, module)?;
        let ends = |segment: &Segment<'_>| segment.range().end <= info.memory_size;
        segments.iter().all(ends).then_some(())?;
        let base = targets.plan.layout.placements[module].memory_base;
        let stores = stores(effects, module, base)?;
        let is_filled =
            |value: &Value| value.provenance != Provenance::Slot || table.contains_key(&value.bits);
        stores.values().all(is_filled).then_some(())?;
        let alignment = u32::try_from(u64::from(info.memory_alignment)).ok()?;
        let mut ranges = join(named_ranges(&relocations, &segments, alignment));
        let gaps = gaps(&ranges, info.memory_size)?;
        let kept_gaps = gaps.into_iter().filter(|gap| has_content(gap, &segments, &stores));
        ranges.extend(kept_gaps.map(|range| NamedRange { range, symbol: None, alignment }));
        ranges.sort_unstable_by_key(|named| named.range.start);
        (ranges.len() < MOST_ITEMS as usize).then_some(())?;
        let piece = |named: &NamedRange| {
            let is_zero = !has_content(&named.range, &segments, &stores);
            Piece::new(named.range.clone(), named.alignment, is_zero)
        };
        let mut symbols = Symbols {
            names: ranges.iter().map(|named| named.symbol).collect(),
            pieces: ranges.iter().map(piece).collect(),
            segments: segments.iter().map(|segment| segment.address).collect(),
            sites: HashMap::default(),
            pointers: BTreeMap::new(),
            types: FunctionTypes::new(input, contents),
            take_handle: functions_that_take_handles(input),
        };
        symbols.has_exports(input).then_some(())?;
        symbols.pointers = symbols.read_pointers(&relocations, &segments, stores, base)?;
        symbols.sites = symbols.read_sites(input, &relocations, &segments);
        Some(symbols)
    }

    /// Returns the index of the piece at an address that counts from the start of the data.
    pub(crate) fn piece_at(&self, address: u32) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.range.start <= address);
        let index = after.checked_sub(1)?;
        self.pieces[index].range.contains(&address).then_some(index)
    }

    /// Returns the indices of the pieces that a program needs. `module` is the index of their module.
    pub(crate) fn needed(&self, module: usize, live: &Live) -> impl Iterator<Item = usize> {
        let is_needed =
            move |piece: &usize| live.pieces.contains(ItemId { module, index: *piece as u32 });
        (0..self.pieces.len()).filter(is_needed)
    }

    /// Returns the indices of the pieces that no symbol names.
    pub(crate) fn unnamed(&self) -> impl Iterator<Item = usize> {
        let names = self.names.iter().enumerate();
        names.filter(|(_, name)| name.is_none()).map(|(piece, _)| piece)
    }

    /// Returns the indices of the pieces of which a symbol is the name.
    pub(crate) fn pieces_named(&self, is_name: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        let names = (0..).zip(&self.names);
        names.filter(move |(_, name)| name.is_some_and(&is_name)).map(|(piece, _)| piece)
    }

    /// Returns the constant of the instruction at an offset in the module.
    pub(crate) fn site(&self, offset: usize) -> Option<&Site> {
        self.sites.get(&offset)
    }

    pub(crate) fn sites(&self) -> impl Iterator<Item = (usize, &Site)> {
        self.sites.iter().map(|(&offset, site)| (offset, site))
    }

    /// Returns the pointers in a piece, by address.
    pub(crate) fn pointers_in(&self, piece: usize) -> impl Iterator<Item = (u32, &Target)> {
        let pointers = self.pointers.range(self.pieces[piece].range.clone());
        pointers.map(|(&address, target)| (address, target))
    }

    /// Returns whether each exported variable is in a piece.
    fn has_exports(&self, input: &InputModule) -> bool {
        let exports = input.module.exports.iter().enumerate();
        let mut addresses = exports
            .filter(|(_, export)| !is_private(&export.name))
            .filter_map(|(index, _)| input.address(index));
        addresses.all(|address| self.piece_at(address).is_some())
    }

    /// Returns the place of a symbol and a number that is added to its address.
    fn place(&self, symbol: Symbol, addend: u32, segments: &[Segment<'_>]) -> Option<Place> {
        let start = match symbol {
            Symbol::Start if addend == 0 => return Some(Place { piece: None, distance: 0 }),
            Symbol::Data { segment, offset, size } if size > 0 => {
                segments.get(segment as usize)?.address.checked_add(offset)?
            }
            _ => return None,
        };
        let piece = self.piece_at(start)?;
        let distance = (start - self.pieces[piece].range.start).wrapping_add(addend);
        Some(Place { piece: Some(piece), distance })
    }

    /// Returns the address of a place, which counts from the start of the data.
    fn address(&self, place: Place) -> u32 {
        let start = place.piece.map_or(0, |piece| self.pieces[piece].range.start);
        start.wrapping_add(place.distance)
    }

    fn read_pointers(
        &self,
        relocations: &Relocations,
        segments: &[Segment<'_>],
        stores: BTreeMap<u32, Value>,
        base: u32,
    ) -> Option<BTreeMap<u32, Target>> {
        let mut pointers = BTreeMap::new();
        for (address, value) in stores {
            let piece = &self.pieces[self.piece_at(address)?];
            (piece.range.end - address >= POINTER_SIZE).then_some(())?;
            let target = match value.provenance {
                Provenance::Data { symbol: None, .. } => {
                    let place = self.pointed(relocations, segments, address)?;
                    (self.address(place) == value.bits.wrapping_sub(base)).then_some(())?;
                    Target::Own(place)
                }
                _ => Target::Value(value),
            };
            pointers.insert(address, target);
        }
        Some(pointers)
    }

    /// Returns the place that the relocation of a pointer at an address means.
    fn pointed(
        &self,
        relocations: &Relocations,
        segments: &[Segment<'_>],
        address: u32,
    ) -> Option<Place> {
        let segment = segments.iter().find(|segment| segment.range().contains(&address))?;
        let offset = segment.offset + (address - segment.address) as usize;
        let index = relocations.data.binary_search_by_key(&offset, |r| r.offset).ok()?;
        let relocation = relocations.data[index];
        let symbol = *relocations.symbols.get(relocation.symbol as usize)?;
        let place = self.place(symbol, relocation.addend, segments)?;
        // A handle in data could be used in any way.
        place.piece.is_some().then_some(place)
    }

    fn read_sites(
        &self,
        input: &InputModule,
        relocations: &Relocations,
        segments: &[Segment<'_>],
    ) -> HashMap<usize, Site> {
        let mut sites = HashMap::default();
        for relocation in &relocations.code {
            let symbol = relocations.symbols.get(relocation.symbol as usize).copied();
            let site = match (relocation.kind, symbol) {
                (RelocationKind::Address, Some(symbol)) => {
                    let place = self.place(symbol, relocation.addend, segments);
                    place.map(|place| Site::Data { value: self.address(place), place })
                }
                (RelocationKind::Slot, Some(Symbol::Function(function))) => {
                    input.slot(function).map(|value| Site::Slot { value, function })
                }
                _ => None,
            };
            // Code that uses a constant without a meaning does not pass the check.
            if let Some((site, offset)) = site.zip(relocation.offset.checked_sub(OPCODE_SIZE)) {
                sites.insert(offset, site);
            }
        }
        sites
    }
}

/// The size of a pointer in bytes.
const POINTER_SIZE: u32 = 4;

/// The size of the opcode before the value of an `i32.const`, in bytes.
const OPCODE_SIZE: usize = 1;

/// An active data segment.
struct Segment<'a> {
    /// Its address, which counts from the start of the module's data.
    address: u32,
    /// The offset of its bytes in the module.
    offset: usize,
    bytes: &'a [u8],
}

impl Segment<'_> {
    fn range(&self) -> Range<u32> {
        self.address..self.address + self.bytes.len() as u32
    }
}

/// The most data segments of a module with symbols. Linkers write a few. Each piece is compared with
/// each of them.
const MOST_SEGMENTS: usize = 64;

/// Returns the data segments of a module, if all of them are at addresses relative to its base.
fn segments<'a>(
    targets: &Targets<'_>,
    contents: &Contents<'a>,
    module: usize,
) -> Option<Vec<Segment<'a>>> {
    (contents.data.len() <= MOST_SEGMENTS).then_some(())?;
    let base = targets.plan.layout.placements[module].memory_base;
    let segment = |data: &Data<'a>| {
        let DataKind::Active { memory_index, offset_expr } = &data.kind else { return None };
        let memory = ItemId { module, index: *memory_index };
        (targets.memory(memory) == SharedTarget::Shared).then_some(())?;
        let address = relative(value(targets, module, offset_expr)?, module, base)?;
        address.checked_add(u32::try_from(data.data.len()).ok()?)?;
        let offset = data.range.end.checked_sub(data.data.len())?;
        Some(Segment { address, offset, bytes: data.data })
    };
    contents.data.iter().map(segment).collect()
}

/// Returns an address relative to a module's base, if it is known to be relative to that.
fn relative(address: Value, module: usize, base: u32) -> Option<u32> {
    let own = Provenance::Data { module, symbol: None };
    (address.provenance == own).then(|| address.bits.wrapping_sub(base))
}

/// Returns the pointers that relocations store, by address. Returns `None` if they do anything
/// else, or write outside of the module's own data.
fn stores<'e>(
    effects: impl Iterator<Item = &'e Effect>,
    module: usize,
    base: u32,
) -> Option<BTreeMap<u32, Value>> {
    let mut stores = BTreeMap::new();
    for effect in effects {
        let Effect::Store { address, value } = effect else { return None };
        if let Provenance::Data { module: other, symbol: None } = value.provenance {
            (other == module).then_some(())?;
        }
        stores.insert(relative(*address, module, base)?, *value);
    }
    // What overlaps depends on the order.
    let mut pairs = stores.keys().zip(stores.keys().skip(1));
    pairs.all(|(one, next)| next - one >= POINTER_SIZE).then_some(())?;
    Some(stores)
}

/// A range of addresses in the data of a module.
#[derive(Debug)]
struct NamedRange {
    range: Range<u32>,
    /// The index of a symbol that names it.
    symbol: Option<u32>,
    /// The greatest alignment, in bytes, that a variable in it may need.
    alignment: u32,
}

/// Returns the ranges of addresses that symbols name, in any order.
fn named_ranges(
    relocations: &Relocations,
    segments: &[Segment<'_>],
    of_module: u32,
) -> Vec<NamedRange> {
    let named = |(index, symbol): (u32, &Symbol)| match *symbol {
        Symbol::Data { segment, offset, size } if size > 0 => {
            let start = segments.get(segment as usize)?.address.checked_add(offset)?;
            let range = start..start.checked_add(size)?;
            // The alignment of a variable is not known. But a variable that is at a multiple of `n`
            // bytes now cannot need more than these `n` bytes.
            let own = 1_u32.checked_shl(start.trailing_zeros());
            let alignment = own.map_or(of_module, |own| own.min(of_module));
            Some(NamedRange { range, symbol: Some(index), alignment })
        }
        _ => None,
    };
    (0..).zip(&relocations.symbols).filter_map(named).collect()
}

/// Joins ranges that overlap, and sorts them.
fn join(mut ranges: Vec<NamedRange>) -> Vec<NamedRange> {
    ranges.sort_by_key(|named| (named.range.start, named.range.end));
    let mut joined: Vec<NamedRange> = Vec::new();
    for named in ranges {
        match joined.last_mut() {
            Some(last) if named.range.start < last.range.end => {
                last.alignment = last.alignment.max(named.alignment);
                last.range.end = last.range.end.max(named.range.end);
            }
            _ => joined.push(named),
        }
    }
    joined
}

/// Returns the ranges between others, up to the end of the data. Returns `None` if one of the
/// others is outside of the data.
fn gaps(ranges: &[NamedRange], size: u32) -> Option<Vec<Range<u32>>> {
    let mut gaps = Vec::new();
    let mut end = 0;
    for NamedRange { range, .. } in ranges {
        gaps.push(end..range.start);
        end = range.end;
    }
    (end <= size).then_some(())?;
    gaps.push(end..size);
    gaps.retain(|gap| !gap.is_empty());
    Some(gaps)
}

/// Returns whether a range has bytes other than zero, or a pointer.
fn has_content(
    range: &Range<u32>,
    segments: &[Segment<'_>],
    stores: &BTreeMap<u32, Value>,
) -> bool {
    let has_bytes = |segment: &Segment<'_>| {
        let start = range.start.saturating_sub(segment.address) as usize;
        let end = range.end.saturating_sub(segment.address) as usize;
        let bytes = segment.bytes.get(start..end.min(segment.bytes.len()));
        bytes.is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0))
    };
    segments.iter().any(has_bytes) || stores.range(range.clone()).next().is_some()
}
