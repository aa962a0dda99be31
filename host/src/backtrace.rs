//! Wasm backtraces as lines of text.

use wasmtime::{FrameInfo, WasmBacktrace};

use crate::program::{Guest, Program};

/// A line a frame, innermost first: the module as messages call it, the function as its author wrote
/// it, and where in the source, if the module tells.
pub(crate) fn lines(program: &Program, backtrace: &WasmBacktrace) -> Vec<String> {
    backtrace.frames().iter().enumerate().map(|(i, frame)| line(program, i, frame)).collect()
}

fn line(program: &Program, number: usize, frame: &FrameInfo) -> String {
    let guests = program.preloads.iter().map(|preload| &preload.guest).chain([&program.main]);
    let same = |guest: &&Guest| wasmtime::Module::same(&guest.code, frame.module());
    let module = guests.into_iter().find(same).map_or("?", |guest| guest.module.name.as_str());
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
