//! The sections of a module, as the phases read them that write it again.

use wasmparser::{
    BinaryReader, BlockType, CustomSectionReader, Data, Element, ElementItems, ExportSectionReader,
    ExternalKind, FuncType, FunctionBody, Global, KnownCustom, Name, Naming, Operator, Parser,
    Payload, RecGroup, Result, Table, TagType, ValType,
};

/// The sections of a module. They are valid except, perhaps, for function bodies; those of a system
/// library are not validated at all.
#[derive(Clone, Default)]
pub(crate) struct Contents<'a> {
    pub(crate) types: Vec<RecGroup>,
    /// The type of each function that the module defines, as an index in the type section.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<Table<'a>>,
    pub(crate) memories: Vec<wasmparser::MemoryType>,
    pub(crate) tags: Vec<TagType>,
    pub(crate) globals: Vec<Global<'a>>,
    exports: Option<ExportSectionReader<'a>>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) counts_data: bool,
    /// The offset of the code section's content in the module, in bytes.
    pub(crate) code_start: Option<usize>,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    /// The offset of the data section's content in the module, in bytes.
    pub(crate) data_start: Option<usize>,
    pub(crate) data: Vec<Data<'a>>,
    pub(crate) custom: Vec<CustomSectionReader<'a>>,
}

impl<'a> Contents<'a> {
    /// Reads the sections of a module.
    ///
    /// # Errors
    ///
    /// When a section is malformed.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut contents = Contents::default();
        for payload in Parser::new(0).parse_all(bytes) {
            contents.section(payload?, bytes)?;
        }
        Ok(contents)
    }

    fn section(&mut self, payload: Payload<'a>, bytes: &'a [u8]) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => self.types = all(section)?,
            Payload::FunctionSection(section) => self.functions = all(section)?,
            Payload::TableSection(section) => self.tables = all(section)?,
            Payload::MemorySection(section) => self.memories = all(section)?,
            Payload::TagSection(section) => self.tags = all(section)?,
            Payload::GlobalSection(section) => self.globals = all(section)?,
            Payload::ExportSection(section) => self.exports = Some(section),
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => self.elements = all(section)?,
            Payload::DataCountSection { .. } => self.counts_data = true,
            Payload::CodeSectionStart { range, .. } => {
                self.code_start = Some(range.start);
                let section = BinaryReader::new(&bytes[range.clone()], range.start);
                self.bodies = all(wasmparser::CodeSectionReader::new(section)?)?;
            }
            Payload::DataSection(section) => {
                self.data_start = Some(section.range().start);
                self.data = all(section)?;
            }
            Payload::CustomSection(section) => self.custom.push(section),
            _ => {}
        }
        Ok(())
    }

    /// Returns the index of the function that is exported under a name.
    pub(crate) fn exported_function(&self, name: &str) -> Option<u32> {
        let mut exports = self.exports.iter().cloned().flatten().flatten();
        let export = exports.find(|e| e.kind == ExternalKind::Func && e.name == name)?;
        Some(export.index)
    }

    /// Returns the function names of the name section. A function may be there twice. Malformed
    /// names are ignored, as the specification asks of engines.
    pub(crate) fn function_names(&self) -> impl Iterator<Item = Naming<'a>> {
        let names = self.custom.iter().filter_map(|section| match section.as_known() {
            KnownCustom::Name(names) => Some(names.into_iter().flatten()),
            _ => None,
        });
        let functions = names.flatten().filter_map(|names| match names {
            Name::Function(names) => Some(names.into_iter().flatten()),
            _ => None,
        });
        functions.flatten()
    }

    pub(crate) fn function_name(&self, function: u32) -> Option<&'a str> {
        self.function_names().find(|naming| naming.index == function).map(|naming| naming.name)
    }
}

/// Returns the functions of an element segment; `None` for a null reference.
pub(crate) fn functions(items: ElementItems<'_>) -> Result<Vec<Option<u32>>> {
    match items {
        ElementItems::Functions(functions) => functions.into_iter().map(|f| f.map(Some)).collect(),
        ElementItems::Expressions(_, expressions) => expressions
            .into_iter()
            .map(|expression| {
                Ok(match expression?.get_operators_reader().read()? {
                    Operator::RefFunc { function_index } => Some(function_index),
                    _ => None,
                })
            })
            .collect(),
    }
}

fn all<T>(items: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    items.into_iter().collect()
}

/// The function types of a module and the types of its tags, by index.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    types: Vec<Option<FuncType>>,
    tags: Vec<u32>,
}

impl Signatures {
    /// Collects the types of a module. `imported_tags` are the indices of the types of the tags that
    /// it imports.
    pub(crate) fn new(
        imported_tags: impl IntoIterator<Item = u32>,
        contents: &Contents<'_>,
    ) -> Self {
        let defined_tags = contents.tags.iter().map(|ty| ty.func_type_idx);
        let tags = imported_tags.into_iter().chain(defined_tags);
        let types = contents.types.iter().flat_map(RecGroup::types);
        let types = types.map(|ty| match &ty.composite_type.inner {
            wasmparser::CompositeInnerType::Func(ty) => Some(ty.clone()),
            _ => None,
        });
        Signatures { types: types.collect(), tags: tags.collect() }
    }

    pub(crate) fn function(&self, ty: u32) -> Option<&FuncType> {
        self.types.get(ty as usize)?.as_ref()
    }

    pub(crate) fn params_of_block(&self, ty: BlockType) -> Option<&[ValType]> {
        match ty {
            BlockType::Empty | BlockType::Type(_) => Some(&[]),
            BlockType::FuncType(ty) => Some(self.function(ty)?.params()),
        }
    }

    pub(crate) fn params_of_tag(&self, tag: u32) -> Option<&[ValType]> {
        Some(self.function(*self.tags.get(tag as usize)?)?.params())
    }
}
