//! WebAssembly backtraces as lines of text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use bytesize::ByteSize;
use linker::{BoundModule, DebugInfo, InputModule, Origin, Set, SourceLine};
use wasmtime::{FrameInfo, WasmBacktrace};

use super::source_map::{self, StoredMap};
use super::state::State;
use crate::compiled::code::CompiledModule;
use crate::compiled::libraries;
use crate::program::Program;
use crate::program::info::ProgramInfo;
use crate::trap::name;

#[derive(Default)]
pub(crate) struct Backtrace {
    /// One line per frame, the innermost first: the module, the function as its author wrote it,
    /// and the position in the source if debug information or a source map has it.
    pub(crate) lines: Vec<String>,
    /// The fault that the guest itself found and reports by the trap.
    pub(crate) fault: Option<Cow<'static, str>>,
    /// Source maps that were not used because they belong to other files.
    pub(crate) stale_maps: Vec<PathBuf>,
}

impl Backtrace {
    pub(crate) fn new(program: &Program<State>, backtrace: &WasmBacktrace) -> Self {
        let frames = backtrace.frames().iter();
        let libraries = frames.clone().map(|frame| program.compilations.find(frame.module()));
        let libraries: Vec<_> = libraries.collect();
        let plan = program.plan();
        let bound = plan.as_ref().map(|plan| program.bound(plan)).unwrap_or_default();
        let mut symbols = Symbols {
            program,
            set: plan.as_ref().ok().map(|plan| plan.set()),
            bound: &bound,
            maps: BTreeMap::new(),
            debug: BTreeMap::new(),
        };
        let mut innermost = frames.clone().zip(&libraries).take(1);
        let fault = innermost.find_map(|(f, library)| symbols.fault(f, library.as_deref()));
        let functions = frames
            .zip(&libraries)
            .flat_map(|(f, library)| symbols.functions(f, library.as_deref()));
        let functions: Vec<_> = functions.collect();
        let lines = functions.iter().enumerate();
        let unknown =
            plan.err().map(|error| format!("(without modules and source lines: {error})"));
        let stale_maps = symbols.maps.into_values().filter_map(|kept| match kept {
            StoredMap::Stale(path) => Some(path),
            StoredMap::Nothing | StoredMap::Map(_) => None,
        });
        Backtrace {
            lines: lines
                .map(|(number, function)| format!("{number}: {function}"))
                .chain(unknown)
                .collect(),
            fault,
            stale_maps: stale_maps.collect(),
        }
    }
}

struct Symbols<'p> {
    program: &'p Program<State>,
    /// The modules of the program, if its plan can be made.
    set: Option<&'p Set>,
    bound: &'p [BoundModule],
    /// The source maps of modules, by the address of the module's bytes.
    maps: BTreeMap<*const u8, StoredMap>,
    /// The debug information of modules, by the address of the module's bytes.
    debug: BTreeMap<*const u8, Option<DebugInfo<'p>>>,
}

/// The module of a frame before it was compiled.
struct FrameOrigin<'s> {
    set: &'s Set,
    bound: &'s BoundModule,
}

impl<'p> Symbols<'p> {
    /// Returns the functions of a frame, in the program or in a library that it opened. A function
    /// that was inlined comes before its caller. The engine's own inlining shows only the innermost
    /// function and the one that contains it. Functions that the linker added are left out.
    fn functions(
        &mut self,
        frame: &FrameInfo,
        library: Option<&'p libraries::CompiledLibrary>,
    ) -> Vec<String> {
        let origin = self.origin(frame, library);
        let is_own = |origin: &FrameOrigin<'_>| {
            origin.bound.origin_of_function(frame.func_index()).is_none()
        };
        if origin.as_ref().is_some_and(is_own) {
            // The linker added this function, so it has no source.
            return Vec::new();
        }
        origin.and_then(|origin| self.originals(origin, frame)).unwrap_or_else(|| {
            let module = self.compiled(frame).map(|module| self.program.name(module.module));
            let module = module.or(frame.module().name()).unwrap_or("?");
            let module = linker::printable(module);
            vec![format!("{module}!{}", name(frame.func_name(), frame.func_index()))]
        })
    }

    /// Returns the module of the program that a frame's code was compiled from.
    fn compiled(&self, frame: &FrameInfo) -> Option<&'p CompiledModule> {
        let same =
            |compiled: &&CompiledModule| wasmtime::Module::same(&compiled.code, frame.module());
        self.program.code.modules.iter().find(same)
    }

    fn origin(
        &self,
        frame: &FrameInfo,
        library: Option<&'p libraries::CompiledLibrary>,
    ) -> Option<FrameOrigin<'p>> {
        let compiled = self.compiled(frame).and_then(|compiled| compiled.module);
        let bound = self.bound.iter().find(|bound| Some(bound.module) == compiled);
        let program = self.set.zip(bound).map(|(set, bound)| FrameOrigin { set, bound });
        program.or_else(|| library.map(|l| FrameOrigin { set: l.set(), bound: &l.bound }))
    }

    /// Returns the fault that a frame's code reports by a trap.
    fn fault(
        &self,
        frame: &FrameInfo,
        library: Option<&'p libraries::CompiledLibrary>,
    ) -> Option<Cow<'static, str>> {
        let FrameOrigin { set, bound } = self.origin(frame, library)?;
        match bound.origins(set, frame.module_offset()?).first() {
            Some(at) => {
                linker::reported_fault(&set.inputs[at.module].bytes, at.function, at.offset)
            }
            None => linker::fault_of_function(frame.func_name()?),
        }
    }

    /// Returns the functions that a frame's code comes from, if they are known.
    fn originals(
        &mut self,
        FrameOrigin { set, bound }: FrameOrigin<'p>,
        frame: &FrameInfo,
    ) -> Option<Vec<String>> {
        let outer = bound.origin_of_function(frame.func_index());
        let mut origins = bound.origins(set, frame.module_offset()?);
        if origins.is_empty() {
            // Code that the engine adds before a function's first instruction, such as a check of
            // the time, belongs to its start.
            let (module, function) = outer?;
            let offset = set.inputs[module].function_start(function)?;
            origins.push(Origin { module, function, offset });
        }
        let outer = outer.filter(|outer| {
            let contains = |origin: &Origin| (origin.module, origin.function) == *outer;
            !origins.last().is_some_and(contains)
        });
        let mut functions = Vec::new();
        for Origin { module, function, offset } in origins {
            let input = &set.inputs[module];
            let source: String = self.lines(input, offset).iter().filter_map(location).collect();
            functions.push(self.title(input, function) + &source);
        }
        functions.extend(outer.map(|(module, function)| self.title(&set.inputs[module], function)));
        Some(functions)
    }

    fn title(&mut self, input: &InputModule, function: u32) -> String {
        let known = linker::function_name(&input.bytes, function);
        let start = input.function_start(function);
        let mapped = start.and_then(|start| self.map(input)?.module(start));
        let title = linker::printable(mapped.unwrap_or(&input.module.name));
        format!("{title}!{}", name(known.as_deref(), function))
    }

    fn lines(&mut self, input: &'p InputModule, offset: usize) -> Vec<SourceLine> {
        if let Some(map) = self.map(input) {
            return map.lines(offset);
        }
        let info = self.debug.entry(input.bytes.as_ptr());
        let info = info.or_insert_with(|| DebugInfo::read(&input.bytes));
        info.as_ref().map(|info| info.lines(offset)).unwrap_or_default()
    }

    fn map(&mut self, input: &InputModule) -> Option<&linker::Mappings> {
        let key = input.bytes.as_ptr();
        match self.maps.entry(key).or_insert_with(|| source_map::read(input)) {
            StoredMap::Map(map) => Some(map),
            StoredMap::Nothing | StoredMap::Stale(_) => None,
        }
    }
}

/// Describes an overflow of the stack in linear memory, and how to enlarge the stack.
pub(crate) fn overflow(info: &ProgramInfo) -> String {
    let size = info.stack_size.map_or("is full".to_owned(), |size| {
        format!("has overflowed its {}", ByteSize(size.into()))
    });
    let remedy = match &info.stack_owner {
        _ if info.stack_size.is_none() => "link it with a larger `--stack-size`".to_owned(),
        None => "enlarge it with `--stack-size SIZE`".to_owned(),
        Some(main) => format!(
            "link `{main}` with a larger one (Rust: `-C link-arg=-zstack-size=BYTES`; clang: \
             `-Wl,-z,stack-size=BYTES`; `host fuse`: `--stack-size SIZE`)"
        ),
    };
    format!(
        "the stack in linear memory, where C, C++ and Rust keep variables whose address is \
         taken, {size}; \
         {remedy}, or let it recurse less"
    )
}

/// Returns the text of a source position, or `None` for code without a source line.
fn location(source: &SourceLine) -> Option<String> {
    let line = source.line?;
    Some(format!("\n       at {}:{line}", linker::printable(&source.file)))
}
