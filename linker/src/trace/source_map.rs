//! The source map of a fused program: a file that maps its code to the source.
//!
//! The format is that of ECMA-426, in the form for WebAssembly: there is one generated line, and
//! columns are bytes from the start of the file. It has one place in the source for each
//! instruction. Fields of this linker, which other readers skip, add the rest: the calls of inlined
//! functions, the module that code came from, and the file that the map is for.

use std::collections::BTreeMap;
use std::iter;

use serde::{Deserialize, Serialize};

use crate::hash::HashMap;
use crate::module::sections::Contents;
use crate::names::shortened;
use crate::plan::set::Set;
use crate::trace::budget::DEPTH_LIMIT;
use crate::trace::origin::{DebugInfo, Origin, OriginalCode, SourceLine, body_starts, offsets};
use crate::write::bound::BoundModule;

/// A source map of a module, to be written as JSON.
///
/// ```
/// # use linker::SourceMap;
/// // A map from outside may contain anything.
/// let map = SourceMap { mappings: "~~~".to_owned(), ..SourceMap::default() };
/// assert_eq!(map.read().lines(8), []);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceMap {
    /// The version of the format, 3.
    pub version: u32,
    /// The names of files, as the debug information has them.
    pub sources: Vec<String>,
    /// The names of functions, as the debug information has them, which is mangled.
    pub names: Vec<String>,
    /// The place in the source for each column. If functions were inlined it is in the innermost.
    pub mappings: String,
    /// In the same form, the calls of inlined functions: first the call of the innermost
    /// function, then the call of its caller, and so on.
    #[serde(rename = "x_inlined_at")]
    pub inlined_at: Vec<String>,
    /// The modules that code came from: each with the column at which its code starts.
    #[serde(rename = "x_modules")]
    pub modules: Vec<(u32, String)>,
    /// The SHA-256 digest of the file that the map is for, in hexadecimal digits.
    #[serde(rename = "x_sha256")]
    pub sha256: String,
}

impl BoundModule {
    /// Returns the source map of a program that was written as one module; `None` if no module has
    /// debug information. The caller sets [`SourceMap::sha256`] when it writes the file.
    pub fn source_map(&self, set: &Set) -> Option<SourceMap> {
        let origins = self.origins.as_ref()?;
        let infos = set.inputs.iter().enumerate();
        let infos: BTreeMap<_, _> =
            infos.filter_map(|(module, o)| Some((module, DebugInfo::read(&o.bytes)?))).collect();
        if infos.is_empty() {
            return None;
        }
        let lines = |at: Origin| infos.get(&at.module).map(|info| info.lines(at.offset));
        let bodies = Contents::read(&self.bytes).map(|contents| contents.bodies);
        let mut originals = BTreeMap::new();
        let mut writer = MappingWriter::default();
        for (&function, body) in origins.functions.iter().zip(bodies.unwrap_or_default()) {
            let original = originals.entry(function.module);
            let original = original
                .or_insert_with(|| OriginalCode::read(set, origins, function.module))
                .as_ref();
            let written = original.and_then(|original| original.written(function));
            for (written, new) in written.into_iter().flatten().zip(offsets(&body)) {
                let lines = written.origins(function).filter_map(lines).flatten();
                writer.add(new, &lines.collect::<Vec<_>>());
            }
            writer.add(body.range().end, &[]);
        }
        let mut map = writer.finish();
        // Functions that no module had count as part of the program.
        let modules = origins.functions.iter().map(|id| id.module).chain(iter::repeat(self.module));
        for (start, module) in body_starts(&self.bytes).into_iter().zip(modules) {
            let name = &set.inputs[module].module.name;
            if map.modules.last().is_none_or(|(_, last)| last != name) {
                map.modules.push((u32::try_from(start).unwrap_or(u32::MAX), name.clone()));
            }
        }
        Some(map)
    }
}

/// The place in the source of an instruction, with indices into the lists of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    source: u32,
    line: u32,
    column: u32,
    name: Option<u32>,
}

/// Writes mappings. A mapping at a column holds up to the next one.
#[derive(Default)]
struct MappingWriter {
    sources: Table,
    names: Table,
    /// The mappings of each level of inlining, the innermost first.
    levels: Vec<Level>,
}

#[derive(Default)]
struct Level {
    text: String,
    column: u32,
    /// The fields that were written last.
    last: [u32; 4],
    /// The place that holds at this column.
    place: Option<Place>,
}

/// Strings, each once, in the order of their first use.
#[derive(Default)]
struct Table {
    strings: Vec<String>,
    indices: HashMap<String, u32>,
}

impl Table {
    fn index(&mut self, string: &str) -> u32 {
        if let Some(&index) = self.indices.get(string) {
            return index;
        }
        let index = self.strings.len() as u32;
        self.strings.push(string.to_owned());
        self.indices.insert(string.to_owned(), index);
        index
    }
}

impl MappingWriter {
    /// Adds a mapping. Lines without a number are left out: the format cannot express them.
    fn add(&mut self, column: usize, lines: &[SourceLine]) {
        let Ok(column) = u32::try_from(column) else { return };
        let numbered =
            lines.iter().filter_map(|source| Some((source, source.line?.checked_sub(1)?)));
        let places = numbered.map(|(source, line)| Place {
            source: self.sources.index(&source.file),
            line,
            column: source.column.map_or(0, |column| column.saturating_sub(1)),
            name: source.function.as_deref().map(|name| self.names.index(name)),
        });
        let places: Vec<_> = places.collect();
        self.levels.resize_with(self.levels.len().max(places.len()), Level::default);
        for (number, level) in self.levels.iter_mut().enumerate() {
            level.add(column, places.get(number).copied());
        }
    }

    fn finish(self) -> SourceMap {
        let mut levels = self.levels.into_iter().map(|level| level.text);
        SourceMap {
            version: 3,
            sources: self.sources.strings,
            names: self.names.strings,
            mappings: levels.next().unwrap_or_default(),
            inlined_at: levels.collect(),
            ..SourceMap::default()
        }
    }
}

impl Level {
    fn add(&mut self, column: u32, place: Option<Place>) {
        if self.place == place {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(',');
        }
        write_number(&mut self.text, column, self.column);
        self.column = column;
        self.place = place;
        let Some(Place { source, line, column, name }) = place else { return };
        let fields = [Some(source), Some(line), Some(column), name];
        for (field, last) in fields.into_iter().zip(&mut self.last) {
            if let Some(field) = field {
                write_number(&mut self.text, field, *last);
                *last = field;
            }
        }
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes the difference to the last number in base 32, the lowest digit first. The lowest bit is
/// the sign.
fn write_number(to: &mut String, number: u32, last: u32) {
    let difference = i64::from(number) - i64::from(last);
    let mut rest = difference.unsigned_abs() << 1 | u64::from(difference < 0);
    loop {
        let digit = rest & 31;
        rest >>= 5;
        let more = if rest > 0 { 32 } else { 0 };
        to.push(char::from(DIGITS[(digit | more) as usize]));
        if rest == 0 {
            return;
        }
    }
}

impl SourceMap {
    /// Decodes the mappings. If they are malformed at some point, only those before it are read.
    pub fn read(self) -> Mappings {
        let texts = [&self.mappings].into_iter().chain(&self.inlined_at);
        // Debug information nests no deeper.
        let texts = texts.take(DEPTH_LIMIT.unsigned_abs());
        let levels = texts.map(|text| read_level(text)).collect();
        Mappings { levels, map: self }
    }
}

/// The decoded mappings of a source map.
#[derive(Debug, Clone)]
pub struct Mappings {
    map: SourceMap,
    levels: Vec<Vec<(u32, Option<Place>)>>,
}

impl Mappings {
    /// Returns the name of the module that the code at an offset came from. `offset` is in
    /// bytes from the start of the file.
    pub fn module(&self, offset: usize) -> Option<&str> {
        let modules = &self.map.modules;
        let after = modules.partition_point(|(start, _)| *start as usize <= offset);
        Some(&modules.get(after.checked_sub(1)?)?.1)
    }

    /// Returns the places in the source of the instruction at an offset, in bytes from the start of
    /// the file. The result is that of [`source_lines`](crate::source_lines) for the module that it
    /// came from, without places that have no line number.
    pub fn lines(&self, offset: usize) -> Vec<SourceLine> {
        let place = |level: &Vec<(u32, Option<Place>)>| {
            let after = level.partition_point(|(column, _)| *column as usize <= offset);
            level[after.checked_sub(1)?].1
        };
        let places = self.levels.iter().map_while(place);
        let string = |strings: &[String], place: u32| {
            strings.get(place as usize).map(|text| shortened(text))
        };
        let lines = places.map_while(|place| {
            Some(SourceLine {
                function: place.name.and_then(|name| string(&self.map.names, name)),
                file: string(&self.map.sources, place.source)?,
                line: place.line.checked_add(1),
                column: place.column.checked_add(1),
            })
        });
        lines.collect()
    }
}

fn read_level(text: &str) -> Vec<(u32, Option<Place>)> {
    let mut segments: Vec<(u32, Option<Place>)> = Vec::new();
    let mut column = 0;
    let mut last = [0; 4];
    // There is one generated line. Other lines belong to no code.
    let line = text.split_once(';').map_or(text, |(first, _)| first);
    for segment in line.split(',') {
        let Some(segment) = read_segment(segment, &mut column, &mut last) else { break };
        if segments.last().is_some_and(|(before, _)| *before > segment.0) {
            break;
        }
        segments.push(segment);
    }
    segments
}

fn read_segment(text: &str, column: &mut u32, last: &mut [u32; 4]) -> Option<(u32, Option<Place>)> {
    let mut digits = text.bytes();
    *column = column.checked_add_signed(read_number(&mut digits)?)?;
    if digits.len() == 0 {
        return Some((*column, None));
    }
    for field in &mut last[..3] {
        *field = field.checked_add_signed(read_number(&mut digits)?)?;
    }
    let [source, line, place, name] = last;
    let mut named = None;
    if digits.len() > 0 {
        *name = name.checked_add_signed(read_number(&mut digits)?)?;
        named = Some(*name);
    }
    Some((*column, Some(Place { source: *source, line: *line, column: *place, name: named })))
}

fn read_number(digits: &mut std::str::Bytes<'_>) -> Option<i32> {
    let mut number: u64 = 0;
    // Seven digits hold 32 bits and a sign.
    for shift in (0..35).step_by(5) {
        let digit = digits.next()?;
        let digit = DIGITS.iter().position(|&known| known == digit)? as u64;
        number |= (digit & 31) << shift;
        if digit & 32 == 0 {
            let magnitude = i64::try_from(number >> 1).ok()?;
            return i32::try_from(if number & 1 == 1 { -magnitude } else { magnitude }).ok();
        }
    }
    None
}
