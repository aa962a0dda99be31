//! Marks what a program needs for its exports. The rest is left out of a fused program.
//!
//! If a module has [`Symbols`], the pieces of its data are needed one by one: those that code and
//! pointers refer to. The data of any other module stays or goes as a whole, since nothing in it
//! marks where a variable ends. That of a shared library is needed if a function that is needed
//! mentions `__memory_base`. The code of a main has plain numbers for addresses: any number that
//! might be an address counts as one.

use wasmparser::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncType, Operator, Table,
    TableInit,
};

use crate::fuse::image::{Effect, Provenance, Value};
use crate::fuse::program::{Program, Root};
use crate::fuse::scan::{Reference, Scanner};
use crate::fuse::symbols::address_flow::{self, CodeContext, Misfit, Relocated};
use crate::fuse::symbols::{Place, Site, Symbols, Target};
use crate::module::relocations::RelocationKind;
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::plan::set::Definition;
use crate::write::inlinable::is_caller;
use crate::write::live::{Live, Needed};
use crate::write::part::table_of;
use crate::write::targets::{FunctionTarget, GlobalTarget, SharedTarget};

/// No data has an address below this.
const FIRST_ADDRESS: u32 = 1024;

impl Program<'_> {
    /// Marks what the program needs if these can be used.
    pub(crate) fn mark(
        &self,
        live: Live,
        roots: impl IntoIterator<Item = Root>,
        keep_all: bool,
    ) -> Live {
        let mut marker = Marker::new(self, live);
        if keep_all {
            (0..self.contents.len()).for_each(|module| marker.all(module));
        }
        let inputs = self.targets.plan.set.inputs.iter().enumerate();
        for (module, _) in inputs.filter(|(_, input)| !input.is_on_demand) {
            marker.activate(module);
        }
        marker.finish(roots)
    }

    /// Marks what the program needs after its start functions and constructors have run, if these
    /// can be used. Any pointer in memory may be in use then, so every function with a slot counts.
    pub(crate) fn mark_after_start(&self, roots: impl IntoIterator<Item = Root>) -> Live {
        let mut marker = Marker::new(self, Live::default());
        marker.has_started = true;
        (0..self.contents.len()).for_each(|module| marker.all_slots(module));
        marker.finish(roots)
    }

    /// Marks what the program needs if these can be used too.
    pub(crate) fn mark_more(&self, live: Live, roots: impl IntoIterator<Item = Root>) -> Live {
        Marker::new(self, live).finish(roots)
    }
}

/// Marks items, and follows the code of those that are new.
struct Marker<'p, 'a> {
    program: &'p Program<'a>,
    live: Live,
    /// What is marked and still has to be read.
    unread: Vec<Needed>,
    /// Whether start functions and constructors have run and are not needed any more.
    has_started: bool,
    /// What is read; `None` for what is needed from outside of the program.
    cause: Option<Needed>,
}

impl<'p, 'a> Marker<'p, 'a> {
    fn new(program: &'p Program<'a>, live: Live) -> Self {
        Marker { program, live, unread: Vec::new(), has_started: false, cause: None }
    }

    fn finish(mut self, roots: impl IntoIterator<Item = Root>) -> Live {
        roots.into_iter().for_each(|root| self.root(root));
        while let Some(unread) = self.unread.pop() {
            self.cause = Some(unread);
            match unread {
                Needed::Function(id) => self.body(id),
                Needed::Piece(id) => self.pointers(id),
                Needed::Data(module) => self.pointers_in_all(module),
                Needed::Module(_) if self.has_started => {}
                Needed::Module(module) => self.start(module),
            }
        }
        self.live
    }

    /// Marks everything in a module.
    fn all(&mut self, module: usize) {
        self.activate(module);
        let defined = self.program.contents[module].functions.len() as u32;
        let first = self.program.targets.imported(module).functions;
        (first..first + defined).for_each(|index| self.function(ItemId { module, index }));
        if self.program.targets.plan.set.inputs[module].shares_memory() {
            self.image(module);
            self.all_slots(module);
        }
    }

    /// Notes something new, to be read later, and its cause.
    fn read_later(&mut self, needed: Needed) {
        self.unread.push(needed);
        if let Some(causes) = &mut self.live.causes {
            causes.insert(needed, self.cause);
        }
    }

    fn root(&mut self, root: Root) {
        match root {
            Root::Item(ExternalKind::Func | ExternalKind::FuncExact, id) => self.function(id),
            Root::Item(ExternalKind::Global, id) => self.global(id),
            Root::Item(ExternalKind::Memory, id) => self.memory(id, None),
            Root::Item(ExternalKind::Table, id) => self.table(id),
            Root::Item(ExternalKind::Tag, id) => self.tag(id),
            Root::Address(definition) => self.variable(definition),
        }
    }

    fn body(&mut self, id: ItemId) {
        let program = self.program;
        let body = program.body(id);
        // Code that is malformed fails when it is written.
        let operators = body.and_then(|body| body.get_operators_reader().ok());
        let operators = operators.into_iter().flat_map(|o| o.into_iter_with_offsets()).flatten();
        match &program.symbols[id.module] {
            None => self.code(id.module, Some(id), operators.map(|(operator, _)| operator)),
            Some(symbols) => {
                let operators: Vec<_> = operators.collect();
                self.constants(id.module, symbols, &operators);
                self.code(id.module, Some(id), operators.into_iter().map(|(operator, _)| operator));
            }
        }
    }

    /// Marks what the relocated constants in code mean, and checks that nothing else in the code
    /// depends on where the module is.
    fn constants(&mut self, module: usize, symbols: &Symbols, code: &[(Operator<'_>, usize)]) {
        let context = ModuleCode { program: self.program, module, symbols };
        if address_flow::check(code, &context).is_err() {
            self.live.misfits.insert(module);
        }
        for (operator, offset) in code {
            let Operator::I32Const { .. } = operator else { continue };
            match symbols.site(*offset) {
                Some(Site::Data { place, .. }) => self.place(module, *place),
                Some(Site::Slot { value, .. }) => self.slot(self.program.own_slot(module, *value)),
                None => {}
            }
        }
    }

    fn expression(&mut self, module: usize, expression: &ConstExpr<'_>) {
        self.code(module, None, expression.get_operators_reader().into_iter().flatten());
    }

    /// Marks what code refers to: that of a function, or of a constant expression.
    fn code<'o>(
        &mut self,
        module: usize,
        function: Option<ItemId>,
        operators: impl Iterator<Item = Operator<'o>>,
    ) {
        let targets = self.program.targets;
        let mut mark = |reference| self.reference(module, function, reference);
        let mut scanner = Scanner::new(targets, module, &mut mark);
        operators.for_each(|operator| scanner.operator(&operator));
    }

    fn reference(&mut self, module: usize, function: Option<ItemId>, reference: Reference) {
        let id = |index| ItemId { module, index };
        let is_main = self.program.targets.plan.set.inputs[module].is_main();
        match reference {
            Reference::Function(index) => self.function(id(index)),
            Reference::Call(index) if self.is_redirected(function, index) => {}
            Reference::Call(index) => match self.inlined(function, id(index)) {
                Some(callee) => self.inline(callee),
                None => self.call(id(index)),
            },
            Reference::Global(index) => {
                if function.is_none() {
                    self.check_expression(id(index));
                }
                self.global(id(index));
            }
            Reference::Memory(index) => {
                if is_main {
                    self.image(module);
                }
                self.memory(id(index), function);
            }
            Reference::Table(index) => self.table(id(index)),
            Reference::Element(index) => self.element(id(index)),
            Reference::Data(index) => {
                self.live.data.insert(id(index));
            }
            Reference::Tag(index) => self.tag(id(index)),
            Reference::FunctionPointer(index) => {
                self.live.references.insert(id(index));
            }
            Reference::TableGrowth(index) => {
                self.live.grows_table |= self.is_shared_table(id(index));
            }
            Reference::TableRead(index) => {
                if self.is_shared_table(id(index)) {
                    (0..self.program.contents.len()).for_each(|module| self.all_slots(module));
                }
            }
            Reference::Number(number) if is_main => self.number(module, number),
            Reference::Number(_) => {}
            Reference::Slot(slot) => self.slot(slot),
            // The constants say which slots the code means.
            Reference::TableBase if self.program.symbols[module].is_some() => {}
            Reference::TableBase => self.all_slots(module),
        }
    }

    /// Checks a global in a constant expression: no relocation says what a base means there.
    fn check_expression(&mut self, global: ItemId) {
        if let Some((_, ImportTarget::MemoryBase | ImportTarget::TableBase)) =
            self.program.targets.imported_global(global)
            && self.program.symbols[global.module].is_some()
        {
            self.live.misfits.insert(global.module);
        }
    }

    fn is_shared_table(&self, id: ItemId) -> bool {
        self.program.targets.table(id) == SharedTarget::Shared
    }

    /// Marks what a number in the code of a main may mean: an address in its data, or a slot in its
    /// part of the table. It cannot know others.
    fn number(&mut self, module: usize, number: u32) {
        if number >= FIRST_ADDRESS {
            self.image(module);
        }
        let table = self.program.targets.plan.set.inputs[module].module.internals.shared_table;
        if table.is_some_and(|table| u64::from(number) < table.minimum) {
            self.slot(number);
        }
    }

    /// Marks a function to which a module refers by its own index.
    fn function(&mut self, id: ItemId) {
        if self.program.targets.imported_function(id).is_some() && !self.live.imports.insert(id) {
            return;
        }
        if let FunctionTarget::Defined(id) = self.program.targets.function(id)
            && self.live.functions.insert(id)
            && !self.live.inlined.contains(id)
        {
            self.activate(id.module);
            self.read_later(Needed::Function(id));
        }
    }

    fn call(&mut self, id: ItemId) {
        if let FunctionTarget::Defined(callee) = self.program.targets.function(id) {
            *self.live.calls.entry(callee).or_default() += 1;
        }
        self.function(id);
    }

    /// Returns whether a call becomes one of a function of the linker.
    fn is_redirected(&self, caller: Option<ItemId>, called: u32) -> bool {
        let is_it = |caller: ItemId| {
            let allocation = self.program.targets.block_allocation(caller.module);
            allocation.is_some_and(|it| (it.caller, it.callee) == (caller.index, called))
        };
        caller.is_some_and(is_it)
    }

    /// Returns the function that is inlined instead of a call in the code of `caller`; `None` if it
    /// stays a call.
    fn inlined(&self, caller: Option<ItemId>, called: ItemId) -> Option<ItemId> {
        let FunctionTarget::Defined(callee) = self.program.targets.function(called) else {
            return None;
        };
        let is_inlinable = self.program.inlinable.contains(callee);
        (is_inlinable && is_caller(self.program.body(caller?)?)).then_some(callee)
    }

    /// Marks the code of a function that is inlined.
    fn inline(&mut self, id: ItemId) {
        if self.live.inlined.insert(id) && !self.live.functions.contains(id) {
            self.activate(id.module);
            self.read_later(Needed::Function(id));
        }
    }

    /// Marks the tag's module. The tags of a module are not left out one by one.
    fn tag(&mut self, id: ItemId) {
        let tag = self.program.targets.tag(id);
        self.activate(tag.module);
    }

    /// Marks a module.
    fn activate(&mut self, module: usize) {
        if self.live.active.insert(module) {
            self.read_later(Needed::Module(module));
        }
    }

    /// Marks what initialises a module.
    fn start(&mut self, module: usize) {
        let program = self.program;
        if let Some(start) = &program.starts[module]
            && start.effects.is_none()
        {
            self.function(start.function);
        }
        for call in program.initialisers_of(module).filter(|call| !call.is_done()) {
            self.function(call.function);
        }
        let input = &program.targets.plan.set.inputs[module];
        if input.shares_memory() && input.module.internals.thread_local.is_some() {
            // Their block is part of the data, and no code has to mention where that begins.
            self.image(module);
        }
        if program.has_fixed_segments(module) {
            self.image(module);
            self.all_slots(module);
        }
        let unnamed = program.symbols[module].iter().flat_map(Symbols::unnamed);
        unnamed.for_each(|piece| self.piece(module, piece));
    }

    /// Marks the data of a module.
    fn image(&mut self, module: usize) {
        if self.live.images.insert(module) {
            self.activate(module);
            self.read_later(Needed::Data(module));
        }
    }

    /// Marks what all pointers in the data of a module mean.
    fn pointers_in_all(&mut self, module: usize) {
        let program = self.program;
        if let Some(symbols) = &program.symbols[module] {
            (0..symbols.pieces.len()).for_each(|piece| self.piece(module, piece));
            return;
        }
        for effect in program.relocations_of(module) {
            match effect {
                Effect::Store { address, value } => {
                    self.value(*address);
                    self.value(*value);
                }
                Effect::Clear { address, .. } => self.value(*address),
            }
        }
        if program.targets.plan.set.inputs[module].is_main() {
            self.all_slots(module);
        }
    }

    /// Marks a piece of a module's data.
    fn piece(&mut self, module: usize, piece: usize) {
        let id = ItemId { module, index: piece as u32 };
        if self.live.pieces.insert(id) {
            self.activate(module);
            self.read_later(Needed::Piece(id));
        }
    }

    /// Marks what the pointers in a piece of a module's data mean.
    fn pointers(&mut self, id: ItemId) {
        let Some(symbols) = &self.program.symbols[id.module] else { return };
        for (_, target) in symbols.pointers_in(id.index as usize) {
            match *target {
                Target::Own(place) => self.place(id.module, place),
                Target::Value(value) => self.value(value),
            }
        }
    }

    fn place(&mut self, module: usize, place: Place) {
        if let Some(piece) = place.piece {
            self.piece(module, piece);
        }
    }

    /// Marks what a number is the address or the slot of.
    fn value(&mut self, value: Value) {
        match value.provenance {
            Provenance::Slot => self.slot(value.bits),
            Provenance::Data { module, symbol: None } => self.image(module),
            Provenance::Data { module, symbol: Some(address) } => self.data(module, address),
            Provenance::Number => {}
        }
    }

    fn variable(&mut self, definition: Definition) {
        self.data(definition.module, self.program.targets.plan.data_address(definition));
    }

    /// Marks the data of a module at the address of a symbol.
    fn data(&mut self, module: usize, address: u32) {
        let Some(symbols) = &self.program.symbols[module] else { return self.image(module) };
        let base = self.program.targets.plan.layout.placements[module].memory_base;
        match symbols.piece_at(address.wrapping_sub(base)) {
            Some(piece) => self.piece(module, piece),
            None => {
                self.live.misfits.insert(module);
            }
        }
    }

    fn slot(&mut self, slot: u32) {
        if let Some(&function) = self.program.table.get(&slot)
            && self.live.slots.insert(slot)
        {
            self.function(function);
        }
    }

    /// Marks all slots that a module fills.
    fn all_slots(&mut self, module: usize) {
        if self.live.filled.insert(module) {
            self.program.filled(module).iter().for_each(|&slot| self.slot(slot));
        }
    }

    fn global(&mut self, id: ItemId) {
        match self.program.targets.global(id) {
            GlobalTarget::StackPointer => self.live.uses_stack_pointer = true,
            // The addresses of a program that is fused are known.
            GlobalTarget::Value(_) => debug_assert!(false, "an address is not known"),
            GlobalTarget::Constant(value) => self.constant(id, value),
            GlobalTarget::Defined(id) => {
                if self.live.globals.insert(id) {
                    self.activate(id.module);
                    self.initial_value(id);
                }
            }
        }
    }

    /// Marks what an imported global is the address or the slot of.
    fn constant(&mut self, id: ItemId, value: u32) {
        match self.program.targets.imported_global(id).map(|(_, target)| target) {
            // The constants say which data the code means.
            Some(ImportTarget::MemoryBase) if self.program.symbols[id.module].is_some() => {}
            Some(ImportTarget::MemoryBase) => self.image(id.module),
            Some(ImportTarget::DataAddress(Some(definition))) => self.variable(definition),
            Some(ImportTarget::FunctionAddress(Some(_))) => self.slot(value),
            // `__table_base` too: [`Scanner`] finds which slots the code means.
            _ => {}
        }
    }

    fn initial_value(&mut self, id: ItemId) {
        let imported = self.program.targets.imported(id.module).globals;
        let globals = &self.program.contents[id.module].globals;
        // Code that is not valid fails when it is written.
        if let Some(global) = globals.get((id.index - imported) as usize) {
            self.expression(id.module, &global.init_expr);
        }
    }

    /// Marks a memory that is not shared. `user` is the function that uses it.
    fn memory(&mut self, id: ItemId, user: Option<ItemId>) {
        let SharedTarget::Defined(id) = self.program.targets.memory(id) else { return };
        if self.live.memories.contains_key(&id) {
            return;
        }
        self.live.memories.insert(id, user);
        let program = self.program;
        for (module, contents) in program.contents.iter().enumerate() {
            for data in &contents.data {
                let DataKind::Active { memory_index, offset_expr } = &data.kind else { continue };
                let memory = ItemId { module, index: *memory_index };
                if program.targets.memory(memory) == SharedTarget::Defined(id) {
                    self.expression(module, offset_expr);
                }
            }
        }
    }

    /// Marks a table that is not shared, with all its elements: the code does not say which of them
    /// it calls.
    fn table(&mut self, id: ItemId) {
        let SharedTarget::Defined(id) = self.program.targets.table(id) else { return };
        if !self.live.tables.insert(id) {
            return;
        }
        let program = self.program;
        let imported = program.targets.imported(id.module).tables;
        let table = program.contents[id.module].tables.get((id.index - imported) as usize);
        if let Some(Table { init: TableInit::Expr(value), .. }) = table {
            self.expression(id.module, value);
        }
        for (module, contents) in program.contents.iter().enumerate() {
            for element in &contents.elements {
                let ElementKind::Active { table_index, offset_expr } = &element.kind else {
                    continue;
                };
                let table = ItemId { module, index: table_of(*table_index) };
                if program.targets.table(table) == SharedTarget::Defined(id) {
                    self.expression(module, offset_expr);
                    self.items(module, element.items.clone());
                }
            }
        }
    }

    fn items(&mut self, module: usize, items: ElementItems<'_>) {
        match items {
            ElementItems::Functions(functions) => {
                for index in functions.into_iter().flatten() {
                    self.function(ItemId { module, index });
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions.into_iter().flatten() {
                    self.expression(module, &expression);
                }
            }
        }
    }

    fn element(&mut self, id: ItemId) {
        if !self.live.elements.insert(id) {
            return;
        }
        let element = self.program.contents[id.module].elements.get(id.index as usize);
        if let Some(element) = element
            && !matches!(element.kind, ElementKind::Active { .. })
        {
            self.items(id.module, element.items.clone());
        }
    }
}

/// The module of a function whose code is checked.
struct ModuleCode<'m, 'a> {
    program: &'m Program<'a>,
    module: usize,
    symbols: &'m Symbols,
}

impl CodeContext for ModuleCode<'_, '_> {
    fn base(&self, global: u32) -> Option<RelocationKind> {
        let id = ItemId { module: self.module, index: global };
        match self.program.targets.imported_global(id)?.1 {
            ImportTarget::MemoryBase => Some(RelocationKind::Address),
            ImportTarget::TableBase => Some(RelocationKind::Slot),
            _ => None,
        }
    }

    fn relocated(&self, offset: usize, value: u32) -> Result<Option<Relocated>, Misfit> {
        match self.symbols.site(offset) {
            None => Ok(None),
            Some(Site::Data { value: expected, place }) if value == *expected => {
                let is_handle = place.piece.is_none();
                Ok(Some(if is_handle { Relocated::Handle } else { Relocated::Address }))
            }
            Some(Site::Slot { value: expected, function }) if value == *expected => {
                let slot = self.program.own_slot(self.module, value);
                let expected = ItemId { module: self.module, index: *function };
                let is_filled = self.program.table.get(&slot) == Some(&expected);
                if is_filled { Ok(Some(Relocated::Slot)) } else { Err(Misfit) }
            }
            Some(_) => Err(Misfit),
        }
    }

    fn function(&self, index: u32) -> Option<&FuncType> {
        self.symbols.types.function(index)
    }

    fn takes_handle(&self, function: u32) -> bool {
        self.symbols.take_handle.contains(&function)
    }

    fn ty(&self, index: u32) -> Option<&FuncType> {
        self.symbols.types.ty(index)
    }
}
