//! The beginning and the end of a program that is a command.
//!
//! A library that defines C's `main` and has no `_start` becomes a command: the linker writes the
//! `_start` that compilers link from `crt1`, which calls `main` with the program's arguments.
//!
//! A command ends when `_start` returns, or by WASI's `proc_exit`. Code that calls `proc_exit` may
//! know nothing of libc's handlers and streams: Rust's `std::process::exit` has a libc of its own.
//! So modules call a function that the linker writes instead:
//!
//! ```text
//! (func $exit (param $status i32)
//!   (call $__funcs_on_exit)
//!   (drop (call $fflush (i32.const 0)))
//!   (call $proc_exit (local.get $status)))
//! ```
//!
//! The module of libc calls the host: it has already run them, or must not (`_Exit`).

use wasm_encoder::{BlockType, Function, GlobalType, InstructionSink, MemArg, TagSection};
use wasmparser::ValType;

use crate::convention::{CALL_CONSTRUCTORS, CALL_DESTRUCTORS, ENV, STACK_LOW, START};
use crate::module::{Import, Kind, Module};
use crate::plan::host_imports::WASI;
use crate::plan::input::{InputModule, SyntheticKind};
use crate::plan::set::{Definition, Set};
use crate::plan::synthetic::ModuleWriter;
use crate::types::{ExternType, FuncType};

/// Runs the functions that the program registered for its end, such as destructors of static
/// objects.
pub(crate) const RUN_AT_EXIT: &str = "__funcs_on_exit";
/// Flushes a stream; with a null pointer every stream.
pub(crate) const FLUSH: &str = "fflush";
/// Prepares the buffer of a stream for output. Before that, a stream has nothing to flush.
pub(crate) const FILL: &str = "__towrite";
const PROC_EXIT: &str = "proc_exit";

/// The functions of libc that are called when a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finish {
    pub(crate) at_exit: bool,
    /// The destructors of the libc of a Rust module for WASI. A command calls them itself.
    pub(crate) destructors: bool,
    pub(crate) flush: bool,
}

impl Finish {
    pub(crate) const NOTHING: Finish = Finish { at_exit: false, destructors: false, flush: false };

    /// Returns the functions that the modules of a program define.
    pub(crate) fn of(inputs: &[InputModule]) -> Self {
        let defines = |name: &str, params: &[ValType], results: &[ValType]| {
            let mut process = inputs.iter().filter(|input| input.linked_as == ENV);
            let first = process.find_map(|input| Some((input, input.definition(name)?)));
            first.is_some_and(|(input, export)| match &input.module.exports[export].ty {
                ExternType::Func(ty) => {
                    input.shares_memory() && ty.params == params && ty.results == results
                }
                _ => false,
            })
        };
        let is_command = |input: &InputModule| input.module.export(START).is_some();
        let commands = inputs.iter().filter(|input| is_command(input));
        let mut own = commands.filter_map(|input| input.definition(CALL_DESTRUCTORS));
        Finish {
            at_exit: defines(RUN_AT_EXIT, &[], &[]),
            destructors: defines(CALL_DESTRUCTORS, &[], &[]) && own.next().is_none(),
            flush: defines(FLUSH, &[ValType::I32], &[ValType::I32]),
        }
    }

    /// Returns the functions that are in both.
    pub(crate) fn limited_to(self, other: Self) -> Self {
        Finish {
            at_exit: self.at_exit && other.at_exit,
            destructors: self.destructors && other.destructors,
            flush: self.flush && other.flush,
        }
    }

    /// Returns the names of the functions, in the order in which they are called.
    pub(crate) fn functions(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.at_exit, RUN_AT_EXIT),
            (self.destructors, CALL_DESTRUCTORS),
            (self.flush, FLUSH),
        ];
        all.into_iter().filter_map(|(is_called, name)| is_called.then_some(name))
    }

    /// Returns the name of the function that ends a program in this way; `None` if it calls
    /// nothing.
    pub(crate) fn export(self) -> Option<&'static str> {
        match (self.at_exit, self.flush) {
            (true, true) => Some("exit"),
            (true, false) => Some("exit_without_streams"),
            (false, true) => Some("exit_without_handlers"),
            (false, false) => None,
        }
    }

    /// Returns every non-empty subset of these functions, the largest first, without the
    /// destructors, which have run by then.
    fn parts(self) -> impl Iterator<Item = Self> {
        let subsets = [(true, true), (true, false), (false, true)].into_iter();
        let parts = subsets.map(|(at_exit, flush)| Finish { at_exit, flush, ..Finish::NOTHING });
        parts.filter(move |part| part.limited_to(self) == *part)
    }
}

/// C's `main`.
struct Main {
    name: &'static str,
    /// Whether it has the parameters `argc` and `argv`.
    takes_arguments: bool,
}

impl Main {
    /// The names that compilers give it. Those that take arguments come first.
    const NAMES: [&str; 4] = ["__main_argc_argv", "main", "__main_void", "__original_main"];

    fn of(module: &Module) -> Option<Self> {
        let shares_memory = matches!(module.kind, Kind::SharedLibrary | Kind::Main);
        if !shares_memory || module.export(START).is_some() {
            return None;
        }
        Self::NAMES.into_iter().find_map(|name| {
            let takes_arguments = takes_arguments(module.function(name)?)?;
            Some(Main { name, takes_arguments })
        })
    }
}

/// Returns whether a function of this type has C's two parameters of `main`; `None` if it is no
/// `main`.
fn takes_arguments(ty: &FuncType) -> Option<bool> {
    match (ty.params.as_slice(), ty.results.as_slice()) {
        ([ValType::I32, ValType::I32], [ValType::I32]) => Some(true),
        ([], [ValType::I32]) => Some(false),
        _ => None,
    }
}

impl Module {
    /// Returns whether a program of this module is a command: it has `_start`, or shares the
    /// process's memory and defines C's `main`, so that the linker writes a `_start`.
    pub fn is_command(&self) -> bool {
        self.function(START).is_some() || Main::of(self).is_some()
    }
}

impl InputModule {
    /// Returns the indices of the `_start` of a library and of its constructors. The `_start` may
    /// call the constructors, which in a library the linker has called before.
    pub(crate) fn start_and_constructors(&self) -> Option<(u32, u32)> {
        let index = |name| Some(self.module.export(name)?.index);
        let is_library = self.module.kind == Kind::SharedLibrary;
        index(START).zip(index(CALL_CONSTRUCTORS)).filter(|_| is_library)
    }
}

/// Adds the modules by which a program begins and ends.
pub(crate) fn join(inputs: &mut Vec<InputModule>, program: usize, opens_libraries: bool) {
    inputs.extend(start(inputs, program));
    let finish = Finish::of(inputs);
    let exits = |input: &InputModule| input.module.imports.iter().any(|i| is_exit(input, i));
    if opens_libraries || inputs.iter().any(exits) {
        inputs.extend(exit(finish));
    }
}

/// Returns whether an import of a module is `proc_exit`, and there may be something to do before
/// it.
pub(crate) fn is_exit(input: &InputModule, import: &Import) -> bool {
    let has_own = || [RUN_AT_EXIT, FLUSH].iter().any(|name| input.definition(name).is_some());
    import.name == PROC_EXIT
        && import.module == WASI
        && input.synthetic != Some(SyntheticKind::Exit)
        && !has_own()
}

/// Writes the module with `_start` for a program that has only a `main`.
fn start(inputs: &[InputModule], program: usize) -> Option<InputModule> {
    let input = inputs.get(program).filter(|input| input.shares_memory())?;
    let main = Main::of(&input.module)?;
    // The `main` of another module would be called instead.
    let first = inputs.iter().position(|input| input.definition(main.name).is_some());
    if first != Some(program) {
        return None;
    }
    synthetic_module("start", main.start(), SyntheticKind::Start)
}

/// Returns a module that the linker has written.
pub(crate) fn synthetic_module(
    name: &str,
    bytes: Vec<u8>,
    kind: SyntheticKind,
) -> Option<InputModule> {
    let input = InputModule::load(name, bytes);
    debug_assert!(input.is_ok(), "the linker can read what it has written: {input:?}");
    let mut input = input.ok()?;
    input.synthetic = Some(kind);
    input.is_on_demand = true;
    Some(input)
}

const I32: wasm_encoder::ValType = wasm_encoder::ValType::I32;

/// Index of the imported stack pointer and of the stack's lower end.
const STACK_POINTER: u32 = 0;
const STACK_END: u32 = 1;

impl Main {
    /// Returns the bytes of the module with `_start`.
    fn start(&self) -> Vec<u8> {
        let mut module = ModuleWriter::default();
        let mut body = Function::new([(3, I32)]);
        let params = if self.takes_arguments { 2 } else { 0 };
        let main = module.import(ENV, self.name, &(vec![I32; params], Some(I32)));
        let exit = module.import(WASI, PROC_EXIT, &(vec![I32], None));
        if self.takes_arguments {
            Arguments::import(&mut module).put(&mut body.instructions());
        }
        let mut code = body.instructions();
        code.call(main).local_tee(ARGC).if_(BlockType::Empty);
        code.local_get(ARGC).call(exit).end().end();
        module.define(START, &(Vec::new(), None), &body);
        module.finish(&TagSection::new())
    }
}

/// Locals of `_start`.
const ARGC: u32 = 0;
const ARGV: u32 = 1;
const SIZE: u32 = 2;

/// The functions by which a program gets its arguments.
struct Arguments {
    sizes: u32,
    get: u32,
    /// Traps. Its name tells why.
    fail: u32,
}

impl Arguments {
    fn import(module: &mut ModuleWriter) -> Self {
        module.import_memory();
        module.import_stack_pointer();
        let end = GlobalType { val_type: I32, mutable: false, shared: false };
        module.imports.import(ENV, STACK_LOW, end);
        let ty = (vec![I32; 2], Some(I32));
        let sizes = module.import(WASI, "args_sizes_get", &ty);
        let get = module.import(WASI, "args_get", &ty);
        let mut trap = Function::new([]);
        trap.instructions().unreachable().end();
        let fail = module.define("arguments_do_not_fit_the_stack", &(Vec::new(), None), &trap);
        Arguments { sizes, get, fail }
    }

    /// Puts the arguments on the stack, where they stay, and leaves `argc` and `argv` as operands.
    /// The code traps if the host has no arguments to give, or the stack no room for them.
    fn put(&self, code: &mut InstructionSink<'_>) {
        let word = |offset| MemArg { offset, align: 2, memory_index: 0 };
        let or_trap = |code: &mut InstructionSink<'_>| {
            code.if_(BlockType::Empty).call(self.fail).end();
        };
        // How many there are and how many bytes they take, in 16 bytes below the stack.
        code.global_get(STACK_POINTER).i32_const(16).i32_sub().local_tee(ARGV);
        code.local_get(ARGV).i32_const(4).i32_add().call(self.sizes);
        or_trap(code);
        code.local_get(ARGV).i32_load(word(0)).local_set(ARGC);
        code.local_get(ARGV).i32_load(word(4)).local_set(SIZE);
        // The pointers and a null pointer, the bytes, and up to 15 bytes to keep the stack aligned.
        code.local_get(ARGC).i64_extend_i32_u().i64_const(4).i64_mul();
        code.local_get(SIZE).i64_extend_i32_u().i64_add().i64_const(4 + 15).i64_add();
        code.local_get(ARGV).global_get(STACK_END).i32_sub().i64_extend_i32_u().i64_gt_u();
        or_trap(code);
        code.local_get(ARGV).local_get(ARGC).i32_const(4).i32_mul().local_get(SIZE).i32_add();
        code.i32_const(4).i32_add().i32_sub().i32_const(-16).i32_and();
        code.local_tee(ARGV).global_set(STACK_POINTER);
        // `SIZE` becomes the address of the null pointer, after which the bytes follow.
        code.local_get(ARGV).local_get(ARGC).i32_const(4).i32_mul().i32_add().local_set(SIZE);
        code.local_get(ARGV).local_get(SIZE).i32_const(4).i32_add().call(self.get);
        or_trap(code);
        code.local_get(SIZE).i32_const(0).i32_store(word(0));
        code.local_get(ARGC).local_get(ARGV);
    }
}

/// Writes the module with the functions that are called instead of `proc_exit`: one for each part
/// of `finish`, because a fused program may need only that.
fn exit(finish: Finish) -> Option<InputModule> {
    let mut module = ModuleWriter::default();
    let ty = (vec![I32], None);
    let proc_exit = module.import(WASI, PROC_EXIT, &ty);
    let at_exit = finish.at_exit.then(|| module.import(ENV, RUN_AT_EXIT, &(Vec::new(), None)));
    let flush = finish.flush.then(|| module.import(ENV, FLUSH, &(vec![I32], Some(I32))));
    for part in finish.parts() {
        let mut body = Function::new([]);
        let mut code = body.instructions();
        if let Some(at_exit) = at_exit.filter(|_| part.at_exit) {
            code.call(at_exit);
        }
        if let Some(flush) = flush.filter(|_| part.flush) {
            code.i32_const(0).call(flush).drop();
        }
        code.local_get(0).call(proc_exit).end();
        module.define(part.export()?, &ty, &body);
    }
    finish.export()?;
    synthetic_module("exit", module.finish(&TagSection::new()), SyntheticKind::Exit)
}

impl Set {
    /// Returns the `_start` that runs the program: its own, or the one that the linker has written.
    pub(crate) fn start(&self) -> Option<Definition> {
        let start = |module: usize| {
            let exports = &self.inputs[module].module.exports;
            let export = exports.iter().position(|export| export.name == START)?;
            Some(Definition { module, export })
        };
        start(self.program).or_else(|| start(self.synthetic(SyntheticKind::Start)?))
    }

    /// Returns the index of a module that the linker has written.
    pub(crate) fn synthetic(&self, kind: SyntheticKind) -> Option<usize> {
        self.inputs.iter().position(|input| input.synthetic == Some(kind))
    }

    /// Returns the indices of the modules whose functions trap because nothing defines them.
    pub(crate) fn unknown_imports(&self) -> impl Iterator<Item = usize> {
        let is_it = |input: &InputModule| input.synthetic == Some(SyntheticKind::UnknownImports);
        let inputs = self.inputs.iter().enumerate();
        inputs.filter(move |(_, input)| is_it(input)).map(|(module, _)| module)
    }

    /// Returns the index of the last module that defines functions for the stack pointer and for
    /// thread-local variables. Those before it belong to modules that already run.
    pub(crate) fn thread_context(&self) -> Option<usize> {
        let is_it = |input: &InputModule| input.synthetic == Some(SyntheticKind::ThreadContext);
        self.inputs.iter().rposition(is_it)
    }

    /// Returns the function that modules call instead of `proc_exit`, which calls everything that
    /// the program defines.
    pub(crate) fn exit(&self) -> Option<Definition> {
        Some(Definition { module: self.synthetic(SyntheticKind::Exit)?, export: 0 })
    }
}
