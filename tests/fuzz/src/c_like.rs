//! Programs as a C compiler would make them: shared libraries with variables, functions and
//! pointers to both, and the relocations that `--emit-relocs` keeps.
//!
//! What the functions return depends on no address: contents, sums, and whether pointers are equal.

use std::fmt;

use arbitrary::{Result, Unstructured};
use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, CustomSection, DataSymbolDefinition, ElementSection,
    Elements, Encode, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, Instruction, LinkingSection, MemArg, MemoryType,
    Module, RawSection, RefType, Section, SectionId, SymbolTable, TableType, TagKind, TagSection,
    TagType, TypeSection, ValType,
};

use relocations::{Entry, MEMORY_ADDRESS, MEMORY_ADDRESS_RELATIVE, TABLE_INDEX_RELATIVE};

#[path = "../../../linker/tests/annotate/relocations.rs"]
mod relocations;

/// The modules of a program, the first one being the program itself.
pub struct Program {
    pub modules: Vec<CModule>,
    /// The functions that are called from outside.
    pub functions: Vec<String>,
    /// The variables that are read from outside.
    pub variables: Vec<Variable>,
}

/// A module, and what its sections say about symbols.
#[derive(Clone)]
pub struct CModule {
    pub name: String,
    /// The module without these sections.
    pub plain: Vec<u8>,
    symbols: Vec<Symbol>,
    code: Vec<Entry>,
    data: Vec<Entry>,
    /// The indices of the sections that the relocations are for.
    sections: [u32; 2],
    /// How often each section is written.
    copies: [usize; 3],
}

#[derive(Debug, Clone)]
enum Symbol {
    Data { name: String, segment: u32, offset: u32, size: u32 },
    Function(u32),
    Undefined,
}

impl CModule {
    /// Returns the module with its sections.
    pub fn annotated(&self) -> Vec<u8> {
        let mut bytes = self.plain.clone();
        for _ in 0..self.copies[0] {
            let mut table = SymbolTable::new();
            for symbol in &self.symbols {
                match symbol {
                    Symbol::Data { name, segment, offset, size } => {
                        let definition =
                            DataSymbolDefinition { index: *segment, offset: *offset, size: *size };
                        table.data(0, name, Some(definition));
                    }
                    Symbol::Function(index) => {
                        table.function(SymbolTable::WASM_SYM_EXPLICIT_NAME, *index, Some("f"));
                    }
                    Symbol::Undefined => {
                        table.data(SymbolTable::WASM_SYM_UNDEFINED, "other", None);
                    }
                }
            }
            let mut linking = LinkingSection::new();
            linking.symbol_table(&table);
            linking.append_to(&mut bytes);
        }
        for _ in 0..self.copies[1] {
            relocations::append(&mut bytes, "reloc.CODE", self.sections[0], &self.code);
        }
        for _ in 0..self.copies[2] {
            relocations::append(&mut bytes, "reloc.DATA", self.sections[1], &self.data);
        }
        bytes
    }

    /// Makes the sections say something wrong. The extents of the variables that they name stay
    /// right, since nothing can tell a variable that is shorter from one that is not.
    pub fn corrupt(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let mut spoiled = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            match u.int_in_range(0..=9)? {
                0 => self.copies[u.choose_index(3)?] = u.int_in_range(0..=2)?,
                1 => self.sections[u.choose_index(2)?] = u.arbitrary()?,
                2 if !self.symbols.is_empty() => {
                    let at = u.choose_index(self.symbols.len())?;
                    self.symbols.remove(at);
                }
                3 if !self.symbols.is_empty() => {
                    let symbol = u.choose(&self.symbols)?.clone();
                    let at = u.choose_index(self.symbols.len())?;
                    self.symbols.insert(at, symbol);
                }
                4 if !self.symbols.is_empty() => {
                    let at = u.choose_index(self.symbols.len())?;
                    self.symbols[at] = match u.arbitrary()? {
                        true => Symbol::Undefined,
                        false => Symbol::Function(u.int_in_range(0..=20)?),
                    };
                }
                _ => self.corrupt_relocation(u, &mut spoiled)?,
            }
        }
        Ok(())
    }

    /// Makes a relocation wrong. Two changes of one relocation could say something else that fits:
    /// `spoiled` are those that are changed already.
    fn corrupt_relocation(
        &mut self,
        u: &mut Unstructured<'_>,
        spoiled: &mut Vec<(bool, u32)>,
    ) -> Result<()> {
        let symbols = self.symbols.len() as u32;
        let is_code: bool = u.arbitrary()?;
        let entries = if is_code { &mut self.code } else { &mut self.data };
        if entries.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(entries.len())?;
        let id = (is_code, entries[at].offset);
        if spoiled.contains(&id) {
            return Ok(());
        }
        match u.int_in_range(0..=7)? {
            0 => drop(entries.remove(at)),
            1 => {
                let entry = entries[at].clone();
                entries.insert(at, entry);
            }
            2 => {
                let other = u.choose_index(entries.len())?;
                entries.swap(at, other);
            }
            3 => entries[at].kind = u.int_in_range(0..=26)?,
            4 => entries[at].addend = u.int_in_range(-20..=20)?,
            5 => entries[at].symbol = u.int_in_range(0..=symbols)?,
            6 => entries[at].offset = entries[at].offset.wrapping_add(u.int_in_range(1..=9)?),
            _ => {
                let offset = entries[u.choose_index(entries.len())?].offset;
                entries[at].offset = offset;
            }
        }
        spoiled.push(id);
        Ok(())
    }
}

impl fmt::Debug for CModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CModule { name, symbols, code, data, sections, copies, .. } = self;
        writeln!(f, "{name}: sections {sections:?}, copies {copies:?}")?;
        for (index, symbol) in symbols.iter().enumerate() {
            writeln!(f, "  {index}: {symbol:?}")?;
        }
        code.iter().try_for_each(|entry| writeln!(f, "  code {entry:?}"))?;
        data.iter().try_for_each(|entry| writeln!(f, "  data {entry:?}"))
    }
}

/// A variable.
#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub words: Vec<Word>,
    /// The bytes after the words.
    pub tail: Vec<u8>,
    alignment: u32,
    is_exported: bool,
    /// Whether a symbol names it. Nothing refers to data without a name.
    is_named: bool,
    /// The address, counted from the start of the module's data.
    address: u32,
}

/// A word of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Number(u32),
    /// The address of a number, which code may replace by that of another.
    NumberPointer(Target),
    /// Another address, such as one after the end of a variable.
    Pointer(Target),
    Function(FunctionId),
    Null,
}

/// A place in the data of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    module: usize,
    variable: usize,
    distance: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionId {
    module: usize,
    /// Its number among the functions of the module.
    number: usize,
}

/// What the modules of a program define.
struct Blueprint {
    modules: Vec<ModuleBlueprint>,
}

struct ModuleBlueprint {
    variables: Vec<Variable>,
    functions: Vec<FunctionBlueprint>,
    /// For each module whether this one imports what it exports.
    sees: Vec<bool>,
}

struct FunctionBlueprint {
    name: String,
    is_exported: bool,
    is_in_table: bool,
}

/// A variable that two modules may define. All references go through `GOT.mem`.
const WEAK: &str = "weak";

/// The depth of calls, which is also the argument that functions are called with at most.
pub const MOST_CALLS: i32 = 3;

/// The function parameter for which some functions trap.
const TRAPS: i32 = 2;

pub fn program(u: &mut Unstructured<'_>) -> Result<Program> {
    let blueprint = Blueprint::new(u)?;
    let (mut functions, mut variables) = (Vec::new(), Vec::new());
    for (index, module) in blueprint.modules.iter().enumerate() {
        for function in module.functions.iter().filter(|function| function.is_exported) {
            if index == 0 || u.ratio(1, 4)? {
                functions.push(function.name.clone());
            }
        }
        for variable in module.variables.iter().filter(|variable| variable.is_exported) {
            let is_known = variables.iter().any(|v: &Variable| v.name == variable.name);
            if !is_known && (index == 0 || u.ratio(1, 6)?) {
                variables.push(variable.clone());
            }
        }
    }
    let modules = (0..blueprint.modules.len()).map(|module| blueprint.module(u, module));
    Ok(Program { modules: modules.collect::<Result<_>>()?, functions, variables })
}

impl Blueprint {
    fn new(u: &mut Unstructured<'_>) -> Result<Self> {
        let count = u.int_in_range(1..=3)?;
        let mut modules = Vec::new();
        for module in 0..count {
            let variables = (0..u.int_in_range(1..=8)?).map(|n| variable(u, module, n));
            let mut variables = variables.collect::<Result<Vec<_>>>()?;
            if u.ratio(1, 3)? {
                let words = vec![Word::Number(u.arbitrary()?), Word::Number(u.arbitrary()?)];
                variables.push(Variable {
                    name: WEAK.to_owned(),
                    words,
                    tail: Vec::new(),
                    alignment: 4,
                    is_exported: true,
                    is_named: true,
                    address: 0,
                });
            }
            let mut functions = Vec::new();
            for number in 0..u.int_in_range(1..=5)? {
                functions.push(FunctionBlueprint {
                    name: format!("f{module}{number}"),
                    is_exported: number == 0 && module == 0 || u.ratio(1, 3)?,
                    is_in_table: u.arbitrary()?,
                });
            }
            let mut sees = Vec::new();
            for other in 0..count {
                sees.push(other != module && u.ratio(2, 3)?);
            }
            modules.push(ModuleBlueprint { variables, functions, sees });
        }
        let mut blueprint = Blueprint { modules };
        for module in 0..count {
            blueprint.fill_pointers(u, module)?;
        }
        blueprint.modules.iter_mut().for_each(ModuleBlueprint::lay_out);
        Ok(blueprint)
    }

    /// Replaces some words of some variables by pointers.
    fn fill_pointers(&mut self, u: &mut Unstructured<'_>, module: usize) -> Result<()> {
        for variable in 0..self.modules[module].variables.len() {
            let Variable { words, name, .. } = &self.modules[module].variables[variable];
            if !name.starts_with(POINTERS) {
                continue;
            }
            let mut new = Vec::new();
            for _ in 0..words.len() {
                new.push(self.pointer(u, module)?);
            }
            self.modules[module].variables[variable].words = new;
        }
        Ok(())
    }

    fn pointer(&self, u: &mut Unstructured<'_>, module: usize) -> Result<Word> {
        Ok(match u.int_in_range(0..=6)? {
            0 => Word::Null,
            1 | 2 => self.function_word(u, module)?,
            3 => {
                let (target, variable) = self.some_variable(u, module)?;
                let distance = match u.int_in_range(0..=2)? {
                    0 => 0,
                    1 => variable.size(),
                    _ => u.int_in_range(0..=variable.size())?,
                };
                Word::Pointer(Target { distance, ..target })
            }
            _ => self.number_pointer(u, module)?.map_or(Word::Null, Word::NumberPointer),
        })
    }

    fn function_word(&self, u: &mut Unstructured<'_>, module: usize) -> Result<Word> {
        let functions = self.addressable(module);
        Ok(if functions.is_empty() { Word::Null } else { Word::Function(*u.choose(&functions)?) })
    }

    /// Returns the functions whose address code of a module can take.
    fn addressable(&self, module: usize) -> Vec<FunctionId> {
        self.functions_for(module, |function, is_own| {
            is_own && function.is_in_table || function.is_exported
        })
    }

    /// Returns the functions that code of a module can call directly.
    fn callable(&self, module: usize) -> Vec<FunctionId> {
        self.functions_for(module, |function, is_own| is_own || function.is_exported)
    }

    fn functions_for(
        &self,
        module: usize,
        is_usable: impl Fn(&FunctionBlueprint, bool) -> bool,
    ) -> Vec<FunctionId> {
        let mut found = Vec::new();
        for (other, blueprint) in self.modules.iter().enumerate() {
            let is_own = other == module;
            if !is_own && !self.modules[module].sees[other] {
                continue;
            }
            for (number, function) in blueprint.functions.iter().enumerate() {
                if is_usable(function, is_own) {
                    found.push(FunctionId { module: other, number });
                }
            }
        }
        found
    }

    /// Returns a variable that code of a module can name, at its start.
    fn some_variable(
        &self,
        u: &mut Unstructured<'_>,
        module: usize,
    ) -> Result<(Target, &Variable)> {
        let visible = self.visible(module);
        // The first variable of a module has a name and is there always.
        let fallback = Target { module, variable: 0, distance: 0 };
        let target = if visible.is_empty() { fallback } else { *u.choose(&visible)? };
        Ok((target, self.variable(target)))
    }

    fn variable(&self, target: Target) -> &Variable {
        &self.modules[target.module].variables[target.variable]
    }

    fn visible(&self, module: usize) -> Vec<Target> {
        let mut found = Vec::new();
        for (other, blueprint) in self.modules.iter().enumerate() {
            for (variable, v) in blueprint.variables.iter().enumerate() {
                let is_own = other == module;
                let is_seen = self.modules[module].sees[other] && v.is_exported;
                if v.is_named && (is_own || is_seen) {
                    found.push(Target { module: other, variable, distance: 0 });
                }
            }
        }
        found
    }

    /// Returns the addresses of numbers that code of a module can name.
    fn numbers(&self, module: usize) -> Vec<Target> {
        let mut found = Vec::new();
        for target in self.visible(module) {
            let variable = self.variable(target);
            if !variable.name.starts_with(POINTERS) {
                let words = 0..variable.words.len() as u32;
                found.extend(words.map(|index| Target { distance: 4 * index, ..target }));
            }
        }
        found
    }

    fn number_pointer(&self, u: &mut Unstructured<'_>, module: usize) -> Result<Option<Target>> {
        let numbers = self.numbers(module);
        Ok(if numbers.is_empty() { None } else { Some(*u.choose(&numbers)?) })
    }
}

/// The names of variables with pointers begin with this.
const POINTERS: char = 'p';

/// Returns a variable of a module, which has this number.
fn variable(u: &mut Unstructured<'_>, module: usize, number: usize) -> Result<Variable> {
    let is_named = number == 0 || u.ratio(5, 6)?;
    let length = u.int_in_range(1..=4)?;
    let kind = if is_named { u.int_in_range(0..=4)? } else { 0 };
    let (mut words, mut tail) = (Vec::new(), Vec::new());
    match kind {
        0 => words = (0..length).map(|n| Word::Number(0x100 + n)).collect(),
        1 => words = vec![Word::Number(0); length as usize],
        2 => tail = (0..length as u8 * 2 - 1).map(|n| b'a' + n).collect(),
        _ => words = vec![Word::Null; length as usize],
    }
    let name = match kind {
        3.. => format!("{POINTERS}{module}{number}"),
        _ => format!("n{module}{number}"),
    };
    Ok(Variable {
        name,
        words,
        tail,
        alignment: 1 << u.int_in_range(0..=4)?,
        is_exported: is_named && u.ratio(1, 2)?,
        is_named,
        address: 0,
    })
}

impl Variable {
    fn size(&self) -> u32 {
        4 * self.words.len() as u32 + self.tail.len() as u32
    }

    fn has_content(&self) -> bool {
        let is_zero = |word: &Word| matches!(word, Word::Number(0) | Word::Null);
        !self.words.iter().all(is_zero) || !self.tail.is_empty()
    }
}

impl ModuleBlueprint {
    /// Sets the addresses of the variables: those with content come first.
    fn lay_out(&mut self) {
        let mut end = 0_u32;
        for has_content in [true, false] {
            let variables = self.variables.iter_mut();
            for variable in variables.filter(|v| v.has_content() == has_content) {
                variable.address = end.next_multiple_of(variable.alignment);
                end = variable.address + variable.size();
            }
        }
    }

    /// Returns the size of all data, and of the part that has content.
    fn sizes(&self) -> (u32, u32) {
        let end = |variable: &Variable| variable.address + variable.size();
        let with_content = self.variables.iter().filter(|variable| variable.has_content());
        let content = with_content.map(end).max().unwrap_or(0);
        (self.variables.iter().map(end).max().unwrap_or(0), content)
    }

    /// Returns the slot of a function, counted from the first slot of the module.
    fn slot(&self, number: usize) -> Option<u32> {
        let is_in_table = |number: &usize| self.functions[*number].is_in_table;
        let mut slots = (0..self.functions.len()).filter(is_in_table);
        slots.position(|slot| slot == number).map(|slot| slot as u32)
    }
}

/// The indices of types.
const UNARY: u32 = 0;
const NULLARY: u32 = 1;
const THROWN: u32 = 2;
const BINARY: u32 = 3;

/// The indices of globals.
const MEMORY_BASE: u32 = 0;
const TABLE_BASE: u32 = 1;

/// The imports of a module that other modules define.
struct Imports {
    section: ImportSection,
    globals: u32,
    functions: u32,
    /// The global with the address of each variable that can be imported.
    variables: Vec<(Target, u32)>,
    /// The global with the slot of each function that can be imported.
    slots: Vec<(FunctionId, u32)>,
    /// The index of each function of another module.
    callees: Vec<(FunctionId, u32)>,
}

impl Imports {
    fn new(blueprint: &Blueprint, module: usize) -> Self {
        let mut imports = Imports {
            section: ImportSection::new(),
            globals: 0,
            functions: 0,
            variables: Vec::new(),
            slots: Vec::new(),
            callees: Vec::new(),
        };
        let memory = MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.section.import("env", "memory", EntityType::Memory(memory));
        let table = TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 0,
            maximum: None,
            shared: false,
        };
        imports.section.import("env", "__indirect_function_table", EntityType::Table(table));
        imports.global("env", "__memory_base", false);
        imports.global("env", "__table_base", false);
        for target in blueprint.visible(module) {
            let variable = blueprint.variable(target);
            if variable.is_exported {
                let global = imports.global("GOT.mem", &variable.name, true);
                imports.variables.push((target, global));
            }
        }
        for id in blueprint.callable(module) {
            let function = &blueprint.modules[id.module].functions[id.number];
            if function.is_exported {
                let global = imports.global("GOT.func", &function.name, true);
                imports.slots.push((id, global));
            }
            if id.module != module {
                imports.section.import("env", &function.name, EntityType::Function(UNARY));
                imports.callees.push((id, imports.functions));
                imports.functions += 1;
            }
        }
        imports
    }

    fn global(&mut self, module: &str, name: &str, mutable: bool) -> u32 {
        let ty = GlobalType { val_type: ValType::I32, mutable, shared: false };
        self.section.import(module, name, EntityType::Global(ty));
        self.globals += 1;
        self.globals - 1
    }
}

/// Returns what is known of a key.
fn find<K: PartialEq, V: Copy>(pairs: &[(K, V)], key: &K) -> Option<V> {
    pairs.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
}

impl Blueprint {
    /// Returns a module with its sections.
    fn module(&self, u: &mut Unstructured<'_>, module: usize) -> Result<CModule> {
        let imports = Imports::new(self, module);
        let symbols = ModuleSymbols::new(u, self, module)?;
        let own = &self.modules[module];
        let (size, content) = own.sizes();
        let mut bodies = Vec::new();
        for _ in &own.functions {
            bodies.push(Body::new(self, &imports, &symbols, module, LOCALS).random(u)?);
        }
        bodies.push(Body::new(self, &imports, &symbols, module, 1).mix(u)?);
        let body = || Body::new(self, &imports, &symbols, module, 0);
        bodies.push(body().relocations(u)?);
        let has_constructor = u.ratio(1, 2)?;
        if has_constructor {
            bodies.push(body().constructor(u)?);
        }
        let mut code = CodeSection::new();
        let entries = write_code(&bodies, &mut code);
        let (data, data_offsets) = symbols.data(self, module, content);
        let first = imports.functions;
        let defined = own.functions.len() as u32;

        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        types.ty().function([ValType::I32, ValType::I32], [ValType::I32]);
        let mut functions = FunctionSection::new();
        let mut exports = ExportSection::new();
        for (index, function) in (first..).zip(&own.functions) {
            functions.function(UNARY);
            if function.is_exported {
                exports.export(&function.name, ExportKind::Func, index);
            }
        }
        functions.function(BINARY);
        functions.function(NULLARY);
        exports.export("__wasm_apply_data_relocs", ExportKind::Func, first + defined + 1);
        if has_constructor {
            functions.function(NULLARY);
            exports.export("__wasm_call_ctors", ExportKind::Func, first + defined + 2);
        }
        let mut tags = TagSection::new();
        tags.tag(TagType { kind: TagKind::Exception, func_type_idx: THROWN });
        let mut globals = GlobalSection::new();
        let exported = own.variables.iter().filter(|variable| variable.is_exported);
        for (index, variable) in (imports.globals..).zip(exported) {
            let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
            globals.global(ty, &ConstExpr::i32_const(variable.address as i32));
            exports.export(&variable.name, ExportKind::Global, index);
        }
        let mut elements = ElementSection::new();
        let in_table = (first..).zip(&own.functions).filter(|(_, function)| function.is_in_table);
        let in_table: Vec<_> = in_table.map(|(index, _)| index).collect();
        let base = ConstExpr::global_get(TABLE_BASE);
        elements.active(None, &base, Elements::Functions(in_table.as_slice().into()));

        let dylink = dylink(size, in_table.len() as u32);
        let mut written = Module::new();
        written.section(&CustomSection { name: "dylink.0".into(), data: dylink.into() });
        written.section(&types).section(&imports.section).section(&functions).section(&tags);
        written.section(&globals).section(&exports).section(&elements).section(&code);
        written.section(&RawSection { id: SectionId::Data.into(), data: &data });
        let data_entries = symbols.data_entries(self, module, &data_offsets);
        Ok(CModule {
            name: format!("m{module}"),
            plain: written.finish(),
            symbols: symbols.symbols,
            code: entries,
            data: data_entries,
            sections: [8, 9],
            copies: [1; 3],
        })
    }
}

/// Returns the content of the section that asks for memory and slots.
fn dylink(memory: u32, slots: u32) -> Vec<u8> {
    let mut info = Vec::new();
    [memory, 4, slots, 0].iter().for_each(|number| number.encode(&mut info));
    let mut section = vec![1];
    info.len().encode(&mut section);
    [section, info].concat()
}

/// The symbols of a module.
struct ModuleSymbols {
    symbols: Vec<Symbol>,
    /// The indices of the symbols that name each variable.
    of_variables: Vec<Vec<u32>>,
    /// The symbol of each function that is in the table.
    of_functions: Vec<Option<u32>>,
    /// The symbol that stands for the module.
    handle: u32,
    /// The address of each data segment.
    segments: Vec<u32>,
}

impl ModuleSymbols {
    fn new(u: &mut Unstructured<'_>, blueprint: &Blueprint, module: usize) -> Result<Self> {
        let own = &blueprint.modules[module];
        let mut segments = vec![0];
        let with_content = own.variables.iter().filter(|v| v.has_content() && v.address > 0);
        let starts: Vec<_> = with_content.map(|variable| variable.address).collect();
        if !starts.is_empty() && u.ratio(1, 3)? {
            segments.push(*u.choose(&starts)?);
        }
        let mut symbols = ModuleSymbols {
            symbols: Vec::new(),
            of_variables: vec![Vec::new(); own.variables.len()],
            of_functions: vec![None; own.functions.len()],
            handle: 0,
            segments,
        };
        for (number, variable) in own.variables.iter().enumerate() {
            let copies = if u.ratio(1, 8)? { 2 } else { 1 };
            for _ in 0..copies {
                if variable.is_named {
                    let (name, size) = (variable.name.clone(), variable.size());
                    let index = symbols.add_data(name, variable.address, size);
                    symbols.of_variables[number].push(index);
                }
            }
        }
        for number in 0..own.functions.len() {
            if own.functions[number].is_in_table {
                let index = blueprint.imported_functions(module) + number as u32;
                symbols.of_functions[number] = Some(symbols.add(Symbol::Function(index)));
            }
        }
        symbols.handle = symbols.add_data("__dso_handle".to_owned(), 0, 0);
        symbols.add(Symbol::Undefined);
        if u.ratio(1, 5)? {
            let (one, other) = (u.choose(&own.variables)?, u.choose(&own.variables)?);
            let start = one.address.min(other.address);
            let end = (one.address + one.size()).max(other.address + other.size());
            symbols.add_data("overlapping".to_owned(), start, end - start);
        }
        Ok(symbols)
    }

    fn add(&mut self, symbol: Symbol) -> u32 {
        self.symbols.push(symbol);
        self.symbols.len() as u32 - 1
    }

    fn add_data(&mut self, name: String, address: u32, size: u32) -> u32 {
        let segment = self.segments.iter().rposition(|start| *start <= address).unwrap_or(0);
        let offset = address - self.segments[segment];
        self.add(Symbol::Data { name, segment: segment as u32, offset, size })
    }

    /// Returns the data section, and where in it the bytes of each segment are.
    fn data(&self, blueprint: &Blueprint, module: usize, content: u32) -> (Vec<u8>, Vec<u32>) {
        let mut bytes = vec![0; content as usize];
        let variables = blueprint.modules[module].variables.iter();
        for variable in variables.filter(|variable| variable.has_content()) {
            let start = variable.address as usize;
            for (index, word) in variable.words.iter().enumerate() {
                if let Word::Number(number) = word {
                    let at = start + 4 * index;
                    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
                }
            }
            let tail = start + 4 * variable.words.len();
            bytes[tail..tail + variable.tail.len()].copy_from_slice(&variable.tail);
        }
        let mut section = Vec::new();
        self.segments.len().encode(&mut section);
        let mut offsets = Vec::new();
        let ends = self.segments.iter().skip(1).copied().chain([content]);
        for (&start, end) in self.segments.iter().zip(ends) {
            let offset = match start {
                0 => ConstExpr::global_get(MEMORY_BASE),
                _ => ConstExpr::global_get(MEMORY_BASE).with_i32_const(start as i32).with_i32_add(),
            };
            section.push(0);
            offset.encode(&mut section);
            (end - start).encode(&mut section);
            offsets.push(section.len() as u32);
            section.extend_from_slice(&bytes[start as usize..end as usize]);
        }
        (section, offsets)
    }

    /// Returns the relocations of the pointers in data.
    fn data_entries(&self, blueprint: &Blueprint, module: usize, offsets: &[u32]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for variable in &blueprint.modules[module].variables {
            for (index, word) in variable.words.iter().enumerate() {
                let address = variable.address + 4 * index as u32;
                let segment = self.segments.iter().rposition(|start| *start <= address);
                let segment = segment.unwrap_or(0);
                let offset = offsets[segment] + address - self.segments[segment];
                let (Word::NumberPointer(target) | Word::Pointer(target)) = *word else { continue };
                if blueprint.is_direct(module, target) {
                    let symbol = self.of_variables[target.variable][0];
                    let addend = target.distance as i32;
                    entries.push(Entry { kind: MEMORY_ADDRESS, offset, symbol, addend });
                }
            }
        }
        entries.sort_by_key(|entry| entry.offset);
        entries
    }
}

impl Blueprint {
    /// Returns whether a module adds an address of a variable to `__memory_base`, instead of asking
    /// for it by name.
    fn is_direct(&self, module: usize, target: Target) -> bool {
        let variable = self.variable(target);
        let is_asked_for = variable.is_exported && target.variable % 2 == 1;
        target.module == module && variable.name != WEAK && !is_asked_for
    }

    /// Returns the number of functions that a module imports.
    fn imported_functions(&self, module: usize) -> u32 {
        self.callable(module).iter().filter(|id| id.module != module).count() as u32
    }
}

/// The indices of locals: the argument, the result, the bases, and the ends of a loop.
const ARGUMENT: u32 = 0;
const RESULT: u32 = 1;
const MEMORY_LOCAL: u32 = 2;
const TABLE_LOCAL: u32 = 3;
const POINTER: u32 = 4;
const END: u32 = 5;

/// The number of locals besides the argument.
const LOCALS: u32 = 7;

const WORD: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

/// A function while it is made.
struct Body<'b> {
    blueprint: &'b Blueprint,
    imports: &'b Imports,
    symbols: &'b ModuleSymbols,
    module: usize,
    function: Function,
    /// The relocations, with offsets from the start of the body.
    entries: Vec<Entry>,
    /// Whether locals hold the bases.
    has_locals: bool,
    /// The number of calls so far.
    calls: u32,
    /// Whether a function of the module adds numbers to the result.
    calls_mix: bool,
}

impl<'b> Body<'b> {
    fn new(
        blueprint: &'b Blueprint,
        imports: &'b Imports,
        symbols: &'b ModuleSymbols,
        module: usize,
        locals: u32,
    ) -> Self {
        Body {
            blueprint,
            imports,
            symbols,
            module,
            function: Function::new([(locals, ValType::I32)]),
            entries: Vec::new(),
            has_locals: false,
            calls: 0,
            calls_mix: false,
        }
    }

    fn add(&mut self, instructions: &[Instruction<'_>]) {
        instructions.iter().for_each(|instruction| {
            self.function.instruction(instruction);
        });
    }

    fn number(&mut self, number: u32) {
        self.add(&[Instruction::I32Const(number.cast_signed())]);
    }

    /// Adds a constant that a relocation explains.
    fn relocated(&mut self, kind: u8, symbol: u32, addend: u32, value: u32) {
        let offset = self.function.byte_len() as u32 + 1;
        self.entries.push(Entry { kind, offset, symbol, addend: addend.cast_signed() });
        self.number(value);
    }

    fn base(&mut self, global: u32) {
        self.add(&[match (self.has_locals, global) {
            (true, MEMORY_BASE) => Instruction::LocalGet(MEMORY_LOCAL),
            (true, TABLE_BASE) => Instruction::LocalGet(TABLE_LOCAL),
            _ => Instruction::GlobalGet(global),
        }]);
    }

    /// Pushes the distance of a variable of the module from its base.
    fn distance(&mut self, u: &mut Unstructured<'_>, target: Target) -> Result<()> {
        let symbol = *u.choose(&self.symbols.of_variables[target.variable])?;
        let value = self.blueprint.variable(target).address + target.distance;
        self.relocated(MEMORY_ADDRESS_RELATIVE, symbol, target.distance, value);
        Ok(())
    }

    /// Pushes an address.
    fn address(&mut self, u: &mut Unstructured<'_>, target: Target) -> Result<()> {
        if !self.blueprint.is_direct(self.module, target) {
            let start = Target { distance: 0, ..target };
            let global = find(&self.imports.variables, &start).expect("it is imported");
            self.add(&[Instruction::GlobalGet(global)]);
            if target.distance > 0 {
                self.number(target.distance);
                self.add(&[Instruction::I32Add]);
            }
            return Ok(());
        }
        if u.arbitrary()? {
            self.base(MEMORY_BASE);
            self.distance(u, target)?;
        } else {
            self.distance(u, target)?;
            self.base(MEMORY_BASE);
        }
        self.add(&[Instruction::I32Add]);
        Ok(())
    }

    /// Pushes the slot of a function.
    fn slot(&mut self, u: &mut Unstructured<'_>, id: FunctionId) -> Result<()> {
        let global = find(&self.imports.slots, &id);
        let own = self.blueprint.modules[self.module].slot(id.number);
        let own = own.filter(|_| id.module == self.module);
        match (global, own) {
            (Some(global), None) => self.add(&[Instruction::GlobalGet(global)]),
            (Some(global), Some(_)) if u.arbitrary()? => {
                self.add(&[Instruction::GlobalGet(global)])
            }
            (_, own) => {
                let symbol = self.symbols.of_functions[id.number].expect("it is in the table");
                self.base(TABLE_BASE);
                self.relocated(TABLE_INDEX_RELATIVE, symbol, 0, own.expect("it is in the table"));
                self.add(&[Instruction::I32Add]);
            }
        }
        Ok(())
    }

    /// Writes the pointers of the module's data.
    fn relocations(mut self, u: &mut Unstructured<'_>) -> Result<Self> {
        for variable in &self.blueprint.modules[self.module].variables {
            for (index, word) in variable.words.iter().enumerate() {
                if let Word::Number(_) | Word::Null = word {
                    continue;
                }
                self.base(MEMORY_BASE);
                self.number(variable.address + 4 * index as u32);
                self.add(&[Instruction::I32Add]);
                match *word {
                    Word::Function(id) => self.slot(u, id)?,
                    Word::NumberPointer(target) | Word::Pointer(target) => {
                        self.address(u, target)?
                    }
                    Word::Number(_) | Word::Null => {}
                }
                self.add(&[Instruction::I32Store(WORD)]);
            }
        }
        // No linker keeps relocations of the code that it writes itself.
        self.entries.clear();
        self.add(&[Instruction::End]);
        Ok(self)
    }

    /// Changes a variable.
    fn constructor(mut self, u: &mut Unstructured<'_>) -> Result<Self> {
        if let Some(target) = self.blueprint.number_pointer(u, self.module)? {
            self.address(u, target)?;
            self.number(42);
            self.add(&[Instruction::I32Store(WORD)]);
        }
        self.add(&[Instruction::End]);
        Ok(self)
    }

    /// Returns the index of the function that mixes numbers.
    fn mix_index(&self) -> u32 {
        let functions = &self.blueprint.modules[self.module].functions;
        self.imports.functions + functions.len() as u32
    }

    /// Makes the function that mixes a number and a result to a new result. It is small enough to
    /// be inlined, and does not use its two parameters alike.
    fn mix(mut self, u: &mut Unstructured<'_>) -> Result<Self> {
        const VARIABLE: u32 = 2;
        let multiply = [Instruction::I32Const(31), Instruction::I32Mul];
        if u.arbitrary()? {
            self.add(&[Instruction::LocalGet(0), Instruction::LocalGet(1)]);
            self.add(&multiply);
            self.add(&[Instruction::I32Add]);
        } else {
            self.add(&[Instruction::LocalGet(VARIABLE), Instruction::LocalGet(1)]);
            self.add(&multiply);
            self.add(&[Instruction::I32Add, Instruction::LocalSet(VARIABLE)]);
            self.add(&[Instruction::LocalGet(0), Instruction::LocalGet(VARIABLE)]);
            self.add(&[Instruction::I32Add]);
        }
        let numbers = self.blueprint.numbers(self.module);
        if !numbers.is_empty() && u.ratio(1, 3)? {
            let place = *u.choose(&numbers)?;
            self.load(u, place)?;
            self.add(&[Instruction::I32Add]);
        }
        self.add(&[Instruction::End]);
        Ok(self)
    }

    /// Makes a function by choices.
    fn random(mut self, u: &mut Unstructured<'_>) -> Result<Self> {
        self.calls_mix = u.arbitrary()?;
        if u.arbitrary()? {
            self.add(&[
                Instruction::GlobalGet(MEMORY_BASE),
                Instruction::LocalSet(MEMORY_LOCAL),
                Instruction::GlobalGet(TABLE_BASE),
                Instruction::LocalSet(TABLE_LOCAL),
            ]);
            self.has_locals = true;
        }
        for _ in 0..u.int_in_range(1..=4)? {
            self.statement(u, 2)?;
        }
        self.add(&[Instruction::LocalGet(RESULT), Instruction::End]);
        Ok(self)
    }

    /// Pushes the word at a place.
    fn load(&mut self, u: &mut Unstructured<'_>, place: Target) -> Result<()> {
        self.address(u, place)?;
        self.add(&[Instruction::I32Load(WORD)]);
        Ok(())
    }

    /// Adds whether two values are equal to the sum.
    fn sum_up_equality(&mut self) {
        self.add(&[Instruction::I32Eq]);
        self.sum_up();
    }

    /// Adds the number on the stack to the result.
    fn sum_up(&mut self) {
        if self.calls_mix {
            let call = Instruction::Call(self.mix_index());
            self.add(&[Instruction::LocalGet(RESULT), call, Instruction::LocalSet(RESULT)]);
            return;
        }
        self.add(&[
            Instruction::LocalGet(RESULT),
            Instruction::I32Const(31),
            Instruction::I32Mul,
            Instruction::I32Add,
            Instruction::LocalSet(RESULT),
        ]);
    }

    fn statement(&mut self, u: &mut Unstructured<'_>, depth: u32) -> Result<()> {
        match u.int_in_range(0..=if depth == 0 { 7 } else { 11 })? {
            0 => self.read_number(u)?,
            1 => self.write_number(u)?,
            2 => self.read_through_pointer(u)?,
            3 => self.compare_pointers(u)?,
            4 => self.read_array(u)?,
            5 => self.call(u)?,
            6 => self.call_pointer(u)?,
            7 => self.compare_functions(u)?,
            8 => self.select_number(u)?,
            9 => self.branch(u, depth - 1)?,
            10 => self.repeat(u, depth - 1)?,
            _ => self.try_it(u, depth - 1)?,
        }
        Ok(())
    }

    fn read_number(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let Some(target) = self.blueprint.number_pointer(u, self.module)? else { return Ok(()) };
        self.load(u, target)?;
        self.sum_up();
        Ok(())
    }

    fn write_number(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let Some(target) = self.blueprint.number_pointer(u, self.module)? else { return Ok(()) };
        self.address(u, target)?;
        self.add(&[Instruction::LocalGet(RESULT), Instruction::I32Store(WORD)]);
        Ok(())
    }

    /// Returns some pointers in data, each with its place.
    fn some_word(
        &self,
        u: &mut Unstructured<'_>,
        is_wanted: impl Fn(Word) -> bool,
    ) -> Result<Option<(Target, Word)>> {
        let mut found = Vec::new();
        for target in self.blueprint.visible(self.module) {
            for (index, word) in self.blueprint.variable(target).words.iter().enumerate() {
                if is_wanted(*word) {
                    found.push((Target { distance: 4 * index as u32, ..target }, *word));
                }
            }
        }
        Ok(if found.is_empty() { None } else { Some(*u.choose(&found)?) })
    }

    /// Reads a number through a pointer, which may point to another one from then on.
    fn read_through_pointer(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let is_wanted = |word| matches!(word, Word::NumberPointer(_));
        let Some((place, _)) = self.some_word(u, is_wanted)? else { return Ok(()) };
        self.load(u, place)?;
        self.add(&[Instruction::I32Load(WORD)]);
        self.sum_up();
        if u.ratio(1, 3)?
            && let Some(other) = self.blueprint.number_pointer(u, self.module)?
        {
            self.address(u, place)?;
            self.address(u, other)?;
            self.add(&[Instruction::I32Store(WORD)]);
        }
        Ok(())
    }

    fn compare_pointers(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let is_pointer = |word| matches!(word, Word::NumberPointer(_) | Word::Pointer(_));
        let Some((place, word)) = self.some_word(u, is_pointer)? else { return Ok(()) };
        let (Word::NumberPointer(target) | Word::Pointer(target)) = word else { return Ok(()) };
        // An address in a variable that this module cannot name is compared with another one. The
        // end of a variable may be where another one begins, so only equal ones are compared then.
        let visible = self.blueprint.visible(self.module);
        if !visible.contains(&Target { distance: 0, ..target }) {
            return Ok(());
        }
        self.load(u, place)?;
        self.address(u, target)?;
        self.sum_up_equality();
        Ok(())
    }

    /// Reads the words of a variable from its start to its end.
    fn read_array(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let Some(target) = self.blueprint.number_pointer(u, self.module)? else { return Ok(()) };
        let end = self.blueprint.variable(target).size();
        self.address(u, Target { distance: 0, ..target })?;
        self.add(&[Instruction::LocalSet(POINTER)]);
        self.address(u, Target { distance: end, ..target })?;
        self.add(&[Instruction::LocalSet(END), Instruction::Loop(BlockType::Empty)]);
        self.add(&[Instruction::LocalGet(POINTER), Instruction::I32Load(WORD)]);
        self.sum_up();
        self.add(&[
            Instruction::LocalGet(POINTER),
            Instruction::I32Const(4),
            Instruction::I32Add,
            Instruction::LocalTee(POINTER),
            Instruction::LocalGet(END),
            Instruction::I32LtU,
            Instruction::BrIf(0),
            Instruction::End,
        ]);
        Ok(())
    }

    /// Begins a call, if there is one more, whose callee may call less deeply.
    fn begin_call(&mut self) -> bool {
        self.calls += 1;
        let is_allowed = self.calls <= 2;
        if is_allowed {
            self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::If(BlockType::Empty)]);
            self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::I32Const(1)]);
            self.add(&[Instruction::I32Sub]);
        }
        is_allowed
    }

    fn call(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let id = *u.choose(&self.blueprint.callable(self.module))?;
        if self.begin_call() {
            let callee = find(&self.imports.callees, &id);
            let own = self.imports.functions + id.number as u32;
            self.add(&[Instruction::Call(callee.unwrap_or(own))]);
            self.sum_up();
            self.add(&[Instruction::End]);
        }
        Ok(())
    }

    /// Calls a function through a pointer, which may be null.
    fn call_pointer(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let traps: bool = u.ratio(1, 10)?;
        let is_wanted = |word| matches!(word, Word::Function(_)) || traps && word == Word::Null;
        let Some((place, word)) = self.some_word(u, is_wanted)? else { return Ok(()) };
        if self.begin_call() {
            match word {
                Word::Function(id) if u.ratio(1, 3)? && self.can_name(id) => self.slot(u, id)?,
                _ => {
                    self.load(u, place)?;
                }
            }
            self.add(&[Instruction::CallIndirect { type_index: UNARY, table_index: 0 }]);
            self.sum_up();
            self.add(&[Instruction::End]);
        }
        Ok(())
    }

    fn can_name(&self, id: FunctionId) -> bool {
        self.blueprint.addressable(self.module).contains(&id)
    }

    fn compare_functions(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let functions = self.blueprint.addressable(self.module);
        let is_wanted = |word| matches!(word, Word::Function(_) | Word::Null);
        let Some((place, _)) = self.some_word(u, is_wanted)? else { return Ok(()) };
        if functions.is_empty() {
            return Ok(());
        }
        let id = *u.choose(&functions)?;
        self.load(u, place)?;
        self.slot(u, id)?;
        self.sum_up_equality();
        Ok(())
    }

    /// Reads one of two numbers.
    fn select_number(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let numbers = self.blueprint.numbers(self.module);
        let is_direct = |target: &Target| self.blueprint.is_direct(self.module, *target);
        let numbers: Vec<_> = numbers.into_iter().filter(is_direct).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let (one, other) = (*u.choose(&numbers)?, *u.choose(&numbers)?);
        self.base(MEMORY_BASE);
        self.distance(u, one)?;
        self.distance(u, other)?;
        self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::Select, Instruction::I32Add]);
        self.add(&[Instruction::I32Load(WORD)]);
        self.sum_up();
        Ok(())
    }

    fn branch(&mut self, u: &mut Unstructured<'_>, depth: u32) -> Result<()> {
        self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::If(BlockType::Empty)]);
        self.statement(u, depth)?;
        self.add(&[Instruction::Else]);
        self.statement(u, depth)?;
        if u.ratio(1, 8)? {
            self.add(&[Instruction::Unreachable]);
        }
        self.add(&[Instruction::End]);
        Ok(())
    }

    /// Repeats a statement, with bases that are put into locals for it.
    fn repeat(&mut self, u: &mut Unstructured<'_>, depth: u32) -> Result<()> {
        let had_locals = self.has_locals;
        let counter = 6 + depth;
        if !had_locals && u.arbitrary()? {
            self.add(&[
                Instruction::GlobalGet(MEMORY_BASE),
                Instruction::LocalSet(MEMORY_LOCAL),
                Instruction::GlobalGet(TABLE_BASE),
                Instruction::LocalSet(TABLE_LOCAL),
            ]);
            self.has_locals = true;
        }
        let end = Instruction::End;
        self.add(&[Instruction::I32Const(2), Instruction::LocalSet(counter)]);
        self.add(&[Instruction::Loop(BlockType::Empty)]);
        self.statement(u, depth)?;
        self.add(&[Instruction::LocalGet(counter), Instruction::I32Const(1), Instruction::I32Sub]);
        self.add(&[Instruction::LocalTee(counter), Instruction::BrIf(0), end]);
        if !had_locals && self.has_locals && u.arbitrary()? {
            // The locals become something else.
            self.add(&[Instruction::I32Const(7), Instruction::LocalSet(MEMORY_LOCAL)]);
        }
        self.has_locals = had_locals;
        Ok(())
    }

    /// Adds a statement whose exceptions are caught, and which may throw one itself.
    fn try_it(&mut self, u: &mut Unstructured<'_>, depth: u32) -> Result<()> {
        self.add(&[Instruction::Block(BlockType::Empty)]);
        let catches = [Catch::All { label: 0 }];
        self.add(&[Instruction::TryTable(BlockType::Empty, catches.as_slice().into())]);
        self.statement(u, depth)?;
        if u.arbitrary()? {
            self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::Throw(0)]);
        }
        self.add(&[Instruction::End, Instruction::End]);
        self.statement(u, depth)?;
        if u.ratio(1, 8)? {
            let throws = [Instruction::I32Const(TRAPS), Instruction::Throw(0), Instruction::End];
            self.add(&[Instruction::LocalGet(ARGUMENT), Instruction::If(BlockType::Empty)]);
            self.add(&throws);
        }
        Ok(())
    }
}

/// Writes the code section, and returns its relocations.
fn write_code(bodies: &[Body<'_>], code: &mut CodeSection) -> Vec<Entry> {
    bodies.iter().for_each(|body| {
        code.function(&body.function);
    });
    let mut entries = Vec::new();
    let mut offset = leb_size(bodies.len());
    for body in bodies {
        let size = body.function.byte_len();
        offset += leb_size(size);
        entries.extend(body.entries.iter().map(|entry| {
            let entry = entry.clone();
            Entry { offset: entry.offset + offset as u32, ..entry }
        }));
        offset += size;
    }
    entries
}

fn leb_size(number: usize) -> usize {
    let mut bytes = Vec::new();
    number.encode(&mut bytes);
    bytes.len()
}
