//! Rewrites the debug information (DWARF) of several modules for the module that they became.
//!
//! Code keeps its order inside a module but not its distances: instructions change their length,
//! and functions that nothing needs are gone. So ranges of code, and offsets from some code, are
//! computed again. What cannot be expressed for the new code is left out, and so is what describes
//! only functions that are gone.

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

/// Returns the custom sections with the debug information of all modules, or none if no module has
/// any. A module with malformed debug information counts as one without.
pub(crate) fn sections(targets: &Targets<'_>, fused: &BoundModule) -> Vec<(String, Vec<u8>)> {
    let inputs = targets.plan.set.inputs.iter().enumerate();
    let infos = inputs.filter_map(|(module, o)| Some((module, DebugInfo::read(&o.bytes)?)));
    let infos: BTreeMap<_, _> = infos.collect();
    let modules: Vec<_> = infos.keys().copied().collect();
    let maps = fused.code_maps(&targets.plan.set, &modules);
    let new_code = code_start(&fused.bytes);
    let converters = maps.iter().map(|(module, map)| Converter {
        targets,
        module: *module,
        map,
        old_code: infos[module].code,
        new_code,
        budget: Cell::new(0),
    });
    let mut converters: Vec<_> = converters.collect();
    if let Ok(sections) = write(&infos, &converters) {
        return sections;
    }
    converters.retain(|converter| write(&infos, std::slice::from_ref(converter)).is_ok());
    // Debug information is not worth an error: without it the program runs too.
    write(&infos, &converters).unwrap_or_default()
}

fn write(
    infos: &BTreeMap<usize, DebugInfo<'_>>,
    converters: &[Converter<'_>],
) -> ConvertResult<Vec<(String, Vec<u8>)>> {
    let mut dwarf = gimli::write::Dwarf::new();
    for converter in converters {
        converter.budget.set(RANGES_PER_BYTE * converter.size());
        let from = infos[&converter.module].dwarf()?;
        let filter = converter.filter(&from)?;
        let mut units = dwarf.convert_with_filter(filter)?;
        while let Some((mut unit, root)) = units.read_unit()? {
            converter.convert_unit(&mut unit, root)?;
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

/// The ranges of code that each byte of a module allows. Lists that many entries share would
/// otherwise let a small module grow without limit.
const RANGES_PER_BYTE: usize = 4;

/// Converts the debug information of one module. Its addresses count from the start of the code
/// section's content.
struct Converter<'a> {
    targets: &'a Targets<'a>,
    module: usize,
    map: &'a CodeMap,
    /// The offset of the code section's content in the input module.
    old_code: usize,
    /// The offset of the code section's content in the new module.
    new_code: usize,
    /// The number of ranges and rows that may still be written.
    budget: Cell<usize>,
}

impl Converter<'_> {
    /// Selects the entries that describe code that is left, or variables, and those that they need.
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

    /// Returns the new ranges of the code that an entry describes.
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
                // Linkers give code that they leave out addresses from 0 on,
                // where there is no code.
                0 if range.begin == 0 => {}
                0 => {
                    let ranges = self.map.map_ranges(self.offsets(&range));
                    found.extend(ranges.take_while(|_| self.spend()));
                }
                _ => found.extend(self.map.map_range(self.offsets(&range))),
            }
        }
        let addresses = |range: Range<usize>| self.address(range.start)..self.address(range.end);
        found.into_iter().map(addresses).collect()
    }

    /// Returns the size of the input module in bytes.
    fn size(&self) -> usize {
        self.targets.plan.set.inputs[self.module].bytes.len()
    }

    /// Takes one from the budget; returns whether there was any left.
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
        // A unit whose line program is not valid gets none, and so no files either.
        let has_lines = self.convert_lines(unit).unwrap_or(false);
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

    /// Converts the line program of a unit, and returns whether it has any lines.
    fn convert_lines(&self, unit: &mut ConvertUnit<'_, Reader<'_>>) -> ConvertResult<bool> {
        let Some(from) = unit.read_unit.line_program.clone() else { return Ok(false) };
        let encoding = Some(LineEncoding::default());
        let Some(header) = unit.read_line_program(None, encoding)? else { return Ok(false) };
        let (mut to, files) = header.program();
        let mut rows = from.rows();
        let mut sequence = Vec::new();
        // If the program is malformed at some point, the rows before it are converted.
        while let Ok(Some((_, row))) = rows.next_row() {
            if !row.end_sequence() {
                sequence.extend(line_row(row, &files));
                continue;
            }
            sequence.sort_by_key(|(address, _)| *address);
            // A sequence at address 0 is one of code that a linker has left out.
            if let Some(&(start @ 1.., _)) = sequence.first() {
                let offsets = self.offset(start)..self.offset(row.address());
                let functions = self.map.functions_in(offsets.clone());
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

    /// Writes the rows of a sequence that belong to a function, as a sequence of their own.
    fn write_sequence(
        &self,
        rows: &[(u64, gimli::write::LineRow)],
        range: &Range<usize>,
        function: &MappedFunction,
        to: &mut gimli::write::LineProgram,
    ) {
        let end = function.map_offset(range.end);
        // The last of several rows for one instruction counts.
        let mut by_offset = BTreeMap::new();
        let before =
            rows.partition_point(|(address, _)| self.offset(*address) <= function.old.start);
        for (address, row) in &rows[before.saturating_sub(1)..] {
            let offset = self.offset(*address);
            if offset >= function.old.end || !self.spend() {
                break;
            }
            let new = function.map_offset(offset);
            if new < end {
                by_offset.insert(new, row);
            }
        }
        let Some((&start, _)) = by_offset.first_key_value() else { return };
        to.begin_sequence(Some(Address::Constant(self.address(start))));
        for (offset, row) in by_offset {
            *to.row() = *row;
            to.row().address_offset = (offset - start) as u64;
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
                // [`Self::convert_ranges`] writes these, since they depend on each other.
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
                // A single address, for example of a label.
                let old = entry.attr_value(gimli::DW_AT_low_pc).filter(|_| !is_root);
                if let Some(new) = old.and_then(|old| self.code_address(entry.read_unit, old)) {
                    unit.unit.get_mut(id).set(gimli::DW_AT_low_pc, address(new));
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

    /// Returns the new address of code.
    fn code_address<'d>(
        &self,
        unit: UnitRef<'_, Reader<'d>>,
        value: read::AttributeValue<Reader<'d>>,
    ) -> Option<u64> {
        let old = unit.attr_address(value).ok()??;
        self.map.map_offset(self.offset(old)).map(|offset| self.address(offset))
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
                let address = self.code_address(from, value);
                let address = address.ok_or(ConvertError::InvalidAddress)?;
                Ok(AttributeValue::Address(Address::Constant(address)))
            }
            Value::Exprloc(expression) if attribute.name() != gimli::DW_AT_vtable_elem_location => {
                Ok(AttributeValue::Exprloc(self.convert_expression(unit, from, expression)?))
            }
            value @ (Value::LocationListsRef(_) | Value::DebugLocListsIndex(_)) => {
                let list = self.convert_locations(unit, from, value)?;
                Ok(AttributeValue::LocationListRef(unit.unit.locations.add(list)))
            }
            // These refer to sections that are not written.
            Value::DebugMacinfoRef(_)
            | Value::DebugMacroRef(_)
            | Value::DebugTypesRef(_)
            | Value::DebugInfoRefSup(_)
            | Value::DebugStrRefSup(_) => Err(ConvertError::InvalidAttributeValue),
            // The ranges of an inlined call, for example: [`Self::convert_ranges`] writes them.
            Value::RangeListsRef(_) | Value::DebugRngListsIndex(_) => {
                Err(ConvertError::InvalidAttributeValue)
            }
            _ if attribute.name() == gimli::DW_AT_entry_pc => Err(ConvertError::InvalidAddress),
            _ => unit.convert_attribute_value(from, attribute, &|_| None),
        }
    }

    /// Returns the new ranges of a variable's locations.
    fn convert_locations<'d>(
        &self,
        unit: &ConvertUnit<'_, Reader<'d>>,
        from: UnitRef<'_, Reader<'d>>,
        value: read::AttributeValue<Reader<'d>>,
    ) -> ConvertResult<LocationList> {
        let locations = from.attr_locations(value)?;
        let mut locations = locations.ok_or(ConvertError::InvalidAttributeValue)?;
        let mut list = Vec::new();
        while let Some(location) = locations.next()?
            && self.spend()
        {
            let range = self.map.map_range(self.offsets(&location.range));
            let Some(range) = range else { continue };
            list.push(Location::StartEnd {
                begin: Address::Constant(self.address(range.start)),
                end: Address::Constant(self.address(range.end)),
                data: self.convert_expression(unit, from, location.data)?,
            });
        }
        Ok(LocationList(list))
    }

    /// Converts an expression: addresses of data become those of the program, and the stack pointer
    /// gets its new index.
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
                // These nest in each other, to any depth.
                read::Operation::EntryValue { .. } => {
                    return Err(ConvertError::UnsupportedOperation);
                }
                _ => {}
            }
        }
        let Some(index) = global else {
            return unit
                .convert_expression(from, expression, &|address| self.data_address(address));
        };
        // The base of a frame on the stack is `global, stack_value`. Compilers write
        // nothing else with globals that can be expressed for the new module.
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

    /// Returns the address of a variable. In a shared library it counts from the start of its data.
    fn data_address(&self, address: u64) -> Option<Address> {
        let address = u32::try_from(address).ok()?;
        let address = self.targets.plan.layout.place(self.module, address)?;
        Some(Address::Constant(address.into()))
    }
}

/// Returns the address of a row, and the row; `None` if its file does not exist.
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
