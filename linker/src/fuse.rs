//! Phase *fuse*: the whole program as one module that any engine runs.
//!
//! Calls between modules are calls inside one. What can be known before the program runs is in it: the
//! memory's content with all relocations, and the table's. Constructors run behind `_initialize`, or before
//! what `_start` did; so does what else cannot be done before.

use wasm_encoder::{ConstExpr, Elements, ExportKind, Function, Instruction, TableType};
use wasmparser::{Data, DataKind, ExternalKind};

use crate::bind::{BindError, Bound, BoundModule, Initialiser};
use crate::convention::{INITIALIZE, MEMORY, START, is_private};
use crate::custom;
use crate::emit::{self, Emitter, Shares};
use crate::image::{Effect, Image, value};
use crate::layout::{ItemId, PAGE};
use crate::links::{FunctionLink, Links, SharedLink};
use crate::plan::Plan;
use crate::reach::{Program, Reach, Root};
use crate::set::{Definition, Object};
use crate::types::ExternType;
use crate::wasi::WASI;

/// What a fused program has beside what its main module exports.
#[derive(Debug, Clone, Default)]
pub struct FuseOptions {
    /// Symbols of the process that are exported too: functions, and the addresses of variables.
    pub exports: Vec<String>,
    /// Let modules that keep a memory of their own do so; not every engine runs the result.
    pub multi_memory: bool,
}

/// Why a program cannot be one module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FuseError {
    #[error(
        "`{module}` keeps a memory of its own, which its function `{function}` uses, beside that of \
         {other}; build it as a shared library, or allow several memories with `--multi-memory`"
    )]
    SecondMemory { module: String, function: String, other: String },
    #[error("no module defines `{symbol}`, which is to be exported")]
    UnknownExport { symbol: String },
    #[error("`{module}` places data outside of the program's memory")]
    OutOfBounds { module: String },
    #[error("`{module}` places data at an address that is not known before it runs")]
    UnknownAddress { module: String },
    #[error(transparent)]
    Malformed(#[from] BindError),
}

impl Plan {
    /// Writes all modules as one, [`Bound::modules`] has no other. The same plan gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a module that is needed keeps a memory of its own; when a symbol that is to be exported does
    /// not exist; or when a module is malformed in a way that loading it does not find.
    pub fn fuse(&self, options: &FuseOptions) -> Result<Bound, FuseError> {
        let links = Links::new(self);
        let name = &self.set.objects[self.set.program].module.name;
        let malformed = |error: emit::Error| BindError::new(name, &error);
        let program = Program::new(&links).map_err(|error| malformed(error.into()))?;
        let mut exports = self.new_exports(&options.exports)?;
        let reach = reach(&program, &mut exports);
        check_memories(&program, &reach, options.multi_memory)?;
        let image = image(&program, &reach)?;
        let fusing = Fusing { plan: self, program: &program, reach: &reach };
        Ok(fusing.write(&exports, &image).map_err(malformed)?)
    }

    /// What the program exports, and the symbols that are asked for.
    fn new_exports(&self, symbols: &[String]) -> Result<Vec<NewExport>, FuseError> {
        let program = self.set.program;
        let object = &self.set.objects[program];
        let mut exports = Vec::new();
        for (place, export) in object.module.exports.iter().enumerate() {
            let own = export.name == INITIALIZE || object.is_dynamic() && is_private(&export.name);
            if !own || export.name == START {
                exports.extend(self.new_export(&export.name, program, place));
            }
        }
        for symbol in symbols {
            let unknown = || FuseError::UnknownExport { symbol: symbol.clone() };
            let Definition { module, export } = self.definition(symbol).ok_or_else(unknown)?;
            if !exports.iter().any(|export| export.name == *symbol) {
                exports.extend(self.new_export(symbol, module, export));
            }
        }
        Ok(exports)
    }

    /// `None` for what modules that share memory have for each other only.
    fn new_export(&self, name: &str, module: usize, export: usize) -> Option<NewExport> {
        let object = &self.set.objects[module];
        let item = &object.module.exports[export];
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
            _ if !object.is_dynamic() => Root::Item(kind, ItemId { module, index: item.index }),
            ExternalKind::Global if object.offers(export) => {
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

/// What is needed for the exports. To a program that does not end by itself those functions are added that
/// finish what others do: a host calls them at the end.
fn reach(program: &Program<'_>, exports: &mut Vec<NewExport>) -> Reach {
    let mut reach = program.reach(exports.iter().map(|export| export.root));
    if exports.iter().any(|export| export.name == START) {
        return reach;
    }
    let plan = program.links.plan;
    let mut finisher = |name: &str| {
        let Some(Definition { module, export }) = plan.definition(name) else { return };
        if !exports.iter().any(|export| export.name == name) {
            exports.extend(plan.new_export(name, module, export));
        }
    };
    let writes = |id: &ItemId| match program.links.function(*id) {
        FunctionLink::Host(import) => import.module == WASI && import.name == "fd_write",
        _ => false,
    };
    let at_exit = plan.definition("__cxa_atexit").map(|definition| plan.set.item(definition));
    if at_exit.is_some_and(|id| reach.functions.contains(&id)) {
        finisher("__funcs_on_exit");
    }
    if reach.imports.iter().any(writes) {
        finisher("fflush");
    }
    reach = program.reach(exports.iter().map(|export| export.root));
    reach
}

/// A program has one memory, unless more are allowed.
fn check_memories(program: &Program<'_>, reach: &Reach, allowed: bool) -> Result<(), FuseError> {
    let objects = &program.links.plan.set.objects;
    let shared = objects.iter().any(Object::is_dynamic).then_some("the process".to_owned());
    let own = |id: &ItemId| format!("`{}`", objects[id.module].module.name);
    let mut others = shared.into_iter().chain(reach.memories.keys().map(own));
    let (Some(first), Some(_)) = (others.next(), others.next()) else { return Ok(()) };
    let second = if objects.iter().any(Object::is_dynamic) { 0 } else { 1 };
    match reach.memories.iter().nth(second) {
        Some((memory, user)) if !allowed => Err(FuseError::SecondMemory {
            module: objects[memory.module].module.name.clone(),
            function: user.map(|id| program.function_name(id)).unwrap_or_default(),
            other: first,
        }),
        _ => Ok(()),
    }
}

/// The content of the shared memory.
fn image(program: &Program<'_>, reach: &Reach) -> Result<Image, FuseError> {
    let plan = program.links.plan;
    let mut image = Image::new(plan.layout.pages * PAGE);
    for &module in plan.layout.order.iter().filter(|&module| reach.images.contains(module)) {
        for data in &program.contents[module].data {
            place(program, module, data, &mut image)?;
        }
        let start = program.starts[module].iter().filter_map(|start| start.effects.as_ref());
        apply(program, module, start.flatten(), &mut image)?;
    }
    for call in program.initialisers.iter().filter(|call| call.is_relocation) {
        let module = call.function.module;
        if reach.images.contains(&module) {
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
    if program.links.memory(ItemId { module, index: *memory_index }) != SharedLink::Shared {
        return Ok(());
    }
    let name = || program.links.plan.set.objects[module].module.name.clone();
    let offset = value(program.links, module, offset_expr);
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
    let name = || program.links.plan.set.objects[module].module.name.clone();
    for effect in effects {
        effect.apply(image).ok_or_else(|| FuseError::OutOfBounds { module: name() })?;
    }
    Ok(())
}

/// Writes the new module.
struct Fusing<'a> {
    plan: &'a Plan,
    program: &'a Program<'a>,
    reach: &'a Reach,
}

impl<'a> Fusing<'a> {
    fn write(&self, exports: &[NewExport], image: &Image) -> emit::Result<Bound> {
        let layout = &self.plan.layout;
        let modules = layout.order.iter().filter(|&module| self.reach.active.contains(module));
        let modules = modules.map(|&module| (module, self.program.contents[module].clone()));
        let modules: Vec<_> = modules.collect();
        let custom = custom::merge(modules.iter().flat_map(|(_, contents)| &contents.custom));
        let mut emitter = Emitter::new(self.program.links, modules, Some(self.reach));
        let shares = self.plan.set.objects.iter().any(Object::is_dynamic);
        if shares {
            emitter.sections.memories.memory(self.plan.memory_type());
            emitter.sections.tables.table(self.table_type());
        }
        if self.reach.uses_stack_pointer {
            emitter.define_stack_pointer(layout.stack_pointer);
        }
        emitter.number(Shares { memory: shares, table: shares })?;
        emitter.write_definitions()?;
        self.write_segments(&mut emitter, image);
        let start = self.add_start(&mut emitter)?;
        emitter.sections.start = start;
        let initialisers = self.export(&mut emitter, exports, shares)?;
        emitter.sections.custom = custom;
        let Emitter { mut sections, sources, origins, .. } = emitter;
        let module = self.plan.set.program;
        sections.name.clone_from(&self.plan.set.objects[module].module.name);
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
        TableType { maximum: (!self.reach.grows_table).then_some(ty.minimum), ..ty }
    }

    fn write_segments(&self, emitter: &mut Emitter<'_>, image: &Image) {
        let number = |emitter: &Emitter<'_>, id: ItemId| emitter.function(id);
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for &slot in &self.reach.slots {
            let function = number(emitter, self.program.table[&slot]);
            match runs.last_mut() {
                Some((start, run)) if *start + run.len() as u32 == slot => run.push(function),
                _ => runs.push((slot, vec![function])),
            }
        }
        for (start, run) in runs {
            let offset = ConstExpr::i32_const(start.cast_signed());
            emitter.sections.elements.active(None, &offset, Elements::Functions(run.into()));
        }
        if !self.reach.references.is_empty() {
            let functions = self.reach.references.iter().map(|&id| number(emitter, id));
            let functions = functions.collect::<Vec<_>>();
            emitter.sections.elements.declared(Elements::Functions(functions.into()));
        }
        for (address, bytes) in image.segments() {
            let offset = ConstExpr::i32_const(address.cast_signed());
            emitter.sections.data.active(0, &offset, bytes.iter().copied());
        }
        let count = emitter.sections.data.len();
        emitter.sections.data_count = (!self.reach.data.is_empty()).then_some(count);
    }

    /// The start functions of modules that do what is not known before.
    fn add_start(&self, emitter: &mut Emitter<'_>) -> emit::Result<Option<u32>> {
        let starts = self.plan.layout.order.iter();
        let starts = starts.filter(|&module| self.reach.active.contains(module));
        let starts = starts.filter_map(|&module| self.program.starts[module].as_ref());
        let starts = starts.filter(|start| start.effects.is_none());
        let starts: Vec<_> = starts.map(|start| emitter.function(start.function)).collect();
        match starts.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => Ok(Some(emitter.add_function("start functions", &calls(several))?)),
        }
    }

    fn export(
        &self,
        emitter: &mut Emitter<'_>,
        exports: &[NewExport],
        shares: bool,
    ) -> emit::Result<Vec<Initialiser>> {
        let initialisers = self.program.initialisers.iter().filter(|call| !call.is_done());
        let active = initialisers.filter(|c| self.reach.active.contains(&c.function.module));
        let mut initialisers: Vec<_> = active.map(|call| emitter.function(call.function)).collect();
        for NewExport { name, root } in exports {
            match *root {
                Root::Address { address, .. } => {
                    let number = emitter.add_constant(address);
                    emitter.sections.exports.export(name, ExportKind::Global, number);
                }
                Root::Item(kind, id) => {
                    let mut number = emitter.exported(id.module, kind, id.index);
                    if name == START && !initialisers.is_empty() {
                        initialisers.push(number);
                        number = emitter.add_function(INITIALIZE, &calls(&initialisers))?;
                        initialisers.clear();
                    }
                    emitter.sections.exports.export(name, kind.into(), number);
                }
            }
        }
        if shares {
            emitter.sections.exports.export(MEMORY, ExportKind::Memory, 0);
        }
        if initialisers.is_empty() {
            return Ok(Vec::new());
        }
        let number = emitter.add_function(INITIALIZE, &calls(&initialisers))?;
        emitter.sections.exports.export(INITIALIZE, ExportKind::Func, number);
        Ok(vec![Initialiser { module: self.plan.set.program, name: INITIALIZE.to_owned() }])
    }
}

/// A function that calls others, one after the other.
fn calls(functions: &[u32]) -> Function {
    let mut body = Function::new([]);
    functions.iter().for_each(|&function| {
        body.instruction(&Instruction::Call(function));
    });
    body.instruction(&Instruction::End);
    body
}
