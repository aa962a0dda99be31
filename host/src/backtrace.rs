//! Wasm backtraces as lines of text.

use wasmtime::{FrameInfo, WasmBacktrace};

use crate::program::{Compiled, Program};
use crate::sandbox::State;

/// A line a frame, innermost first: the module as messages call it, the function as its author wrote
/// it, and where in the source, if the module tells.
pub(crate) fn lines(program: &Program<State>, backtrace: &WasmBacktrace) -> Vec<String> {
    backtrace.frames().iter().enumerate().map(|(i, frame)| line(program, i, frame)).collect()
}

fn line(program: &Program<State>, number: usize, frame: &FrameInfo) -> String {
    let same = |compiled: &&Compiled| wasmtime::Module::same(&compiled.code, frame.module());
    let module = program.modules.iter().find(same).map_or("?", |c| program.name(c.module));
    let function = match frame.func_name() {
        Some(name) => linker::demangle(name).into_owned(),
        None => format!("function {}", frame.func_index()),
    };
    let source: String = frame.symbols().iter().filter_map(location).collect();
    format!("{number}: {module}!{function}{source}")
}

fn location(symbol: &wasmtime::FrameSymbol) -> Option<String> {
    let line = symbol.line().map(|line| format!(":{line}")).unwrap_or_default();
    Some(format!("\n       at {}{line}", symbol.file()?))
}
