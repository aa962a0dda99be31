//! Checks of one module that do not depend on what the others define.

use crate::convention::PAGE;
use crate::convention::{
    CALL_CONSTRUCTORS, EMSCRIPTEN_INIT_TLS, ENV, INIT_MEMORY, INIT_TLS, INITIALIZE, MEMORY,
    RELOCATIONS, SET_STACK_LIMITS, STACK_POINTER, START, TABLE, TLS_RELOCATIONS,
};
use crate::fault::Fault;
use crate::module::data::{ThreadLocalFault, is_for_threads};
use crate::module::sections::Contents;
use crate::module::stack_checks;
use crate::module::{Export, Import, Internals, Kind, Module};
use crate::plan::input::InputModule;
use crate::plan::set::Set;
use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};
use wasmparser::ValType;

/// Returns a fault for each main but the first.
pub(crate) fn two_mains(inputs: &[InputModule]) -> Vec<Fault> {
    let mut mains = inputs.iter().filter(|input| input.is_main());
    let Some(first) = mains.next() else { return Vec::new() };
    mains
        .map(|second| Fault::TwoMains {
            first: first.module.name.clone(),
            second: second.module.name.clone(),
        })
        .collect()
}

/// Returns the fault of a module that cannot be linked at all. Its other faults follow from that
/// one and would only hide it.
pub(crate) fn unusable(input: &InputModule) -> Option<Fault> {
    let message = if input.module.kind == Kind::Object {
        "is an object file, of which no module has been made: link it with `emcc -sSIDE_MODULE=1`, \
         or \
         build Rust as a `cdylib`"
    } else if input.shares_memory() && is_memory64(input) {
        "is built for memory64, which is not supported: build it for wasm32, without `-sMEMORY64`"
    } else if !input.shares_memory() && input.module.imports.iter().any(Import::is_address) {
        "imports addresses, from `GOT.mem` or `GOT.func`, but is no shared library: build it as one"
    } else {
        return None;
    };
    Some(Fault::Unsupported { module: input.module.name.clone(), message })
}

fn is_memory64(input: &InputModule) -> bool {
    let imports = input.module.imports.iter().map(|import| &import.ty);
    let exports = input.module.exports.iter().map(|export| &export.ty);
    imports.chain(exports).any(|ty| matches!(ty, ExternType::Memory(ty) if ty.memory64))
}

/// Checks that the initial stack pointer of a main is known: its code has the stack at a fixed
/// place.
pub(crate) fn own_stack(input: &InputModule) -> Option<Fault> {
    let is_right = |export: &Export| export.ty == STACK_POINTER_TYPE;
    let has_one = input.module.export(STACK_POINTER).is_some_and(is_right);
    let lends = input.lends_memory();
    let is_known = input.exported_value(STACK_POINTER).is_some();
    let message = "has a `__stack_pointer` whose first value is no constant: build it without \
                   `-fPIC` and `-pie`";
    let module = input.module.name.clone();
    (lends && has_one && !is_known).then_some(Fault::Unsupported { module, message })
}

const COMMAND_EXPORTS: &str = "runs its constructors anew in each call of an export, as wasm-ld \
                               has it \
                               (`*.command_export`), and in a way that cannot be undone: link it \
                               again with \
                               `--export=__wasm_call_ctors` (Rust: `-C \
                               link-arg=--export=__wasm_call_ctors`)";

/// Refuses a main that runs its constructors in each call.
pub(crate) fn command_exports(input: &InputModule) -> Option<Fault> {
    let module = input.module.name.clone();
    let is_one = input.module.internals.has_command_exports;
    is_one.then_some(Fault::Unsupported { module, message: COMMAND_EXPORTS })
}

const GIVEN_STACK: &str = "has the stack that its own linker gave it, whose size `--stack-size` \
                           cannot change: link \
                           it again with a larger one (Rust: `-C link-arg=-zstack-size=BYTES`; \
                           clang: \
                           `-Wl,-z,stack-size=BYTES`; Emscripten: `-sTOTAL_STACK=BYTES`; `host \
                           fuse`: \
                           `--stack-size SIZE`)";

/// Refuses a stack size for a program whose stack the linker does not lay out: the stack is that of
/// a main, or no module shares a memory.
pub(crate) fn stack_size(set: &Set) -> Option<Fault> {
    set.stack_size?;
    let owner = match set.inputs.iter().find(|input| input.lends_stack()) {
        None if set.inputs.iter().any(InputModule::shares_memory) => return None,
        main => main.unwrap_or(&set.inputs[set.program]),
    };
    Some(Fault::Unsupported { module: owner.module.name.clone(), message: GIVEN_STACK })
}

/// Checks that the linker can set the stack's bounds in a module that checks its stack.
pub(crate) fn stack_checks(input: &InputModule) -> Option<Fault> {
    let module = input.module.name.clone();
    let message = "checks its stack, and by its code the linker cannot tell where it keeps the \
                   stack's \
                   bounds: build it without `-sSTACK_OVERFLOW_CHECK=2` and `-sASSERTIONS=2`";
    let is_known = input.module.export(SET_STACK_LIMITS).is_none_or(|_| {
        // Malformed code is reported when the module is written.
        let Ok(contents) = Contents::read(&input.bytes) else { return true };
        let imported = input.module.internals.imported_functions;
        stack_checks::knows_bounds(&contents, imported, input.shares_memory())
    });
    (!is_known).then_some(Fault::Unsupported { module, message })
}

const STACK_POINTER_TYPE: ExternType =
    ExternType::Global(GlobalType { content: ValType::I32, mutable: true });

/// Checks that a module that shares the process's memory has no other.
pub(crate) fn own_memory(input: &InputModule) -> Option<Fault> {
    let imports = &input.module.imports;
    let imported = imports.iter().filter(|i| matches!(i.ty, ExternType::Memory(_))).count();
    let expected = if input.is_main() { 1 } else { imported };
    let right = input.module.internals.memories as usize == expected && imported <= 1;
    let message = "has a memory of its own beside the one that it shares: build it with one memory";
    let module = input.module.name.clone();
    (input.shares_memory() && !right).then_some(Fault::Unsupported { module, message })
}

/// Refuses a memory that threads share in a module that keeps its own.
pub(crate) fn shared_memory(input: &InputModule) -> Option<Fault> {
    let message = "keeps a memory of its own that threads share, and threads are not supported: \
                   link it with `--link`, which makes its memory the ordinary one of the process";
    let is_refused = input.module.internals.has_shared_memory && !input.shares_memory();
    let module = input.module.name.clone();
    is_refused.then_some(Fault::Unsupported { module, message })
}

/// Checks that the thread-local variables of a module are in the memory that they have.
pub(crate) fn thread_local(input: &InputModule) -> Option<Fault> {
    let fault = input.module.internals.thread_local_fault.clone();
    let module = input.module.name.clone();
    Some(match fault.filter(|_| input.shares_memory())? {
        ThreadLocalFault::Block(message) => Fault::Unsupported { module, message },
        ThreadLocalFault::Outside { symbol, offset, size } => {
            Fault::OutsideOfBlock { module, symbol, offset, size }
        }
    })
}

/// Refuses a module that is compiled for threads and that catches exceptions by `invoke_*`, if it
/// does not import where these tell it what was thrown. The linker of LLVM 14 takes address 0 for a
/// thread-local variable that it does not know; that of LLVM 22 refuses it.
pub(crate) fn thrown_variable(input: &InputModule) -> Option<Fault> {
    const THREW: &str = "__THREW__";
    let message = "catches exceptions by `invoke_*`, and its linker has put the variable \
                   `__THREW__` at address 0, as Emscripten 3.1.6 does with `-pthread`: build it \
                   with `-fwasm-exceptions`";
    let has_threads = input.shares_memory() && input.module.internals.has_shared_memory;
    let imports = &input.module.imports;
    let catches = imports.iter().any(|i| i.module == ENV && i.name.starts_with("invoke_"));
    let is_known =
        imports.iter().any(|import| import.name == THREW) || input.module.export(THREW).is_some();
    let module = input.module.name.clone();
    (has_threads && catches && !is_known).then_some(Fault::Unsupported { module, message })
}

/// Checks that a main's data is within its initial pages: the memory after them belongs to other
/// modules.
pub(crate) fn fixed_data(input: &InputModule) -> Option<Fault> {
    let Internals { memory_pages, fixed_data_end, .. } = input.module.internals;
    let is_outside = input.is_main() && fixed_data_end > memory_pages.saturating_mul(PAGE);
    let message = "has data at fixed addresses beyond the end of its memory, where that of other \
                   modules \
                   would be: link it with a larger `--initial-memory`";
    let module = input.module.name.clone();
    is_outside.then_some(Fault::Unsupported { module, message })
}

const MEMORY_IS_TAKEN: &str =
    "exports something else as `memory`, which is the process's own: rename it";
const TABLE_IS_TAKEN: &str = "exports something else as `__indirect_function_table`, which is the \
                              process's own: rename it";

/// Checks that exports with a name of the convention have the convention's type. The linker calls
/// them, or exports the process's own memory and table under the same names.
pub(crate) fn conventional(input: &InputModule) -> impl Iterator<Item = Fault> {
    let mismatch = |export: &Export| {
        let expected = convention(input, &export.name)?;
        let is_right = match (&export.ty, &expected) {
            (ExternType::Memory(_), ExternType::Memory(_)) => true,
            (ExternType::Table(ty), ExternType::Table(_)) => {
                ty.element.is_func_ref() && !ty.table64
            }
            (found, expected) => found == expected,
        };
        let (name, found) = (export.name.clone(), export.ty.clone());
        let module = input.module.name.clone();
        let fault = match expected {
            ExternType::Memory(_) => Fault::Unsupported { module, message: MEMORY_IS_TAKEN },
            ExternType::Table(_) => Fault::Unsupported { module, message: TABLE_IS_TAKEN },
            _ => Fault::ExportMismatch { module, name, expected, found },
        };
        (!is_right).then_some(fault)
    };
    input.module.exports.iter().filter_map(mismatch)
}

/// Returns the type that the convention gives an export, if it gives it one.
fn convention(input: &InputModule, name: &str) -> Option<ExternType> {
    let called = [CALL_CONSTRUCTORS, INITIALIZE, START].contains(&name);
    let Module { internals, imports, .. } = &*input.module;
    // Reads all imports, and most names do not depend on it.
    let has_threads = || input.shares_memory() && is_for_threads(internals, imports);
    match name {
        STACK_POINTER if input.is_main() => Some(STACK_POINTER_TYPE),
        MEMORY if input.shares_memory() => Some(ExternType::Memory(MemoryType::default())),
        TABLE if input.shares_memory() => Some(ExternType::Table(TableType::functions())),
        INIT_TLS if has_threads() => Some(function_type([ValType::I32], [])),
        _ if EMSCRIPTEN_INIT_TLS.contains(&name) && has_threads() => {
            Some(function_type([], [ValType::I32]))
        }
        INIT_MEMORY | TLS_RELOCATIONS if has_threads() => Some(function_type([], [])),
        _ if called || RELOCATIONS.contains(&name) => Some(function_type([], [])),
        _ => None,
    }
}

fn function_type<const P: usize, const R: usize>(
    params: [ValType; P],
    results: [ValType; R],
) -> ExternType {
    ExternType::Func(FuncType { params: params.into(), results: results.into() }.into())
}

/// Returns the functions that apply a module's relocations, in the order of the calls.
pub(crate) fn relocations(module: &Module) -> impl Iterator<Item = &'static str> {
    RELOCATIONS.into_iter().filter(|name| module.export(name).is_some())
}

/// Returns the function that copies a module's data to its memory, if the start function does not.
pub(crate) fn init_memory(module: &Module) -> Option<&'static str> {
    let internals = &module.internals;
    let is_called = internals.has_shared_memory && !internals.has_start_function;
    module.export(INIT_MEMORY).filter(|_| is_called).map(|_| INIT_MEMORY)
}

/// Returns the function that runs a module's constructors. The first that it exports counts.
pub(crate) fn constructors(module: &Module) -> Option<&'static str> {
    let names: &[_] = match module.kind {
        // A command initializes itself when it starts. An object file is not linked yet.
        Kind::Command | Kind::Object => &[],
        Kind::SharedLibrary => &[CALL_CONSTRUCTORS, INITIALIZE],
        Kind::Main | Kind::Reactor | Kind::Plain => &[INITIALIZE, CALL_CONSTRUCTORS],
    };
    names.iter().find(|name| module.export(name).is_some()).copied()
}
