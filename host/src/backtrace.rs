//! Wasm backtraces as lines of text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use linker::{BoundModule, Set, SourceLine};
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

use crate::code::Compiled;
use crate::program::Program;
use crate::sandbox::State;
use crate::source_map::{self, Kept};

pub(crate) struct Backtrace {
    /// A line a frame, innermost first: the module as messages call it, the function as its author wrote
    /// it, and where in the source, if the module or a source map beside it tells.
    pub(crate) lines: Vec<String>,
    /// Source maps that were not used, since they are of other files.
    pub(crate) stale_maps: Vec<PathBuf>,
}

impl Backtrace {
    pub(crate) fn new(program: &Program<State>, backtrace: &WasmBacktrace) -> Self {
        let mut symbols = Symbols { program, bound: program.bound(), maps: BTreeMap::new() };
        let frames = backtrace.frames().iter();
        let functions: Vec<_> = frames.flat_map(|frame| symbols.functions(frame)).collect();
        let lines = functions.iter().enumerate();
        let stale_maps = symbols.maps.into_values().filter_map(|kept| match kept {
            Kept::Stale(path) => Some(path),
            Kept::Nothing | Kept::Map(_) => None,
        });
        Backtrace {
            lines: lines.map(|(number, function)| format!("{number}: {function}")).collect(),
            stale_maps: stale_maps.collect(),
        }
    }
}

struct Symbols<'p> {
    program: &'p Program<State>,
    bound: Vec<BoundModule>,
    /// What is beside each module that was asked for.
    maps: BTreeMap<usize, Kept>,
}

impl Symbols<'_> {
    /// The function that a frame is of. Code of another that was inlined there comes first; that which was
    /// inlined between them is not known.
    fn functions(&mut self, frame: &FrameInfo) -> Vec<String> {
        let program = self.program;
        let same = |compiled: &&Compiled| wasmtime::Module::same(&compiled.code, frame.module());
        let compiled = program.code.modules.iter().find(same).map(|compiled| compiled.module);
        let bound = self.bound.iter().find(|bound| Some(bound.module) == compiled);
        let outer = bound.and_then(|bound| bound.origin_of_function(frame.func_index()));
        let set = program.plan.set();
        let Some(origin) = frame.module_offset().and_then(|offset| bound?.origin(set, offset))
        else {
            let module = compiled.map_or("?", |module| program.name(module));
            return vec![format!("{module}!{}", name(frame.func_name(), frame.func_index()))];
        };
        let inner = (origin.module, origin.function);
        let source: String = self.lines(origin).iter().filter_map(location).collect();
        let mut functions = vec![self.title(inner.0, inner.1) + &source];
        let outer = outer.filter(|outer| *outer != inner);
        functions.extend(outer.map(|outer| self.title(outer.0, outer.1)));
        functions
    }

    fn title(&mut self, module: usize, function: u32) -> String {
        let program = self.program;
        let object = &program.plan.set().objects[module];
        let known = linker::function_name(&object.bytes, function);
        let start = object.function_start(function);
        let mapped = start.and_then(|start| self.map(module)?.module(start));
        let title = linker::printable(mapped.unwrap_or(program.name(module)));
        format!("{title}!{}", name(known.as_deref(), function))
    }

    fn lines(&mut self, origin: linker::Origin) -> Vec<SourceLine> {
        let bytes = &self.program.plan.set().objects[origin.module].bytes;
        match self.map(origin.module) {
            Some(map) => map.lines(origin.offset),
            None => linker::source_lines(bytes, origin.offset),
        }
    }

    fn map(&mut self, module: usize) -> Option<&linker::Mappings> {
        let object = &self.program.plan.set().objects[module];
        match self.maps.entry(module).or_insert_with(|| source_map::read(object)) {
            Kept::Map(map) => Some(map),
            Kept::Nothing | Kept::Stale(_) => None,
        }
    }
}

/// A function of one of the modules.
pub(crate) fn title(set: &Set, module: usize, function: u32) -> String {
    let module = &set.objects[module];
    let known = linker::function_name(&module.bytes, function);
    format!("{}!{}", module.module.name, name(known.as_deref(), function))
}

/// What a trap is about.
pub(crate) fn reason(trap: &Trap) -> String {
    let reason = trap.to_string().trim_start_matches("wasm trap: ").to_owned();
    match trap {
        Trap::IndirectCallToNull => reason + ", a call of a null function pointer",
        Trap::BadSignature => {
            reason + ", a call of a function pointer as another type than its own"
        }
        _ => reason,
    }
}

fn name(name: Option<&str>, index: u32) -> String {
    name.map_or_else(|| format!("function {index}"), |name| linker::demangle(name).into_owned())
}

/// `None` for code that no line of the source is for.
fn location(source: &SourceLine) -> Option<String> {
    let line = source.line?;
    Some(format!("\n       at {}:{line}", linker::printable(&source.file)))
}
