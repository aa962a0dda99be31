//! Bounds the work of reading debug information (DWARF), before it is read.
//!
//! The library that reads it recurses into nested entries, and makes a list of all ranges,
//! lines and files of a unit. Any number of units and entries can share one list in the bytes,
//! so a small module could exhaust the stack or the memory of a reader that looks for the
//! source of an instruction.

use std::ops::ControlFlow;

use addr2line::gimli::{
    AttributeValue, DW_AT_ranges, DW_AT_stmt_list, DW_TAG_compile_unit, DW_TAG_inlined_subroutine,
    DW_TAG_subprogram, DwTag, Dwarf, EndianSlice, LittleEndian, Section, Unit, UnitHeader,
};

/// The deepest nesting of entries. No compiler nests deeper.
pub(crate) const DEPTH_LIMIT: isize = 200;

/// The amount of work that each byte of debug information allows.
const PER_BYTE: usize = 4;

/// The amount of work that is always allowed: the path of the folder of a small module may be long.
const AT_LEAST: usize = 1 << 20;

/// Returns whether reading debug information of `size` bytes takes only as much stack and memory as
/// its size justifies.
pub(crate) fn is_bounded(dwarf: &Dwarf<Reader<'_>>, size: usize) -> bool {
    let mut work = Work { left: AT_LEAST + PER_BYTE * size };
    let mut units = dwarf.units();
    // A unit that cannot be read here cannot be read later either.
    while let Ok(Some(header)) = units.next() {
        if work.unit(dwarf, header).is_break() {
            return false;
        }
    }
    true
}

/// The entries whose ranges are read.
const HAS_RANGES: [DwTag; 3] = [DW_TAG_compile_unit, DW_TAG_subprogram, DW_TAG_inlined_subroutine];

/// The work that is still allowed: bytes of lists and names, and ranges.
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
        // Reading the unit includes the list of files.
        self.spend(line_program_size(dwarf, &header))?;
        let Ok(unit) = dwarf.unit(header) else { return ControlFlow::Continue(()) };
        self.files(dwarf, &unit)?;
        self.entries(dwarf, &unit)
    }

    /// Spends the bytes of the paths of files. A path consists of the unit's folder, the
    /// file's folder and the name of the file.
    fn files<'d>(&mut self, dwarf: &Dwarf<Reader<'d>>, unit: &Unit<Reader<'d>>) -> ControlFlow<()> {
        let Some(program) = &unit.line_program else { return ControlFlow::Continue(()) };
        let header = program.header();
        let unit_folder = unit.comp_dir.map_or(0, |folder| folder.len());
        let length = |name: AttributeValue<Reader<'d>>| {
            dwarf.attr_string(unit, name).map_or(0, |name| name.len())
        };
        let mut folders = Vec::new();
        for &folder in header.include_directories() {
            let length = length(folder);
            folders.push(length);
            self.spend(length)?;
        }
        // Before version 5 the list does not contain the unit's folder, and counts from 1.
        let first = u64::from(header.version() <= 4);
        let folder_length = |index: u64| {
            let index = usize::try_from(index.checked_sub(first)?).ok()?;
            folders.get(index).copied()
        };
        for file in header.file_names() {
            // A file without a folder in the list is in the unit's folder.
            let folder = folder_length(file.directory_index()).unwrap_or(0);
            self.spend(unit_folder + folder + length(file.path_name()))?;
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
            if !HAS_RANGES.contains(&abbreviation.tag()) {
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

/// Returns the size in bytes that a unit's line program has by its header, but no more than there
/// are bytes; 0 for a unit without one.
fn line_program_size<'d>(dwarf: &Dwarf<Reader<'d>>, header: &UnitHeader<Reader<'d>>) -> usize {
    let lines = *dwarf.debug_line.reader();
    let offset = line_program_offset(dwarf, header);
    let rest = offset.and_then(|offset| lines.slice().get(offset..));
    let Some((length, rest)) = rest.and_then(|rest| rest.split_first_chunk()) else { return 0 };
    // An escape value, which a length of 64 bits follows, is larger than any section.
    usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).min(rest.len())
}

/// Returns the offset of a unit's line program in its section.
fn line_program_offset<'d>(
    dwarf: &Dwarf<Reader<'d>>,
    header: &UnitHeader<Reader<'d>>,
) -> Option<usize> {
    let abbreviations = dwarf.abbreviations(header).ok()?;
    let mut entries = header.entries_raw(&abbreviations, None).ok()?;
    let root = entries.read_abbreviation().ok()??;
    for &attribute in root.attributes() {
        let attribute = entries.read_attribute(attribute).ok()?;
        match attribute.value() {
            AttributeValue::DebugLineRef(offset) if attribute.name() == DW_AT_stmt_list => {
                return Some(offset.0);
            }
            _ => {}
        }
    }
    None
}

/// The bytes of a section, as the DWARF library reads them.
pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
