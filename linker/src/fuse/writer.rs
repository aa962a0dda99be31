//! Writes the fused module.

use wasm_encoder::{
    BlockType, Catch, ConstExpr, Elements, ExportKind, Function, Instruction, TableType, ValType,
};
use wasmparser::ExternalKind;

use crate::convention::{
    HEAP_BASE, HEAP_END, INITIALIZE, MEMORY, STACK_HIGH, STACK_LOW, STACK_POINTER, START, TABLE,
};
use crate::fuse::equal::equal_functions;
use crate::fuse::exit_hooks::Terminate;
use crate::fuse::exports::{Command, NewExport};
use crate::fuse::image::Image;
use crate::fuse::moves::Moves;
use crate::fuse::options::FuseOptions;
use crate::fuse::program::{Program, Root};
use crate::fuse::startup::{CommandCalls, StartCall, Startup};
use crate::module::custom_sections;
use crate::module::sections::Contents;
use crate::plan::input::InputModule;
use crate::plan::layout::ItemId;
use crate::plan::resolve::{Boundary, ImportTarget};
use crate::plan::set::Definition;
use crate::plan::synthetic::command::FLUSH;
use crate::plan::{Initialiser, Plan};
use crate::types::{ExternType, FuncType};
use crate::write::bind::runs;
use crate::write::bound::{Bound, BoundModule};
use crate::write::emit::{Emitter, Shares};
use crate::write::error::{Invalid, WriteError, WriteResult};
use crate::write::live::Live;
use crate::write::reindex::InitialContent;

/// The name of the function that runs the start of a command, its work, and its end.
const LINKED_START: &str = "start (by the linker)";

/// The type of `_start`.
const START_TYPE: FuncType = FuncType { params: Vec::new(), results: Vec::new() };

/// Pages of 64 KiB that the adapter of a component adds to a memory without `cabi_realloc`: for its
/// stack and its state, and some more for other adapters.
const ADAPTER_PAGES: u64 = 4;

/// Writes the fused module, after everything about it is decided.
pub(crate) struct FusedWriter<'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) live: &'a Live,
    pub(crate) moves: &'a Moves<'a>,
    pub(crate) options: &'a FuseOptions,
    pub(crate) exports: &'a [NewExport],
    /// The command, if the linker writes `_start`.
    pub(crate) command: Option<&'a Command>,
    pub(crate) startup: &'a Startup,
    /// The function that writes buffered output when a function of a component's world returns.
    pub(crate) flush: Option<ItemId>,
    /// What ends a component whose exception nothing has caught.
    pub(crate) terminate: Option<Terminate>,
}

impl FusedWriter<'_> {
    fn plan(&self) -> &Plan {
        self.program.targets.plan
    }

    pub(crate) fn write(&self, image: &Image) -> WriteResult<Bound> {
        let modules = self.modules();
        let custom =
            custom_sections::merge(modules.iter().flat_map(|(_, contents)| &contents.custom));
        let indices: Vec<_> = modules.iter().map(|(module, _)| *module).collect();
        let mut emitter = Emitter::new(self.program.targets, modules, Some(self.live));
        for module in indices {
            emitter.set_constants(module, self.moves.constants(self.program, module));
            if self.options.changes_code() {
                emitter.set_equal(module, equal_functions(self.program, self.live, module));
            }
        }
        emitter.orders_by_calls = self.options.changes_code();
        let inlined = self.program.inlinable.in_order();
        emitter.set_inlined(inlined.filter(|&id| self.live.inlined.contains(id)).collect());
        if self.options.preinit {
            emitter.keep_data();
        }
        if self.options.component.is_some() {
            emitter.sections.more_pages = ADAPTER_PAGES;
        }
        self.define_shared(&mut emitter);
        let shares = self.shares_memory();
        emitter.assign_indices(Shares { memory: shares, table: shares })?;
        emitter.write_definitions(InitialContent::Image)?;
        self.write_elements(&mut emitter)?;
        self.write_data(&mut emitter, image);
        self.write_start_function(&mut emitter)?;
        self.export_items(&mut emitter)?;
        self.export_command(&mut emitter)?;
        self.export_shared(&mut emitter);
        let initialisers = self.export_initialize(&mut emitter)?;
        let Emitter { mut sections, sources, mut origins, .. } = emitter;
        origins.layout = Some(self.plan().layout.clone());
        origins.data = self.moves.data_origins(self.program, self.live);
        let module = self.plan().set.program;
        sections.name.clone_from(&self.plan().set.inputs[module].module.name);
        sections.is_stripped = self.options.strip;
        sections.custom = custom;
        if self.options.strip {
            sections.custom.retain(|(name, _)| custom_sections::is_component_type(name));
        }
        let bytes = sections.finish();
        let fused = BoundModule { module, bytes, imports: sources, origins: Some(origins) };
        Ok(Bound { base: None, modules: vec![fused], slots: None, initialisers })
    }

    /// Returns the modules of which anything is left, in the order in which they are written.
    fn modules(&self) -> Vec<(usize, Contents<'_>)> {
        let order = self.plan().layout.order.iter();
        let active = order.filter(|&module| self.live.active.contains(module));
        active.map(|&module| (module, self.program.contents[module].clone())).collect()
    }

    fn shares_memory(&self) -> bool {
        self.plan().set.inputs.iter().any(InputModule::shares_memory)
    }

    /// Defines the process's memory and table, and its stack pointer if anything uses that.
    fn define_shared(&self, emitter: &mut Emitter<'_>) {
        if self.shares_memory() {
            emitter.sections.memories.memory(self.plan().memory_type());
            emitter.sections.tables.table(self.table_type());
        }
        if self.live.uses_stack_pointer {
            emitter.define_stack_pointer(self.plan().layout.stack_pointer);
        }
    }

    /// Returns the type of the process's table, which can grow only if the program grows it.
    fn table_type(&self) -> TableType {
        let ty = self.plan().table_type();
        TableType { maximum: (!self.live.grows_table).then_some(ty.minimum), ..ty }
    }

    /// Writes the content of the shared table, and declares the functions to which code has
    /// references.
    fn write_elements(&self, emitter: &mut Emitter<'_>) -> WriteResult<()> {
        let mut slots = Vec::new();
        for &slot in &self.live.slots {
            let function = emitter.function(self.program.table[&slot])?;
            slots.push((self.moves.slot(slot), function));
        }
        slots.sort_unstable();
        for (start, run) in runs(slots) {
            let offset = ConstExpr::i32_const(start.cast_signed());
            emitter.sections.elements.active(None, &offset, Elements::Functions(run.into()));
        }
        if !self.live.references.is_empty() {
            let functions = self.live.references.iter().map(|&id| emitter.function(id));
            let functions = functions.collect::<WriteResult<Vec<_>>>()?;
            emitter.sections.elements.declared(Elements::Functions(functions.into()));
        }
        Ok(())
    }

    /// Writes the content of the shared memory.
    fn write_data(&self, emitter: &mut Emitter<'_>, image: &Image) {
        for (address, bytes) in image.segments() {
            let offset = ConstExpr::i32_const(address.cast_signed());
            emitter.sections.data.active(0, &offset, bytes);
        }
        let count = emitter.sections.data.len();
        emitter.sections.data_count = (!self.live.data.is_empty()).then_some(count);
    }

    fn write_start_function(&self, emitter: &mut Emitter<'_>) -> WriteResult<()> {
        let starts = &self.startup.instantiate;
        emitter.sections.start = self.call_all("start functions", starts, emitter)?;
        Ok(())
    }

    fn export_items(&self, emitter: &mut Emitter<'_>) -> WriteResult<()> {
        for NewExport { name, root } in self.exports {
            match *root {
                Root::Address(definition) => {
                    let address = self.plan().data_address(definition);
                    let global = emitter.add_constant(address);
                    emitter.sections.exports.export(name, ExportKind::Global, global);
                }
                Root::Item(kind, id) => {
                    let mut index = emitter.exported(id.module, kind, id.index)?;
                    if name == START
                        && let Some(calls) = &self.startup.command
                    {
                        index = self.start(index, calls, emitter)?;
                    }
                    let mut of_world = self.options.of_world();
                    if let Some((_, of_world)) = of_world.find(|(function, _)| function == name) {
                        index = self.returning(index, *of_world, emitter)?;
                    } else if name == START {
                        index = self.ending(index, &START_TYPE, None, emitter)?;
                    }
                    emitter.sections.exports.export(name, kind.into(), index);
                }
            }
        }
        Ok(())
    }

    /// Returns the index of a function that calls the one at index `function`, a definition of the
    /// world, and then writes buffered output.
    fn returning(
        &self,
        function: u32,
        definition: Definition,
        emitter: &mut Emitter<'_>,
    ) -> WriteResult<u32> {
        let Definition { module, export } = definition;
        match &self.plan().set.inputs[module].module.exports[export].ty {
            ExternType::Func(ty) => self.ending(function, ty, self.flush, emitter),
            _ => Ok(function),
        }
    }

    /// Returns the index of a function that calls the one at index `function`, of this type, and
    /// then `flush`. It ends the program as C++ does if an exception comes out of the call. The
    /// result is `function` itself if there is nothing to do.
    ///
    /// ```text
    /// (block $thrown (result i32)
    ///   (try_table (catch $__cpp_exception $thrown)
    ///     (call $function (local.get 0) …))
    ///   (drop (call $fflush (i32.const 0)))
    ///   (return))
    /// (local.tee $exception)
    /// (call $terminate)
    /// ;; It is an exception of another language.
    /// (throw $__cpp_exception (local.get $exception))
    /// ```
    fn ending(
        &self,
        function: u32,
        ty: &FuncType,
        flush: Option<ItemId>,
        emitter: &mut Emitter<'_>,
    ) -> WriteResult<u32> {
        if self.terminate.is_none() && flush.is_none() {
            return Ok(function);
        }
        let params = ty.params.len() as u32;
        let terminate = match self.terminate {
            None => None,
            Some(Terminate { function, tag }) => {
                let tag = emitter.exported(tag.module, ExternalKind::Tag, tag.index)?;
                Some((emitter.function(function)?, tag))
            }
        };
        let mut body = Function::new(terminate.map(|_| (1, ValType::I32)));
        let mut code = body.instructions();
        if let Some((_, tag)) = terminate {
            let results = wasmparser::FuncType::new([], ty.results.iter().copied());
            let results = emitter.sections.types.function(&results)?;
            code.block(BlockType::Result(ValType::I32));
            code.try_table(BlockType::FunctionType(results), [Catch::One { tag, label: 0 }]);
        }
        for param in 0..params {
            code.local_get(param);
        }
        code.call(function);
        if terminate.is_some() {
            code.end();
        }
        if let Some(flush) = flush {
            // The results stay below the operands of this call.
            code.i32_const(0).call(emitter.function(flush)?).drop();
        }
        if let Some((terminate, tag)) = terminate {
            code.return_().end().local_tee(params).call(terminate);
            code.local_get(params).throw(tag);
        }
        code.end();
        let ty = wasmparser::FuncType::new(ty.params.clone(), ty.results.clone());
        emitter.write_function("return (by the linker)", &ty, body)
    }

    /// Exports a `_start` that calls the function of the command.
    fn export_command(&self, emitter: &mut Emitter<'_>) -> WriteResult<()> {
        let (Some(command), Some(calls)) = (self.command, &self.startup.command) else {
            return Ok(());
        };
        let called = emitter.function(command.function)?;
        let instructions = self.around(called, command.results, calls, emitter)?;
        let index = emitter.add_function(START, body(&instructions))?;
        let index = self.ending(index, &START_TYPE, None, emitter)?;
        emitter.sections.exports.export(START, ExportKind::Func, index);
        Ok(())
    }

    /// Returns whether an export may have this name. A program that keeps a memory of its own may
    /// export items by the names of what is shared: these then take precedence.
    fn is_free(&self, name: &str) -> bool {
        self.exports.iter().all(|export| export.name != name)
    }

    /// Exports the memory, and as far as the options say so the stack pointer and what libraries
    /// need.
    fn export_shared(&self, emitter: &mut Emitter<'_>) {
        if !self.shares_memory() {
            return;
        }
        if self.is_free(MEMORY) {
            emitter.sections.exports.export(MEMORY, ExportKind::Memory, 0);
        }
        let exports_stack_pointer = self.options.stack_pointer || self.options.dynamic;
        if exports_stack_pointer && self.live.uses_stack_pointer && self.is_free(STACK_POINTER) {
            emitter.sections.exports.export(STACK_POINTER, ExportKind::Global, 0);
        }
        if self.options.dynamic {
            self.export_for_libraries(emitter);
        }
    }

    /// Exports what a main exports for the libraries that share its memory.
    fn export_for_libraries(&self, emitter: &mut Emitter<'_>) {
        if self.is_free(TABLE) {
            emitter.sections.exports.export(TABLE, ExportKind::Table, 0);
        }
        let boundaries = [
            (HEAP_BASE, Boundary::HeapBase),
            (HEAP_END, Boundary::HeapEnd),
            (STACK_LOW, Boundary::StackLow),
            (STACK_HIGH, Boundary::StackHigh),
        ];
        for (name, boundary) in boundaries.into_iter().filter(|(name, _)| self.is_free(name)) {
            let value =
                self.plan().constant(self.plan().set.program, ImportTarget::Boundary(boundary));
            debug_assert!(value.is_some(), "the layout has no `{name}`");
            let global = emitter.add_constant(value.unwrap_or_default());
            emitter.sections.exports.export(name, ExportKind::Global, global);
        }
    }

    /// Exports `_initialize` if it has anything to do, and returns its call.
    fn export_initialize(&self, emitter: &mut Emitter<'_>) -> WriteResult<Vec<Initialiser>> {
        let calls = &self.startup.initialize;
        let Some(index) = self.call_all(INITIALIZE, calls, emitter)? else { return Ok(Vec::new()) };
        emitter.sections.exports.export(INITIALIZE, ExportKind::Func, index);
        let (module, name) = (self.plan().set.program, INITIALIZE.to_owned());
        Ok(vec![Initialiser { module, name, argument: None }])
    }

    /// Returns the index of a `_start` that does what happens before and after the one at index
    /// `start`: `start` itself if nothing does.
    fn start(
        &self,
        start: u32,
        calls: &CommandCalls,
        emitter: &mut Emitter<'_>,
    ) -> WriteResult<u32> {
        if calls.before.is_empty() && calls.after.is_empty() {
            return Ok(start);
        }
        let instructions = self.around(start, 0, calls, emitter)?;
        emitter.add_function(LINKED_START, body(&instructions))
    }

    /// Returns the calls of a command: what happens at the start, the function at index `function`,
    /// whose results are dropped, and what finishes the program.
    fn around(
        &self,
        function: u32,
        results: usize,
        calls: &CommandCalls,
        emitter: &Emitter<'_>,
    ) -> WriteResult<Vec<Instruction<'static>>> {
        let mut instructions = self.calls(&calls.before, emitter)?;
        instructions.push(Instruction::Call(function));
        instructions.extend((0..results).map(|_| Instruction::Drop));
        for exit in &calls.after {
            let call = Instruction::Call(emitter.function(exit.function)?);
            match exit.name {
                FLUSH => instructions.extend([Instruction::I32Const(0), call, Instruction::Drop]),
                _ => instructions.push(call),
            }
        }
        Ok(instructions)
    }

    /// Returns the index of a function that makes all these calls in order; `None` if there are
    /// none.
    fn call_all(
        &self,
        name: &str,
        calls: &[StartCall],
        emitter: &mut Emitter<'_>,
    ) -> WriteResult<Option<u32>> {
        match calls {
            [] => Ok(None),
            [StartCall { function, takes_block: false, results: 0 }] => {
                Ok(Some(emitter.function(*function)?))
            }
            several => {
                let instructions = self.calls(several, emitter)?;
                Ok(Some(emitter.add_function(name, body(&instructions))?))
            }
        }
    }

    fn calls(
        &self,
        calls: &[StartCall],
        emitter: &Emitter<'_>,
    ) -> WriteResult<Vec<Instruction<'static>>> {
        let mut instructions = Vec::new();
        for StartCall { function, takes_block, results } in calls {
            if *takes_block {
                let block =
                    self.plan().layout.thread_local_block(&self.plan().set, function.module);
                let missing = Invalid::Internal("a module has no block of thread-local variables");
                let block = block.ok_or(WriteError::UserError(missing))?;
                instructions.push(Instruction::I32Const(block.cast_signed()));
            }
            instructions.push(Instruction::Call(emitter.function(*function)?));
            instructions.extend((0..*results).map(|_| Instruction::Drop));
        }
        Ok(instructions)
    }
}

/// Returns the body of a function without locals.
fn body(instructions: &[Instruction<'_>]) -> Function {
    let mut body = Function::new([]);
    for instruction in instructions {
        body.instruction(instruction);
    }
    body.instruction(&Instruction::End);
    body
}
