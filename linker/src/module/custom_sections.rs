//! Custom sections about tools, and how several modules' become one's.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::printable;
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{BinaryReader, CustomSectionReader, KnownCustom};

const TARGET_FEATURES: &str = "target_features";

/// Appends custom sections to a written module. No code moves.
pub(crate) fn append(module: &mut Vec<u8>, sections: &[(String, Vec<u8>)]) {
    for (name, data) in sections {
        CustomSection { name: name.into(), data: data.into() }.append_to(module);
    }
}

/// The beginning of the names of custom sections that only this linker reads.
///
/// The system libraries keep their relocations, in the sections `linking` and `reloc.*` of the tool
/// convention, under names with this prefix: other linkers would read the sections, too.
pub const OWN_SECTIONS: &str = "wasm_host.";

/// The beginning of the names of sections that describe a component's world, which wit-bindgen
/// writes.
const COMPONENT_TYPE: &str = "component-type";

/// Returns whether a section of this name describes a component's world.
pub(crate) fn is_component_type(name: &str) -> bool {
    name.starts_with(COMPONENT_TYPE)
}

/// The section with the names of the modules that were fused to this one, the program first. They
/// are part of it, so libraries of these names cannot join it.
pub(crate) const LINKED: &str = "wasm_host.linked";

/// Returns the names in a section, if it is [`LINKED`] and well-formed.
pub(crate) fn read_linked(section: &CustomSectionReader<'_>) -> Vec<String> {
    let read = || -> wasmparser::Result<Vec<String>> {
        let mut reader = section.data_reader();
        let count = reader.read_var_u32()?;
        (0..count).map(|_| Ok(printable(reader.read_string()?).into_owned())).collect()
    };
    if section.name() == LINKED { read().unwrap_or_default() } else { Vec::new() }
}

/// Returns the section from which browsers know where the source map is.
pub(crate) fn source_mapping_url(url: &str) -> (String, Vec<u8>) {
    let mut data = Vec::new();
    url.encode(&mut data);
    ("sourceMappingURL".to_owned(), data)
}

/// Merges the sections about producers and features of several modules, each entry once, and keeps
/// those that describe a component's world.
pub(crate) fn merge<'a>(
    sections: impl Iterator<Item = &'a CustomSectionReader<'a>>,
) -> Vec<(String, Vec<u8>)> {
    let (mut producers, mut features) = (Producers::new(), BTreeSet::new());
    let mut merged = Vec::new();
    for section in sections {
        // The convention asks readers to ignore what is malformed here.
        match section.as_known() {
            KnownCustom::Producers(fields) => add_producers(fields, &mut producers),
            _ if section.name() == TARGET_FEATURES => {
                features.extend(read_features(section.data_reader()).into_iter().flatten());
            }
            _ if is_component_type(section.name()) => {
                let section = (section.name().to_owned(), section.data().to_vec());
                if !merged.contains(&section) {
                    merged.push(section);
                }
            }
            _ => {}
        }
    }
    // Atomic instructions are written as plain ones.
    features.retain(|(_, name)| name != "atomics");
    if !producers.is_empty() {
        merged.push(("producers".to_owned(), write_producers(&producers)));
    }
    if !features.is_empty() {
        merged.push((TARGET_FEATURES.to_owned(), write_features(&features)));
    }
    merged
}

/// Versions by field and name. The first version of a name counts.
type Producers<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

fn add_producers<'a>(section: wasmparser::ProducersSectionReader<'a>, to: &mut Producers<'a>) {
    for field in section.into_iter().flatten() {
        for value in field.values.into_iter().flatten() {
            to.entry(field.name).or_default().entry(value.name).or_insert(value.version);
        }
    }
}

fn write_producers(producers: &Producers<'_>) -> Vec<u8> {
    let mut data = Vec::new();
    producers.len().encode(&mut data);
    for (field, values) in producers {
        field.encode(&mut data);
        values.len().encode(&mut data);
        for (name, version) in values {
            name.encode(&mut data);
            version.encode(&mut data);
        }
    }
    data
}

/// Reads features, each with its prefix, which says whether the module uses it.
fn read_features(mut reader: BinaryReader<'_>) -> wasmparser::Result<Vec<(u8, String)>> {
    let count = reader.read_var_u32()?;
    (0..count).map(|_| Ok((reader.read_u8()?, reader.read_string()?.to_owned()))).collect()
}

fn write_features(features: &BTreeSet<(u8, String)>) -> Vec<u8> {
    let mut data = Vec::new();
    features.len().encode(&mut data);
    for (prefix, name) in features {
        data.push(*prefix);
        name.encode(&mut data);
    }
    data
}
