//! The custom sections that tell of tools, of several modules as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::printable;
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{BinaryReader, CustomSectionReader, KnownCustom};

const TARGET_FEATURES: &str = "target_features";

/// Adds sections to a module that is written, after all others: no code moves.
pub(crate) fn append(module: &mut Vec<u8>, sections: &[(String, Vec<u8>)]) {
    for (name, data) in sections {
        CustomSection { name: name.into(), data: data.into() }.append_to(module);
    }
}

/// Tells which modules have become one, the program first: they are no libraries that could join it.
pub(crate) const LINKED: &str = "wasm_host.linked";

/// The names of the modules that a section says, if it is that section. What is malformed says nothing.
pub(crate) fn read_linked(section: &CustomSectionReader<'_>) -> Vec<String> {
    let read = || -> wasmparser::Result<Vec<String>> {
        let mut reader = section.data_reader();
        let count = reader.read_var_u32()?;
        (0..count).map(|_| Ok(printable(reader.read_string()?).into_owned())).collect()
    };
    if section.name() == LINKED { read().unwrap_or_default() } else { Vec::new() }
}

/// The section that tells browsers where the source map is.
pub(crate) fn source_mapping_url(url: &str) -> (String, Vec<u8>) {
    let mut data = Vec::new();
    url.encode(&mut data);
    ("sourceMappingURL".to_owned(), data)
}

/// What is in any of the sections, each once: who produced the modules, and which features they use.
pub(crate) fn merge<'a>(
    sections: impl Iterator<Item = &'a CustomSectionReader<'a>>,
) -> Vec<(String, Vec<u8>)> {
    let (mut producers, mut features) = (Producers::new(), BTreeSet::new());
    for section in sections {
        // The convention asks readers to ignore what is malformed here.
        match section.as_known() {
            KnownCustom::Producers(fields) => add_producers(fields, &mut producers),
            _ if section.name() == TARGET_FEATURES => {
                features.extend(read_features(section.data_reader()).into_iter().flatten());
            }
            _ => {}
        }
    }
    // They are written as plain instructions.
    features.retain(|(_, name)| name != "atomics");
    let mut merged = Vec::new();
    if !producers.is_empty() {
        merged.push(("producers".to_owned(), write_producers(&producers)));
    }
    if !features.is_empty() {
        merged.push((TARGET_FEATURES.to_owned(), write_features(&features)));
    }
    merged
}

/// By field and name the versions; the first counts.
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

/// Each with its prefix, which says whether it is used.
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
