//! Sets of modules made by choices: valid ones, with a `dylink.0` section of our own, that want and
//! offer the same few symbols, so that much of them meets.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use linker::FuseOptions;
use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, CustomSection, DataCountSection, DataSection,
    ElementSection, Elements, Encode, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, HeapType, ImportSection, Instruction, MemArg,
    MemorySection, MemoryType, Module, RefType, StartSection, TableSection, TableType, TagKind,
    TagSection, TagType, TypeSection, ValType,
};

use super::modules::{Given, Input, Role};

/// The names of modules: some are names of system libraries, one is another's module name.
const NAMES: [&str; 6] = ["a", "b", "c", "libc", "libc++", "env"];
/// Symbols of everybody's. The host has those that do not begin with `u`.
const SYMBOLS: [&str; 8] = ["f", "g", "h", "d", "e", "u", "u1", "malloc"];
/// Names that mean something, to modules or to the linker.
const SPECIAL: [&str; 16] = [
    "__wasm_call_ctors",
    "_initialize",
    "_start",
    "__wasm_apply_data_relocs",
    "memory",
    "__indirect_function_table",
    "__stack_pointer",
    "__heap_base",
    "__heap_end",
    "__cpp_exception",
    "__c_longjmp",
    "emscripten_longjmp",
    "invoke_vi",
    "__cxa_throw",
    "_ZSt9terminatev",
    "a\u{202e}b\n",
];
/// So many of them are functions that are called by themselves.
const INITIALISERS: usize = 4;
const WASI: [&str; 3] = ["fd_write", "proc_exit", "nothing"];

type Signature = (&'static [ValType], &'static [ValType]);

const TYPES: [Signature; 8] = {
    use ValType::{F32, F64, I32, I64, V128};
    [
        (&[], &[]),
        (&[I32], &[I32]),
        (&[I32, I32], &[I32]),
        (&[I32], &[]),
        (&[I64], &[F64]),
        (&[], &[I32, I64]),
        (&[I32, I32, I32, I32], &[I32]),
        (&[F32, V128, ValType::Ref(RefType::FUNCREF)], &[ValType::Ref(RefType::FUNCREF)]),
    ]
};
/// The type of functions that are called by themselves.
const NOTHING: u32 = 0;

pub fn input(u: &mut Unstructured<'_>) -> Result<Input> {
    let mut input = Input::default();
    for place in 0..u.int_in_range(1..=4)? {
        let role = match u.int_in_range(0..=9)? {
            _ if place == 0 => Role::Link,
            0 => Role::Preload,
            1 => Role::Needed,
            2 => Role::System,
            _ => Role::Link,
        };
        let name = (*u.choose(&NAMES)?).to_owned();
        let bytes = Builder::new(u, role)?.module(u)?;
        input.modules.push(Given { role, name, bytes });
    }
    input.options = options(u)?;
    Ok(input)
}

fn options(u: &mut Unstructured<'_>) -> Result<FuseOptions> {
    let bits: u8 = u.arbitrary()?;
    let exports = (0..bits & 3).map(|_| symbol(u));
    let exports = exports.collect::<Result<_>>()?;
    Ok(FuseOptions::default()
        .with_exports(exports)
        .with_invoke((bits & 4 != 0).then(|| symbol(u)).transpose()?)
        .with_dynamic(bits & 8 != 0)
        .with_multi_memory(bits & 16 != 0)
        .with_preinit(bits & 32 != 0)
        .with_separate_start(bits.count_ones() == 1)
        .with_debug(bits & 64 != 0)
        .with_stack_pointer(bits & 2 != 0)
        .with_source_map_url((bits & 128 != 0).then(|| "x.map".to_owned())))
}

fn symbol(u: &mut Unstructured<'_>) -> Result<String> {
    let names: &[&str] = if u.ratio(1, 8)? { &SPECIAL } else { &SYMBOLS };
    Ok((*u.choose(names)?).to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Shared,
    Main,
    Plain,
}

/// A module while it is made: the index spaces, and the sections that fill them.
struct Builder {
    shape: Shape,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    /// The type of each function.
    function_types: Vec<u32>,
    imported_functions: usize,
    tag_types: Vec<u32>,
    global_types: Vec<GlobalType>,
    imported_globals: u32,
    memory_base: Option<u32>,
    table_base: Option<u32>,
    has_memory: bool,
    has_table: bool,
    segments: u32,
    exported: BTreeSet<String>,
}

impl Builder {
    fn new(u: &mut Unstructured<'_>, role: Role) -> Result<Self> {
        let shape = match u.int_in_range(0..=7)? {
            0 => Shape::Main,
            1 => Shape::Plain,
            _ if role == Role::Preload => Shape::Plain,
            _ => Shape::Shared,
        };
        Ok(Builder {
            shape,
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            tables: TableSection::new(),
            memories: MemorySection::new(),
            tags: TagSection::new(),
            globals: GlobalSection::new(),
            exports: ExportSection::new(),
            elements: ElementSection::new(),
            code: CodeSection::new(),
            data: DataSection::new(),
            function_types: Vec::new(),
            imported_functions: 0,
            tag_types: Vec::new(),
            global_types: Vec::new(),
            imported_globals: 0,
            memory_base: None,
            table_base: None,
            has_memory: false,
            has_table: false,
            segments: 0,
            exported: BTreeSet::new(),
        })
    }

    fn module(mut self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        self.import(u)?;
        self.define(u)?;
        self.export(u)?;
        self.place(u)?;
        for at in self.imported_functions..self.function_types.len() {
            let body = self.body(u, self.function_types[at])?;
            self.code.function(&body);
        }
        let start = self.start(u)?;
        let mut module = Module::new();
        if self.shape == Shape::Shared {
            let data = dylink(u)?;
            module.section(&CustomSection { name: "dylink.0".into(), data: data.into() });
        }
        let mut types = TypeSection::new();
        for (params, results) in TYPES {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        module.section(&types).section(&self.imports).section(&self.functions);
        module.section(&self.tables).section(&self.memories).section(&self.tags);
        module.section(&self.globals).section(&self.exports);
        if let Some(function_index) = start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.elements).section(&DataCountSection { count: self.segments });
        module.section(&self.code).section(&self.data);
        Ok(module.finish())
    }

    fn import(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let shared: u8 = if self.shape == Shape::Shared { u.arbitrary()? } else { 0 };
        if shared & 1 != 0 {
            self.imports.import("env", "memory", EntityType::Memory(memory(u)?));
            self.has_memory = true;
        }
        if shared & 2 != 0 {
            self.imports.import("env", "__indirect_function_table", EntityType::Table(table(u)?));
            self.has_table = true;
        }
        if shared & 4 != 0 {
            self.import_global("env", "__stack_pointer", true);
        }
        if shared & 8 != 0 {
            self.memory_base = Some(self.import_global("env", "__memory_base", false));
        }
        if shared & 16 != 0 {
            self.table_base = Some(self.import_global("env", "__table_base", false));
        }
        for _ in 0..u.int_in_range(0..=5)? {
            let name = symbol(u)?;
            let ty = type_index(u)?;
            match u.int_in_range(0..=9)? {
                0 => drop(self.import_global("GOT.mem", &name, true)),
                1 | 2 => drop(self.import_global("GOT.func", &name, true)),
                3 => drop(self.import_global("env", &name, false)),
                4 => {
                    let func_type_idx = tag_type(u)?;
                    let tag = TagType { kind: TagKind::Exception, func_type_idx };
                    self.imports.import("env", &name, EntityType::Tag(tag));
                    self.tag_types.push(func_type_idx);
                }
                5 => {
                    let (module, name) = (*u.choose(&NAMES)?, name.as_str());
                    self.import_function(module, name, ty);
                }
                6 if u.ratio(1, 4)? => {
                    let name = *u.choose(&WASI)?;
                    self.import_function("wasi_snapshot_preview1", name, 6);
                }
                _ => self.import_function("env", &name, ty),
            }
        }
        Ok(())
    }

    fn import_function(&mut self, module: &str, name: &str, ty: u32) {
        self.imports.import(module, name, EntityType::Function(ty));
        self.function_types.push(ty);
        self.imported_functions += 1;
    }

    fn import_global(&mut self, module: &str, name: &str, mutable: bool) -> u32 {
        let ty = GlobalType { val_type: ValType::I32, mutable, shared: false };
        self.imports.import(module, name, EntityType::Global(ty));
        self.global_types.push(ty);
        self.imported_globals += 1;
        self.imported_globals - 1
    }

    fn define(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        for _ in 0..u.int_in_range(0..=4)? {
            let ty = type_index(u)?;
            self.functions.function(ty);
            self.function_types.push(ty);
        }
        let own: u8 = if self.shape == Shape::Main { 3 } else { u.arbitrary()? };
        if own & 1 != 0 && !self.has_memory && (self.shape != Shape::Shared || own & 8 != 0) {
            self.memories.memory(memory(u)?);
            self.has_memory = true;
        }
        if own & 2 != 0 && !self.has_table {
            self.tables.table(table(u)?);
            self.has_table = true;
        }
        if own & 4 != 0 {
            let func_type_idx = tag_type(u)?;
            self.tags.tag(TagType { kind: TagKind::Exception, func_type_idx });
            self.tag_types.push(func_type_idx);
        }
        for _ in 0..u.int_in_range(0..=3)? {
            let mutable = u.ratio(1, 4)?;
            let (val_type, value) = self.value(u)?;
            let ty = GlobalType { val_type, mutable, shared: false };
            self.globals.global(ty, &value);
            self.global_types.push(ty);
        }
        Ok(())
    }

    /// A constant expression.
    fn value(&self, u: &mut Unstructured<'_>) -> Result<(ValType, ConstExpr)> {
        let number = number(u)?;
        Ok(match (u.int_in_range(0..=6)?, self.memory_base) {
            (0, _) => (ValType::I64, ConstExpr::i64_const(number.into())),
            (1, _) => (ValType::F64, ConstExpr::f64_const(f64::from(number).into())),
            (2, _) if !self.function_types.is_empty() => {
                let function = index(u, self.function_types.len())?;
                (ValType::Ref(RefType::FUNCREF), ConstExpr::ref_func(function))
            }
            (3 | 4, Some(base)) => {
                let sum = ConstExpr::global_get(base).with_i32_const(number).with_i32_add();
                (ValType::I32, sum)
            }
            _ => (ValType::I32, ConstExpr::i32_const(number)),
        })
    }

    fn export(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        if self.shape == Shape::Main {
            let bounds: [(&str, bool); 5] = [
                ("__stack_pointer", true),
                ("__heap_base", false),
                ("__heap_end", false),
                ("__stack_low", false),
                ("__stack_high", false),
            ];
            for (name, mutable) in bounds {
                let ty = GlobalType { val_type: ValType::I32, mutable, shared: false };
                self.globals.global(ty, &ConstExpr::i32_const(number(u)?));
                self.global_types.push(ty);
                self.add_export(name, ExportKind::Global, self.global_types.len() as u32 - 1);
            }
            self.add_export("memory", ExportKind::Memory, 0);
            self.add_export("__indirect_function_table", ExportKind::Table, 0);
        }
        for _ in 0..u.int_in_range(0..=6)? {
            let name = symbol(u)?;
            let (functions, globals) = (self.function_types.len(), self.global_types.len());
            // Mostly what the convention says of it.
            if SPECIAL[..INITIALISERS].contains(&name.as_str()) && !u.ratio(1, 8)? {
                let function = self.function_types.iter().position(|ty| *ty == NOTHING);
                if let Some(function) = function {
                    self.add_export(&name, ExportKind::Func, function as u32);
                }
                continue;
            }
            match u.int_in_range(0..=5)? {
                0 | 1 if globals > 0 => {
                    self.add_export(&name, ExportKind::Global, index(u, globals)?);
                }
                2 if !self.tag_types.is_empty() => {
                    self.add_export(&name, ExportKind::Tag, index(u, self.tag_types.len())?);
                }
                3 if self.has_memory => self.add_export(&name, ExportKind::Memory, 0),
                _ if functions > 0 => {
                    self.add_export(&name, ExportKind::Func, index(u, functions)?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Names are exported once.
    fn add_export(&mut self, name: &str, kind: ExportKind, index: u32) {
        if self.exported.insert(name.to_owned()) {
            self.exports.export(name, kind, index);
        }
    }

    /// Data and elements. All functions are declared, so that code may name any.
    fn place(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let functions: Vec<u32> = (0..self.function_types.len() as u32).collect();
        self.elements.declared(Elements::Functions(functions.as_slice().into()));
        if self.has_table && u.arbitrary()? {
            let offset = self.offset(u, self.table_base)?;
            let count = u.int_in_range(0..=functions.len())?;
            if u.arbitrary()? {
                let some = functions.iter().take(count).map(|&f| ConstExpr::ref_func(f));
                let some: Vec<_> = some.chain([ConstExpr::ref_null(HeapType::FUNC)]).collect();
                let items = Elements::Expressions(RefType::FUNCREF, some.into());
                self.elements.active(Some(0), &offset, items);
            } else {
                let items = Elements::Functions(functions[..count].into());
                self.elements.active(None, &offset, items);
            }
        }
        if self.has_memory {
            for _ in 0..u.int_in_range(0..=3)? {
                let length = usize::from(u.arbitrary::<u8>()? & 15).min(u.len());
                let bytes = u.bytes(length)?.to_vec();
                if u.ratio(1, 4)? {
                    self.data.passive(bytes);
                } else {
                    let offset = self.offset(u, self.memory_base)?;
                    self.data.active(0, &offset, bytes);
                }
                self.segments += 1;
            }
        }
        Ok(())
    }

    fn offset(&self, u: &mut Unstructured<'_>, base: Option<u32>) -> Result<ConstExpr> {
        Ok(match (base, u.int_in_range(0..=5)?) {
            (Some(base), 0..=2) => ConstExpr::global_get(base),
            (Some(base), 3..=4) => {
                ConstExpr::global_get(base).with_i32_const(number(u)?).with_i32_add()
            }
            _ => ConstExpr::i32_const(number(u)?),
        })
    }

    fn start(&self, u: &mut Unstructured<'_>) -> Result<Option<u32>> {
        let functions = self.function_types.iter();
        let start = functions.enumerate().find(|(_, ty)| **ty == NOTHING).map(|(at, _)| at as u32);
        Ok(if u.ratio(1, 8)? { start } else { None })
    }

    fn body(&self, u: &mut Unstructured<'_>, ty: u32) -> Result<Function> {
        let mut body = Function::new([(2, ValType::I32)]);
        let params = TYPES[ty as usize].0.len() as u32;
        for _ in 0..u.int_in_range(0..=4)? {
            self.statement(u, params, &mut body, 2)?;
        }
        let (_, results) = TYPES[ty as usize];
        let like = self.function_types.iter().position(|other| *other == ty);
        match like.filter(|_| !u.is_empty()) {
            Some(function) if u.ratio(1, 8)? => {
                self.defaults(&mut body, TYPES[ty as usize].0);
                body.instruction(&Instruction::ReturnCall(function as u32));
            }
            _ => self.defaults(&mut body, results),
        }
        body.instruction(&Instruction::End);
        Ok(body)
    }

    /// Something that takes nothing from the stack and leaves nothing.
    fn statement(
        &self,
        u: &mut Unstructured<'_>,
        local: u32,
        to: &mut Function,
        depth: u32,
    ) -> Result<()> {
        use Instruction as I;
        let functions = self.function_types.len();
        match u.int_in_range(0..=15)? {
            0..=2 if functions > 0 => {
                let function = index(u, functions)?;
                let ty = self.function_types[function as usize];
                self.call(to, ty, |to| {
                    to.instruction(&I::Call(function));
                });
            }
            3 | 4 if !self.global_types.is_empty() => {
                let global = index(u, self.global_types.len())?;
                let ty = self.global_types[global as usize];
                to.instruction(&I::GlobalGet(global));
                if ty.mutable && u.arbitrary()? {
                    to.instruction(&I::GlobalSet(global));
                } else {
                    to.instruction(&I::Drop);
                }
            }
            5 if self.has_memory => {
                to.instruction(&I::LocalGet(local)).instruction(&I::I32Load(memarg(u)?));
                to.instruction(&I::LocalSet(local));
            }
            6 if self.has_memory => {
                to.instruction(&I::LocalGet(local)).instruction(&I::I32Const(number(u)?));
                to.instruction(&I::I32Store(memarg(u)?));
            }
            7 | 8 if self.has_table => {
                let type_index = type_index(u)?;
                self.call(to, type_index, |to| {
                    to.instruction(&I::LocalGet(local));
                    to.instruction(&I::CallIndirect { type_index, table_index: 0 });
                });
            }
            9 if functions > 0 => {
                to.instruction(&I::RefFunc(index(u, functions)?)).instruction(&I::Drop);
            }
            10 if depth > 0 => self.block(u, local, to, depth - 1)?,
            11 if depth > 0 => self.catch(u, local, to, depth - 1)?,
            12 if !self.tag_types.is_empty() && u.arbitrary()? => {
                let tag = index(u, self.tag_types.len())?;
                to.instruction(&I::LocalGet(local)).instruction(&I::If(BlockType::Empty));
                self.defaults(to, TYPES[self.tag_types[tag as usize] as usize].0);
                to.instruction(&I::Throw(tag)).instruction(&I::End);
            }
            13 if self.has_memory && self.segments > 0 => {
                let data_index = index(u, self.segments as usize)?;
                self.defaults(to, &[ValType::I32; 3]);
                to.instruction(&I::MemoryInit { mem: 0, data_index });
                to.instruction(&I::DataDrop(data_index));
            }
            14 if self.has_memory => {
                to.instruction(&I::I32Const(1)).instruction(&I::MemoryGrow(0));
                to.instruction(&I::Drop);
            }
            15 if self.has_table => {
                to.instruction(&I::TableSize(0)).instruction(&I::LocalSet(local));
            }
            _ => {
                to.instruction(&I::I32Const(number(u)?)).instruction(&I::LocalSet(local));
            }
        }
        Ok(())
    }

    fn call(&self, to: &mut Function, ty: u32, call: impl FnOnce(&mut Function)) {
        let (params, results) = TYPES[ty as usize];
        self.defaults(to, params);
        call(to);
        drops(to, results);
    }

    fn block(
        &self,
        u: &mut Unstructured<'_>,
        local: u32,
        to: &mut Function,
        depth: u32,
    ) -> Result<()> {
        let kind: fn(BlockType) -> Instruction<'static> =
            if u.arbitrary()? { Instruction::Block } else { Instruction::Loop };
        to.instruction(&kind(BlockType::Empty));
        self.statement(u, local, to, depth)?;
        to.instruction(&Instruction::LocalGet(local)).instruction(&Instruction::BrIf(0));
        self.statement(u, local, to, depth)?;
        to.instruction(&Instruction::End);
        Ok(())
    }

    /// Code that throws, and code that catches it, in the standard's encoding or in the legacy one.
    fn catch(
        &self,
        u: &mut Unstructured<'_>,
        local: u32,
        to: &mut Function,
        depth: u32,
    ) -> Result<()> {
        use Instruction as I;
        let tag = match self.tag_types.is_empty() {
            true => None,
            false => Some(index(u, self.tag_types.len())?),
        };
        let payload = tag.map_or(&[][..], |tag| TYPES[self.tag_types[tag as usize] as usize].0);
        match u.int_in_range(0..=3)? {
            0 => {
                let (catch, ty) = match (tag, payload) {
                    (Some(tag), []) => (Catch::One { tag, label: 0 }, None),
                    (Some(tag), [only]) => (Catch::One { tag, label: 0 }, Some(*only)),
                    _ => (Catch::All { label: 0 }, None),
                };
                to.instruction(&I::Block(ty.map_or(BlockType::Empty, BlockType::Result)));
                to.instruction(&I::TryTable(BlockType::Empty, vec![catch].into()));
                self.statement(u, local, to, depth)?;
                to.instruction(&I::End);
                self.defaults(to, ty.as_slice());
                to.instruction(&I::End);
                drops(to, ty.as_slice());
            }
            1 => {
                to.instruction(&I::Try(BlockType::Empty));
                self.statement(u, local, to, depth)?;
                to.instruction(&I::Delegate(0));
            }
            kind => {
                to.instruction(&I::Try(BlockType::Empty));
                self.statement(u, local, to, depth)?;
                if let Some(tag) = tag {
                    to.instruction(&I::Catch(tag));
                    drops(to, payload);
                    self.statement(u, local, to, depth)?;
                    if u.arbitrary()? {
                        to.instruction(&I::Rethrow(0));
                    }
                }
                if kind == 2 {
                    to.instruction(&I::CatchAll);
                    self.statement(u, local, to, depth)?;
                }
                to.instruction(&I::End);
            }
        }
        Ok(())
    }

    fn defaults(&self, to: &mut Function, types: &[ValType]) {
        for ty in types {
            to.instruction(&match ty {
                ValType::I32 => Instruction::I32Const(0),
                ValType::I64 => Instruction::I64Const(0),
                ValType::F32 => Instruction::F32Const(0.0.into()),
                ValType::F64 => Instruction::F64Const(0.0.into()),
                ValType::V128 => Instruction::V128Const(0),
                ValType::Ref(_) => Instruction::RefNull(HeapType::FUNC),
            });
        }
    }
}

fn drops(to: &mut Function, types: &[ValType]) {
    for _ in types {
        to.instruction(&Instruction::Drop);
    }
}

fn type_index(u: &mut Unstructured<'_>) -> Result<u32> {
    index(u, TYPES.len())
}

/// A type without results.
fn tag_type(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(*u.choose(&[NOTHING, 3])?)
}

fn index(u: &mut Unstructured<'_>, length: usize) -> Result<u32> {
    Ok(u.choose_index(length)? as u32)
}

/// Small ones, and those at which something ends.
fn number(u: &mut Unstructured<'_>) -> Result<i32> {
    const ENDS: [i32; 8] = [0, 1, -1, 1024, 65536, i32::MAX, i32::MIN, 0x00ff_fff0];
    Ok(match u.arbitrary::<u8>()? {
        small @ 0..=63 => small.into(),
        end @ 64..=127 => ENDS[usize::from(end & 7)],
        _ => u.arbitrary()?,
    })
}

fn memarg(u: &mut Unstructured<'_>) -> Result<MemArg> {
    Ok(MemArg { offset: number(u)?.cast_unsigned().into(), align: 0, memory_index: 0 })
}

fn memory(u: &mut Unstructured<'_>) -> Result<MemoryType> {
    let minimum = u64::from(number(u)?.cast_unsigned() & 0xffff);
    let maximum = u.ratio(1, 8)?.then_some(minimum + 1);
    Ok(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None })
}

fn table(u: &mut Unstructured<'_>) -> Result<TableType> {
    let minimum = u64::from(number(u)?.cast_unsigned() & 0xf_ffff);
    let element_type = RefType::FUNCREF;
    Ok(TableType { element_type, table64: false, minimum, maximum: None, shared: false })
}

/// The data of a `dylink.0` section: sizes, alignments, what is needed, and flags of symbols.
fn dylink(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    if !u.ratio(1, 8)? {
        let mut info = Vec::new();
        let alignment = |u: &mut Unstructured<'_>| -> Result<u32> {
            Ok(if u.ratio(1, 8)? { u.int_in_range(0..=33)? } else { u.int_in_range(0..=4)? })
        };
        number(u)?.cast_unsigned().encode(&mut info);
        alignment(u)?.encode(&mut info);
        (number(u)?.cast_unsigned() & 0x00ff_ffff).encode(&mut info);
        alignment(u)?.encode(&mut info);
        subsection(1, &info, &mut data);
    }
    if u.ratio(1, 3)? {
        let mut needed = Vec::new();
        let count = u.int_in_range(0..=3)?;
        (count as u32).encode(&mut needed);
        for _ in 0..count {
            let name = *u.choose(&NAMES)?;
            let ending = *u.choose(&["", ".wasm", ".so", ".so.1"])?;
            format!("{name}{ending}").encode(&mut needed);
        }
        subsection(2, &needed, &mut data);
    }
    if u.ratio(1, 3)? {
        let (mut exports, mut imports) = (vec![1], vec![1]);
        symbol(u)?.encode(&mut exports);
        flags(u)?.encode(&mut exports);
        "env".encode(&mut imports);
        symbol(u)?.encode(&mut imports);
        flags(u)?.encode(&mut imports);
        subsection(3, &exports, &mut data);
        subsection(4, &imports, &mut data);
    }
    Ok(data)
}

/// Weak, mostly.
fn flags(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(if u.ratio(3, 4)? { 1 } else { u32::from(u.arbitrary::<u16>()?) })
}

fn subsection(id: u8, content: &[u8], to: &mut Vec<u8>) {
    to.push(id);
    content.encode(to);
}
