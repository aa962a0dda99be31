//! The exports of a fused program.

use wasmparser::ExternalKind;

use crate::convention::{INITIALIZE, MEMORY, START, is_private};
use crate::fuse::error::FuseError;
use crate::fuse::options::FuseOptions;
use crate::fuse::program::Root;
use crate::hash::HashSet;
use crate::module::{Export, Module};
use crate::plan::layout::ItemId;
use crate::plan::set::Definition;
use crate::plan::{Initialiser, Plan};
use crate::types::{ExternType, FuncType};

/// An export of the fused program.
pub(crate) struct NewExport {
    pub(crate) name: String,
    pub(crate) root: Root,
}

/// A function that is all that a program does.
pub(crate) struct Command {
    pub(crate) function: ItemId,
    /// The number of its results.
    pub(crate) results: usize,
}

/// Adds the exports whose names are new.
pub(crate) fn add_new(exports: &mut Vec<NewExport>, more: impl IntoIterator<Item = NewExport>) {
    for export in more {
        if exports.iter().all(|known| known.name != export.name) {
            exports.push(export);
        }
    }
}

impl Plan {
    /// Returns what the program exports, and the symbols that the options name.
    ///
    /// # Errors
    ///
    /// If no module defines one of these symbols.
    pub(crate) fn new_exports(&self, options: &FuseOptions) -> Result<Vec<NewExport>, FuseError> {
        let mut exports = self.main_exports(options);
        if options.component.is_some() {
            // A module that shares no memory exports its own.
            exports.retain(|export| [START, MEMORY].contains(&export.name.as_str()));
        }
        exports.extend(self.start_of_another_module(options));
        for (name, Definition { module, export }) in options.of_component() {
            add_new(&mut exports, self.new_export(name, *module, *export));
        }
        self.add_named(options, &mut exports)?;
        if options.dynamic {
            self.add_symbols(&mut exports);
        }
        Ok(exports)
    }

    /// Returns the exports of the main module that the program has too.
    fn main_exports(&self, options: &FuseOptions) -> Vec<NewExport> {
        let program = self.set.program;
        let input = &self.set.inputs[program];
        let own = match (&options.invoke, self.set.start()) {
            (Some(_), _) => &[][..],
            // The other functions of a command cannot be called without what its `_start` does
            // before.
            (None, Some(start)) if start.module != program && !options.has_separate_start() => &[],
            _ => input.module.exports.as_slice(),
        };
        let mut exports = Vec::new();
        for (index, export) in own.iter().enumerate() {
            let is_hidden =
                export.name == INITIALIZE || input.shares_memory() && is_private(&export.name);
            if (!is_hidden || export.name == START) && !self.is_run_ahead(options, &export.name) {
                exports.extend(self.new_export(&export.name, program, index));
            }
        }
        exports
    }

    /// Returns whether an export of the main module is an initialiser that runs before the program
    /// is written. If it was exported, its finder would call it a second time.
    fn is_run_ahead(&self, options: &FuseOptions, name: &str) -> bool {
        let is_it = |call: &Initialiser| call.module == self.set.program && call.name == name;
        options.preinit && self.initialisers().iter().any(is_it)
    }

    /// Returns the export of `_start` if a module other than the main module defines it.
    fn start_of_another_module(&self, options: &FuseOptions) -> Option<NewExport> {
        let start = self.set.start()?;
        let is_exported = start.module != self.set.program && options.invoke.is_none();
        is_exported.then(|| self.new_export(START, start.module, start.export)).flatten()
    }

    /// Adds the symbols that the options name.
    fn add_named(
        &self,
        options: &FuseOptions,
        exports: &mut Vec<NewExport>,
    ) -> Result<(), FuseError> {
        let mut unknown = Vec::new();
        for symbol in &options.exports {
            let Some(Definition { module, export }) = self.definition(symbol) else {
                unknown.push(symbol.clone());
                continue;
            };
            let is_run_ahead = module == self.set.program && self.is_run_ahead(options, symbol);
            if !is_run_ahead && !options.writes(symbol) {
                add_new(exports, self.new_export(symbol, module, export));
            }
        }
        if !unknown.is_empty() {
            return Err(FuseError::UnknownExports { symbols: unknown });
        }
        Ok(())
    }

    /// Checks that the functions which the options name can be called in a command that runs
    /// constructors at its start. Those of system libraries need none: hosts call them when a
    /// program ends.
    ///
    /// # Errors
    ///
    /// If one cannot be called.
    pub(crate) fn check_callable(&self, options: &FuseOptions) -> Result<(), FuseError> {
        let needs_start = |symbol: &&String| {
            self.definition(symbol).is_some_and(|Definition { module, export }| {
                let input = &self.set.inputs[module];
                let is_function = matches!(input.module.exports[export].ty, ExternType::Func(_));
                is_function && !input.is_system() && *symbol != START
            })
        };
        let of_world = options.of_world().map(|(name, _)| name);
        let functions = options.exports.iter().filter(needs_start).chain(of_world);
        let functions: Vec<_> = functions.cloned().collect();
        if functions.is_empty() { Ok(()) } else { Err(FuseError::CommandExports { functions }) }
    }

    /// Returns the command that calls an export of the main module.
    ///
    /// # Errors
    ///
    /// If the main module is a command already, or the export cannot be called without arguments.
    pub(crate) fn command(&self, name: &str) -> Result<Command, FuseError> {
        let module = &self.set.inputs[self.set.program].module;
        if module.export(START).is_some() {
            return Err(FuseError::IsCommand { module: module.name.clone() });
        }
        let Some(Export { index, ty: ExternType::Func(ty), .. }) = module.export(name) else {
            return Err(FuseError::NoFunction {
                module: module.name.clone(),
                function: name.to_owned(),
                functions: callable_functions(module),
            });
        };
        if !ty.params.is_empty() {
            let ty = FuncType::clone(ty);
            return Err(FuseError::Parameters { function: name.to_owned(), ty });
        }
        let function = ItemId { module: self.set.program, index: *index };
        Ok(Command { function, results: ty.results.len() })
    }

    /// Adds all symbols of the process, each by the definition that symbol lookup finds.
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

    /// Returns an export of the symbol `name`.
    pub(crate) fn symbol_export(&self, name: &str) -> Option<NewExport> {
        let Definition { module, export } = self.definition(name)?;
        self.new_export(name, module, export)
    }

    /// Returns an export of an item; `None` for an item that modules that share memory export only
    /// for each other.
    fn new_export(&self, name: &str, module: usize, export: usize) -> Option<NewExport> {
        let input = &self.set.inputs[module];
        let item = &input.module.exports[export];
        let kind = external_kind(&item.ty);
        let root = match kind {
            ExternalKind::Func | ExternalKind::Tag => {
                Root::Item(kind, ItemId { module, index: item.index })
            }
            _ if !input.shares_memory() => Root::Item(kind, ItemId { module, index: item.index }),
            ExternalKind::Global if input.offers(export) && input.address(export).is_none() => {
                Root::Item(kind, ItemId { module, index: item.index })
            }
            ExternalKind::Global if input.offers(export) => {
                Root::Address(Definition { module, export })
            }
            _ => return None,
        };
        Some(NewExport { name: name.to_owned(), root })
    }
}

fn external_kind(ty: &ExternType) -> ExternalKind {
    match ty {
        ExternType::Func(_) => ExternalKind::Func,
        ExternType::Tag(_) => ExternalKind::Tag,
        ExternType::Global(_) => ExternalKind::Global,
        ExternType::Memory(_) => ExternalKind::Memory,
        ExternType::Table(_) => ExternalKind::Table,
    }
}

/// Returns the names of the functions of a module that can be called without arguments.
fn callable_functions(module: &Module) -> Vec<String> {
    let is_callable = |export: &&Export| {
        let takes_nothing = matches!(&export.ty, ExternType::Func(ty) if ty.params.is_empty());
        takes_nothing && !is_private(&export.name)
    };
    module.exports.iter().filter(is_callable).map(|export| export.name.clone()).collect()
}
