//! Wasm backtraces as lines of text.

use linker::{BoundModule, SourceLine};
use wasmtime::{FrameInfo, WasmBacktrace};

use crate::program::{Compiled, Program};
use crate::sandbox::State;

/// A line a frame, innermost first: the module as messages call it, the function as its author wrote
/// it, and where in the source, if the module tells.
pub(crate) fn lines(program: &Program<State>, backtrace: &WasmBacktrace) -> Vec<String> {
    // Binding again gives the same code, which nobody else needs once it is compiled.
    let bound = program.plan.bind().map(|bound| bound.modules).unwrap_or_default();
    let frames = backtrace.frames().iter().enumerate();
    frames.map(|(number, frame)| line(program, &bound, number, frame)).collect()
}

fn line(
    program: &Program<State>,
    bound: &[BoundModule],
    number: usize,
    frame: &FrameInfo,
) -> String {
    let same = |compiled: &&Compiled| wasmtime::Module::same(&compiled.code, frame.module());
    let module = program.modules.iter().find(same).map(|compiled| compiled.module);
    let name = module.map_or("?", |module| program.name(module));
    let function = match frame.func_name() {
        Some(name) => linker::demangle(name).into_owned(),
        None => format!("function {}", frame.func_index()),
    };
    let bound = bound.iter().find(|bound| Some(bound.module) == module);
    let source: String = bound.iter().flat_map(|bound| source(program, bound, frame)).collect();
    format!("{number}: {name}!{function}{source}")
}

/// Where in the source a frame is, by the debug information of the module as it was before it was linked.
fn source(program: &Program<State>, bound: &BoundModule, frame: &FrameInfo) -> Vec<String> {
    let set = program.plan.set();
    let origin = frame.module_offset().and_then(|offset| bound.origin(set, offset));
    let lines = origin.map(|o| linker::source_lines(&set.objects[o.module].bytes, o.offset));
    lines.unwrap_or_default().iter().map(location).collect()
}

fn location(source: &SourceLine) -> String {
    let line = source.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("\n       at {}{line}", source.file)
}
