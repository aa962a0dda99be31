//! Phase *fuse*: the whole program as one module that any engine runs.
//!
//! Calls between modules are calls inside one. What can be known before the program runs is in it: the
//! memory's content with all relocations, and the table's. Constructors run behind `_initialize`, or before
//! what `_start` did; so does what else cannot be done before.

pub(crate) mod error;
pub(crate) mod image;
pub(crate) mod liveness;
pub(crate) mod preinit;

use std::collections::HashSet;
use std::mem;

use wasm_encoder::{ConstExpr, Elements, Encode, ExportKind, Function, Instruction, TableType};
use wasmparser::{Data, DataKind, ExternalKind};

use crate::convention::PAGE;
use crate::convention::{
    CALL_DESTRUCTORS, HEAP_BASE, HEAP_END, INITIALIZE, MEMORY, STACK_HIGH, STACK_LOW,
    STACK_POINTER, START, TABLE, is_private,
};
use crate::fuse::error::FuseError;
use crate::fuse::image::{Effect, Image, effects, value};
use crate::fuse::liveness::{Program, Root};
use crate::module::custom_sections;
use crate::module::{Export, Module};
use crate::plan::Initialiser;
use crate::plan::Plan;
use crate::plan::host_imports::WASI;
use crate::plan::input::InputModule;
use crate::plan::input::SyntheticKind;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{Boundary, ImportTarget};
use crate::plan::set::{Definition, Set};
use crate::plan::synthetic::command::{FILL, FLUSH, Finish};
use crate::plan::synthetic::invoke;
use crate::trace::dwarf;
use crate::types::ExternType;
use crate::write::bind::runs;
use crate::write::bound::{Bound, BoundModule};
use crate::write::emit::{Emitter, Shares};
use crate::write::error::{BindError, WriteError, WriteResult};
use crate::write::live::Live;
use crate::write::reindex::InitialContent;
use crate::write::targets::{FunctionTarget, SharedTarget, Targets};

/// What a fused program has beside what its main module exports.
#[derive(Debug, Clone, Default)]
pub struct FuseOptions {
    /// Symbols of the process that are exported too: functions, and the addresses of variables.
    pub exports: Vec<String>,
    /// Write a command: what it does is to call this export of the main module, which takes no arguments and
    /// whose results are dropped. Nothing else of that module is exported.
    pub invoke: Option<String>,
    /// Keep all that libraries may want which are opened while the program runs: every symbol, and the memory, the
    /// table and the stack. The result is a main.
    pub dynamic: bool,
    /// Let modules that keep a memory of their own do so; not every engine runs the result.
    pub multi_memory: bool,
    /// Leave all that runs at the start, of a command too, to the export `_initialize`. The program is then to
    /// be written anew as that leaves its memory and globals, without it.
    pub preinit: bool,
    /// Leave what happens before and after `_start` to the host, as for a program without it: the host calls
    /// `_initialize` before any other export, and what finishes the program when `_start` has returned. Then it can
    /// call the other exports too. A program with `dynamic` is always written so.
    pub separate_start: bool,
    /// Rewrite the modules' debug information (DWARF) into the result; otherwise it has none.
    pub debug: bool,
    /// Export the stack pointer if the program uses one: it tells a host whether the stack has overflowed.
    pub stack_pointer: bool,
    /// Where the result's source map will be, for browsers: a URL, relative to that of the module.
    pub source_map_url: Option<String>,
}

impl FuseOptions {
    /// Returns whether the program runs by one call, with all that happens before and after.
    fn is_command(&self, exports: &[NewExport]) -> bool {
        let starts = exports.iter().any(|export| export.name == START);
        self.invoke.is_some() || starts && !self.has_separate_start()
    }

    fn has_separate_start(&self) -> bool {
        self.separate_start || self.dynamic
    }

    /// Whether it is the linker that defines an export of this name.
    fn writes(&self, export: &str) -> bool {
        export == INITIALIZE || export == START && self.invoke.is_some()
    }
}

/// The functions of a module that could be called without arguments.
fn commands(module: &Module) -> Vec<String> {
    let callable = |export: &&Export| {
        let called = matches!(&export.ty, ExternType::Func(ty) if ty.params.is_empty());
        called && !is_private(&export.name)
    };
    module.exports.iter().filter(callable).map(|export| export.name.clone()).collect()
}

impl Plan {
    /// Writes all modules as one, [`Bound::modules`] has no other. The same plan gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a module that is needed keeps a memory of its own; when a symbol that is to be exported does
    /// not exist; when the program cannot be written as its constructors leave it, and that is asked for; or
    /// when a module is malformed in a way that loading it does not find.
    pub fn fuse(&self, options: &FuseOptions) -> Result<Bound, FuseError> {
        let mut exports = self.new_exports(options)?;
        let command = options.invoke.as_deref().map(|name| self.command(name)).transpose()?;
        let name = &self.set.inputs[self.set.program].module.name;
        let malformed = |error: WriteError| BindError::new(name, &error);
        // What happens at the end is known when all else is known that is needed.
        let plan = self.ending_with(Finish::NOTHING);
        let targets = Targets::new(&plan);
        let mut program = Program::new(&targets).map_err(malformed)?;
        program.fill_table()?;
        let (live, finish) = mark(&program, &mut exports, command.as_ref());
        let plan = self.ending_with(finish);
        let targets = Targets::new(&plan);
        let program = program.with_links(&targets);
        let exit = exit(&program, &live);
        let mut live = program.mark_more(live, exit);
        let mut finishers = self.finishers(finish);
        if !options.is_command(&exports) {
            add_new(&mut exports, mem::take(&mut finishers));
        }
        if options.dynamic {
            (live.uses_stack_pointer, live.grows_table) = (true, true);
        }
        check_memories(&program, &live, options.multi_memory)?;
        let (program, live) = (&program, &live);
        let fusing = Fusing { plan: self, program, live, options, command, finishers };
        if options.preinit && fusing.calls_at_start().next().is_some() {
            let faults = preinit::faults(program, live, &options.exports);
            if !faults.is_empty() {
                return Err(FuseError::Preinit { faults });
            }
        }
        let image = image(program, live)?;
        let mut bound = fusing.write(&exports, &image).map_err(malformed)?;
        for module in &mut bound.modules {
            if options.debug {
                let sections = dwarf::sections(&targets, module);
                custom_sections::append(&mut module.bytes, &sections);
            }
            if options.dynamic {
                let linked = linked(&self.set);
                custom_sections::append(&mut module.bytes, &[linked]);
            }
            let url =
                options.source_map_url.iter().map(|url| custom_sections::source_mapping_url(url));
            custom_sections::append(&mut module.bytes, &url.collect::<Vec<_>>());
        }
        Ok(bound)
    }

    /// What the program exports, and the symbols that are asked for.
    fn new_exports(&self, options: &FuseOptions) -> Result<Vec<NewExport>, FuseError> {
        let program = self.set.program;
        let input = &self.set.inputs[program];
        // Whoever found it exported would call it once more.
        let called = if options.preinit { self.initialisers() } else { Vec::new() };
        let is_called = |name: &str| called.iter().any(|c| c.module == program && c.name == name);
        let mut exports = Vec::new();
        let own = match (&options.invoke, self.set.start()) {
            (Some(_), _) => &[][..],
            // Without what its `_start` does before, the other functions of a command cannot be called.
            (None, Some(start)) if start.module != program && !options.has_separate_start() => &[],
            _ => input.module.exports.as_slice(),
        };
        for (place, export) in own.iter().enumerate() {
            let private =
                export.name == INITIALIZE || input.shares_memory() && is_private(&export.name);
            if (!private || export.name == START) && !is_called(&export.name) {
                exports.extend(self.new_export(&export.name, program, place));
            }
        }
        if let Some(start) = self.set.start()
            && start.module != program
            && options.invoke.is_none()
        {
            exports.extend(self.new_export(START, start.module, start.export));
        }
        let mut unknown = Vec::new();
        for symbol in &options.exports {
            let Some(Definition { module, export }) = self.definition(symbol) else {
                unknown.push(symbol.clone());
                continue;
            };
            let is_own_start = module == program && is_called(symbol);
            let is_known = exports.iter().any(|export| export.name == *symbol);
            if !is_known && !is_own_start && !options.writes(symbol) {
                exports.extend(self.new_export(symbol, module, export));
            }
        }
        if !unknown.is_empty() {
            return Err(FuseError::UnknownExports { symbols: unknown });
        }
        if options.dynamic {
            self.add_symbols(&mut exports);
        }
        Ok(exports)
    }

    /// A command that calls an export of the main module.
    fn command(&self, name: &str) -> Result<Command, FuseError> {
        let module = &self.set.inputs[self.set.program].module;
        if module.export(START).is_some() {
            return Err(FuseError::IsCommand { module: module.name.clone() });
        }
        let function = name.to_owned();
        let Some(Export { index, ty: ExternType::Func(ty), .. }) = module.export(name) else {
            let (module, functions) = (module.name.clone(), commands(module));
            return Err(FuseError::NoFunction { module, function, functions });
        };
        if !ty.params.is_empty() {
            return Err(FuseError::Parameters { function, ty: ty.clone() });
        }
        let function = ItemId { module: self.set.program, index: *index };
        Ok(Command { function, results: ty.results.len() })
    }

    /// All symbols of the process, the definitions that count.
    fn add_symbols(&self, exports: &mut Vec<NewExport>) {
        let mut known: HashSet<_> = exports.iter().map(|export| export.name.clone()).collect();
        for (module, input) in self.set.inputs.iter().enumerate() {
            let own = (0..input.module.exports.len()).filter(|&export| input.offers(export));
            for export in own.filter(|_| input.shares_memory()) {
                let name = &input.module.exports[export].name;
                if known.insert(name.clone()) {
                    exports.extend(self.new_export(name, module, export));
                }
            }
        }
    }

    /// `None` for what modules that share memory have for each other only.
    fn new_export(&self, name: &str, module: usize, export: usize) -> Option<NewExport> {
        let input = &self.set.inputs[module];
        let item = &input.module.exports[export];
        let kind = match &item.ty {
            ExternType::Func(_) => ExternalKind::Func,
            ExternType::Tag(_) => ExternalKind::Tag,
            ExternType::Global(_) => ExternalKind::Global,
            ExternType::Memory(_) => ExternalKind::Memory,
            ExternType::Table(_) => ExternalKind::Table,
        };
        let root = match kind {
            ExternalKind::Func | ExternalKind::Tag => {
                Root::Item(kind, ItemId { module, index: item.index })
            }
            _ if !input.shares_memory() => Root::Item(kind, ItemId { module, index: item.index }),
            ExternalKind::Global if input.offers(export) => {
                let address = self.data_address(Definition { module, export });
                Root::Address { module, address }
            }
            _ => return None,
        };
        Some(NewExport { name: name.to_owned(), root })
    }
}

struct NewExport {
    name: String,
    root: Root,
}

/// A function that is all that a program does.
struct Command {
    function: ItemId,
    /// How many values it returns.
    results: usize,
}

/// The name of the function that runs what is left to be done at the start of a command, and then the command.
const LINKED_START: &str = "start (by the linker)";
/// Register what runs at the end: destructors of static and of `thread_local` objects.
const REGISTER_AT_EXIT: [&str; 2] = ["__cxa_atexit", "__cxa_thread_atexit"];

impl Plan {
    /// Returns the functions that finish a program, in the order in which they are called.
    fn finishers(&self, finish: Finish) -> Vec<NewExport> {
        finish.functions().filter_map(|name| self.symbol_export(name)).collect()
    }

    fn symbol_export(&self, name: &str) -> Option<NewExport> {
        let Definition { module, export } = self.definition(name)?;
        self.new_export(name, module, export)
    }
}

/// Adds those whose names are new.
fn add_new(exports: &mut Vec<NewExport>, more: impl IntoIterator<Item = NewExport>) {
    for export in more {
        if exports.iter().all(|known| known.name != export.name) {
            exports.push(export);
        }
    }
}

/// Finds what is needed for the exports or the command, and what then finishes the program. A function is exported
/// too that a host calls: it ends a program whose exception nothing has caught.
fn mark(
    program: &Program<'_>,
    exports: &mut Vec<NewExport>,
    command: Option<&Command>,
) -> (Live, Finish) {
    let invoked = command.map(|command| Root::Item(ExternalKind::Func, command.function));
    let live = program.mark(exports.iter().map(|export| export.root).chain(invoked));
    let plan = program.targets.plan;
    let calls = |name: &str| {
        let item = plan.definition(name).map(|definition| plan.set.item(definition));
        item.is_some_and(|id| live.functions.contains(id))
    };
    let has_work = |name: &str| {
        let id = plan.definition(name).map(|definition| plan.set.item(definition));
        id.is_some_and(|id| effects(program.targets, &program.contents, id) != Some(Vec::new()))
    };
    let finish = Finish::of(&plan.set.inputs).limited_to(Finish {
        at_exit: REGISTER_AT_EXIT.into_iter().any(calls),
        destructors: has_work(CALL_DESTRUCTORS),
        flush: holds_output_back(program, &live),
    });
    let terminate = plan.symbol_export(invoke::TERMINATE);
    let terminate = terminate.filter(|_| calls(invoke::THROW));
    let finishers = plan.finishers(finish);
    let added = finishers.iter().chain(&terminate).map(|export| export.root).collect::<Vec<_>>();
    add_new(exports, terminate);
    (program.mark_more(live, added), finish)
}

/// Returns whether libc may hold output back: whether anything fills a stream's buffer, or writes at all if
/// libc does not say what does.
fn holds_output_back(program: &Program<'_>, live: &Live) -> bool {
    let plan = program.targets.plan;
    let Some(libc) = plan.definition(FLUSH) else { return false };
    if let Some(fill) = plan.definition(FILL).filter(|fill| fill.module == libc.module) {
        return live.functions.contains(plan.set.item(fill));
    }
    live.imports.any(|id| match program.targets.function(id) {
        FunctionTarget::Host(import) => {
            id.module == libc.module && import.module == WASI && import.name == "fd_write"
        }
        _ => false,
    })
}

/// Returns what is called instead of `proc_exit`, if anything that is needed ends the program.
fn exit(program: &Program<'_>, live: &Live) -> Option<Root> {
    let plan = program.targets.plan;
    let exits = plan.set.synthetic(SyntheticKind::Exit)?;
    let mut targets = live.imports.iter().map(|id| program.targets.function(id));
    targets.find_map(|link| match link {
        FunctionTarget::Defined(id) if id.module == exits => {
            Some(Root::Item(ExternalKind::Func, id))
        }
        _ => None,
    })
}

/// A program has one memory, unless more are allowed.
fn check_memories(program: &Program<'_>, live: &Live, allowed: bool) -> Result<(), FuseError> {
    let inputs = &program.targets.plan.set.inputs;
    let shared = inputs.iter().any(InputModule::shares_memory).then_some("the process".to_owned());
    let own = |id: &ItemId| format!("`{}`", inputs[id.module].module.name);
    let mut others = shared.into_iter().chain(live.memories.keys().map(own));
    let (Some(first), Some(_)) = (others.next(), others.next()) else { return Ok(()) };
    let second = if inputs.iter().any(InputModule::shares_memory) { 0 } else { 1 };
    match live.memories.iter().nth(second) {
        Some((memory, user)) if !allowed => Err(FuseError::SecondMemory {
            module: inputs[memory.module].module.name.clone(),
            user: match user {
                Some(id) => format!("its function `{}` uses", program.function_name(*id)),
                None => "is exported".to_owned(),
            },
            other: first,
        }),
        _ => Ok(()),
    }
}

/// The content of the shared memory.
fn image(program: &Program<'_>, live: &Live) -> Result<Image, FuseError> {
    let plan = program.targets.plan;
    let mut image = Image::new(plan.layout.pages * PAGE);
    for &module in plan.layout.order.iter().filter(|&module| live.images.contains(module)) {
        for data in &program.contents[module].data {
            place(program, module, data, &mut image)?;
        }
        let start = program.starts[module].iter().filter_map(|start| start.effects.as_ref());
        apply(program, module, start.flatten(), &mut image)?;
    }
    for call in program.initialisers.iter().filter(|call| call.is_relocation) {
        let module = call.function.module;
        if live.images.contains(&module) {
            apply(program, module, call.effects.iter().flatten(), &mut image)?;
        }
    }
    Ok(image)
}

fn place(
    program: &Program<'_>,
    module: usize,
    data: &Data<'_>,
    image: &mut Image,
) -> Result<(), FuseError> {
    let DataKind::Active { memory_index, offset_expr } = &data.kind else { return Ok(()) };
    if program.targets.memory(ItemId { module, index: *memory_index }) != SharedTarget::Shared {
        return Ok(());
    }
    let name = || program.targets.plan.set.inputs[module].module.name.clone();
    let offset = value(program.targets, module, offset_expr);
    let offset = offset.ok_or_else(|| FuseError::UnknownAddress { module: name() })?;
    let placed = image.write(offset.number, data.data);
    placed.ok_or_else(|| FuseError::OutOfBounds { module: name() })
}

fn apply<'e>(
    program: &Program<'_>,
    module: usize,
    effects: impl Iterator<Item = &'e Effect>,
    image: &mut Image,
) -> Result<(), FuseError> {
    let name = || program.targets.plan.set.inputs[module].module.name.clone();
    for effect in effects {
        effect.apply(image).ok_or_else(|| FuseError::OutOfBounds { module: name() })?;
    }
    Ok(())
}

/// Writes the new module.
struct Fusing<'a> {
    plan: &'a Plan,
    program: &'a Program<'a>,
    live: &'a Live,
    options: &'a FuseOptions,
    command: Option<Command>,
    /// What a command calls at its end.
    finishers: Vec<NewExport>,
}

impl<'a> Fusing<'a> {
    fn write(&self, exports: &[NewExport], image: &Image) -> WriteResult<Bound> {
        let layout = &self.plan.layout;
        let modules = layout.order.iter().filter(|&module| self.live.active.contains(module));
        let modules = modules.map(|&module| (module, self.program.contents[module].clone()));
        let modules: Vec<_> = modules.collect();
        let custom =
            custom_sections::merge(modules.iter().flat_map(|(_, contents)| &contents.custom));
        let mut emitter = Emitter::new(self.program.targets, modules, Some(self.live));
        let shares = self.plan.set.inputs.iter().any(InputModule::shares_memory);
        if shares {
            emitter.sections.memories.memory(self.plan.memory_type());
            emitter.sections.tables.table(self.table_type());
        }
        if self.live.uses_stack_pointer {
            emitter.define_stack_pointer(layout.stack_pointer);
        }
        emitter.assign_indices(Shares { memory: shares, table: shares })?;
        emitter.write_definitions(InitialContent::Image)?;
        self.write_segments(&mut emitter, image)?;
        let initialisers = self.export(&mut emitter, exports, shares)?;
        emitter.sections.custom = custom;
        let Emitter { mut sections, sources, origins, .. } = emitter;
        let module = self.plan.set.program;
        sections.name.clone_from(&self.plan.set.inputs[module].module.name);
        let fused = BoundModule {
            module,
            bytes: sections.finish(),
            imports: sources,
            origins: Some(origins),
        };
        Ok(Bound { base: None, modules: vec![fused], slots: None, initialisers })
    }

    /// The process's table, which can grow only if something lets it.
    fn table_type(&self) -> TableType {
        let ty = self.plan.table_type();
        TableType { maximum: (!self.live.grows_table).then_some(ty.minimum), ..ty }
    }

    fn write_segments(&self, emitter: &mut Emitter<'_>, image: &Image) -> WriteResult<()> {
        let mut slots = Vec::new();
        for &slot in &self.live.slots {
            slots.push((slot, emitter.function(self.program.table[&slot])?));
        }
        for (start, run) in runs(slots) {
            let offset = ConstExpr::i32_const(start.cast_signed());
            emitter.sections.elements.active(None, &offset, Elements::Functions(run.into()));
        }
        if !self.live.references.is_empty() {
            let functions = self.live.references.iter().map(|&id| emitter.function(id));
            let functions = functions.collect::<WriteResult<Vec<_>>>()?;
            emitter.sections.elements.declared(Elements::Functions(functions.into()));
        }
        for (address, bytes) in image.segments() {
            let offset = ConstExpr::i32_const(address.cast_signed());
            emitter.sections.data.active(0, &offset, bytes);
        }
        let count = emitter.sections.data.len();
        emitter.sections.data_count = (!self.live.data.is_empty()).then_some(count);
        Ok(())
    }

    /// The start functions of modules that do what is not known before.
    fn starts(&self) -> impl Iterator<Item = ItemId> {
        let order = self.plan.layout.order.iter();
        let active = order.filter(|&module| self.live.active.contains(module));
        let starts = active.filter_map(|&module| self.program.starts[module].as_ref());
        starts.filter(|start| start.effects.is_none()).map(|start| start.function)
    }

    /// The relocations and constructors that are left.
    fn initialisers(&self) -> impl Iterator<Item = ItemId> {
        let left = self.program.initialisers.iter().filter(|call| !call.is_done());
        let active = left.filter(|call| self.live.active.contains(&call.function.module));
        active.map(|call| call.function)
    }

    fn calls_at_start(&self) -> impl Iterator<Item = ItemId> {
        self.starts().chain(self.initialisers())
    }

    /// Exports what is asked for, and sees to it that first of all happens what is left to happen at the start.
    fn export(
        &self,
        emitter: &mut Emitter<'_>,
        exports: &[NewExport],
        shares: bool,
    ) -> WriteResult<Vec<Initialiser>> {
        let is_command = self.options.is_command(exports);
        let mut calls = Vec::new();
        if is_command || self.options.preinit || self.initialisers().next().is_some() {
            // Who uses the program begins with a call. That comes soon enough for start functions too.
            for id in self.calls_at_start() {
                calls.push(emitter.function(id)?);
            }
        } else {
            let starts: Vec<_> =
                self.starts().map(|id| emitter.function(id)).collect::<WriteResult<_>>()?;
            emitter.sections.start = one("start functions", &starts, emitter)?;
        }
        for NewExport { name, root } in exports {
            match *root {
                Root::Address { address, .. } => {
                    let number = emitter.add_constant(address);
                    emitter.sections.exports.export(name, ExportKind::Global, number);
                }
                Root::Item(kind, id) => {
                    let mut number = emitter.exported(id.module, kind, id.index)?;
                    if name == START && is_command {
                        number = self.start(number, &mut calls, emitter)?;
                    }
                    emitter.sections.exports.export(name, kind.into(), number);
                }
            }
        }
        if let Some(command) = &self.command {
            let called = emitter.function(command.function)?;
            let body = self.body(called, command.results, &mut calls, emitter)?;
            let number = emitter.add_function(START, &function(&body))?;
            emitter.sections.exports.export(START, ExportKind::Func, number);
        }
        // A program that keeps a memory of its own may have exports of these names, and they are those that count.
        let is_free = |name: &str| exports.iter().all(|export| export.name != name);
        if shares && is_free(MEMORY) {
            emitter.sections.exports.export(MEMORY, ExportKind::Memory, 0);
        }
        let has_stack = shares && self.live.uses_stack_pointer;
        if has_stack
            && (self.options.stack_pointer || self.options.dynamic)
            && is_free(STACK_POINTER)
        {
            emitter.sections.exports.export(STACK_POINTER, ExportKind::Global, 0);
        }
        if shares && self.options.dynamic {
            self.lend(emitter, is_free);
        }
        let Some(number) = one(INITIALIZE, &calls, emitter)? else { return Ok(Vec::new()) };
        emitter.sections.exports.export(INITIALIZE, ExportKind::Func, number);
        Ok(vec![Initialiser { module: self.plan.set.program, name: INITIALIZE.to_owned() }])
    }
}

impl Fusing<'_> {
    /// Returns `_start` with what happens before and after it.
    fn start(
        &self,
        start: u32,
        calls: &mut Vec<u32>,
        emitter: &mut Emitter<'_>,
    ) -> WriteResult<u32> {
        let body = self.body(start, 0, calls, emitter)?;
        match body.as_slice() {
            [_] => Ok(start),
            body => emitter.add_function(LINKED_START, &function(body)),
        }
    }

    /// Returns what a command does: what is left to happen at the start, unless that is left to `_initialize`, the
    /// function that is its work, and what finishes it.
    fn body(
        &self,
        function: u32,
        results: usize,
        calls: &mut Vec<u32>,
        emitter: &Emitter<'_>,
    ) -> WriteResult<Vec<Instruction<'static>>> {
        let first = if self.options.preinit { Vec::new() } else { mem::take(calls) };
        let mut body: Vec<_> = first.into_iter().map(Instruction::Call).collect();
        body.push(Instruction::Call(function));
        body.extend((0..results).map(|_| Instruction::Drop));
        for NewExport { name, root } in &self.finishers {
            let Root::Item(_, id) = *root else { continue };
            let call = Instruction::Call(emitter.function(id)?);
            match name.as_str() {
                FLUSH => body.extend([Instruction::I32Const(0), call, Instruction::Drop]),
                _ => body.push(call),
            }
        }
        Ok(body)
    }

    /// Exports what libraries share, as a main does.
    fn lend(&self, emitter: &mut Emitter<'_>, is_free: impl Fn(&str) -> bool) {
        if is_free(TABLE) {
            emitter.sections.exports.export(TABLE, ExportKind::Table, 0);
        }
        let boundaries = [
            (HEAP_BASE, Boundary::HeapBase),
            (HEAP_END, Boundary::HeapEnd),
            (STACK_LOW, Boundary::StackLow),
            (STACK_HIGH, Boundary::StackHigh),
        ];
        for (name, boundary) in boundaries.into_iter().filter(|(name, _)| is_free(name)) {
            let value = self.plan.constant(self.plan.set.program, ImportTarget::Boundary(boundary));
            let number = emitter.add_constant(value.unwrap_or_default());
            emitter.sections.exports.export(name, ExportKind::Global, number);
        }
    }
}

/// A function that does what several do, one after the other; none if there are none.
fn one(name: &str, functions: &[u32], emitter: &mut Emitter<'_>) -> WriteResult<Option<u32>> {
    match functions {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        several => {
            let calls: Vec<_> =
                several.iter().map(|&function| Instruction::Call(function)).collect();
            Ok(Some(emitter.add_function(name, &function(&calls))?))
        }
    }
}

/// A function of these instructions.
fn function(instructions: &[Instruction<'_>]) -> Function {
    let mut body = Function::new([]);
    for instruction in instructions {
        body.instruction(instruction);
    }
    body.instruction(&Instruction::End);
    body
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Faults;
    use crate::InputModule;
    use crate::NoLibraries;
    use crate::Set;

    const PROGRAM: &str = r#"(module
        (@dylink.0 (mem-info (memory 16 2) (table 2 0)))
        (import "env" "memory" (memory 1))
        (import "env" "__indirect_function_table" (table 2 funcref))
        (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
        (import "env" "__memory_base" (global $memory_base i32))
        (import "env" "__table_base" (global $table_base i32))
        (import "GOT.func" "twice" (global $twice (mut i32)))
        (import "env" "twice" (func $call_twice (param i32) (result i32)))
        (type $unary (func (param i32) (result i32)))
        (global $own (mut i32) (i32.const 7))
        (data (global.get $memory_base) "abcdefgh")
        (data $passive "xyz")
        (elem (global.get $table_base) func $f $g)
        (func $f (export "f") (param i32) (result i32)
            (i32.store (global.get $memory_base) (global.get $stack_pointer))
            (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 3))
            (call_indirect (type $unary) (call $call_twice (local.get 0)) (global.get $twice)))
        (func $g (param i32) (result i32)
            (block (result i32) (br_if 0 (global.get $own) (local.get 0))))
        (tag $tag (param i32))
        (func (export "legacy") (param i32) (result i32)
            try $outer (result i32)
                try (result i32)
                    try (result i32) (call $g (local.get 0)) delegate $outer
                catch_all
                    rethrow 0
                end
            catch $tag
                (throw $tag)
            catch_all
                rethrow $outer
            end)
        (func (export "__wasm_apply_data_relocs")
            (i32.store (i32.add (global.get $memory_base) (i32.const 4))
                (i32.add (global.get $table_base) (i32.const 1))))
        (func (export "__wasm_call_ctors") (global.set $own (i32.const 8))))"#;

    const LIBRARY: &str = r#"(module
        (@dylink.0 (mem-info))
        (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#;

    fn plan(text: &str) -> Result<Plan, Faults> {
        let input = |name, text| InputModule::load(name, wat::parse_str(text).unwrap()).unwrap();
        let library = input("library", LIBRARY);
        Plan::new(Set::gather(input("program", text), vec![library], &mut NoLibraries)?)
    }

    #[test]
    fn code_that_changes_an_address_is_refused() {
        let text = PROGRAM.replace("(global.set $own", "(global.set $twice");
        assert_ne!(text, PROGRAM);
        let plan = plan(&text).unwrap();
        let message = "`program` cannot be linked: its code assigns to an address";
        assert!(plan.bind().unwrap_err().to_string().starts_with(message));
        let error = plan.fuse(&FuseOptions::default()).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }

    #[test]
    fn the_table_has_an_end() {
        let fuse = |slot: u32| {
            let text = format!(
                r#"(module
                    (@dylink.0 (mem-info (table 3 0)))
                    (import "env" "__indirect_function_table" (table 0 funcref))
                    (elem (i32.const {slot}) func $f)
                    (func $f))"#
            );
            plan(&text).unwrap().fuse(&FuseOptions::default()).map(|_| ())
        };
        assert_eq!(fuse(3), Ok(()));
        assert_eq!(fuse(4), Err(FuseError::OutOfTable { module: "program".to_owned() }));
    }

    proptest! {
        /// Nothing in a file makes the linker panic, valid or not; what is valid stays so.
        #[test]
        fn any_bytes_are_answered(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = wat::parse_str(PROGRAM).unwrap();
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let valid = crate::validate("program", &bytes).is_ok();
            let library = InputModule::load("library", wat::parse_str(LIBRARY).unwrap()).unwrap();
            let Ok(program) = InputModule::load("program", bytes) else { return Ok(()) };
            let Ok(set) = Set::gather(program, vec![library], &mut NoLibraries) else { return Ok(()) };
            let Ok(plan) = Plan::new(set) else { return Ok(()) };
            let bound = [plan.bind().ok(), plan.fuse(&FuseOptions::default()).ok()];
            for module in bound.into_iter().flatten().flat_map(|bound| bound.modules) {
                if valid {
                    prop_assert!(crate::validate("written", &module.bytes).is_ok());
                }
                for offset in 0..module.bytes.len() {
                    module.origin(plan.set(), offset);
                }
            }
        }
    }
}

/// The section that tells which modules a fused program is made of.
pub(crate) fn linked(set: &Set) -> (String, Vec<u8>) {
    let program = &set.inputs[set.program];
    let others = set.inputs.iter().enumerate().filter(|(place, _)| *place != set.program);
    // A library may have the name of a module that the linker has written.
    let others = others.map(|(_, input)| input).filter(|input| input.synthetic.is_none());
    let all = [program].into_iter().chain(others);
    let names = all.flat_map(|input| match input.module.internals.linked.as_slice() {
        [] => vec![input.module.name.as_str()],
        names => names.iter().map(String::as_str).collect(),
    });
    let names: Vec<_> = names.collect();
    let mut data = Vec::new();
    names.as_slice().encode(&mut data);
    (custom_sections::LINKED.to_owned(), data)
}
