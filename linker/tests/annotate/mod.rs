//! Gives modules in the text format the sections that `--emit-relocs` keeps.

mod relocations;

use std::collections::BTreeMap;

use wasm_encoder::{LinkingSection, SymbolTable};
use wasmparser::{ElementItems, Operator, Parser, Payload, TypeRef};

use relocations::{Entry, MEMORY_ADDRESS, MEMORY_ADDRESS_RELATIVE, TABLE_INDEX_RELATIVE, append};

/// What the sections say. The defaults of all but the first two are right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Annotation {
    /// The data symbols: addresses from the start of the module's data, and sizes.
    pub(crate) symbols: Vec<(u32, u32)>,
    /// The pointers in data: addresses, and the addresses that they contain.
    pub(crate) pointers: Vec<(u32, u32)>,
    /// A number by which the addends of constants in code are wrong.
    pub(crate) code_addend: i32,
    /// A number of bytes by which the offsets of constants in code are wrong.
    pub(crate) code_offset: u32,
    /// The data segment that the symbols are in.
    pub(crate) segment: u32,
    /// The kind of all relocations of code.
    pub(crate) kind: Option<u8>,
    /// Whether there is no section with relocations of code.
    pub(crate) without_code: bool,
}

/// Appends the sections to a module with one data segment at `__memory_base`, which is its global
/// 0, and one element segment at `__table_base`, its global 1.
pub(crate) fn annotate(module: &[u8], annotation: &Annotation) -> Vec<u8> {
    let facts = Facts::read(module);
    let mut table = SymbolTable::new();
    for (index, &(offset, size)) in annotation.symbols.iter().enumerate() {
        let data = wasm_encoder::DataSymbolDefinition { index: annotation.segment, offset, size };
        table.data(0, &format!("symbol{index}"), Some(data));
    }
    let first_function = annotation.symbols.len() as u32;
    for (position, &function) in facts.slots.values().enumerate() {
        table.function(0, function, Some(&format!("function{position}")));
    }
    let symbol_at = |address: u32| {
        let inside = |(_, (start, size)): &(u32, &(u32, u32))| {
            // A symbol without a size stands for its address alone.
            address.checked_sub(*start).is_some_and(|distance| distance < (*size).max(1))
        };
        let found = (0..).zip(&annotation.symbols).find(inside)?;
        Some((found.0, (address - found.1.0).cast_signed()))
    };
    let code = facts.constants.iter().filter_map(|&(base, offset, value)| {
        let offset = offset + annotation.code_offset;
        let (kind, symbol, addend) = match base {
            Base::Memory => {
                let (symbol, addend) = symbol_at(value)?;
                (MEMORY_ADDRESS_RELATIVE, symbol, addend + annotation.code_addend)
            }
            Base::Table => {
                let position = facts.slots.keys().position(|&slot| slot == value)?;
                (TABLE_INDEX_RELATIVE, first_function + position as u32, 0)
            }
        };
        Some(Entry { kind: annotation.kind.unwrap_or(kind), offset, symbol, addend })
    });
    let code: Vec<_> = code.collect();
    let data = annotation.pointers.iter().filter_map(|&(at, target)| {
        let (symbol, addend) = symbol_at(target)?;
        Some(Entry { kind: MEMORY_ADDRESS, offset: facts.data + at, symbol, addend })
    });
    let mut annotated = module.to_vec();
    let mut linking = LinkingSection::new();
    linking.symbol_table(&table);
    wasm_encoder::Section::append_to(&linking, &mut annotated);
    if !annotation.without_code {
        append(&mut annotated, "reloc.CODE", facts.code_index, &code);
    }
    append(&mut annotated, "reloc.DATA", facts.data_index, &data.collect::<Vec<_>>());
    annotated
}

#[derive(Debug, Clone, Copy)]
enum Base {
    Memory,
    Table,
}

/// What the sections must fit.
#[derive(Default)]
struct Facts {
    /// The constants that are added to a base, with the offsets of their values in the code section.
    constants: Vec<(Base, u32, u32)>,
    /// The functions by slot.
    slots: BTreeMap<u32, u32>,
    /// The offset of the first byte of data in the data section.
    data: u32,
    code_index: u32,
    data_index: u32,
}

impl Facts {
    fn read(module: &[u8]) -> Self {
        let mut facts = Facts::default();
        let (mut section, mut code_start, mut bases) = (0, 0, Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.unwrap();
            match &payload {
                Payload::ImportSection(imports) => {
                    for import in imports.clone().into_imports().map(Result::unwrap) {
                        if let TypeRef::Global(_) = import.ty {
                            bases.push(match import.name {
                                "__memory_base" => Some(Base::Memory),
                                "__table_base" => Some(Base::Table),
                                _ => None,
                            });
                        }
                    }
                }
                Payload::ElementSection(elements) => {
                    for element in elements.clone().into_iter().map(Result::unwrap) {
                        if let ElementItems::Functions(functions) = element.items {
                            facts
                                .slots
                                .extend((0..).zip(functions.into_iter().map(Result::unwrap)));
                        }
                    }
                }
                Payload::CodeSectionStart { range, .. } => {
                    (facts.code_index, code_start) = (section, range.start);
                }
                Payload::CodeSectionEntry(body) => facts.read_code(body, code_start, &bases),
                Payload::DataSection(data) => {
                    facts.data_index = section;
                    let first = data.clone().into_iter().next().unwrap().unwrap();
                    let content = first.range.end - first.data.len();
                    facts.data = (content - data.range().start) as u32;
                }
                _ => {}
            }
            section += u32::from(payload.as_section().is_some());
        }
        facts
    }

    fn read_code(
        &mut self,
        body: &wasmparser::FunctionBody<'_>,
        code_start: usize,
        bases: &[Option<Base>],
    ) {
        let operators = body.get_operators_reader().unwrap().into_iter_with_offsets();
        let operators: Vec<_> = operators.map(Result::unwrap).collect();
        for pair in operators.windows(2) {
            if let (Operator::GlobalGet { global_index }, _) = pair[0]
                && let Some(Some(base)) = bases.get(global_index as usize)
                && let (Operator::I32Const { value }, offset) = pair[1]
            {
                let offset = (offset + 1 - code_start) as u32;
                self.constants.push((*base, offset, value.cast_unsigned()));
            }
        }
    }
}
