//! Sets of modules whose code is `wasm-smith`'s: side modules that call each other, take each
//! other's addresses, and share memory, table and stack pointer.

use std::convert::Infallible;

use arbitrary::{Result, Unstructured};
use linker::FuseOptions;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataSection, ElementSection, Encode, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasm_smith::Config;
use wasmparser::{
    CodeSectionReader, ElementSectionReader, ExportSectionReader, FunctionSectionReader,
    GlobalSectionReader, Operator, Parser, TableSectionReader, TypeSectionReader,
};

use super::modules::{Given, Input, Role};

type Reencoded = std::result::Result<(), reencode::Error<Infallible>>;
type Signature = (&'static [ValType], &'static [ValType]);

const SIGNATURES: [Signature; 7] = {
    use ValType::{F32, F64, I32, I64, V128};
    [
        (&[], &[]),
        (&[I32], &[I32]),
        (&[I32, I32], &[I32]),
        (&[I64, F64], &[F64]),
        (&[F32], &[I32, F32]),
        (&[], &[I64]),
        (&[V128, ValType::FUNCREF], &[V128]),
    ]
};

/// The number of calls and loop iterations after which a module ends itself.
const FUEL: u32 = 200;

/// The globals before are the bases and the stack pointer.
const ADDRESSES: u32 = 3;

/// A function that a module defines for all.
struct Symbol {
    name: String,
    module: usize,
    signature: usize,
}

pub fn input(u: &mut Unstructured<'_>) -> Result<Input> {
    let count = u.int_in_range(1..=3)?;
    let mut symbols = Vec::new();
    for module in 0..count {
        for number in 0..u.int_in_range(1..=3)? {
            let signature = u.choose_index(SIGNATURES.len())?;
            symbols.push(Symbol { name: format!("f{module}{number}"), module, signature });
        }
    }
    let options = options(u, &symbols)?;
    let mut modules = Vec::new();
    for module in 0..count {
        let shape = Shape::new(u, module, &symbols)?;
        let mut smith = wasm_smith::Module::new(config(shape.module.clone()), u)?;
        // It fails only for code that is not its own.
        let _ = smith.ensure_termination(FUEL);
        let bytes = with_uses(module, &shape, &smith.to_bytes());
        modules.push(given(format!("m{module}"), with_dylink(u, &bytes)?));
    }
    modules.push(given("data".to_owned(), with_dylink(u, &data())?));
    Ok(Input { modules, options })
}

/// Ways to fuse them: what is compared is all of a program, and with these there are parts.
fn options(u: &mut Unstructured<'_>, symbols: &[Symbol]) -> Result<FuseOptions> {
    let mut options = FuseOptions::default()
        .with_dynamic(u.ratio(1, 4)?)
        .with_preinit(u.ratio(1, 4)?)
        .with_debug(u.ratio(1, 4)?);
    for name in symbols.iter().map(|symbol| symbol.name.as_str()).chain(["d0", "uses0"]) {
        if u.ratio(1, 3)? {
            options.exports.push(name.to_owned());
        }
    }
    Ok(options)
}

fn given(name: String, bytes: Vec<u8>) -> Given {
    Given { role: Role::Link, name, bytes }
}

/// The imports and exports of a module, as a module.
struct Shape {
    module: Vec<u8>,
    imported_functions: u32,
    imported_globals: u32,
}

impl Shape {
    fn new(u: &mut Unstructured<'_>, module: usize, symbols: &[Symbol]) -> Result<Self> {
        let mut imports = ImportSection::new();
        let memory = MemoryType {
            minimum: 17,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.import("env", "memory", EntityType::Memory(memory));
        let element_type = RefType::FUNCREF;
        let table =
            TableType { element_type, table64: false, minimum: 1, maximum: None, shared: false };
        imports.import("env", "__indirect_function_table", EntityType::Table(table));
        let global = |mutable| {
            EntityType::Global(GlobalType { val_type: ValType::I32, mutable, shared: false })
        };
        imports.import("env", "__memory_base", global(false));
        imports.import("env", "__table_base", global(false));
        imports.import("env", "__stack_pointer", global(true));
        let (mut imported, mut globals) = (0, ADDRESSES);
        if u.arbitrary()? {
            imports.import("GOT.mem", "d0", global(true));
            imports.import("GOT.mem", "d1", global(true));
            globals += 2;
        }
        let mut own = Vec::new();
        for symbol in symbols {
            let choice: u8 = u.arbitrary()?;
            if choice & 1 != 0 {
                imports.import("env", &symbol.name, EntityType::Function(symbol.signature as u32));
                imported += 1;
            }
            if choice & 2 != 0 {
                imports.import("GOT.func", &symbol.name, global(true));
                globals += 1;
            }
            // Another's name too, sometimes: the first definition counts.
            if symbol.module == module || choice & 0xf0 == 0xf0 {
                own.push((symbol.name.as_str(), symbol.signature));
            }
        }
        if u.ratio(1, 3)? {
            own.push(("__wasm_call_ctors", 0));
        }
        let (mut functions, mut exports, mut code) =
            (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for (place, (name, signature)) in (imported..).zip(own) {
            functions.function(signature as u32);
            exports.export(name, ExportKind::Func, place);
            let mut body = Function::new([]);
            body.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
            code.function(&body);
        }
        let mut types = TypeSection::new();
        for (params, results) in SIGNATURES {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&exports)
            .section(&code);
        let module = module.finish();
        Ok(Shape { module, imported_functions: imported, imported_globals: globals })
    }
}

/// Adds a function that uses all addresses that the module imports: code with numbers of its own
/// for addresses, as this is, finds something there only if the module is known to use them: no
/// compiler makes such code. It uses all other globals, tables and elements too: making one may
/// trap, and one module has none that nothing uses.
fn with_uses(module: usize, shape: &Shape, bytes: &[u8]) -> Vec<u8> {
    let mut uses = Uses {
        module,
        shape,
        ty: 0,
        function: 0,
        globals: shape.imported_globals,
        tables: 1,
        elements: 0,
    };
    let mut to = Module::new();
    uses.parse_core_module(&mut to, Parser::new(0), bytes).expect("`wasm-smith` writes modules");
    to.finish()
}

struct Uses<'a> {
    module: usize,
    shape: &'a Shape,
    ty: u32,
    function: u32,
    globals: u32,
    tables: u32,
    elements: u32,
}

impl Reencode for Uses<'_> {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        to: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Reencoded {
        self.ty =
            section.clone().into_iter().flatten().map(|group| group.types().len() as u32).sum();
        utils::parse_type_section(self, to, section)?;
        to.ty().function([], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        to: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Reencoded {
        utils::parse_function_section(self, to, section)?;
        self.function = self.shape.imported_functions + to.len();
        to.function(self.ty);
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        to: &mut TableSection,
        section: TableSectionReader<'_>,
    ) -> Reencoded {
        self.tables += section.count();
        utils::parse_table_section(self, to, section)
    }

    fn parse_global_section(
        &mut self,
        to: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Reencoded {
        self.globals += section.count();
        utils::parse_global_section(self, to, section)
    }

    fn parse_export_section(
        &mut self,
        to: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Reencoded {
        utils::parse_export_section(self, to, section)?;
        to.export(&format!("uses{}", self.module), ExportKind::Func, self.function);
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        to: &mut ElementSection,
        section: ElementSectionReader<'_>,
    ) -> Reencoded {
        self.elements += section.count();
        utils::parse_element_section(self, to, section)
    }

    /// No code assigns to an address of the linker's: that is refused.
    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> std::result::Result<Instruction<'a>, reencode::Error<Infallible>> {
        match operator {
            Operator::GlobalSet { global_index }
                if (ADDRESSES..self.shape.imported_globals).contains(&global_index) =>
            {
                Ok(Instruction::Drop)
            }
            _ => utils::instruction(self, operator),
        }
    }

    fn parse_code_section(
        &mut self,
        to: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Reencoded {
        utils::parse_code_section(self, to, section)?;
        let mut body = Function::new([]);
        for global in 0..self.globals {
            body.instruction(&Instruction::GlobalGet(global)).instruction(&Instruction::Drop);
        }
        for table in 0..self.tables {
            body.instruction(&Instruction::TableSize(table)).instruction(&Instruction::Drop);
        }
        for element in 0..self.elements {
            body.instruction(&Instruction::ElemDrop(element));
        }
        body.instruction(&Instruction::End);
        to.function(&body);
        Ok(())
    }
}

/// All that the linker takes, and nothing whose result WebAssembly leaves open.
fn config(shape: Vec<u8>) -> Config {
    Config {
        module_shape: Some(shape),
        allow_start_export: false,
        custom_descriptors_enabled: false,
        gc_enabled: true,
        max_data_segments: 3,
        max_element_segments: 3,
        max_elements: 8,
        max_funcs: 6,
        max_globals: 12,
        max_instructions: 60,
        max_memories: 1,
        max_tables: 3,
        max_tags: 2,
        max_types: 20,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

/// A library of two variables, which the others know by address.
fn data() -> Vec<u8> {
    let mut module = Module::new();
    let global = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    let mut imports = ImportSection::new();
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    imports.import("env", "memory", EntityType::Memory(memory));
    imports.import("env", "__memory_base", EntityType::Global(global));
    let (mut globals, mut exports) = (GlobalSection::new(), ExportSection::new());
    for (name, address) in [("d0", 0), ("d1", 40)] {
        exports.export(name, ExportKind::Global, globals.len() + 1);
        globals.global(global, &ConstExpr::i32_const(address));
    }
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::global_get(0), (0..64).collect::<Vec<u8>>());
    module.section(&imports).section(&globals).section(&exports).section(&data);
    module.finish()
}

/// Adds the section that makes it a side module.
fn with_dylink(u: &mut Unstructured<'_>, module: &[u8]) -> Result<Vec<u8>> {
    let mut info = Vec::new();
    (64 + u32::from(u.arbitrary::<u8>()?)).encode(&mut info);
    u.int_in_range(0..=6u32)?.encode(&mut info);
    u.int_in_range(0..=16u32)?.encode(&mut info);
    u.int_in_range(0..=2u32)?.encode(&mut info);
    let mut data = vec![1];
    info.encode(&mut data);
    let section = CustomSection { name: "dylink.0".into(), data: data.into() };
    let (header, sections) = module.split_at(8);
    let mut bytes = header.to_vec();
    wasm_encoder::Section::append_to(&section, &mut bytes);
    bytes.extend_from_slice(sections);
    Ok(bytes)
}
