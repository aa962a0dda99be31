//! What it takes to read debug information (DWARF), found out before it is read.
//!
//! The library that reads it follows entries inside of entries by calling itself, and makes a list of all ranges, lines
//! and files of a unit. Any number of units and entries can share one list in the bytes, so that a small module could
//! use up the stack or the memory of who looks for the source of an instruction.

use std::ops::ControlFlow;

use addr2line::gimli::{
    AttributeValue, DW_AT_ranges, DW_AT_stmt_list, DW_TAG_compile_unit, DW_TAG_inlined_subroutine,
    DW_TAG_subprogram, Dwarf, EndianSlice, LittleEndian, Section, Unit, UnitHeader,
};

/// Entries that lie deeper in others than this are no compiler's work.
pub(crate) const DEPTH_LIMIT: isize = 200;

/// There is no more to be read than so many times what each byte could tell by itself.
const PER_BYTE: usize = 4;

/// A small module may well be one of a folder whose path is long.
const AT_LEAST: usize = 1 << 20;

/// Whether debug information of so many bytes can be read with as much stack and memory as its size lets one expect.
pub(crate) fn is_bounded(dwarf: &Dwarf<Reader<'_>>, size: usize) -> bool {
    let mut work = Work { left: AT_LEAST + PER_BYTE * size };
    let mut units = dwarf.units();
    // What cannot be read is not read later either.
    while let Ok(Some(header)) = units.next() {
        if work.unit(dwarf, header).is_break() {
            return false;
        }
    }
    true
}

/// How much may still be read: bytes of lists and names, and ranges.
struct Work {
    left: usize,
}

impl Work {
    fn spend(&mut self, work: usize) -> ControlFlow<()> {
        match self.left.checked_sub(work) {
            Some(left) => {
                self.left = left;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }

    fn unit<'d>(
        &mut self,
        dwarf: &Dwarf<Reader<'d>>,
        header: UnitHeader<Reader<'d>>,
    ) -> ControlFlow<()> {
        // Already the list of files is read with the unit.
        self.spend(line_program_size(dwarf, &header))?;
        let Ok(unit) = dwarf.unit(header) else { return ControlFlow::Continue(()) };
        self.files(dwarf, &unit)?;
        self.entries(dwarf, &unit)
    }

    /// Each file has the name of its folder before its own, and that of the unit's folder before both.
    fn files<'d>(&mut self, dwarf: &Dwarf<Reader<'d>>, unit: &Unit<Reader<'d>>) -> ControlFlow<()> {
        let Some(program) = &unit.line_program else { return ControlFlow::Continue(()) };
        let header = program.header();
        let unit_folder = unit.comp_dir.map_or(0, |folder| folder.len());
        let length = |name: AttributeValue<Reader<'d>>| {
            dwarf.attr_string(unit, name).map_or(0, |name| name.len())
        };
        let mut folders = Vec::new();
        for &folder in header.include_directories() {
            folders.push(length(folder));
            self.spend(folders.last().copied().unwrap_or(0))?;
        }
        // Before version 5 the unit's folder is no part of the list.
        let first = u64::from(header.version() <= 4);
        for file in header.file_names() {
            let folder = file.directory_index().checked_sub(first);
            let folder = folder.and_then(|at| folders.get(usize::try_from(at).ok()?).copied());
            self.spend(unit_folder + folder.unwrap_or(0) + length(file.path_name()))?;
        }
        ControlFlow::Continue(())
    }

    fn entries<'d>(
        &mut self,
        dwarf: &Dwarf<Reader<'d>>,
        unit: &Unit<Reader<'d>>,
    ) -> ControlFlow<()> {
        let Ok(mut entries) = unit.entries_raw(None) else { return ControlFlow::Continue(()) };
        while !entries.is_empty() {
            if entries.next_depth() > DEPTH_LIMIT {
                return ControlFlow::Break(());
            }
            let Ok(abbreviation) = entries.read_abbreviation() else { break };
            let Some(abbreviation) = abbreviation else { continue };
            let tag = abbreviation.tag();
            if ![DW_TAG_compile_unit, DW_TAG_subprogram, DW_TAG_inlined_subroutine].contains(&tag) {
                if entries.skip_attributes(abbreviation.attributes()).is_err() {
                    break;
                }
                continue;
            }
            for &attribute in abbreviation.attributes() {
                let Ok(attribute) = entries.read_attribute(attribute) else {
                    return ControlFlow::Continue(());
                };
                if attribute.name() == DW_AT_ranges {
                    self.ranges(dwarf, unit, attribute.value())?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn ranges<'d>(
        &mut self,
        dwarf: &Dwarf<Reader<'d>>,
        unit: &Unit<Reader<'d>>,
        value: AttributeValue<Reader<'d>>,
    ) -> ControlFlow<()> {
        let Ok(Some(mut ranges)) = dwarf.attr_ranges(unit, value) else {
            return ControlFlow::Continue(());
        };
        while let Ok(Some(_)) = ranges.next() {
            self.spend(1)?;
        }
        ControlFlow::Continue(())
    }
}

/// The size that the list of a unit's lines says it has, as far as there are bytes.
fn line_program_size<'d>(dwarf: &Dwarf<Reader<'d>>, header: &UnitHeader<Reader<'d>>) -> usize {
    let offset = || {
        let abbreviations = dwarf.abbreviations(header).ok()?;
        let mut entries = header.entries_raw(&abbreviations, None).ok()?;
        let root = entries.read_abbreviation().ok()??;
        for &attribute in root.attributes() {
            let attribute = entries.read_attribute(attribute).ok()?;
            match attribute.value() {
                AttributeValue::DebugLineRef(offset) if attribute.name() == DW_AT_stmt_list => {
                    return Some(offset);
                }
                _ => {}
            }
        }
        None
    };
    let lines = *dwarf.debug_line.reader();
    let rest = offset().and_then(|offset| lines.slice().get(offset.0..));
    let Some((length, rest)) = rest.and_then(|rest| rest.split_first_chunk()) else { return 0 };
    // A length that is none of 32 bits is followed by one of 64.
    usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).min(rest.len())
}

pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
