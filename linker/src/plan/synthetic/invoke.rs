//! The part of C++ exceptions and `longjmp` that Emscripten leaves to JavaScript, as a module of
//! the program.
//!
//! Code that Emscripten compiles by default cannot catch by itself. A call that may throw is made
//! for it by a function `invoke_*`, which is given the table slot of the function and its
//! arguments, and which catches what comes out of it: then it restores the stack pointer, tells
//! libc so by `setThrew(1, 0)`, and returns zero. The caller looks at libc's `__THREW__`, and asks
//! `__cxa_find_matching_catch_N` for the handler that fits, of N - 2 types. There is one `invoke_*`
//! for each signature, of which the name has the letters: `invoke_vij` calls `(i32, i64) -> ()`.
//!
//! A program may use any of endlessly many, so a library cannot define them. The linker writes
//! those that a program uses, each of them in terms of the WebAssembly exceptions of the standard:
//!
//! ```text
//! (func $invoke_vij (param $slot i32) (param i32 i64) (local $stack i32)
//!   (local.set $stack (global.get $__stack_pointer))
//!   (block $caught (result i32)
//!     (try_table (catch $__cpp_exception $caught) (catch $__c_longjmp $caught)
//!       (return (call_indirect (param i32 i64) (local.get 1) (local.get 2) (local.get $slot))))
//!     (unreachable))
//!   (drop)
//!   (global.set $__stack_pointer (local.get $stack))
//!   (call $setThrew (i32.const 1) (i32.const 0)))
//! ```
//!
//! A trap is no exception, and passes. The module is a shared library like any other, and has the
//! only two tags of the program, so it also defines what throws them.

use wasm_encoder::{
    BlockType, Catch, ExportKind, Function, MemArg, TagKind, TagSection, TagType, ValType,
};

use crate::convention::ENV;
use crate::plan::input::InputModule;
use crate::plan::synthetic::{FuncType, ModuleWriter};

/// The name of the module in messages.
const NAME: &str = "exceptions";

/// Tells libc that something was thrown.
const SET_THREW: &str = "setThrew";
/// The sysroot's function that finds a handler: of an array of types, and how many there are.
const FIND: &str = "__cxa_find_matching_catch";
/// Throws a C++ exception, which the sysroot's `__cxa_throw` and its like have prepared.
pub(crate) const THROW: &str = "__throw_exception";
/// The sysroot's function that ends a program whose C++ exception nothing has caught: it is given
/// what the tag carries, says what was thrown, and does not return. It returns if the exception is
/// another.
pub const TERMINATE: &str = "__terminate_uncaught";
/// Throws what is on its way to a `setjmp`: it is given where libc keeps that, and that is what the
/// tag carries. Libc has another for programs where nothing catches it.
const LONGJMP: &str = "__throw_longjmp";

/// The tags, by the names of the tool convention for exceptions. Each carries an address.
const TAGS: [&str; 2] = [CPP_EXCEPTION, "__c_longjmp"];
/// The tag of C++ exceptions.
pub(crate) const CPP_EXCEPTION: &str = "__cpp_exception";

/// The most parameters that a function may have.
const MOST_PARAMETERS: usize = 1000;

/// A function that the linker writes when a module imports it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Helper {
    /// Calls a function of this type.
    Invoke(FuncType),
    /// Calls `FIND` with this many types.
    FindMatchingCatch(usize),
    Throw,
}

/// Returns whether the linker defines a function or tag that no module of a program defines.
pub(crate) fn is_synthesised(symbol: &str) -> bool {
    TAGS.contains(&symbol) || Helper::of(symbol).is_some()
}

/// Returns the symbols that the module which defines these symbols imports itself.
pub(crate) fn implied<'s>(symbols: impl Iterator<Item = &'s String>) -> Vec<String> {
    let helpers = symbols.filter_map(|name| Helper::of(name));
    helpers.filter_map(|helper| helper.needs()).map(str::to_owned).collect()
}

/// The module that defines the tags and the functions that throw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    /// The one that is written, if there is anything for it to define.
    Own,
    /// The one that is written, even if there is nothing else: libraries that are opened later may
    /// need the tags.
    Kept,
    /// A module that already runs.
    Running,
}

/// Returns whether a module calls `setjmp` and is compiled so that every exception that reaches it
/// ends there.
pub(crate) fn ends_exceptions(module: &crate::module::Module) -> bool {
    let imports = |beginning: &str| module.imports.iter().any(|i| i.name.starts_with(beginning));
    imports("invoke_") && !imports(FIND) && !imports("__resumeException")
}

/// Returns whether a module throws C++ exceptions.
pub(crate) fn throws(module: &crate::module::Module) -> bool {
    module.imports.iter().any(|import| import.name == "__cxa_throw")
}

/// Returns whether a symbol is one of the tags.
pub(crate) fn is_tag(symbol: &str) -> bool {
    TAGS.contains(&symbol)
}

/// Returns the module that defines those of the symbols that the linker defines, if there are any.
pub(crate) fn module<'s>(
    symbols: impl Iterator<Item = &'s String>,
    tags: Tags,
) -> Option<InputModule> {
    let symbols: Vec<_> = symbols.filter(|name| is_synthesised(name)).collect();
    if symbols.is_empty() && tags != Tags::Kept {
        return None;
    }
    let helpers = symbols.into_iter().filter_map(|name| Some((name.as_str(), Helper::of(name)?)));
    let helpers: Vec<_> = helpers.collect();
    let mut writer = ExceptionWriter::new(&helpers, tags);
    for (name, helper) in &helpers {
        let body = match helper {
            Helper::Invoke(callee) => writer.invoke(callee),
            Helper::FindMatchingCatch(types) => writer.find(*types),
            Helper::Throw => writer.throw(CPP),
        };
        writer.module.define(name, &helper.ty(), &body);
    }
    if tags != Tags::Running {
        let longjmp = writer.throw(C_LONGJMP);
        writer.module.define(LONGJMP, &Helper::Throw.ty(), &longjmp);
    }
    let input = InputModule::load(NAME, writer.finish(tags));
    debug_assert!(input.is_ok(), "the linker can read what it has written: {input:?}");
    input.ok()
}

impl Helper {
    fn of(symbol: &str) -> Option<Self> {
        if symbol == THROW {
            return Some(Helper::Throw);
        }
        if let Some(letters) = symbol.strip_prefix("invoke_") {
            return signature(letters).map(Helper::Invoke);
        }
        let count = symbol.strip_prefix(FIND)?.strip_prefix('_')?;
        let types = count.parse::<usize>().ok()?.checked_sub(2)?;
        // Another spelling of the number is another name.
        (types <= MOST_PARAMETERS && count == (types + 2).to_string())
            .then_some(Helper::FindMatchingCatch(types))
    }

    /// Returns the function of the program that it calls.
    fn needs(&self) -> Option<&'static str> {
        match self {
            Helper::Invoke(_) => Some(SET_THREW),
            Helper::FindMatchingCatch(_) => Some(FIND),
            Helper::Throw => None,
        }
    }

    fn ty(&self) -> FuncType {
        match self {
            Helper::Invoke((params, result)) => {
                ([&[ValType::I32], params.as_slice()].concat(), *result)
            }
            Helper::FindMatchingCatch(types) => (vec![ValType::I32; *types], Some(ValType::I32)),
            Helper::Throw => (vec![ValType::I32], None),
        }
    }
}

/// Returns the type that the letters of a name stand for. The letter of the result comes first.
fn signature(letters: &str) -> Option<FuncType> {
    let mut letters = letters.chars();
    let result = match letters.next()? {
        'v' => None,
        letter => Some(val_type(letter)?),
    };
    let params: Vec<_> = letters.map(val_type).collect::<Option<_>>()?;
    // The slot is one more.
    (params.len() < MOST_PARAMETERS).then_some((params, result))
}

fn val_type(letter: char) -> Option<ValType> {
    match letter {
        'i' | 'p' => Some(ValType::I32),
        'j' => Some(ValType::I64),
        'f' => Some(ValType::F32),
        'd' => Some(ValType::F64),
        'V' => Some(ValType::V128),
        'F' => Some(ValType::FUNCREF),
        'X' => Some(ValType::EXTERNREF),
        _ => None,
    }
}

/// The tags' indices.
const CPP: u32 = 0;
const C_LONGJMP: u32 = 1;

/// Indices of what is imported.
const STACK: u32 = 0;

struct ExceptionWriter {
    module: ModuleWriter,
    /// `setThrew`, the function that finds a handler, and the one that keeps what `longjmp` is
    /// given, where something needs them.
    set_threw: Option<u32>,
    find: Option<u32>,
}

impl ExceptionWriter {
    fn new(helpers: &[(&str, Helper)], tags: Tags) -> Self {
        let mut writer =
            ExceptionWriter { module: ModuleWriter::default(), set_threw: None, find: None };
        writer.module.import_memory();
        writer.module.import_table();
        writer.module.import_stack_pointer();
        if tags == Tags::Running {
            let ty = writer.tag_type();
            for tag in TAGS {
                writer.module.imports.import(ENV, tag, ty);
            }
        }
        let is_needed = |name| helpers.iter().any(|(_, helper)| helper.needs() == Some(name));
        if is_needed(SET_THREW) {
            writer.set_threw = Some(writer.import(SET_THREW, None));
        }
        if is_needed(FIND) {
            writer.find = Some(writer.import(FIND, Some(ValType::I32)));
        }
        writer
    }

    /// Imports a function of two integers.
    fn import(&mut self, name: &str, result: Option<ValType>) -> u32 {
        self.module.import(ENV, name, &(vec![ValType::I32; 2], result))
    }

    /// Writes an `invoke_*` function, as the top of this file shows it.
    fn invoke(&mut self, callee: &FuncType) -> Function {
        let ty = self.module.ty(callee);
        let (params, result) = callee;
        let stack = params.len() as u32 + 1;
        let mut body = Function::new([(1, ValType::I32)]);
        let mut code = body.instructions();
        code.global_get(STACK).local_set(stack);
        code.block(BlockType::Result(ValType::I32));
        let catches = [
            // Labels are counted from the inside, without the `try_table` itself.
            Catch::One { tag: CPP, label: 0 },
            Catch::One { tag: C_LONGJMP, label: 0 },
        ];
        code.try_table(BlockType::Empty, catches);
        for param in 1..stack {
            code.local_get(param);
        }
        code.local_get(0).call_indirect(0, ty).return_().end().unreachable().end().drop();
        code.local_get(stack).global_set(STACK);
        if let Some(set_threw) = self.set_threw {
            code.i32_const(1).i32_const(0).call(set_threw);
        }
        if let Some(result) = result {
            zero(&mut body, *result);
        }
        body.instructions().end();
        body
    }

    /// Writes a function that passes its arguments on as an array on the stack.
    fn find(&mut self, types: usize) -> Function {
        // The stack stays aligned to 16 bytes.
        let size = (4 * types).next_multiple_of(16) as i32;
        let array = types as u32;
        let mut body = Function::new([(1, ValType::I32)]);
        let mut code = body.instructions();
        code.global_get(STACK).i32_const(size).i32_sub().local_tee(array).global_set(STACK);
        for ty in 0..array {
            let element = MemArg { offset: 4 * u64::from(ty), align: 2, memory_index: 0 };
            code.local_get(array).local_get(ty).i32_store(element);
        }
        code.local_get(array).i32_const(types as i32);
        if let Some(find) = self.find {
            code.call(find);
        }
        code.local_get(array).i32_const(size).i32_add().global_set(STACK).end();
        body
    }

    fn throw(&self, tag: u32) -> Function {
        let mut body = Function::new([]);
        body.instructions().local_get(0).throw(tag).end();
        body
    }

    fn tag_type(&mut self) -> TagType {
        let func_type_idx = self.module.ty(&(vec![ValType::I32], None));
        TagType { kind: TagKind::Exception, func_type_idx }
    }

    fn finish(mut self, tags: Tags) -> Vec<u8> {
        let mut own = TagSection::new();
        let ty = self.tag_type();
        for (tag, name) in TAGS.into_iter().enumerate().filter(|_| tags != Tags::Running) {
            own.tag(ty);
            self.module.exports.export(name, ExportKind::Tag, tag as u32);
        }
        self.module.finish(&own)
    }
}

/// Writes the zero that is returned when something was thrown.
fn zero(body: &mut Function, ty: ValType) {
    let mut code = body.instructions();
    match ty {
        ValType::I32 => code.i32_const(0),
        ValType::I64 => code.i64_const(0),
        ValType::F32 => code.f32_const(0.0.into()),
        ValType::F64 => code.f64_const(0.0.into()),
        ValType::V128 => code.v128_const(0),
        ValType::Ref(ty) => code.ref_null(ty.heap_type),
    };
}

#[cfg(test)]
mod tests {
    use super::is_synthesised;

    #[test]
    fn a_name_stands_for_a_function_that_can_be_written() {
        let invoke = |params: usize| format!("invoke_v{}", "i".repeat(params));
        assert!(is_synthesised(&invoke(999)));
        assert!(!is_synthesised(&invoke(1000)), "the slot is one more");
        let find = |number: &str| is_synthesised(&format!("__cxa_find_matching_catch_{number}"));
        assert!(find("2") && find("1002"));
        assert!(!find("1") && !find("1003") && !find("02") && !find(""));
    }
}
