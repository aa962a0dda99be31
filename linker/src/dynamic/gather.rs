//! Phase *load* of an opening: the modules whose symbols a library that is opened can use.
//!
//! They are those of the running program that all modules see, the library, the libraries that it
//! needs, and system libraries that define a symbol which is still undefined.

use std::collections::{BTreeMap, BTreeSet};

use crate::c_library::CLibrary;
use crate::convention::ENV;
use crate::dynamic::module_id::ModuleId;
use crate::dynamic::running::{LoadedModule, Running};
use crate::fault::{Fault, Faults};
use crate::hash::HashMap;
use crate::limits::InputLimits;
use crate::module::Kind;
use crate::names::module_name;
use crate::plan::exception_model::{self, ExceptionModel};
use crate::plan::input::InputModule;
use crate::plan::libc_choice;
use crate::plan::library_source::{LibrarySource, SystemLibraries};
use crate::plan::set::LibraryNames;
use crate::plan::synthetic::invoke::{self, Tags};
use crate::plan::synthetic::{asyncify, runtime_hooks};
use crate::plan::system_libraries;

const NO_LIBRARY: &str = "is no shared library, and only such can join a program that runs: \
                          build it as one (C and C++: `-fPIC`, `-sSIDE_MODULE`; Rust: \
                          `#![no_std]`)";
const MAIN: &str = "is a main, whose data lies at fixed addresses: it cannot join a program that \
                    runs; build it as a shared library (C and C++: `-fPIC`, `-sSIDE_MODULE`; \
                    Rust: `#![no_std]`)";

/// The modules of an opening, in the order in which symbols are looked up.
pub(crate) struct Gathered {
    pub(crate) inputs: Vec<InputModule>,
    /// For each module its id, if it already runs.
    pub(crate) ids: Vec<Option<ModuleId>>,
    /// For each module the libraries that it lists as needed.
    pub(crate) needed: BTreeMap<usize, Vec<usize>>,
    /// The library that is opened.
    pub(crate) library: usize,
}

/// Gathers the modules for a library that is opened.
///
/// # Errors
///
/// Every library that is not found or cannot join.
pub(crate) fn gather(
    running: &Running,
    input: InputModule,
    source: &mut dyn LibrarySource,
) -> Result<Gathered, Faults> {
    let mut gathering = Gathering::new(running, source.limits());
    let library = gathering.add(input, None);
    gathering.join(library, source)?;
    gathering.check_c_library();
    gathering.join_system(source)?;
    let faults = std::mem::take(&mut gathering.faults);
    faults.into_iter().collect::<Faults>().into_result()?;
    Ok(gathering.in_lookup_order(library))
}

/// The modules so far, in the order in which they were found.
struct Gathering<'r> {
    running: &'r Running,
    inputs: Vec<InputModule>,
    ids: Vec<Option<ModuleId>>,
    /// The indices of modules that already run.
    known: HashMap<ModuleId, usize>,
    /// The indices of new modules, by the library names that they answer to.
    names: HashMap<String, usize>,
    /// The modules that run by library name, from the first time that one is needed.
    running_names: Option<LibraryNames<'r, ModuleId>>,
    system: SystemLibraries,
    limits: InputLimits,
    /// The number of symbols of all modules.
    symbols: usize,
    needed: BTreeMap<usize, Vec<usize>>,
    faults: Vec<Fault>,
}

impl<'r> Gathering<'r> {
    /// Begins with the modules whose symbols all modules see.
    fn new(running: &'r Running, limits: InputLimits) -> Self {
        let mut gathering = Gathering {
            running,
            inputs: Vec::new(),
            ids: Vec::new(),
            known: HashMap::default(),
            names: HashMap::default(),
            running_names: None,
            system: SystemLibraries::default(),
            limits,
            symbols: 0,
            needed: BTreeMap::new(),
            faults: Vec::new(),
        };
        for &id in &running.global {
            gathering.add_running(id);
        }
        gathering
    }

    /// Sorts the modules: first those that all modules see, then system libraries, then the rest.
    ///
    /// So a system library, which stays, never uses a symbol of a library that may leave before it.
    fn in_lookup_order(self, library: usize) -> Gathered {
        let global: BTreeSet<_> = self.running.global.iter().copied().collect();
        let is_global = |index: usize| self.ids[index].is_some_and(|id| global.contains(&id));
        let mut order: Vec<_> = (0..self.inputs.len()).collect();
        order.sort_by_key(|&index| (!is_global(index), !self.inputs[index].is_system()));
        let mut new_index = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            new_index[old] = new;
        }
        let needed = self.needed.into_iter().map(|(module, needed)| {
            (new_index[module], needed.into_iter().map(|other| new_index[other]).collect())
        });
        Gathered {
            inputs: order.iter().map(|&old| self.inputs[old].clone()).collect(),
            ids: order.iter().map(|&old| self.ids[old]).collect(),
            needed: needed.collect(),
            library: new_index[library],
        }
    }

    /// Adds a module, with its id if it already runs, and returns its index.
    fn add(&mut self, mut input: InputModule, id: Option<ModuleId>) -> usize {
        input.tell_from_system();
        let index = self.inputs.len();
        match id {
            Some(id) => {
                self.known.insert(id, index);
            }
            None => {
                self.faults.extend(check_kind(&input));
                self.names.entry(input.library_name().to_owned()).or_insert(index);
            }
        }
        self.symbols += input.module.symbol_count();
        self.inputs.push(input);
        self.ids.push(id);
        index
    }

    /// Adds a module that already runs, unless it is there, and returns its index.
    fn add_running(&mut self, id: ModuleId) -> Option<usize> {
        if let Some(&index) = self.known.get(&id) {
            return Some(index);
        }
        let input = self.running.input(id)?.clone();
        Some(self.add(input, Some(id)))
    }

    /// Adds the libraries that the modules from `first` on need, breadth first.
    ///
    /// # Errors
    ///
    /// When there are too many symbols: then nothing more is read.
    fn join(&mut self, first: usize, source: &mut dyn LibrarySource) -> Result<(), Fault> {
        let mut at = first;
        while at < self.inputs.len() {
            self.limits.check_all_symbols(self.symbols)?;
            let needed = match self.ids[at] {
                Some(id) => self.join_needed_by_running(id),
                None => self.join_needed(at, source),
            };
            self.needed.insert(at, needed);
            at += 1;
        }
        Ok(())
    }

    /// Adds the libraries that a module which already runs needs: they run too.
    fn join_needed_by_running(&mut self, id: ModuleId) -> Vec<usize> {
        let loaded = self.running.get(id);
        debug_assert!(loaded.is_some(), "a module that was added runs");
        let needed = loaded.into_iter().flat_map(|loaded| &loaded.needed);
        needed.filter_map(|&id| self.add_running(id)).collect()
    }

    /// Adds the libraries that a new module needs.
    fn join_needed(&mut self, module: usize, source: &mut dyn LibrarySource) -> Vec<usize> {
        let by = self.inputs[module].clone();
        let files = by.module.dylink.iter().flat_map(|dylink| &dylink.needed);
        let needed = files.filter_map(|file| self.join_file(file, &by, source));
        let mut needed: Vec<_> = needed.collect();
        needed.extend(self.join_parts(&by, source));
        needed
    }

    /// Adds the parts of a libc++, as far as there are such files.
    fn join_parts(&mut self, libcxx: &InputModule, source: &mut dyn LibrarySource) -> Vec<usize> {
        let parts = system_libraries::parts_of(libcxx.system);
        let is_there = |part: &&'static str| {
            self.running.system(part).is_some() || self.system.get(part, source).is_some()
        };
        let there: Vec<_> = parts.filter(is_there).collect();
        there.into_iter().filter_map(|part| self.join_file(part, libcxx, source)).collect()
    }

    /// Adds the library that a `needed` entry of the module `by` means, and returns its index.
    fn join_file(
        &mut self,
        file: &str,
        by: &InputModule,
        source: &mut dyn LibrarySource,
    ) -> Option<usize> {
        let names = self.running_names.get_or_insert_with(|| self.running.library_names());
        let needs_system = by.needs_system(file);
        let running_system = names.system(file);
        let running = if needs_system { running_system } else { names.library(file) };
        if let Some(id) = running {
            return self.add_running(id);
        }
        let new = if needs_system { self.new_system(file) } else { self.new_library(file) };
        if new.is_some() {
            return new;
        }
        let found = if needs_system {
            self.system.needed(file, by, source).map(Some)
        } else {
            self.system.or_needed(file, by, source)
        };
        match found {
            Ok(Some(input)) => self.add_file(input),
            Ok(None) | Err(Fault::LibraryNotFound { .. }) if running_system.is_some() => {
                running_system.and_then(|id| self.add_running(id))
            }
            // A system library joins only when one of its symbols is wanted.
            Ok(None) => None,
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// Adds a library, or the module that already runs if it is of the same file.
    fn add_file(&mut self, input: InputModule) -> Option<usize> {
        match input.file.as_deref().and_then(|file| self.running.of_file(file)) {
            Some(id) => self.add_running(id),
            None => Some(self.add(input, None)),
        }
    }

    /// Returns the new library of a name.
    fn new_library(&self, name: &str) -> Option<usize> {
        self.names.get(module_name(name)).copied()
    }

    /// Returns the new system library of a name.
    fn new_system(&self, name: &str) -> Option<usize> {
        let is_it = |input: &InputModule| {
            input.system.is_some_and(|it| system_libraries::is_called(it, name))
        };
        self.inputs.iter().position(is_it)
    }

    /// Returns the modules that do not run yet.
    fn new_modules(&self) -> impl Iterator<Item = &InputModule> + Clone {
        self.inputs.iter().zip(&self.ids).filter(|(_, id)| id.is_none()).map(|(input, _)| input)
    }

    /// Returns the symbols that a new module imports and no module defines, and those that the
    /// linker's own definitions of such symbols import.
    fn wanted(&self) -> BTreeSet<String> {
        let process: Vec<_> = self.inputs.iter().filter(|input| input.linked_as == ENV).collect();
        let is_defined = |name: &str| process.iter().any(|o| o.definition(name).is_some());
        let symbols = self.new_modules().flat_map(InputModule::wanted_symbols);
        let undefined = symbols.filter(|name| !is_defined(name));
        let mut wanted: BTreeSet<_> = undefined.map(str::to_owned).collect();
        let implied = invoke::implied(wanted.iter());
        wanted.extend(implied.into_iter().filter(|name| !is_defined(name)));
        wanted
    }

    /// Adds the system libraries that define a wanted symbol, and the linker's own definitions.
    ///
    /// A system library stays, whatever it was opened for: other modules may hold what they got
    /// from it.
    fn join_system(&mut self, source: &mut dyn LibrarySource) -> Result<(), Fault> {
        self.join_running_system(source)?;
        if self.wanted().is_empty() {
            return Ok(());
        }
        self.join_new_system(source)?;
        self.join_synthetic();
        Ok(())
    }

    fn join_running_system(&mut self, source: &mut dyn LibrarySource) -> Result<(), Fault> {
        let is_system = |(_, loaded): &(ModuleId, &LoadedModule)| loaded.input.is_system();
        for (id, loaded) in self.running.all().filter(is_system) {
            if defines(&loaded.input, &self.wanted())
                && let Some(index) = self.add_running(id)
            {
                self.join(index, source)?;
            }
        }
        Ok(())
    }

    fn join_new_system(&mut self, source: &mut dyn LibrarySource) -> Result<(), Fault> {
        let mut candidates = Vec::new();
        let model = self.exception_model();
        for file in libc_choice::libraries(self.c_library(), model) {
            let is_there = self.running.system(file).is_some() || self.new_system(file).is_some();
            if !is_there {
                candidates.extend(self.system.get(file, source));
            }
        }
        loop {
            let wanted = self.wanted();
            let defines_one = |input: &InputModule| defines(input, &wanted);
            let Some(at) = candidates.iter().position(defines_one) else { return Ok(()) };
            let mut input = candidates.remove(at);
            input.is_on_demand = true;
            let index = self.add(input, None);
            self.join(index, source)?;
        }
    }

    /// Checks that the new code is compiled for the C library of the running program, if it tells.
    fn check_c_library(&mut self) {
        if self.new_modules().any(libc_choice::is_certain) {
            let mut faults = Vec::new();
            libc_choice::of(self.all_modules(), &mut faults);
            self.faults.extend(faults);
        }
    }

    /// Returns the C library of the program.
    fn c_library(&self) -> CLibrary {
        // Modules for different ones are a fault already.
        let chosen = libc_choice::of(self.all_modules(), &mut Vec::new());
        chosen.map_or(CLibrary::Emscripten, |chosen| chosen.library)
    }

    /// Returns all modules that run, and then the new ones.
    fn all_modules(&self) -> impl Iterator<Item = &InputModule> {
        self.running.all().map(|(_, loaded)| &loaded.input).chain(self.new_modules())
    }

    /// Returns the exception model of the new code. It is that of the running libc++, if there is
    /// one; code that asks for another is a fault.
    fn exception_model(&mut self) -> Option<ExceptionModel> {
        let mut faults = Vec::new();
        let asked = exception_model::of(self.new_modules(), &mut faults);
        let runs = |file: &str| self.running.system(file).is_some();
        let running = exception_model::all().find(|(file, _)| runs(file));
        if let (Some((model, module)), Some((file, running))) = (asked, running)
            && running != Some(model)
        {
            faults.push(Fault::OtherExceptions {
                module: module.module.name.clone(),
                flag: model.flag,
                library: module_name(file).to_owned(),
            });
        }
        let model = match running {
            Some((_, running)) => running,
            None => asked.map(|(model, _)| model),
        };
        self.faults.extend(faults);
        model
    }

    /// Adds the modules that the linker writes for the new code. Their tags are those of the
    /// program, if it has any.
    fn join_synthetic(&mut self) {
        let has_tags = self.running.all().any(|(_, loaded)| {
            let exports = &loaded.input.module.exports;
            exports.iter().any(|export| invoke::is_tag(&export.name))
        });
        let tags = if has_tags { Tags::Running } else { Tags::Own };
        if let Some(input) = invoke::module(self.wanted().iter(), tags) {
            self.add(input, None);
        }
        if let Some(input) = runtime_hooks::module(&self.inputs) {
            self.add(input, None);
        }
        if let Some(input) = asyncify::module(&self.inputs) {
            self.add(input, None);
        }
    }
}

/// Returns a fault if a new module is not a shared library.
fn check_kind(input: &InputModule) -> Option<Fault> {
    let message = match input.module.kind {
        Kind::SharedLibrary => return None,
        Kind::Main => MAIN,
        _ => NO_LIBRARY,
    };
    Some(Fault::Unsupported { module: input.module.name.clone(), message })
}

fn defines(input: &InputModule, wanted: &BTreeSet<String>) -> bool {
    wanted.iter().any(|name| input.definition(name).is_some())
}
