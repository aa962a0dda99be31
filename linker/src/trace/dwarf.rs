//! Debug information (DWARF) of several modules, rewritten for the one that they became.
//!
//! Code keeps its order inside a module but not its distances: instructions change their length, and
//! functions that nobody needs are gone. So whatever is a range of code, or counts from some code, is
//! written anew. What cannot be said of the new code is left out, and so is what tells only of functions that
//! are gone.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use gimli::read::{self, UnitRef};
use gimli::write::{
    Address, AttributeValue, ConvertError, ConvertResult, ConvertUnit, ConvertUnitEntry, EndianVec,
    Expression, FilterUnitEntry, FilterUnitSection, Location, LocationList, RangeList, Sections,
    UnitEntryId,
};
use gimli::{LineEncoding, LittleEndian};

use crate::plan::layout::ItemId;
use crate::trace::budget::Reader;
use crate::trace::code_map::{CodeMap, MappedFunction};
use crate::trace::origin::{DebugInfo, code_start};
use crate::write::bound::BoundModule;
use crate::write::targets::{GlobalTarget, Targets};

/// The custom sections that hold the debug information of all modules, none if no module has any. One
/// whose debug information is malformed counts as one without.
pub(crate) fn sections(targets: &Targets<'_>, fused: &BoundModule) -> Vec<(String, Vec<u8>)> {
    let inputs = targets.plan.set.inputs.iter().enumerate();
    let infos = inputs.filter_map(|(module, o)| Some((module, DebugInfo::read(&o.bytes)?)));
    let infos: BTreeMap<_, _> = infos.collect();
    let modules: Vec<_> = infos.keys().copied().collect();
    let moved = fused.moved(&targets.plan.set, &modules);
    let new_code = code_start(&fused.bytes);
    let moves = moved.iter().map(|(module, moved)| Moves {
        targets,
        module: *module,
        moved,
        old_code: infos[module].code,
        new_code,
        budget: Cell::new(0),
    });
    let mut moves: Vec<_> = moves.collect();
    let mut written = write(&infos, &moves);
    if written.is_err() {
        moves.retain(|moves| write(&infos, std::slice::from_ref(moves)).is_ok());
        written = write(&infos, &moves);
    }
    written.unwrap_or_default()
}

fn write(
    infos: &BTreeMap<usize, DebugInfo<'_>>,
    moves: &[Moves<'_>],
) -> ConvertResult<Vec<(String, Vec<u8>)>> {
    let mut dwarf = gimli::write::Dwarf::new();
    for moves in moves {
        moves.budget.set(PIECES_PER_BYTE * moves.size());
        let from = infos[&moves.module].dwarf()?;
        let filter = moves.filter(&from)?;
        let mut units = dwarf.convert_with_filter(filter)?;
        while let Some((mut unit, root)) = units.read_unit()? {
            moves.convert_unit(&mut unit, root)?;
        }
    }
    let mut to = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut to).map_err(|_| ConvertError::InvalidAttributeValue)?;
    let mut sections = Vec::new();
    to.for_each(|id, data| {
        if !data.slice().is_empty() {
            sections.push((id.name().to_owned(), data.slice().to_vec()));
        }
        Ok::<_, ConvertError>(())
    })?;
    Ok(sections)
}

/// Of one module there are no more pieces of code than its bytes could tell of, each by itself. Lists that many
/// entries share would let a small module grow without an end.
const PIECES_PER_BYTE: usize = 4;

/// What became of the code and the data of one module. Addresses of debug information count from the start of
/// the code section's content.
struct Moves<'a> {
    targets: &'a Targets<'a>,
    module: usize,
    moved: &'a CodeMap,
    old_code: usize,
    new_code: usize,
    /// How many pieces of code may still be told of.
    budget: Cell<usize>,
}

impl Moves<'_> {
    /// Takes what tells of code that is left, of variables, and what these need.
    fn filter<'d>(
        &self,
        dwarf: &'d read::Dwarf<Reader<'d>>,
    ) -> ConvertResult<FilterUnitSection<'d, Reader<'d>>> {
        let mut filter = FilterUnitSection::new(dwarf)?;
        while let Some(mut unit) = filter.read_unit()? {
            if unit.read_unit.encoding().address_size != 4 {
                return Err(ConvertError::InvalidAddress);
            }
            let mut entry = unit.null_entry();
            while unit.read_entry(&mut entry)? {
                if self.is_kept(&entry) {
                    unit.require_entry(entry.offset);
                }
            }
        }
        Ok(filter)
    }

    fn is_kept(&self, entry: &FilterUnitEntry<'_, Reader<'_>>) -> bool {
        let is_global = matches!(entry.parent_tag, None | Some(gimli::DW_TAG_namespace));
        let is_variable = entry.tag == gimli::DW_TAG_variable;
        is_variable && is_global && entry.attr_value(gimli::DW_AT_location).is_some()
            || !self.ranges(entry.read_unit, entry).is_empty()
    }

    /// The code that a unit or an entry of it tells of, where it is now.
    fn ranges<'d>(
        &self,
        unit: UnitRef<'_, Reader<'d>>,
        entry: &read::DebuggingInformationEntry<Reader<'d>>,
    ) -> Vec<Range<u64>> {
        let mut found = Vec::new();
        let Ok(mut ranges) = unit.die_ranges(entry) else { return Vec::new() };
        while let Ok(Some(range)) = ranges.next()
            && self.spend()
        {
            match entry.depth {
                // Linkers give code that they left out addresses from 0 on, where none is.
                0 if range.begin == 0 => {}
                0 => {
                    let pieces = self.moved.pieces(self.offsets(&range));
                    found.extend(pieces.take_while(|_| self.spend()));
                }
                _ => found.extend(self.moved.piece(self.offsets(&range))),
            }
        }
        let addresses = |piece: Range<usize>| self.address(piece.start)..self.address(piece.end);
        found.into_iter().map(addresses).collect()
    }

    fn size(&self) -> usize {
        self.targets.plan.set.inputs[self.module].bytes.len()
    }

    fn spend(&self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
    }

    fn offsets(&self, range: &read::Range) -> Range<usize> {
        self.offset(range.begin)..self.offset(range.end)
    }

    fn offset(&self, address: u64) -> usize {
        usize::try_from(address).map_or(usize::MAX, |address| address.saturating_add(self.old_code))
    }

    fn address(&self, offset: usize) -> u64 {
        (offset - self.new_code) as u64
    }

    fn convert_unit<'u, 'd>(
        &self,
        unit: &mut ConvertUnit<'u, Reader<'d>>,
        root: ConvertUnitEntry<'u, Reader<'d>>,
    ) -> ConvertResult<()> {
        // Without a valid line program there is none; then there are no files either.
        let has_lines = self.convert_lines(unit).unwrap_or_default();
        let id = unit.unit.root();
        unit.unit
            .get_mut(id)
            .set(gimli::DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
        self.convert_entry(unit, id, &root);
        let mut entry = root;
        let mut has_entries = false;
        while let Some(id) = unit.read_entry(&mut entry)? {
            if id.is_some() {
                let id = unit.add_entry(id, &entry);
                self.convert_entry(unit, id, &entry);
                has_entries = true;
            }
        }
        if !has_lines && !has_entries {
            unit.skip();
        }
        Ok(())
    }

    /// Whether there are any lines.
    fn convert_lines(&self, unit: &mut ConvertUnit<'_, Reader<'_>>) -> ConvertResult<bool> {
        let Some(from) = unit.read_unit.line_program.clone() else { return Ok(false) };
        let encoding = Some(LineEncoding::default());
        let Some(header) = unit.read_line_program(None, encoding)? else { return Ok(false) };
        let (mut to, files) = header.program();
        let mut rows = from.rows();
        let mut sequence = Vec::new();
        // Of a program that is malformed from some place on, what is before.
        while let Ok(Some((_, row))) = rows.next_row() {
            if !row.end_sequence() {
                sequence.extend(line_row(row, &files));
                continue;
            }
            sequence.sort_by_key(|(address, _)| *address);
            let start = sequence.first().map_or(0, |(address, _)| *address);
            if start > 0 {
                let offsets = self.offset(start)..self.offset(row.address());
                let functions = self.moved.functions_in(offsets.clone());
                for function in functions.take_while(|_| self.spend()) {
                    self.write_sequence(&sequence, &offsets, function, &mut to);
                }
            }
            sequence.clear();
        }
        let has_lines = !to.is_empty();
        unit.set_line_program(to, files);
        Ok(has_lines)
    }

    /// Writes those rows of a sequence that are of a function, as one of its own.
    fn write_sequence(
        &self,
        rows: &[(u64, gimli::write::LineRow)],
        range: &Range<usize>,
        function: &MappedFunction,
        to: &mut gimli::write::LineProgram,
    ) {
        let end = function.at(range.end);
        // Of several rows for one instruction the last counts.
        let mut places = BTreeMap::new();
        let before =
            rows.partition_point(|(address, _)| self.offset(*address) <= function.old.start);
        for (address, row) in &rows[before.saturating_sub(1)..] {
            let offset = self.offset(*address);
            if offset >= function.old.end || !self.spend() {
                break;
            }
            if function.at(offset) < end {
                places.insert(function.at(offset), row);
            }
        }
        let Some((&start, _)) = places.first_key_value() else { return };
        to.begin_sequence(Some(Address::Constant(self.address(start))));
        for (place, row) in places {
            *to.row() = *row;
            to.row().address_offset = (place - start) as u64;
            to.generate_row();
        }
        to.end_sequence((end - start) as u64);
    }

    fn convert_entry<'d>(
        &self,
        unit: &mut ConvertUnit<'_, Reader<'d>>,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'_, Reader<'d>>,
    ) {
        for attribute in &entry.attrs {
            let value = match attribute.name() {
                // These count from each other.
                gimli::DW_AT_low_pc | gimli::DW_AT_high_pc | gimli::DW_AT_ranges => None,
                _ => self.convert_attribute(unit, entry, attribute).ok(),
            };
            if let Some(value) = value {
                unit.unit.get_mut(id).set(attribute.name(), value);
            }
        }
        self.convert_ranges(unit, id, entry);
    }

    fn convert_ranges<'d>(
        &self,
        unit: &mut ConvertUnit<'_, Reader<'d>>,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'_, Reader<'d>>,
    ) {
        let is_root = id == unit.unit.root();
        let version = entry.read_unit.encoding().version;
        let address = |address| AttributeValue::Address(Address::Constant(address));
        match self.ranges(entry.read_unit, entry).as_slice() {
            [] => {
                // A single place, such as that of a label.
                let place = entry.attr_value(gimli::DW_AT_low_pc).filter(|_| !is_root);
                if let Some(place) = place.and_then(|value| self.place(entry.read_unit, value)) {
                    unit.unit.get_mut(id).set(gimli::DW_AT_low_pc, address(place));
                }
            }
            [only] if !is_root => {
                let high = match version {
                    ..=3 => address(only.end),
                    _ => AttributeValue::Udata(only.end - only.start),
                };
                unit.unit.get_mut(id).set(gimli::DW_AT_low_pc, address(only.start));
                unit.unit.get_mut(id).set(gimli::DW_AT_high_pc, high);
            }
            several => {
                let range = |range: &Range<u64>| gimli::write::Range::StartEnd {
                    begin: Address::Constant(range.start),
                    end: Address::Constant(range.end),
                };
                let list = unit.unit.ranges.add(RangeList(several.iter().map(range).collect()));
                unit.unit.get_mut(id).set(gimli::DW_AT_ranges, AttributeValue::RangeListRef(list));
            }
        }
    }

    fn place<'d>(
        &self,
        unit: UnitRef<'_, Reader<'d>>,
        value: read::AttributeValue<Reader<'d>>,
    ) -> Option<u64> {
        let old = unit.attr_address(value).ok()??;
        self.moved.at(self.offset(old)).map(|offset| self.address(offset))
    }

    fn convert_attribute<'d>(
        &self,
        unit: &mut ConvertUnit<'_, Reader<'d>>,
        entry: &ConvertUnitEntry<'_, Reader<'d>>,
        attribute: &read::Attribute<Reader<'d>>,
    ) -> ConvertResult<AttributeValue> {
        use read::AttributeValue as Value;
        let from = entry.read_unit;
        match attribute.value() {
            value @ (Value::Addr(_) | Value::DebugAddrIndex(_)) => {
                let place = self.place(from, value).ok_or(ConvertError::InvalidAddress)?;
                Ok(AttributeValue::Address(Address::Constant(place)))
            }
            Value::Exprloc(expression) if attribute.name() != gimli::DW_AT_vtable_elem_location => {
                Ok(AttributeValue::Exprloc(self.convert_expression(unit, from, expression)?))
            }
            value @ (Value::LocationListsRef(_) | Value::DebugLocListsIndex(_)) => {
                let mut locations =
                    from.attr_locations(value)?.ok_or(ConvertError::InvalidAttributeValue)?;
                let mut list = Vec::new();
                while let Some(location) = locations.next()?
                    && self.spend()
                {
                    let piece = self.moved.piece(self.offsets(&location.range));
                    let Some(piece) = piece else { continue };
                    list.push(Location::StartEnd {
                        begin: Address::Constant(self.address(piece.start)),
                        end: Address::Constant(self.address(piece.end)),
                        data: self.convert_expression(unit, from, location.data)?,
                    });
                }
                Ok(AttributeValue::LocationListRef(unit.unit.locations.add(LocationList(list))))
            }
            // Into sections that are not written.
            Value::DebugMacinfoRef(_)
            | Value::DebugMacroRef(_)
            | Value::DebugTypesRef(_)
            | Value::DebugInfoRefSup(_)
            | Value::DebugStrRefSup(_) => Err(ConvertError::InvalidAttributeValue),
            // Ranges as of an inlined call, which are of the entry itself.
            Value::RangeListsRef(_) | Value::DebugRngListsIndex(_) => {
                Err(ConvertError::InvalidAttributeValue)
            }
            _ if attribute.name() == gimli::DW_AT_entry_pc => Err(ConvertError::InvalidAddress),
            _ => unit.convert_attribute_value(from, attribute, &|_| None),
        }
    }

    /// An expression in which addresses of data are those of the program, and globals have their new numbers.
    fn convert_expression<'d>(
        &self,
        unit: &ConvertUnit<'_, Reader<'d>>,
        from: UnitRef<'_, Reader<'d>>,
        expression: read::Expression<Reader<'d>>,
    ) -> ConvertResult<Expression> {
        let mut operations = expression.operations(from.encoding());
        let mut global = None;
        let mut count = 0;
        while let Some(operation) = operations.next()? {
            count += 1;
            match operation {
                read::Operation::WasmGlobal { index } => global = Some(index),
                // One nests in the other, without an end if somebody wants so.
                read::Operation::EntryValue { .. } => {
                    return Err(ConvertError::UnsupportedOperation);
                }
                _ => {}
            }
        }
        let Some(index) = global else {
            return unit.convert_expression(from, expression, &|address| self.data(address));
        };
        // Frames lie on the stack: `global, stack_value`. Nobody makes anything else of globals that can
        // be said of the new module.
        let mut operations = expression.operations(from.encoding());
        let id = ItemId { module: self.module, index };
        let frame = (operations.next()?, operations.next()?);
        match frame {
            (Some(read::Operation::WasmGlobal { .. }), Some(read::Operation::StackValue))
                if count == 2 && self.targets.global(id) == GlobalTarget::StackPointer =>
            {
                let mut converted = Expression::new();
                converted.op_wasm_global(0);
                converted.op(gimli::DW_OP_stack_value);
                Ok(converted)
            }
            _ => Err(ConvertError::UnsupportedOperation),
        }
    }

    /// The address of a variable, which in a shared library counts from the start of its data.
    fn data(&self, address: u64) -> Option<Address> {
        let base = self.targets.plan.layout.placements[self.module].memory_base;
        let address = u32::try_from(address.checked_add(base.into())?).ok()?;
        Some(Address::Constant(address.into()))
    }
}

/// A row, and its address; `None` for one of a file that does not exist.
fn line_row(
    row: &read::LineRow,
    files: &[gimli::write::FileId],
) -> Option<(u64, gimli::write::LineRow)> {
    let file = *files.get(usize::try_from(row.file_index()).ok()?)?;
    let to = gimli::write::LineRow {
        address_offset: 0,
        op_index: 0,
        file,
        line: row.line().map_or(0, |line| line.get().min(u32::MAX.into())),
        column: match row.column() {
            read::ColumnType::LeftEdge => 0,
            read::ColumnType::Column(column) => column.get(),
        },
        discriminator: row.discriminator(),
        is_statement: row.is_stmt(),
        basic_block: row.basic_block(),
        prologue_end: row.prologue_end(),
        epilogue_begin: row.epilogue_begin(),
        isa: row.isa(),
    };
    Some((row.address(), to))
}
