//! What of a program can be reached from what it exports: the rest is left out of a fused one.
//!
//! Code of a shared library names what it refers to, so its data is needed only if some function that is
//! needed mentions `__memory_base`. Data of one module stays or goes as a whole, for inside it nothing tells
//! where a variable ends. Code of a main has plain numbers for addresses: any that might be one counts.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, Operator, Table, TableInit,
};

use crate::fuse::error::FuseError;
use crate::fuse::image::{Effect, Provenance, effects, value};
use crate::module::sections::Contents;
use crate::names::demangle;
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::write::error::{BindError, WriteResult};
use crate::write::live::Live;
use crate::write::targets::{FunctionTarget, GlobalTarget, SharedTarget, Targets};

/// The modules of a program as the marker for what it needs sees them.
pub(crate) struct Program<'a> {
    pub(crate) targets: &'a Targets<'a>,
    pub(crate) contents: Vec<Contents<'a>>,
    /// The functions in the shared table, as the modules call them that put them there.
    pub(crate) table: BTreeMap<u32, ItemId>,
    /// For each module the slots with functions of it.
    filled: Vec<Vec<u32>>,
    pub(crate) starts: Vec<Option<Start>>,
    /// What is called when all modules exist, and what each does if that is known.
    pub(crate) initialisers: Vec<Initialiser>,
    /// The places among these of each module's own.
    own_initialisers: Vec<Vec<usize>>,
}

pub(crate) struct Start {
    pub(crate) function: ItemId,
    pub(crate) effects: Option<Vec<Effect>>,
}

pub(crate) struct Initialiser {
    pub(crate) function: ItemId,
    pub(crate) is_relocation: bool,
    pub(crate) effects: Option<Vec<Effect>>,
}

impl Initialiser {
    /// Whether nothing is left to be done when the program runs.
    pub(crate) fn is_done(&self) -> bool {
        self.effects.as_ref().is_some_and(|effects| self.is_relocation || effects.is_empty())
    }
}

/// What can be used from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root {
    Item(ExternalKind, ItemId),
    /// The address of data of a module.
    Address {
        module: usize,
        address: u32,
    },
}

impl<'a> Program<'a> {
    /// # Errors
    ///
    /// When a module is malformed.
    pub(crate) fn new(targets: &'a Targets<'a>) -> WriteResult<Self> {
        let plan = targets.plan;
        let contents = plan.set.inputs.iter().map(|input| Contents::read(&input.bytes));
        let contents = contents.collect::<wasmparser::Result<Vec<_>>>()?;
        let start = |(module, own): (usize, &Contents<'_>)| {
            let function = ItemId { module, index: own.start? };
            Some(Start { function, effects: effects(targets, &contents, function) })
        };
        let starts = contents.iter().enumerate().map(start).collect();
        let initialiser = |call: crate::plan::Initialiser| {
            let export = plan.set.inputs[call.module].module.export(&call.name)?;
            let function = ItemId { module: call.module, index: export.index };
            let is_relocation = crate::convention::RELOCATIONS.contains(&call.name.as_str());
            let effects = effects(targets, &contents, function);
            Some(Initialiser { function, is_relocation, effects })
        };
        let initialisers: Vec<_> =
            plan.initialisers().into_iter().filter_map(initialiser).collect();
        let (table, modules) = (BTreeMap::new(), contents.len());
        let (filled, own_initialisers) = (vec![Vec::new(); modules], vec![Vec::new(); modules]);
        let mut program =
            Program { targets, contents, table, filled, starts, initialisers, own_initialisers };
        for (at, call) in program.initialisers.iter().enumerate() {
            program.own_initialisers[call.function.module].push(at);
        }
        Ok(program)
    }

    /// Follows other links from now on, which differ only in what ends the program.
    pub(crate) fn with_links<'b>(self, targets: &'b Targets<'b>) -> Program<'b>
    where
        'a: 'b,
    {
        Program { targets, ..self }
    }

    /// As instantiating the modules one after the other would, canonical slots last.
    ///
    /// # Errors
    ///
    /// When an element segment does not lie in the table, or nobody knows where it lies.
    pub(crate) fn fill_table(&mut self) -> std::result::Result<(), FuseError> {
        let layout = &self.targets.plan.layout;
        for &module in &layout.order {
            let name = &self.targets.plan.set.inputs[module].module.name;
            for element in &self.contents[module].elements {
                let ElementKind::Active { table_index, offset_expr } = &element.kind else {
                    continue;
                };
                let table = ItemId { module, index: table_index.unwrap_or(0) };
                if self.targets.table(table) != SharedTarget::Shared {
                    continue;
                }
                let offset = value(self.targets, module, offset_expr);
                let offset =
                    offset.ok_or_else(|| FuseError::UnknownSlot { module: name.clone() })?;
                let functions = functions(element.items.clone());
                let malformed = |error: wasmparser::Error| BindError::new(name, &error.into());
                let functions = functions.map_err(malformed)?;
                let end = u64::from(offset.number) + functions.len() as u64;
                if end > u64::from(layout.table_size) {
                    return Err(FuseError::OutOfTable { module: name.clone() });
                }
                for (slot, index) in (offset.number..).zip(functions) {
                    match index {
                        Some(index) => self.table.insert(slot, ItemId { module, index }),
                        None => self.table.remove(&slot),
                    };
                }
            }
        }
        let slots = layout.slots.values();
        let items = &self.targets.plan.set;
        self.table.extend(slots.map(|slot| (slot.index, items.item(slot.definition))));
        self.table.iter().for_each(|(&slot, id)| self.filled[id.module].push(slot));
        Ok(())
    }

    /// Whether a shared library fills addresses or slots that are plain numbers. No compiler makes such, and who uses
    /// them cannot be told.
    fn has_fixed_places(&self, module: usize) -> bool {
        let is_plain = |offset: &ConstExpr<'_>| {
            let operators = offset.get_operators_reader().into_iter().flatten();
            !operators.into_iter().any(|op| matches!(op, Operator::GlobalGet { .. }))
        };
        let Contents { data, elements, .. } = &self.contents[module];
        let is_fixed_data = |data: &wasmparser::Data<'_>| {
            matches!(&data.kind, DataKind::Active { memory_index, offset_expr }
                if self.targets.memory(ItemId { module, index: *memory_index }) == SharedTarget::Shared
                    && is_plain(offset_expr))
        };
        let is_fixed_element = |element: &wasmparser::Element<'_>| {
            matches!(&element.kind, ElementKind::Active { table_index, offset_expr }
                if self.targets.table(ItemId { module, index: table_index.unwrap_or(0) }) == SharedTarget::Shared
                    && is_plain(offset_expr))
        };
        let input = &self.targets.plan.set.inputs[module];
        input.shares_memory()
            && (data.iter().any(is_fixed_data) || elements.iter().any(is_fixed_element))
    }

    fn initialisers_of(&self, module: usize) -> impl Iterator<Item = &Initialiser> {
        self.own_initialisers[module].iter().map(|&at| &self.initialisers[at])
    }

    /// How messages call a function.
    pub(crate) fn function_name(&self, id: ItemId) -> String {
        match self.contents[id.module].function_name(id.index) {
            Some(name) => demangle(name).into_owned(),
            None => format!("function {}", id.index),
        }
    }

    /// What is needed for the program to be used by these.
    pub(crate) fn mark(&self, roots: impl IntoIterator<Item = Root>) -> Live {
        let mut marker = Marker { program: self, live: Live::default(), open: Vec::new() };
        let inputs = self.targets.plan.set.inputs.iter().enumerate();
        let given = inputs.filter(|(_, input)| !input.is_on_demand);
        given.for_each(|(module, _)| marker.activate(module));
        marker.finish(roots)
    }

    /// What is needed if it can be used by these too.
    pub(crate) fn mark_more(&self, live: Live, roots: impl IntoIterator<Item = Root>) -> Live {
        Marker { program: self, live, open: Vec::new() }.finish(roots)
    }
}

/// The functions of an element segment; `None` for a null reference.
fn functions(items: ElementItems<'_>) -> wasmparser::Result<Vec<Option<u32>>> {
    crate::module::functions(items)
}

struct Marker<'p, 'a> {
    program: &'p Program<'a>,
    live: Live,
    /// Functions whose code has not been looked at.
    open: Vec<ItemId>,
}

impl Marker<'_, '_> {
    fn root(&mut self, root: Root) {
        match root {
            Root::Item(ExternalKind::Func | ExternalKind::FuncExact, id) => self.function(id),
            Root::Item(ExternalKind::Global, id) => self.global(id),
            Root::Item(ExternalKind::Memory, id) => self.memory(id, None),
            Root::Item(ExternalKind::Table, id) => self.table(id),
            Root::Item(ExternalKind::Tag, id) => {
                let tag = self.program.targets.tag(id);
                self.activate(tag.module);
            }
            Root::Address { module, .. } => self.image(module),
        }
    }

    fn finish(mut self, roots: impl IntoIterator<Item = Root>) -> Live {
        roots.into_iter().for_each(|root| self.root(root));
        self.run();
        self.live
    }

    fn run(&mut self) {
        while let Some(id) = self.open.pop() {
            let imported = self.program.targets.imported(id.module).functions;
            let body = self.program.contents[id.module].bodies.get((id.index - imported) as usize);
            // Code that is malformed fails when it is written.
            let operators = body.and_then(|body| body.get_operators_reader().ok());
            let mut scan = Scan::new(self, id.module, Some(id));
            for operator in operators.into_iter().flatten().flatten() {
                scan.operator(&operator);
            }
        }
    }

    /// A function that a module refers to, by its own number for it.
    fn function(&mut self, id: ItemId) {
        if self.program.targets.imported_function(id).is_some() && !self.live.imports.insert(id) {
            return;
        }
        if let FunctionTarget::Defined(id) = self.program.targets.function(id)
            && self.live.functions.insert(id)
        {
            self.activate(id.module);
            self.open.push(id);
        }
    }

    /// A module that is there is initialised.
    fn activate(&mut self, module: usize) {
        if !self.live.active.insert(module) {
            return;
        }
        let program = self.program;
        if let Some(start) = &program.starts[module]
            && start.effects.is_none()
        {
            self.function(start.function);
        }
        for call in program.initialisers_of(module).filter(|call| !call.is_done()) {
            self.function(call.function);
        }
        if program.has_fixed_places(module) {
            self.image(module);
            self.all_slots(module);
        }
    }

    /// The data of a module, and what it refers to.
    fn image(&mut self, module: usize) {
        if !self.live.images.insert(module) {
            return;
        }
        self.activate(module);
        let program = self.program;
        let start = program.starts[module].iter().filter_map(|start| start.effects.as_ref());
        let relocations = program.initialisers_of(module).filter(|call| call.is_relocation);
        let relocations = relocations.filter_map(|call| call.effects.as_ref());
        for effect in start.chain(relocations).flatten() {
            match effect {
                Effect::Store { value, .. } if value.of == Provenance::Slot => {
                    self.slot(value.number)
                }
                Effect::Store { value, .. } => {
                    if let Provenance::Data(module) = value.of {
                        self.image(module);
                    }
                }
                Effect::Clear { .. } => {}
            }
        }
        if program.targets.plan.set.inputs[module].is_main() {
            self.all_slots(module);
        }
    }

    fn slot(&mut self, slot: u32) {
        if let Some(&function) = self.program.table.get(&slot)
            && self.live.slots.insert(slot)
        {
            self.function(function);
        }
    }

    /// All slots that a module fills.
    fn all_slots(&mut self, module: usize) {
        let slots = self.program.filled.get(module).filter(|_| self.live.filled.insert(module));
        slots.into_iter().flatten().for_each(|&slot| self.slot(slot));
    }

    fn global(&mut self, id: ItemId) {
        match self.program.targets.global(id) {
            GlobalTarget::StackPointer => self.live.uses_stack_pointer = true,
            // A program of which anything is left out has its addresses.
            GlobalTarget::Value(_) => {}
            GlobalTarget::Constant(number) => {
                match self.program.targets.imported_global(id).map(|(_, target)| target) {
                    Some(ImportTarget::MemoryBase) => self.image(id.module),
                    Some(ImportTarget::DataAddress(Some(of))) => self.image(of.module),
                    Some(ImportTarget::FunctionAddress(Some(_))) => self.slot(number),
                    // `__table_base` too: which slots are meant, [`Scan::sum`] finds.
                    _ => {}
                }
            }
            GlobalTarget::Defined(id) => {
                if self.live.globals.insert(id) {
                    let imported = self.program.targets.imported(id.module).globals;
                    let globals = &self.program.contents[id.module].globals;
                    // Code that is not valid fails when it is written.
                    if let Some(global) = globals.get((id.index - imported) as usize) {
                        self.expression(id.module, &global.init_expr);
                    }
                }
            }
        }
    }

    fn expression(&mut self, module: usize, expression: &ConstExpr<'_>) {
        let mut scan = Scan::new(self, module, None);
        expression.get_operators_reader().into_iter().flatten().for_each(|op| scan.operator(&op));
    }

    fn memory(&mut self, id: ItemId, user: Option<ItemId>) {
        let SharedTarget::Defined(id) = self.program.targets.memory(id) else { return };
        if self.live.memories.contains_key(&id) {
            return;
        }
        self.live.memories.insert(id, user);
        for module in 0..self.program.contents.len() {
            for data in &self.program.contents[module].data {
                if let DataKind::Active { memory_index, offset_expr } = &data.kind
                    && self.program.targets.memory(ItemId { module, index: *memory_index })
                        == SharedTarget::Defined(id)
                {
                    self.expression(module, offset_expr);
                }
            }
        }
    }

    /// A table that is not shared, with all that it holds: which of it is called, its code does not tell.
    fn table(&mut self, id: ItemId) {
        let SharedTarget::Defined(id) = self.program.targets.table(id) else { return };
        if !self.live.tables.insert(id) {
            return;
        }
        let imported = self.program.targets.imported(id.module).tables;
        let table = self.program.contents[id.module].tables.get((id.index - imported) as usize);
        if let Some(Table { init: TableInit::Expr(value), .. }) = table {
            self.expression(id.module, value);
        }
        for module in 0..self.program.contents.len() {
            for element in &self.program.contents[module].elements {
                if let ElementKind::Active { table_index, offset_expr } = &element.kind
                    && self
                        .program
                        .targets
                        .table(ItemId { module, index: table_index.unwrap_or(0) })
                        == SharedTarget::Defined(id)
                {
                    self.expression(module, offset_expr);
                    self.items(module, element.items.clone());
                }
            }
        }
    }

    fn items(&mut self, module: usize, items: ElementItems<'_>) {
        match items {
            ElementItems::Functions(functions) => {
                functions
                    .into_iter()
                    .flatten()
                    .for_each(|i| self.function(ItemId { module, index: i }));
            }
            ElementItems::Expressions(_, expressions) => {
                expressions.into_iter().flatten().for_each(|e| self.expression(module, &e));
            }
        }
    }

    fn element(&mut self, id: ItemId) {
        if self.live.elements.insert(id) {
            let element = self.program.contents[id.module].elements.get(id.index as usize);
            if let Some(element) = element
                && !matches!(element.kind, ElementKind::Active { .. })
            {
                self.items(id.module, element.items.clone());
            }
        }
    }
}

/// Reads the code of one function or constant expression.
struct Scan<'s, 'p, 'a> {
    marker: &'s mut Marker<'p, 'a>,
    module: usize,
    function: Option<ItemId>,
    /// Addresses in a main's code are plain numbers.
    is_main: bool,
    before: Before,
}

/// What came just before, of the sum of `__table_base` and a number.
#[derive(Debug, Clone, Copy)]
enum Before {
    Other,
    Number(u32),
    TableBase(u32),
    Sum(u32),
}

/// Addresses below are never given out.
const FIRST_ADDRESS: u32 = 1024;

impl<'s, 'p, 'a> Scan<'s, 'p, 'a> {
    fn new(marker: &'s mut Marker<'p, 'a>, module: usize, function: Option<ItemId>) -> Self {
        let is_main = marker.program.targets.plan.set.inputs[module].is_main();
        Scan { marker, module, function, is_main, before: Before::Other }
    }

    fn id(&self, index: u32) -> ItemId {
        ItemId { module: self.module, index }
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        self.sum(operator);
        match *operator {
            Operator::I32Const { value } if self.is_main => self.number(value.cast_unsigned()),
            Operator::RefFunc { function_index } => {
                self.marker.live.references.insert(self.id(function_index));
            }
            Operator::TableGrow { table } => self.marker.live.grows_table |= self.is_shared(table),
            Operator::TableGet { table } | Operator::TableCopy { src_table: table, .. }
                if self.is_shared(table) =>
            {
                (0..self.marker.program.contents.len()).for_each(|m| self.marker.all_slots(m));
            }
            _ => {}
        }
        // Nothing is written here: its hooks are told of every index in an instruction.
        let _ = utils::instruction(self, operator.clone());
    }

    fn is_shared(&self, table: u32) -> bool {
        self.marker.program.targets.table(self.id(table)) == SharedTarget::Shared
    }

    fn is_table_base(&self, global: u32) -> bool {
        let import = self.marker.program.targets.imported_global(self.id(global));
        import.is_some_and(|(_, target)| target == ImportTarget::TableBase)
    }

    /// A number in a main's code, which may be an address or a slot.
    fn number(&mut self, number: u32) {
        if number >= FIRST_ADDRESS {
            self.marker.image(self.module);
        }
        self.marker.slot(number);
    }

    /// Finds sums of `__table_base` and a number: one slot. `__table_base` by itself is any.
    fn sum(&mut self, operator: &Operator<'_>) {
        let table_base = |scan: &Self, global: u32| {
            let GlobalTarget::Constant(base) = scan.marker.program.targets.global(scan.id(global))
            else {
                return None;
            };
            scan.is_table_base(global).then_some(base)
        };
        self.before = match (self.before, operator) {
            (Before::Sum(slot), Operator::I32Add) => {
                self.marker.slot(slot);
                Before::Other
            }
            (Before::TableBase(base), Operator::I32Const { value }) => {
                Before::Sum(base.wrapping_add(value.cast_unsigned()))
            }
            (before, operator) => {
                let number = match before {
                    Before::Number(number) => Some(number),
                    Before::TableBase(_) | Before::Sum(_) => {
                        self.marker.all_slots(self.module);
                        None
                    }
                    Before::Other => None,
                };
                match *operator {
                    Operator::I32Const { value } => Before::Number(value.cast_unsigned()),
                    Operator::GlobalGet { global_index } => {
                        match (table_base(self, global_index), number) {
                            (Some(base), Some(number)) => Before::Sum(base.wrapping_add(number)),
                            (Some(base), None) => Before::TableBase(base),
                            (None, _) => Before::Other,
                        }
                    }
                    _ => Before::Other,
                }
            }
        };
    }
}

type Result = std::result::Result<u32, reencode::Error>;

impl Reencode for Scan<'_, '_, '_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result {
        self.marker.function(self.id(function));
        Ok(function)
    }

    fn global_index(&mut self, global: u32) -> Result {
        self.marker.global(self.id(global));
        Ok(global)
    }

    fn memory_index(&mut self, memory: u32) -> Result {
        if self.is_main {
            self.marker.image(self.module);
        }
        self.marker.memory(self.id(memory), self.function);
        Ok(memory)
    }

    fn table_index(&mut self, table: u32) -> Result {
        self.marker.table(self.id(table));
        Ok(table)
    }

    fn element_index(&mut self, element: u32) -> Result {
        self.marker.element(self.id(element));
        Ok(element)
    }

    fn data_index(&mut self, data: u32) -> Result {
        self.marker.live.data.insert(self.id(data));
        Ok(data)
    }

    fn tag_index(&mut self, tag: u32) -> Result {
        let tag = self.marker.program.targets.tag(self.id(tag));
        self.marker.activate(tag.module);
        Ok(tag.index)
    }
}
