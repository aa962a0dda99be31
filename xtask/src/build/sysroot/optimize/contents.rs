//! The contents of a library that Binaryen may move.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::bail;
use wasmparser::{
    Data, ElementItems, ExternalKind, FunctionBody, KnownCustom, Name, NameSectionReader, Parser,
    Payload, TypeRef,
};

/// The contents of a library that Binaryen may have moved.
#[derive(Default)]
pub(super) struct Contents<'a> {
    /// The names of the imported functions, by index.
    pub(super) imported_functions: Vec<&'a str>,
    /// The number of all functions.
    pub(super) functions: u32,
    /// The modules of the imported globals, by index.
    pub(super) imported_globals: Vec<(&'a str, &'a str)>,
    /// The exported functions.
    pub(super) exports: Vec<(&'a str, u32)>,
    /// The functions in the table, in the order of their slots.
    pub(super) slots: Vec<u32>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// The types of the functions that are not imported.
    pub(super) types: Vec<u32>,
    /// The start of the content of the code section.
    pub(super) code_start: usize,
    /// The start of the content of the data section.
    pub(super) data_start: usize,
    pub(super) data: Vec<Data<'a>>,
    /// The names of functions.
    pub(super) names: BTreeMap<u32, &'a str>,
}

impl<'a> Contents<'a> {
    pub(super) fn read(library: &'a [u8]) -> anyhow::Result<Self> {
        let mut contents = Contents::default();
        for payload in Parser::new(0).parse_all(library) {
            contents.add(payload?)?;
        }
        contents.functions = (contents.imported_functions.len() + contents.bodies.len()) as u32;
        Ok(contents)
    }

    fn add(&mut self, payload: Payload<'a>) -> anyhow::Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(_) => self.imported_functions.push(import.name),
                        TypeRef::Global(_) => {
                            self.imported_globals.push((import.module, import.name));
                        }
                        _ => {}
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push((export.name, export.index));
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    let ElementItems::Functions(functions) = element?.items else {
                        bail!("the table has other elements than functions");
                    };
                    let functions: wasmparser::Result<Vec<_>> = functions.into_iter().collect();
                    self.slots.extend(functions?);
                }
            }
            Payload::FunctionSection(section) => {
                self.types = section.into_iter().collect::<wasmparser::Result<_>>()?;
            }
            Payload::CodeSectionStart { range, .. } => self.code_start = range.start,
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => {
                self.data_start = section.range().start;
                self.data = section.into_iter().collect::<wasmparser::Result<_>>()?;
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.add_names(names)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_names(&mut self, subsections: NameSectionReader<'a>) -> anyhow::Result<()> {
        for subsection in subsections {
            if let Name::Function(names) = subsection? {
                for naming in names {
                    let naming = naming?;
                    self.names.insert(naming.index, naming.name);
                }
            }
        }
        Ok(())
    }
}

/// Returns where the bytes of a data segment are in its module.
pub(super) fn bytes_of(segment: &Data<'_>) -> Range<usize> {
    segment.range.end - segment.data.len()..segment.range.end
}
