//! The plan: every decision that is made before a module is rewritten or runs.

pub(crate) mod check;
pub(crate) mod command_exports;
pub(crate) mod compact;
pub(crate) mod exception_model;
pub(crate) mod gather;
pub(crate) mod graph;
pub(crate) mod hint;
pub(crate) mod host_imports;
pub(crate) mod input;
pub(crate) mod layout;
pub(crate) mod libc_choice;
pub(crate) mod library_source;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod set;
pub(crate) mod symbols;
pub(crate) mod synthetic;
pub(crate) mod system_libraries;
mod versions;
pub(crate) mod warning;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::convention::{ENV, INIT_TLS};
use crate::fault::{Fault, Faults};
use crate::module::stack_checks::StackBounds;
use crate::module::{Import, Module};
use crate::plan::host_imports::DYNAMIC_LINKER;
use crate::plan::input::{InputModule, SyntheticKind};
use crate::plan::layout::{Layout, NO_SLOT, layout, modules_used};
use crate::plan::resolve::{Boundary, ImportTarget, Resolution, resolve};
use crate::plan::set::{Definition, Set};
use crate::plan::synthetic::command::Finish;
use crate::plan::synthetic::{thread_context, unknown_imports};
use crate::types::ExternType;

/// The decisions about a program: the target of every import, and the addresses of everything.
///
/// Its [`Display`](std::fmt::Display) is a report for people. [`Plan::bind`] and [`Plan::fuse`]
/// write the modules accordingly.
///
/// # As JSON
///
/// It serializes as `host plan --json` prints it. Addresses and sizes are in bytes, slots and table
/// sizes in elements; what does not apply is null. Fields may be added.
///
/// ```text
/// {
///   "modules": [                        in the order of instantiation
///     {
///       "name", "kind",                 kinds as in `Kind`: "shared-library", "main", …
///       "replaced_by",                  the file given for this system library, if one was
///       "memory_base", "memory_size",   where its data begins
///       "table_base", "table_size",     where its part of the table begins
///       "imports": [
///         {
///           "module", "name", "type",
///           "definer",                  the module that defines it
///           "value",                    the address or slot that it becomes
///           "slot"                      through which a function of a later module is called
///         }
///       ]
///     }
///   ],
///   "memory": { "pages", "stack_low", "stack_high", "heap_base" },    pages of 64 KiB
///   "table": { "size", "slots": [ { "slot", "module", "name" } ] },
///   "initialisers": [ { "module", "name" } ],                         in the order of the calls
///   "warnings": [ … ]                                                 as in `Warning`
/// }
/// ```
///
/// A program that cannot be linked is `{ "faults": [ … ] }` instead, as in [`Fault`].
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) set: Set,
    pub(crate) resolution: Resolution,
    pub(crate) layout: Layout,
}

const PLAIN_IN_A_CYCLE: &str = "keeps a memory of its own and is in a cycle with modules that \
                                import from it; break the cycle, or build it as a shared library";
const PLAIN_OF_ITSELF: &str = "keeps a memory of its own and imports a symbol that it exports \
                               itself; rename one of \
                               them, or build it as a shared library";
const ITEM_IN_A_CYCLE: &str = "imports a tag or a mutable global from a module with which it is in \
                               a cycle; define that in a module of its own";

impl Plan {
    /// Resolves the imports of a set and lays its modules out.
    ///
    /// # Errors
    ///
    /// Every symbol that is undefined or has another type, every module that cannot be linked; or
    /// that the program would be too large.
    pub fn new(mut set: Set) -> Result<Self, Faults> {
        set.inputs.iter_mut().for_each(command_exports::unwrap);
        set.inputs.iter_mut().for_each(InputModule::export_initialiser);
        // A set that was planned before has it already.
        if !set.inputs.iter().any(|input| input.synthetic == Some(SyntheticKind::ThreadContext)) {
            set.inputs.extend(thread_context::module(&set, |_| true));
        }
        if set.unknown_imports_trap {
            let unknown = resolve::unknown_functions(&set, |_| true);
            let is_shared = set.inputs.iter().any(InputModule::shares_memory);
            set.inputs.extend(unknown_imports::module(&unknown, is_shared));
        }
        let resolution = resolve(&set)?;
        let layout = layout(&set, &resolution)?;
        let plan = Plan { set, resolution, layout };
        plan.check_order()?;
        Ok(plan)
    }

    /// Checks that items which cannot be called through the table exist before the modules that
    /// import them: tags, and all imports of modules that keep a memory of their own, which are not
    /// rewritten.
    pub(crate) fn check_order(&self) -> Result<(), Faults> {
        let late = |module: usize, input: &InputModule| {
            let targets = self.resolution[module].iter();
            let mut late = targets.filter(|target| self.is_late(module, **target));
            if input.shares_memory() {
                let is_item = |target: &ImportTarget| matches!(target, ImportTarget::Item(_));
                late.any(is_item).then_some(ITEM_IN_A_CYCLE)
            } else if self.imports_from_itself(module) {
                Some(PLAIN_OF_ITSELF)
            } else {
                late.next().map(|_| PLAIN_IN_A_CYCLE)
            }
        };
        let inputs = self.set.inputs.iter().enumerate();
        let faults = inputs.filter_map(|(module, input)| {
            let message = late(module, input)?;
            Some(Fault::Unsupported { module: input.module.name.clone(), message })
        });
        faults.collect::<Faults>().into_result()
    }

    fn imports_from_itself(&self, module: usize) -> bool {
        let mut definitions = self.resolution[module].iter().filter_map(|m| m.definition());
        definitions.any(|definition| definition.module == module)
    }

    /// Returns the modules, in the order in which symbols are looked up.
    pub fn set(&self) -> &Set {
        &self.set
    }

    /// Returns the module whose exports are called.
    pub fn main(&self) -> &Module {
        &self.set.inputs[self.set.program].module
    }

    /// Returns the index in the set of the module that defines a symbol of the process, if one
    /// does.
    pub fn definer(&self, symbol: &str) -> Option<usize> {
        self.definition(symbol).map(|definition| definition.module)
    }

    /// Returns the address in bytes of a data symbol in the process's memory, or the table slot of
    /// a function that has one.
    pub fn address(&self, symbol: &str) -> Option<u32> {
        self.address_in(&self.layout, symbol)
    }

    /// Returns the address or slot of a symbol like [`Plan::address`], in another layout. Returns
    /// `None` also for a symbol of which nothing is left there.
    pub(crate) fn address_in(&self, layout: &Layout, symbol: &str) -> Option<u32> {
        let definition = self.definition(symbol)?;
        let input = &self.set.inputs[definition.module];
        match input.module.exports[definition.export].ty {
            ExternType::Func(_) => {
                let slot = layout.slots.get(&self.set.item(definition))?;
                Some(slot.index).filter(|index| *index != NO_SLOT)
            }
            _ => {
                // An item that is no data symbol has the address of its module's data.
                let relative = input.address(definition.export).unwrap_or(0);
                layout.place(definition.module, relative)
            }
        }
    }

    /// Returns the size in bytes of the stack in linear memory; `None` if no module shares that
    /// memory.
    pub fn stack_size(&self) -> Option<u32> {
        let Layout { stack_low, stack_high, .. } = &self.layout;
        let is_shared = self.set.inputs.iter().any(InputModule::shares_memory);
        is_shared.then_some(stack_high.saturating_sub(*stack_low))
    }

    /// Returns the main that brings its own stack, if there is one. The size of the stack is then
    /// fixed in that module.
    pub fn stack_owner(&self) -> Option<&Module> {
        self.set.inputs.iter().find(|input| input.lends_stack()).map(|main| &*main.module)
    }

    /// Returns the first definition of a symbol of the process.
    pub(crate) fn definition(&self, symbol: &str) -> Option<Definition> {
        self.each_definition(symbol).next()
    }

    /// Returns all definitions of a symbol of the process, in the order of lookup.
    pub fn definitions(&self, symbol: &str) -> Vec<Definition> {
        self.each_definition(symbol).collect()
    }

    fn each_definition(&self, symbol: &str) -> impl Iterator<Item = Definition> {
        let inputs = self.set.inputs.iter().enumerate();
        let process = inputs.filter(|(_, input)| input.linked_as == ENV);
        process.filter_map(move |(module, input)| {
            input.definition(symbol).map(|export| Definition { module, export })
        })
    }

    /// Returns whether the program can open libraries while it runs.
    pub fn opens_libraries(&self) -> bool {
        self.host_functions().any(|import| import.module == DYNAMIC_LINKER)
    }

    /// Returns the functions that modules import from the host, those of WASI included. A function
    /// that several modules import is repeated.
    pub fn host_functions(&self) -> impl Iterator<Item = &Import> {
        let modules = self.set.inputs.iter().zip(&self.resolution);
        let imports = modules
            .flat_map(|(input, import_targets)| input.module.imports.iter().zip(import_targets));
        imports.filter(|(_, target)| **target == ImportTarget::Host).map(|(import, _)| import)
    }

    /// Returns the functions to call after all modules are instantiated, as
    /// [`Bound::initialisers`](crate::Bound::initialisers) describes them.
    pub(crate) fn initialisers(&self) -> Vec<Initialiser> {
        let mut calls = Vec::new();
        let module_of = |module: usize| &*self.set.inputs[module].module;
        let call = |module: usize, name: &str| {
            let argument = self.layout.thread_local_block(&self.set, module);
            let argument = argument.filter(|_| name == INIT_TLS);
            Initialiser { module, name: name.to_owned(), argument }
        };
        for &module in &self.layout.order {
            calls.extend(check::init_memory(module_of(module)).map(|name| call(module, name)));
            let block = module_of(module).internals.thread_local.as_ref();
            let initialiser = block.and_then(|block| block.initialiser.as_ref());
            calls.extend(initialiser.map(|initialiser| call(module, initialiser.name)));
            calls.extend(check::relocations(module_of(module)).map(|name| call(module, name)));
        }
        // The program comes last, as under a loader that has opened its libraries before.
        let program = self.set.program;
        for module in graph::dependencies_first_but(&self.dependencies(), program) {
            calls.extend(check::constructors(module_of(module)).map(|name| call(module, name)));
        }
        calls
    }

    /// Returns for each module the modules that it depends on: those that define a symbol it uses,
    /// and those it lists as needed. A symbol that it defines too, such as an inline function of
    /// C++, makes no dependency: it would work without the other module.
    fn dependencies(&self) -> Vec<Vec<usize>> {
        let names = self.set.library_names();
        let module_of = |target: ImportTarget| target.definition().map(|it| it.module);
        let of = |(module, input): (usize, &InputModule)| {
            let mut all = modules_used(&self.set, &self.resolution, module, module_of);
            let files = input.module.dylink.iter().flat_map(|dylink| &dylink.needed);
            let needed = files.filter_map(|name| names.needed(name, input));
            all.extend(needed.filter(|&other| other != module));
            all.into_iter().collect()
        };
        self.set.inputs.iter().enumerate().map(of).collect()
    }

    /// Returns the address of a data symbol, in bytes.
    pub(crate) fn data_address(&self, definition: Definition) -> u32 {
        let relative = self.set.inputs[definition.module].address(definition.export);
        debug_assert!(relative.is_some(), "a global without a known value is no data symbol");
        self.layout.address(definition.module, relative.unwrap_or_default())
    }

    /// Returns the bounds of the process's stack, if a module uses it.
    pub(crate) fn stack(&self, module: usize) -> Option<StackBounds> {
        let Layout { stack_high: high, stack_low: low, .. } = self.layout;
        self.set.inputs[module].shares_memory().then_some(StackBounds { high, low })
    }

    /// Returns the value of an import, an address in bytes or a table slot; `None` for an import
    /// that is no such value.
    pub(crate) fn constant(&self, module: usize, target: ImportTarget) -> Option<u32> {
        let layout = &self.layout;
        let placement = layout.placements[module];
        match target {
            ImportTarget::MemoryBase => Some(placement.memory_base),
            ImportTarget::TableBase => Some(placement.table_base),
            ImportTarget::Boundary(Boundary::HeapBase) => Some(layout.heap_base),
            // The end of 4 GiB wraps to 0.
            ImportTarget::Boundary(Boundary::HeapEnd) => {
                Some((layout.pages * crate::convention::PAGE) as u32)
            }
            ImportTarget::Boundary(Boundary::StackLow) => Some(layout.stack_low),
            ImportTarget::Boundary(Boundary::StackHigh) => Some(layout.stack_high),
            ImportTarget::FunctionAddress(None) | ImportTarget::DataAddress(None) => Some(0),
            ImportTarget::FunctionAddress(Some(definition)) => {
                let slot = layout.slots.get(&self.set.item(definition));
                debug_assert!(slot.is_some(), "a function whose address is taken has a slot");
                slot.map(|slot| slot.index)
            }
            ImportTarget::DataAddress(Some(definition)) => Some(self.data_address(definition)),
            _ => None,
        }
    }
}

impl ImportTarget {
    pub(crate) fn definition(self) -> Option<Definition> {
        match self {
            ImportTarget::Function(definition) | ImportTarget::Item(definition) => Some(definition),
            ImportTarget::FunctionAddress(definition) | ImportTarget::DataAddress(definition) => {
                definition
            }
            _ => None,
        }
    }
}

impl Plan {
    /// Returns the slot through which a module calls a function of a module that is instantiated
    /// after it.
    pub(crate) fn late_slot(&self, module: usize, target: ImportTarget) -> Option<u32> {
        let definition = target.definition().filter(|_| self.is_late(module, target))?;
        self.layout.slots.get(&self.set.item(definition)).map(|slot| slot.index)
    }

    /// Returns whether an import's target is in a module that is instantiated after the importing
    /// one.
    pub(crate) fn is_late(&self, module: usize, target: ImportTarget) -> bool {
        let (ImportTarget::Function(definition) | ImportTarget::Item(definition)) = target else {
            return false;
        };
        let position = &self.layout.positions;
        position[definition.module] > position[module]
    }
}

impl Plan {
    /// Returns the index in the set of the module whose `_start` runs the program, if it is a
    /// command.
    pub fn start(&self) -> Option<usize> {
        self.set.start().map(|start| start.module)
    }

    /// Returns the plan of the same program, in which only `finish` happens before `proc_exit`.
    pub(crate) fn ending_with(&self, finish: Finish) -> Cow<'_, Self> {
        let Some(exit) = self.set.exit() else { return Cow::Borrowed(self) };
        let mut plan = self.clone();
        let module = &self.set.inputs[exit.module].module;
        let export = module.exports.iter().position(|e| Some(e.name.as_str()) == finish.export());
        let target = match export {
            Some(export) => ImportTarget::Function(Definition { export, ..exit }),
            None => ImportTarget::Host,
        };
        let all = plan.resolution.iter_mut().flatten();
        all.filter(|target| **target == ImportTarget::Function(exit)).for_each(|m| *m = target);
        Cow::Owned(plan)
    }
}

/// A function that initializes a module: it applies relocations, runs constructors, or prepares
/// thread-local variables. A result that it has means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialiser {
    /// The index of the module in the set.
    pub module: usize,
    /// The name under which it exports the function.
    pub name: String,
    /// The argument of the function, if it takes one: the address of the block of the module's
    /// thread-local variables.
    pub argument: Option<u32>,
}
