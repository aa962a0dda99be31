//! The custom section `dylink.0`, in which a shared library says what it needs, and its predecessor
//! `dylink`.

use std::fmt;

use serde::Serialize;
use wasmparser::{
    BinaryReader, CustomSectionReader, Dylink0SectionReader, Dylink0Subsection, KnownCustom,
    SymbolFlags,
};

use crate::limits::InputLimits;
use crate::module::error::LoadError;

/// The section's name.
pub(crate) const SECTION: &str = "dylink.0";
/// The name until 2022, with a shorter format.
const OLD_SECTION: &str = "dylink";

/// The data of a `dylink.0` section. Subsections of one kind that occur twice are joined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Dylink {
    /// The memory and table that the module needs.
    pub mem_info: MemInfo,
    /// Shared libraries that must be loaded with this one, by file name.
    pub needed: Vec<String>,
    /// Flags of exported symbols.
    pub export_info: Vec<SymbolInfo>,
    /// Flags of imported symbols.
    pub import_info: Vec<SymbolInfo>,
    /// Folders in which `needed` is looked up first.
    pub runtime_path: Vec<String>,
}

/// The parts of the process's memory and table that a shared library needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MemInfo {
    /// Bytes of memory that begin at `env.__memory_base`.
    pub memory_size: u32,
    /// Alignment of that memory, in bytes.
    pub memory_alignment: Alignment,
    /// Elements of the table that begin at `env.__table_base`.
    pub table_size: u32,
    /// Alignment of these elements, in elements.
    pub table_alignment: Alignment,
}

/// A power of two, in bytes for memory and in elements for tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u64")]
pub struct Alignment {
    log2: u32,
}

impl Alignment {
    /// Returns the alignment `2^log2`, or `None` beyond 2^31, which no address of 32 bits can have.
    pub fn from_log2(log2: u32) -> Option<Self> {
        (log2 < 32).then_some(Alignment { log2 })
    }
}

impl From<Alignment> for u64 {
    fn from(alignment: Alignment) -> u64 {
        1 << alignment.log2
    }
}

impl fmt::Display for Alignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        u64::from(*self).fmt(f)
    }
}

/// A symbol and its flags, as `export_info` and `import_info` list them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SymbolInfo {
    /// The module it is imported from; `None` for exports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The symbol's name.
    pub name: String,
    /// The flags' names in the convention, such as `binding-weak`.
    pub flags: Vec<&'static str>,
}

const FLAGS: [(SymbolFlags, &str); 9] = [
    (SymbolFlags::BINDING_WEAK, "binding-weak"),
    (SymbolFlags::BINDING_LOCAL, "binding-local"),
    (SymbolFlags::VISIBILITY_HIDDEN, "visibility-hidden"),
    (SymbolFlags::UNDEFINED, "undefined"),
    (SymbolFlags::EXPORTED, "exported"),
    (SymbolFlags::EXPLICIT_NAME, "explicit-name"),
    (SymbolFlags::NO_STRIP, "no-strip"),
    (SymbolFlags::TLS, "tls"),
    (SymbolFlags::ABSOLUTE, "absolute"),
];

impl SymbolInfo {
    /// Returns whether the symbol may stay undefined.
    pub(crate) fn is_weak(&self) -> bool {
        self.flags.contains(&"binding-weak")
    }

    /// Returns whether it is a thread-local variable. Its address is then relative to the module's
    /// block of these.
    pub(crate) fn is_thread_local(&self) -> bool {
        self.flags.contains(&"tls")
    }

    /// Returns whether it has a value that does not depend on where the module is placed.
    pub(crate) fn is_absolute(&self) -> bool {
        self.flags.contains(&"absolute")
    }

    fn new(module: Option<&str>, name: &str, flags: SymbolFlags) -> Self {
        SymbolInfo {
            module: module.map(str::to_owned),
            name: name.to_owned(),
            flags: FLAGS
                .iter()
                .filter(|(f, _)| flags.contains(*f))
                .map(|(_, name)| *name)
                .collect(),
        }
    }
}

impl Dylink {
    /// Returns the number of names in the section.
    pub(crate) fn name_count(&self) -> usize {
        let Dylink { mem_info: _, needed, export_info, import_info, runtime_path } = self;
        needed.len() + export_info.len() + import_info.len() + runtime_path.len()
    }
}

/// Reads a custom section if it is one of the two; `module` names the module in errors.
///
/// # Errors
///
/// When the section is malformed, too large, or not the module's first.
pub(crate) fn section(
    module: &str,
    section: &CustomSectionReader<'_>,
    is_first: bool,
    limits: &InputLimits,
) -> Result<Option<Dylink>, LoadError> {
    let Some(name) = [SECTION, OLD_SECTION].into_iter().find(|name| *name == section.name()) else {
        return Ok(None);
    };
    if !is_first {
        let (module, offset) = (module.to_owned(), section.range().start);
        return Err(LoadError::DylinkNotFirst { module, section: name, offset });
    }
    match section.as_known() {
        KnownCustom::Dylink0(reader) => read(module, reader, limits).map(Some),
        _ => read_old(module, section, limits).map(Some),
    }
}

/// Reads the format of `dylink`: five numbers that `dylink.0` has too, and the needed names.
fn read_old(
    module: &str,
    section: &CustomSectionReader<'_>,
    limits: &InputLimits,
) -> Result<Dylink, LoadError> {
    let malformed = |error: wasmparser::Error| LoadError::malformed(module, &error);
    let mut reader = BinaryReader::new(section.data(), section.data_offset());
    let mut number = || reader.read_var_u32().map_err(malformed);
    let info = wasmparser::MemInfo {
        memory_size: number()?,
        memory_alignment: number()?,
        table_size: number()?,
        table_alignment: number()?,
    };
    let count = number()?;
    let mut dylink = Dylink { mem_info: mem_info(module, &info)?, ..Dylink::default() };
    for _ in 0..count {
        dylink.needed.push(reader.read_string().map_err(malformed)?.to_owned());
        limits.check_symbols(module, dylink.name_count())?;
    }
    if !reader.eof() {
        return Err(LoadError::Malformed {
            module: module.to_owned(),
            message: "its `dylink` section goes on after the last needed library".to_owned(),
            offset: reader.original_position(),
        });
    }
    Ok(dylink)
}

/// Reads the data of a `dylink.0` section.
fn read(
    module: &str,
    section: Dylink0SectionReader<'_>,
    limits: &InputLimits,
) -> Result<Dylink, LoadError> {
    let mut dylink = Dylink::default();
    for subsection in section {
        let subsection = subsection.map_err(|e| LoadError::malformed(module, &e))?;
        limits.check_symbols(module, dylink.name_count() + name_count(&subsection))?;
        match subsection {
            Dylink0Subsection::MemInfo(info) => dylink.mem_info = mem_info(module, &info)?,
            Dylink0Subsection::Needed(names) => dylink.needed.extend(owned(&names)),
            Dylink0Subsection::RuntimePath(paths) => dylink.runtime_path.extend(owned(&paths)),
            Dylink0Subsection::ExportInfo(symbols) => dylink
                .export_info
                .extend(symbols.iter().map(|s| SymbolInfo::new(None, s.name, s.flags))),
            Dylink0Subsection::ImportInfo(symbols) => dylink
                .import_info
                .extend(symbols.iter().map(|s| SymbolInfo::new(Some(s.module), s.field, s.flags))),
            // The convention lets later versions add subsections that older loaders skip.
            Dylink0Subsection::Unknown { .. } => {}
        }
    }
    Ok(dylink)
}

fn name_count(subsection: &Dylink0Subsection<'_>) -> usize {
    match subsection {
        Dylink0Subsection::Needed(names) | Dylink0Subsection::RuntimePath(names) => names.len(),
        Dylink0Subsection::ExportInfo(symbols) => symbols.len(),
        Dylink0Subsection::ImportInfo(symbols) => symbols.len(),
        _ => 0,
    }
}

fn mem_info(module: &str, info: &wasmparser::MemInfo) -> Result<MemInfo, LoadError> {
    let alignment = |log2| {
        Alignment::from_log2(log2)
            .ok_or_else(|| LoadError::Alignment { module: module.to_owned(), log2 })
    };
    Ok(MemInfo {
        memory_size: info.memory_size,
        memory_alignment: alignment(info.memory_alignment)?,
        table_size: info.table_size,
        table_alignment: alignment(info.table_alignment)?,
    })
}

fn owned<'a>(names: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    names.iter().map(|&name| name.to_owned())
}
