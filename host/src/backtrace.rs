//! Wasm backtraces as lines of text.

use linker::{BoundModule, SourceLine};
use wasmtime::{FrameInfo, WasmBacktrace};

use crate::code::Compiled;
use crate::program::Program;
use crate::sandbox::State;

/// A line a frame, innermost first: the module as messages call it, the function as its author wrote
/// it, and where in the source, if the module tells.
pub(crate) fn lines(program: &Program<State>, backtrace: &WasmBacktrace) -> Vec<String> {
    let bound = program.bound();
    let functions = backtrace.frames().iter().flat_map(|frame| functions(program, &bound, frame));
    functions.enumerate().map(|(number, function)| format!("{number}: {function}")).collect()
}

/// The function that a frame is of. Code of another that was inlined there comes first; that which was
/// inlined between them is not known.
fn functions(program: &Program<State>, bound: &[BoundModule], frame: &FrameInfo) -> Vec<String> {
    let same = |compiled: &&Compiled| wasmtime::Module::same(&compiled.code, frame.module());
    let compiled = program.code.modules.iter().find(same).map(|compiled| compiled.module);
    let bound = bound.iter().find(|bound| Some(bound.module) == compiled);
    let set = program.plan.set();
    let outer = bound.and_then(|bound| bound.origin_of_function(frame.func_index()));
    let Some(origin) = frame.module_offset().and_then(|offset| bound?.origin(set, offset)) else {
        let module = compiled.map_or("?", |module| program.name(module));
        return vec![format!("{module}!{}", name(frame.func_name(), frame.func_index()))];
    };
    let bytes = |module: usize| &set.objects[module].bytes;
    let title = |module: usize, function: u32| {
        let known = linker::function_name(bytes(module), function);
        format!("{}!{}", program.name(module), name(known.as_deref(), function))
    };
    let lines = linker::source_lines(bytes(origin.module), origin.offset);
    let source: String = lines.iter().map(location).collect();
    let inner = (origin.module, origin.function);
    let mut functions = vec![title(inner.0, inner.1) + &source];
    functions.extend(outer.filter(|outer| *outer != inner).map(|outer| title(outer.0, outer.1)));
    functions
}

fn name(name: Option<&str>, index: u32) -> String {
    name.map_or_else(|| format!("function {index}"), |name| linker::demangle(name).into_owned())
}

fn location(source: &SourceLine) -> String {
    let line = source.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("\n       at {}{line}", source.file)
}
