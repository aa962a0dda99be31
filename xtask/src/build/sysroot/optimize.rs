//! Optimizes a library with Binaryen, as Emscripten does when it links a program.
//!
//! Binaryen drops relocations. So each constant that has one becomes an import of a global before,
//! whose value Binaryen cannot know, and a constant again afterwards. Then its new place is known,
//! and it is certain that it still means what its relocation says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, CustomSection, Encode, GlobalType, ImportSection, Instruction, NameMap,
    NameSection, ValType,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, Data, ElementItems, ExternalKind, FunctionBody,
    ImportSectionReader, KnownCustom, Name, NameSectionReader, Operator, Parser, Payload,
    RelocationEntry, SymbolInfo, TypeRef,
};
use xshell::{Shell, cmd};

use crate::build::sysroot::relocations::Relocations;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;

type Error = reencode::Error;

/// The options of Binaryen: the passes of `-O2`, except for the one that merges equal functions.
/// Pointers to different functions must differ.
const OPTIONS: [&str; 36] = [
    "--optimize-level=2",
    "--shrink-level=1",
    // A function of so few instructions takes less room than calls of it.
    "--always-inline-max-function-size",
    "4",
    "--dce",
    "--remove-unused-names",
    "--remove-unused-brs",
    "--remove-unused-names",
    "--optimize-instructions",
    "--pick-load-signs",
    "--precompute",
    "--code-pushing",
    "--simplify-locals-nostructure",
    "--vacuum",
    "--reorder-locals",
    "--remove-unused-brs",
    "--coalesce-locals",
    "--simplify-locals",
    "--vacuum",
    "--reorder-locals",
    "--coalesce-locals",
    "--reorder-locals",
    "--vacuum",
    "--code-folding",
    "--merge-blocks",
    "--remove-unused-brs",
    "--remove-unused-names",
    "--merge-blocks",
    "--precompute",
    "--optimize-instructions",
    "--rse",
    "--vacuum",
    "--dae-optimizing",
    "--inlining-optimizing",
    "--simplify-globals-optimizing",
    "--remove-unused-module-elements",
];

/// The module name of the globals that stand for constants.
const CONSTANTS: &str = "wasm_host.constant";

/// The section that makes a module a shared library.
const DYLINK: &str = "dylink.0";

/// The size of the opcode before the value of an `i32.const`, in bytes.
const OPCODE_SIZE: usize = 1;

/// Returns an optimized library, with the relocations of it that `host fuse` needs. `library` has
/// been linked with `--emit-relocs`.
///
/// # Errors
///
/// If Binaryen fails, or changes what other modules refer to.
pub(super) fn optimize(
    sh: &Shell,
    step: &Step<'_>,
    wasm_opt: &Path,
    library: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let mut relocations = Relocations::read(library)?;
    let old = Contents::read(library)?;
    let constants = Constants::find(&relocations.code, &old)?;
    let folder = sh.create_temp_dir()?;
    let [before, after] = ["before.wasm", "after.wasm"].map(|name| folder.path().join(name));
    files::write(&before, with_imports(library, &old, &constants)?)?;
    process::run(step, cmd!(sh, "{wasm_opt} -g {OPTIONS...} {before} -o {after}"))?;
    let optimized = files::read(&after)?;
    let new = Contents::read(&optimized)?;
    let functions = Functions::compare(&old, &new)?;
    let (mut written, code) =
        with_constants(library, &old, &optimized, &new, &constants, &functions)?;
    relocations.code = code;
    relocations.data = moved_data(&relocations.data, &old, &Contents::read(&written)?)?;
    functions.renumber(&mut relocations)?;
    relocations.append_to(&mut written)?;
    Ok(written)
}

/// The contents of a library that Binaryen may have moved.
#[derive(Default)]
struct Contents<'a> {
    /// The names of the imported functions, by index.
    imported_functions: Vec<&'a str>,
    /// The number of all functions.
    functions: u32,
    /// The modules of the imported globals, by index.
    imported_globals: Vec<(&'a str, &'a str)>,
    /// The exported functions.
    exports: Vec<(&'a str, u32)>,
    /// The functions in the table, in the order of their slots.
    slots: Vec<u32>,
    bodies: Vec<FunctionBody<'a>>,
    /// The start of the content of the code section.
    code_start: usize,
    /// The start of the content of the data section.
    data_start: usize,
    data: Vec<Data<'a>>,
    /// The names of functions.
    names: BTreeMap<u32, &'a str>,
}

impl<'a> Contents<'a> {
    fn read(library: &'a [u8]) -> anyhow::Result<Self> {
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

/// The constants in the code of a library that have relocations.
struct Constants {
    /// The index of the constant of each instruction, by its offset in the library.
    sites: HashMap<usize, usize>,
    values: Vec<Constant>,
}

struct Constant {
    value: i32,
    /// The relocation of one of the instructions. Those of the others differ in the offset only.
    relocation: RelocationEntry,
}

impl Constants {
    fn find(relocations: &[RelocationEntry], library: &Contents<'_>) -> anyhow::Result<Self> {
        let offset =
            |entry: &RelocationEntry| library.code_start + entry.offset as usize - OPCODE_SIZE;
        let relocations: HashMap<_, _> =
            relocations.iter().map(|entry| (offset(entry), entry)).collect();
        let mut constants = Constants { sites: HashMap::new(), values: Vec::new() };
        let mut indices = HashMap::new();
        for body in &library.bodies {
            for operator in body.get_operators_reader()?.into_iter_with_offsets() {
                let (Operator::I32Const { value }, offset) = operator? else { continue };
                let Some(&&relocation) = relocations.get(&offset) else { continue };
                let key = (relocation.ty as u8, relocation.index, relocation.addend, value);
                let index = *indices.entry(key).or_insert_with(|| {
                    constants.values.push(Constant { value, relocation });
                    constants.values.len() - 1
                });
                constants.sites.insert(offset, index);
            }
        }
        ensure!(constants.sites.len() == relocations.len(), "a relocation is not of a constant");
        Ok(constants)
    }
}

/// Returns a library with an imported global in the place of each constant that has a relocation.
/// The names of its functions are their indices.
fn with_imports(
    library: &[u8],
    contents: &Contents<'_>,
    constants: &Constants,
) -> anyhow::Result<Vec<u8>> {
    let first = contents.imported_globals.len() as u32;
    let mut module = wasm_encoder::Module::new();
    let mut reencoder = ToImports { first, own: own_functions(contents), constants };
    reencoder.parse_core_module(&mut module, Parser::new(0), library)?;
    let mut names = NameMap::new();
    for index in 0..contents.functions {
        names.append(index, &index.to_string());
    }
    let mut section = NameSection::new();
    section.functions(&names);
    module.section(&section);
    Ok(module.finish())
}

/// Returns the imported functions that stand for functions of the library itself.
///
/// The compiler lets another library replace any function that is defined once in every object
/// which uses it. Those in the namespace of libc++ no program may define, so its own are called.
fn own_functions(library: &Contents<'_>) -> HashMap<u32, u32> {
    let exports: HashMap<_, _> = library.exports.iter().copied().collect();
    let imports = (0..).zip(&library.imported_functions);
    let own = imports.filter(|(_, name)| is_of_libcxx(name));
    own.filter_map(|(index, name)| Some((index, *exports.get(name)?))).collect()
}

/// Returns whether a function is in the namespace of libc++, such as `std::__2`, and is not one that
/// programs may replace, such as `std::__2::__libcpp_verbose_abort`.
fn is_of_libcxx(name: &str) -> bool {
    let is_inside = ["_ZNSt3__", "_ZNKSt3__"].iter().any(|prefix| name.starts_with(prefix));
    is_inside && !name.contains("__libcpp_")
}

struct ToImports<'c> {
    /// The index of the first global that stands for a constant.
    first: u32,
    /// The function of the library that is called instead of each imported one.
    own: HashMap<u32, u32>,
    constants: &'c Constants,
}

impl Reencode for ToImports<'_> {
    type Error = Infallible;

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        let added = self.constants.values.len() as u32;
        Ok(if global < self.first { global } else { global + added })
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        for index in 0..self.constants.values.len() {
            imports.import(CONSTANTS, &index.to_string(), ty);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, offset) = operator?;
            let instruction = match (self.constants.sites.get(&offset), &operator) {
                (Some(&index), _) => Instruction::GlobalGet(self.first + index as u32),
                (None, Operator::Call { function_index })
                    if let Some(&own) = self.own.get(function_index) =>
                {
                    Instruction::Call(own)
                }
                _ => self.instruction(operator)?,
            };
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }

    /// Keeps the features that the code uses, which Binaryen reads.
    fn parse_custom_section(
        &mut self,
        module: &mut wasm_encoder::Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        if section.name() == "target_features" {
            module.section(&self.custom_section(section)?);
        }
        Ok(())
    }
}

/// The functions of a library before and after.
struct Functions {
    /// The former index of each function that is left.
    old: Vec<u32>,
}

impl Functions {
    /// Finds the functions that are left, and checks that exports and slots mean the same functions.
    fn compare(before: &Contents<'_>, after: &Contents<'_>) -> anyhow::Result<Self> {
        let old = |index: u32| -> anyhow::Result<u32> {
            let name = after.names.get(&index).context("Binaryen has left out a name")?;
            name.parse().with_context(|| format!("Binaryen has named a function `{name}`"))
        };
        let functions = Functions { old: (0..after.functions).map(old).collect::<Result<_, _>>()? };
        let same = |old: u32, new: u32| functions.old.get(new as usize) == Some(&old);
        let has_exports = before.exports.len() == after.exports.len()
            && before.exports.iter().zip(&after.exports).all(
                |((name, function), (new_name, new_function))| {
                    name == new_name && same(*function, *new_function)
                },
            );
        ensure!(has_exports, "Binaryen has changed the exported functions");
        let has_slots = before.slots.len() == after.slots.len()
            && before.slots.iter().zip(&after.slots).all(|(old, new)| same(*old, *new));
        ensure!(has_slots, "Binaryen has changed the functions in the table");
        let has_data = before.data.len() == after.data.len()
            && before.data.iter().zip(&after.data).all(|(old, new)| old.data == new.data);
        ensure!(has_data, "Binaryen has changed the data");
        Ok(functions)
    }

    /// Gives the symbols of functions that relocations refer to their new indices.
    fn renumber(&self, relocations: &mut Relocations<'_>) -> anyhow::Result<()> {
        let new: HashMap<u32, u32> = (0..).zip(&self.old).map(|(new, &old)| (old, new)).collect();
        let entries = relocations.code.iter().chain(&relocations.data);
        let referenced: BTreeSet<_> = entries.map(|entry| entry.index).collect();
        for symbol in referenced {
            if let Some(SymbolInfo::Func { index, .. }) =
                relocations.symbols.get_mut(symbol as usize)
            {
                *index = *new.get(index).context("Binaryen has left out a function with a slot")?;
            }
        }
        Ok(())
    }
}

/// Returns an optimized library with the constants in the place of the imported globals, the
/// relocations of its code, and the names and custom sections of the library that it was.
fn with_constants(
    library: &[u8],
    before: &Contents<'_>,
    optimized: &[u8],
    after: &Contents<'_>,
    constants: &Constants,
    functions: &Functions,
) -> anyhow::Result<(Vec<u8>, Vec<RelocationEntry>)> {
    let custom = custom_sections(library)?;
    let mut module = wasm_encoder::Module::new();
    // This section must be the first.
    for section in custom.iter().filter(|section| section.name == DYLINK) {
        module.section(section);
    }
    let mut reencoder = ToConstants::new(after, constants)?;
    reencoder.parse_core_module(&mut module, Parser::new(0), optimized)?;
    let mut names = NameMap::new();
    for (new, old) in (0..).zip(&functions.old) {
        if let Some(name) = before.names.get(old) {
            names.append(new, name);
        }
    }
    let mut section = NameSection::new();
    section.functions(&names);
    module.section(&section);
    for section in custom.iter().filter(|section| section.name != DYLINK) {
        module.section(section);
    }
    Ok((module.finish(), reencoder.relocations))
}

/// Returns the custom sections of a library, but for those that are written anew.
fn custom_sections(library: &[u8]) -> anyhow::Result<Vec<CustomSection<'_>>> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(library) {
        let Payload::CustomSection(section) = payload? else { continue };
        let known = section.as_known();
        if !matches!(known, KnownCustom::Name(_) | KnownCustom::Linking(_) | KnownCustom::Reloc(_))
        {
            sections
                .push(CustomSection { name: section.name().into(), data: section.data().into() });
        }
    }
    Ok(sections)
}

struct ToConstants<'c> {
    /// What each global becomes, by its index.
    globals: Vec<Global>,
    constants: &'c Constants,
    /// The relocations of the code that is written.
    relocations: Vec<RelocationEntry>,
}

/// What an imported global of an optimized library becomes.
#[derive(Clone, Copy)]
enum Global {
    /// A global, with this index.
    Global(u32),
    /// A constant, by its index in [`Constants::values`].
    Constant(usize),
}

impl<'c> ToConstants<'c> {
    fn new(library: &Contents<'_>, constants: &'c Constants) -> anyhow::Result<Self> {
        let mut globals = Vec::new();
        let mut next = 0;
        for (module, name) in &library.imported_globals {
            globals.push(if *module == CONSTANTS {
                Global::Constant(name.parse()?)
            } else {
                next += 1;
                Global::Global(next - 1)
            });
        }
        Ok(ToConstants { globals, constants, relocations: Vec::new() })
    }

    fn global(&self, index: u32) -> Global {
        let removed = self.globals.iter().filter(|global| matches!(global, Global::Constant(_)));
        let imported = self.globals.get(index as usize).copied();
        imported.unwrap_or_else(|| Global::Global(index - removed.count() as u32))
    }
}

impl Reencode for ToConstants<'_> {
    type Error = Infallible;

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        match self.global(global) {
            Global::Global(index) => Ok(index),
            // Only code refers to them.
            Global::Constant(_) => Err(Error::InvalidConstExpr),
        }
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        for import in section.into_imports() {
            let import = import?;
            if import.module != CONSTANTS {
                self.parse_import(imports, import)?;
            }
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let mut count = Vec::new();
        section.count().encode(&mut count);
        for body in section {
            let body = body?;
            let mut function = self.new_function_with_parsed_locals(&body)?;
            let mut sites = Vec::new();
            for operator in body.get_operators_reader()? {
                let operator = operator?;
                if let Operator::GlobalGet { global_index } = operator
                    && let Global::Constant(index) = self.global(global_index)
                {
                    let Constant { value, relocation } = self.constants.values[index];
                    sites.push((function.byte_len() + OPCODE_SIZE, relocation));
                    function.instruction(&Instruction::I32Const(value));
                } else {
                    function.instruction(&self.instruction(operator)?);
                }
            }
            code.function(&function);
            let start = count.len() + code.byte_len() - function.byte_len();
            self.relocations.extend(sites.into_iter().map(|(offset, relocation)| {
                RelocationEntry { offset: (start + offset) as u32, ..relocation }
            }));
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// Returns the relocations of data that is at other offsets now.
fn moved_data(
    relocations: &[RelocationEntry],
    before: &Contents<'_>,
    after: &Contents<'_>,
) -> anyhow::Result<Vec<RelocationEntry>> {
    let moved = |entry: &RelocationEntry| {
        let offset = before.data_start + entry.offset as usize;
        let mut segments = before.data.iter().zip(&after.data);
        let (old, new) = segments
            .find(|(old, _)| content(old).contains(&offset))
            .context("a relocation of data is outside of it")?;
        let offset = content(new).start + (offset - content(old).start) - after.data_start;
        Ok(RelocationEntry { offset: offset as u32, ..*entry })
    };
    relocations.iter().map(moved).collect()
}

/// Returns where the bytes of a data segment are in its module.
fn content(segment: &Data<'_>) -> Range<usize> {
    segment.range.end - segment.data.len()..segment.range.end
}
