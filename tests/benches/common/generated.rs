//! Generated shared libraries that all use each other.

use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemoryType, Module,
    RefType, TableType, TypeSection, ValType,
};

/// The names and bytes of the given number of modules.
pub(crate) fn modules(count: usize) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|index| (format!("module_{index}"), shared_library(index, count))).collect()
}

/// Functions that each generated module exports, and as many that it imports.
const FUNCTIONS: u32 = 100;
/// The same of data symbols.
const DATA: u32 = 10;

/// The subsection `WASM_DYLINK_MEM_INFO` of the convention DynamicLinking: 1, its size of 4 bytes,
/// 64 bytes of memory aligned to 2^4, no table elements.
const DYLINK: [u8; 6] = [1, 4, 64, 4, 0, 0];

fn shared_library(index: usize, count: usize) -> Vec<u8> {
    let mut module = Module::new();
    module.section(&CustomSection { name: "dylink.0".into(), data: DYLINK.as_slice().into() });
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    module.section(&types).section(&imports(index, count));
    let mut functions = FunctionSection::new();
    let mut globals = GlobalSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for function in 0..FUNCTIONS {
        functions.function(0);
        let name = format!("function_{function}_of_module_{index}");
        exports.export(&name, ExportKind::Func, FUNCTIONS + function);
        code.function(&body(function));
    }
    for data in 0..DATA {
        let address = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(address, &ConstExpr::i32_const(4 * data.cast_signed()));
        let name = format!("data_{data}_of_module_{index}");
        exports.export(&name, ExportKind::Global, FIRST_GOT + 2 * DATA + data);
    }
    module.section(&functions).section(&globals).section(&exports).section(&code);
    module.finish()
}

/// The stack pointer and `__memory_base` are before it.
const FIRST_GOT: u32 = 2;

/// Everything of another module, so that each module uses a hundred others if there are as many.
fn imports(index: usize, count: usize) -> ImportSection {
    let mut imports = ImportSection::new();
    let global = |mutable| GlobalType { val_type: ValType::I32, mutable, shared: false };
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let table = TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 0,
        maximum: None,
        shared: false,
    };
    imports.import("env", "memory", memory);
    imports.import("env", "__indirect_function_table", table);
    imports.import("env", "__stack_pointer", global(true));
    imports.import("env", "__memory_base", global(false));
    let other = |number: u32| (index + 1 + number as usize * 7) % count;
    for function in 0..FUNCTIONS {
        let name = format!("function_{function}_of_module_{}", other(function));
        imports.import("env", &name, EntityType::Function(0));
    }
    for data in 0..DATA {
        let name = format!("data_{data}_of_module_{}", other(data));
        imports.import("GOT.mem", &name, global(true));
    }
    for function in 0..DATA {
        let name = format!("function_{function}_of_module_{}", other(2 * function));
        imports.import("GOT.func", &name, global(true));
    }
    imports
}

/// Calls an import with a number from memory.
fn body(function: u32) -> Function {
    let mut body = Function::new([]);
    let mut code: InstructionSink<'_> = body.instructions();
    let number = wasm_encoder::MemArg { offset: 0, align: 2, memory_index: 0 };
    code.global_get(FIRST_GOT + function % (2 * DATA)).i32_load(number);
    code.local_get(0).i32_add().call(function).end();
    body
}
