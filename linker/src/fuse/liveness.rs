//! Marks what a program needs for its exports. The rest is left out of a fused program.
//!
//! The code of a shared library refers to things by name, so the library's data is needed only if a
//! function that is needed mentions `__memory_base`. The data of a module stays or goes as a whole,
//! since nothing in it marks where a variable ends. The code of a main has plain numbers for
//! addresses: any number that might be an address counts as one.

use wasmparser::{ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, Operator};
use wasmparser::{Table, TableInit};

use crate::fuse::image::{Effect, Provenance};
use crate::fuse::program::{Program, Root};
use crate::fuse::scan::{Reference, Scanner};
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::write::live::Live;
use crate::write::part::table_of;
use crate::write::targets::{FunctionTarget, GlobalTarget, SharedTarget};

/// No data has an address below this.
const FIRST_ADDRESS: u32 = 1024;

impl Program<'_> {
    /// Marks what the program needs if these can be used.
    pub(crate) fn mark(&self, roots: impl IntoIterator<Item = Root>) -> Live {
        let mut marker = Marker::new(self, Live::default());
        let inputs = self.targets.plan.set.inputs.iter().enumerate();
        for (module, _) in inputs.filter(|(_, input)| !input.is_on_demand) {
            marker.activate(module);
        }
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
    /// The marked functions whose code is still to be read.
    unread: Vec<ItemId>,
}

impl<'p, 'a> Marker<'p, 'a> {
    fn new(program: &'p Program<'a>, live: Live) -> Self {
        Marker { program, live, unread: Vec::new() }
    }

    fn finish(mut self, roots: impl IntoIterator<Item = Root>) -> Live {
        roots.into_iter().for_each(|root| self.root(root));
        while let Some(id) = self.unread.pop() {
            self.body(id);
        }
        self.live
    }

    fn root(&mut self, root: Root) {
        match root {
            Root::Item(ExternalKind::Func | ExternalKind::FuncExact, id) => self.function(id),
            Root::Item(ExternalKind::Global, id) => self.global(id),
            Root::Item(ExternalKind::Memory, id) => self.memory(id, None),
            Root::Item(ExternalKind::Table, id) => self.table(id),
            Root::Item(ExternalKind::Tag, id) => self.tag(id),
            Root::Address { module, .. } => self.image(module),
        }
    }

    fn body(&mut self, id: ItemId) {
        let program = self.program;
        let imported = program.targets.imported(id.module).functions;
        let body = program.contents[id.module].bodies.get((id.index - imported) as usize);
        // Code that is malformed fails when it is written.
        let operators = body.and_then(|body| body.get_operators_reader().ok());
        self.code(id.module, Some(id), operators.into_iter().flatten().flatten());
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
            Reference::Global(index) => self.global(id(index)),
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
            Reference::TableBase => self.all_slots(module),
        }
    }

    fn is_shared_table(&self, id: ItemId) -> bool {
        self.program.targets.table(id) == SharedTarget::Shared
    }

    /// Marks what a number in the code of a main may mean: an address or a slot.
    fn number(&mut self, module: usize, number: u32) {
        if number >= FIRST_ADDRESS {
            self.image(module);
        }
        self.slot(number);
    }

    /// Marks a function to which a module refers by its own index.
    fn function(&mut self, id: ItemId) {
        if self.program.targets.imported_function(id).is_some() && !self.live.imports.insert(id) {
            return;
        }
        if let FunctionTarget::Defined(id) = self.program.targets.function(id)
            && self.live.functions.insert(id)
        {
            self.activate(id.module);
            self.unread.push(id);
        }
    }

    /// Marks the tag's module. The tags of a module are not left out one by one.
    fn tag(&mut self, id: ItemId) {
        let tag = self.program.targets.tag(id);
        self.activate(tag.module);
    }

    /// Marks a module, and what initialises it.
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
        if program.has_fixed_segments(module) {
            self.image(module);
            self.all_slots(module);
        }
    }

    /// Marks the data of a module, and what it refers to.
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
            let Effect::Store { value, .. } = effect else { continue };
            match value.provenance {
                Provenance::Slot => self.slot(value.bits),
                Provenance::Data(module) => self.image(module),
                Provenance::Number => {}
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
                    self.initial_value(id);
                }
            }
        }
    }

    /// Marks what an imported global is the address or the slot of.
    fn constant(&mut self, id: ItemId, value: u32) {
        match self.program.targets.imported_global(id).map(|(_, target)| target) {
            Some(ImportTarget::MemoryBase) => self.image(id.module),
            Some(ImportTarget::DataAddress(Some(definition))) => self.image(definition.module),
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
