//! Phase *fuse*: writes the whole program as one module that any engine runs.
//!
//! Calls between modules become calls inside one. The module contains everything that is known
//! before the program runs: the content of the memory with all relocations, and that of the table.
//! Everything else, and the constructors, runs in `_initialize`, or in `_start` before the
//! program's own code.

mod environment;
pub(crate) mod equal;
pub(crate) mod error;
pub(crate) mod exit_hooks;
pub(crate) mod exports;
pub(crate) mod image;
pub(crate) mod liveness;
pub(crate) mod memory;
pub(crate) mod moves;
pub(crate) mod options;
pub(crate) mod preinit;
pub(crate) mod program;
pub(crate) mod scan;
pub(crate) mod startup;
pub(crate) mod symbols;
pub(crate) mod why;
pub(crate) mod writer;

use std::iter;

use wasm_encoder::Encode;
use wasmparser::ExternalKind;

pub use crate::fuse::options::{ComponentExports, FuseOptions};

use crate::fuse::error::FuseError;
use crate::fuse::exit_hooks::{ExitCall, ExitHooks, Terminate, exit};
use crate::fuse::exports::{Command, NewExport, add_new};
use crate::fuse::memory::{check_single, image};
use crate::fuse::moves::Moves;
use crate::fuse::program::{Program, Root};
use crate::fuse::startup::{Startup, is_command};
use crate::fuse::writer::FusedWriter;
use crate::module::custom_sections;
use crate::plan::Plan;
use crate::plan::set::Set;
use crate::plan::synthetic::command::Finish;
use crate::trace::dwarf;
use crate::write::bound::{Bound, BoundModule};
use crate::write::error::{BindError, Invalid, WriteError};
use crate::write::live::Live;
use crate::write::targets::Targets;

impl Plan {
    /// Writes all modules as one: [`Bound::modules`] has a single module. The same plan gives the
    /// same bytes.
    ///
    /// # Errors
    ///
    /// - If a module that is needed keeps a memory of its own.
    /// - If a symbol that the options name does not exist.
    /// - If the program cannot be written as its constructors leave it, and the options ask
    ///   for that.
    /// - If a module is malformed in a way that loading it does not find.
    pub fn fuse(&self, options: &FuseOptions) -> Result<Bound, FuseError> {
        self.with_needed(options, Live::default(), |needed| self.write_needed(options, needed))
    }

    /// Finds what the program needs, and calls a function with that. `live` is empty, except that
    /// it may ask for causes.
    pub(crate) fn with_needed<R>(
        &self,
        options: &FuseOptions,
        live: Live,
        use_it: impl FnOnce(NeededParts<'_>) -> Result<R, FuseError>,
    ) -> Result<R, FuseError> {
        let mut exports = self.new_exports(options)?;
        let is_library = options.component.is_some() && !is_command(options, &exports);
        let command = options.invoke.as_deref().map(|name| self.command(name)).transpose()?;
        let invoked = command.as_ref().map(|c| Root::Item(ExternalKind::Func, c.function));

        // What finishes the program depends on everything else that is needed, so it is left out
        // first.
        let chosen = self.reading_environment_on_demand(options);
        let plan = chosen.ending_with(Finish::NOTHING);
        let targets = Targets::new(&plan);
        let mut program = Program::new(&targets).map_err(|error| self.malformed(&error))?;
        program.fill_table()?;
        // Nothing shows who uses data and functions that a library has at places that are plain
        // numbers, so nothing may move then. What a main has does not move anyway.
        let mut libraries =
            self.set.inputs.iter().enumerate().filter(|(_, input)| !input.is_main());
        let is_fixed = libraries.any(|(module, _)| program.has_fixed_segments(module));
        if !options.keep_all && !is_fixed {
            program.find_symbols();
        }
        if options.changes_code() {
            program.find_inlinable();
        }
        let (live, hooks) = loop {
            let roots = exports.iter().map(|export| export.root).chain(invoked);
            let live = program.mark(live.clone(), roots, options.keep_all);
            let hooks = ExitHooks::find(&program, &live);
            let hooks = if is_library { hooks.of_component_library() } else { hooks };
            let of_hooks = hooks.calls.iter().map(ExitCall::root);
            let terminate = hooks.terminate.iter().flat_map(Terminate::roots);
            let live = program.mark_more(live, of_hooks.chain(terminate));
            if live.misfits.is_empty() {
                break (live, hooks);
            }
            // Their symbols do not fit their code, so their data stays together.
            live.misfits.iter().for_each(|&module| program.symbols[module] = None);
        };
        let ExitHooks { finish, calls, terminate } = hooks;
        // A component has no such export: what it exports ends it.
        let exported = terminate.filter(|_| options.component.is_none());
        add_new(&mut exports, exported.map(|terminate| terminate.export()));

        let plan = chosen.ending_with(finish);
        let targets = Targets::new(&plan);
        let program = program.with_targets(&targets);
        let exit = exit(&program, &live);
        let live = program.mark_more(live, exit);
        if !live.misfits.is_empty() {
            let fault = Invalid::Internal("what ends the program does not fit its symbols");
            return Err(self.malformed(&WriteError::UserError(fault)));
        }
        use_it(NeededParts { program, live, exports, command, exit_calls: calls, terminate })
    }

    /// Writes what the program needs as one module.
    fn write_needed(
        &self,
        options: &FuseOptions,
        needed: NeededParts<'_>,
    ) -> Result<Bound, FuseError> {
        let NeededParts { program, mut live, mut exports, command, exit_calls, terminate } = needed;
        live.uses_stack_pointer |= options.dynamic;
        live.grows_table |= options.dynamic;
        if !options.multi_memory {
            check_single(&program, &live)?;
        }
        let exit_hooks: Vec<_> = exit_calls.iter().map(ExitCall::root).collect();
        let (mut command_calls, mut flush) = (None, None);
        if is_command(options, &exports) {
            command_calls = Some(exit_calls);
        } else if options.component.is_some() {
            flush = exit_calls.first().map(|call| call.function);
        } else {
            add_new(&mut exports, exit_calls.iter().map(ExitCall::export));
        }
        let startup = Startup::new(&program, &live, options, command_calls);
        if startup.command.as_ref().is_some_and(|command| !command.before.is_empty()) {
            self.check_callable(options)?;
        }
        if options.preinit && !startup.initialize.is_empty() {
            let invoked = command.as_ref().map(|c| Root::Item(ExternalKind::Func, c.function));
            let ends = exit_hooks.iter().copied();
            let roots = exports.iter().map(|export| export.root).chain(invoked).chain(ends);
            preinit::check(&program, &live, &options.exports, roots)?;
        }
        let moves = Moves::choose(&program, &live)?;
        let image = image(&program, &live, &moves)?;
        let targets = Targets::new(&moves.plan);
        let program = program.with_targets(&targets);
        let writer = FusedWriter {
            program: &program,
            live: &live,
            moves: &moves,
            options,
            exports: &exports,
            command: command.as_ref(),
            startup: &startup,
            flush,
            terminate: terminate.filter(|_| options.component.is_some()),
        };
        let mut bound = writer.write(&image).map_err(|error| self.malformed(&error))?;
        for module in &mut bound.modules {
            append_custom_sections(&targets, options, module);
        }
        Ok(bound)
    }

    fn malformed(&self, error: &WriteError) -> FuseError {
        BindError::new(&self.set.inputs[self.set.program].module.name, error).into()
    }
}

/// What a program needs, and the parts of it that are decided.
pub(crate) struct NeededParts<'p> {
    pub(crate) program: Program<'p>,
    pub(crate) live: Live,
    exports: Vec<NewExport>,
    /// The command, if the linker writes `_start`.
    command: Option<Command>,
    /// The functions that finish the program.
    exit_calls: Vec<ExitCall>,
    terminate: Option<Terminate>,
}

/// Appends the debug information, the list of modules and the URL of the source map, as far as the
/// options ask for them.
fn append_custom_sections(targets: &Targets<'_>, options: &FuseOptions, module: &mut BoundModule) {
    if options.debug {
        let sections = dwarf::sections(targets, module);
        custom_sections::append(&mut module.bytes, &sections);
    }
    if options.dynamic {
        let linked = linked_section(&targets.plan.set);
        custom_sections::append(&mut module.bytes, &[linked]);
    }
    if let Some(url) = &options.source_map_url {
        let section = custom_sections::source_mapping_url(url);
        custom_sections::append(&mut module.bytes, &[section]);
    }
}

/// Returns the section that lists the modules of a fused program.
fn linked_section(set: &Set) -> (String, Vec<u8>) {
    let program = &set.inputs[set.program];
    let others = set.inputs.iter().enumerate().filter(|(index, _)| *index != set.program);
    let inputs = iter::once(program).chain(others.map(|(_, input)| input).filter(|input| {
        // A library may have the name of a module that the linker has written.
        input.synthetic.is_none()
    }));
    let names = inputs.flat_map(|input| match input.module.internals.linked.as_slice() {
        [] => vec![input.module.name.as_str()],
        names => names.iter().map(String::as_str).collect(),
    });
    let names: Vec<_> = names.collect();
    let mut data = Vec::new();
    names.as_slice().encode(&mut data);
    (custom_sections::LINKED.to_owned(), data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Faults;
    use crate::InputLimits;
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
            let limits = InputLimits::default();
            let trusted = InputModule::load_trusted("program", bytes.clone(), &limits);
            let loaded = [InputModule::load("program", bytes), trusted];
            for program in loaded.into_iter().flatten() {
                let gathered = Set::gather(program, vec![library.clone()], &mut NoLibraries);
                let Ok(plan) = gathered.and_then(Plan::new) else { continue };
                let bound = [plan.bind().ok(), plan.fuse(&FuseOptions::default()).ok()];
                for module in bound.into_iter().flatten().flat_map(|bound| bound.modules) {
                    if valid {
                        prop_assert!(crate::validate("written", &module.bytes).is_ok());
                    }
                    for offset in 0..module.bytes.len() {
                        module.origins(plan.set(), offset);
                    }
                }
            }
        }
    }
}
