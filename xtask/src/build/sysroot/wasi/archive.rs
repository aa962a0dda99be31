//! Zig's archives and objects, changed so that a shared library can be made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::str;

use anyhow::{Context, ensure};
use wasmparser::{
    KnownCustom, Linking, LinkingSectionReader, Parser, Payload, RelocSectionReader,
    RelocationEntry, RelocationType, SymbolFlags, SymbolInfo,
};

use crate::build::sysroot::contents::WASI_LIBC_NOT_CONSTRUCTED;
use crate::support::files;

/// Copies the objects of an archive whose names `keeps` accepts, and makes their weak functions
/// visible.
///
/// Zig compiles its libraries for static linking: every symbol is hidden. The linker can export
/// them nevertheless, but a library calls its own hidden functions directly. It must not do so for
/// weak functions, such as `operator new`: a program may have its own instead.
pub(super) fn copy_replaceable(
    from: &Path,
    to: &Path,
    keeps: &dyn Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let archive = files::read(from)?;
    let in_file = || format!("cannot read the archive `{}`", from.display());
    files::write(to, &copy(&archive, keeps).with_context(in_file)?)
}

/// Makes the weak functions of an object visible, as [`copy_replaceable`] does.
pub(super) fn make_replaceable(object: &Path) -> anyhow::Result<()> {
    let mut bytes = files::read(object)?;
    make_weak_visible(&mut bytes)
        .with_context(|| format!("cannot change `{}`", object.display()))?;
    files::write(object, &bytes)
}

/// Returns the file names of the objects in an archive.
pub(super) fn object_names(archive: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = files::read(archive)?;
    let in_file = || format!("cannot read the archive `{}`", archive.display());
    let members = members(&bytes).with_context(in_file)?;
    let long_names = long_names(&bytes, &members);
    let objects = members.iter().filter(|member| ![SYMBOLS, LONG_NAMES].contains(&member.name));
    Ok(objects.map(|member| file_name(member.name, long_names)).collect())
}

/// Returns the data of the member with the names that are too long for a header.
fn long_names<'a>(archive: &'a [u8], members: &[Member<'_>]) -> &'a [u8] {
    let long_names = members.iter().find(|member| member.name == LONG_NAMES);
    long_names.map_or(&[][..], |member| &archive[member.data.clone()])
}

fn copy(archive: &[u8], keeps: &dyn Fn(&str) -> bool) -> anyhow::Result<Vec<u8>> {
    let members = members(archive)?;
    let long_names = long_names(archive, &members);
    let mut copy = MAGIC.to_vec();
    for member in members {
        let mut data = archive[member.data.clone()].to_vec();
        match member.name {
            SYMBOLS => continue,
            LONG_NAMES => {}
            name => {
                let name = file_name(name, long_names);
                if !keeps(&name) {
                    continue;
                }
                change(&name, &mut data).with_context(|| format!("cannot change `{name}`"))?;
            }
        }
        copy.extend(&archive[member.data.start - HEADER..member.data.start]);
        copy.extend(data);
        copy.resize(copy.len().next_multiple_of(2), b'\n');
    }
    Ok(copy)
}

/// Changes an object as a shared library needs it.
fn change(name: &str, object: &mut [u8]) -> anyhow::Result<()> {
    make_weak_visible(object)?;
    if WASI_LIBC_NOT_CONSTRUCTED.contains(&name) {
        remove_constructors(object)?;
    }
    Ok(())
}

/// The bytes with which an archive begins.
const MAGIC: &[u8; 8] = b"!<arch>\n";
/// The size of the header before each member: its name in 16 bytes, fields that do not matter here,
/// its size as a decimal number in 10 bytes, and two bytes more.
const HEADER: usize = 60;
/// The name of the member with an index of symbols, which a linker does not need.
const SYMBOLS: &str = "/";
/// The name of the member with the names that are too long for a header.
const LONG_NAMES: &str = "//";

/// A member of an archive.
struct Member<'a> {
    /// Its name in the header: a name and a slash, or a slash and the position of a long name.
    name: &'a str,
    data: Range<usize>,
}

/// Returns the members of an archive in the format of GNU, which is what Zig writes.
fn members(archive: &[u8]) -> anyhow::Result<Vec<Member<'_>>> {
    ensure!(archive.starts_with(MAGIC), "it is none");
    let mut members = Vec::new();
    let mut start = MAGIC.len();
    while start < archive.len() {
        let header = archive.get(start..start + HEADER).context("it is truncated")?;
        let size: usize = str::from_utf8(&header[48..58])?.trim().parse()?;
        let data = start + HEADER..start + HEADER + size;
        ensure!(data.end <= archive.len(), "it is truncated");
        start = data.end.next_multiple_of(2);
        members.push(Member { name: str::from_utf8(&header[..16])?.trim_end(), data });
    }
    Ok(members)
}

/// Returns the file name of an object. Zig writes its whole path.
fn file_name(name: &str, long_names: &[u8]) -> String {
    let position = name.strip_prefix('/').and_then(|position| position.parse().ok());
    let long = position.and_then(|position: usize| long_names.get(position..));
    let path = match long {
        Some(names) => {
            String::from_utf8_lossy(names.split(|byte| *byte == b'\n').next().unwrap_or(names))
        }
        None => name.into(),
    };
    path.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// Clears the flag by which weak functions of an object are hidden.
///
/// The other symbols stay as they were compiled: their addresses are taken relative to the module,
/// which the linker supports for hidden symbols only.
fn make_weak_visible(object: &mut [u8]) -> anyhow::Result<()> {
    let mut hidden = BTreeMap::new();
    let mut relative = BTreeSet::new();
    for payload in Parser::new(0).parse_all(object) {
        let Payload::CustomSection(section) = payload? else { continue };
        match section.as_known() {
            KnownCustom::Linking(linking) => hidden.extend(hidden_weak_functions(linking)?),
            KnownCustom::Reloc(relocations) => relative.extend(relative_functions(&relocations)?),
            _ => {}
        }
    }
    // The linker would write slot 0 for these, without a warning.
    let wrong = hidden.keys().find(|symbol| relative.contains(symbol));
    ensure!(wrong.is_none(), "it takes the address of a weak function relative to the module");
    for flags in hidden.into_values() {
        object[flags] &= !(SymbolFlags::VISIBILITY_HIDDEN.bits() as u8);
    }
    Ok(())
}

/// Returns the symbols of the functions whose addresses an object takes relative to the module.
fn relative_functions(relocations: &RelocSectionReader<'_>) -> anyhow::Result<BTreeSet<u32>> {
    let mut functions = BTreeSet::new();
    for relocation in relocations.entries() {
        let RelocationEntry { ty, index, .. } = relocation?;
        if matches!(ty, RelocationType::TableIndexRelSleb | RelocationType::TableIndexRelSleb64) {
            functions.insert(index);
        }
    }
    Ok(functions)
}

/// Returns the symbols of hidden weak functions that an object defines, each with the position of
/// its flags. The flag is in the first byte.
fn hidden_weak_functions(
    linking: LinkingSectionReader<'_>,
) -> anyhow::Result<BTreeMap<u32, usize>> {
    let mut hidden = BTreeMap::new();
    for subsection in linking {
        let Linking::SymbolTable(symbols) = subsection? else { continue };
        for (index, symbol) in (0..).zip(symbols.into_iter_with_offsets()) {
            let (position, symbol) = symbol?;
            let SymbolInfo::Func { flags, .. } = symbol else { continue };
            let is_hidden_weak = SymbolFlags::VISIBILITY_HIDDEN | SymbolFlags::BINDING_WEAK;
            if flags.contains(is_hidden_weak) && !flags.contains(SymbolFlags::UNDEFINED) {
                // The flags follow a byte with the kind of the symbol.
                hidden.insert(index, position + 1);
            }
        }
    }
    Ok(hidden)
}

/// The kind of the subsection that lists the constructors of an object, and one that linkers skip
/// because they do not know it.
const CONSTRUCTORS: u8 = 6;
const UNKNOWN: u8 = 127;

/// Hides the list of the constructors of an object.
fn remove_constructors(object: &mut [u8]) -> anyhow::Result<()> {
    let mut lists = Vec::new();
    for payload in Parser::new(0).parse_all(object) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == "linking"
        {
            let mut reader = section.data_reader();
            let _version = reader.read_var_u32()?;
            while !reader.eof() {
                let kind = reader.original_position();
                if reader.read_u8()? == CONSTRUCTORS {
                    lists.push(kind);
                }
                let size = reader.read_var_u32()? as usize;
                reader.read_bytes(size)?;
            }
        }
    }
    for kind in lists {
        object[kind] = UNKNOWN;
    }
    Ok(())
}
