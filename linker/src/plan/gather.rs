//! Phase *load* of a program: gathers the modules that take part, in the order in which symbols are
//! looked up.

use std::collections::{BTreeSet, VecDeque};

use crate::c_library::CLibrary;
use crate::convention::ENV;
use crate::fault::{Fault, Faults};
use crate::hash::HashMap;
use crate::limits::InputLimits;
use crate::names::module_name;
use crate::plan::exception_model;
use crate::plan::host_imports::DYNAMIC_LINKER;
use crate::plan::input::InputModule;
use crate::plan::libc_choice;
use crate::plan::library_source::{LibrarySource, SystemLibraries};
use crate::plan::resolve;
use crate::plan::set::Set;
use crate::plan::synthetic::invoke::{self, Tags};
use crate::plan::synthetic::{asyncify, command, component, runtime_hooks, sbrk};
use crate::plan::system_libraries;
use crate::shared_bytes::SharedBytes;

impl Set {
    /// Gathers the modules of a program: `program` itself, the modules of `links`, the libraries
    /// that they need, the system libraries that define a symbol which is still undefined, and the
    /// modules that the linker writes itself.
    ///
    /// # Errors
    ///
    /// Every library that is not found or cannot be used. If there is one, also every other fault
    /// that no definition in that library could mend. Faults of a complete set are those of
    /// [`Plan::new`](crate::Plan::new).
    pub fn gather(
        program: InputModule,
        links: Vec<InputModule>,
        library: &mut dyn LibrarySource,
    ) -> Result<Self, Faults> {
        let program_bytes = program.bytes.clone();
        let mut given: Vec<_> = [program].into_iter().chain(links).collect();
        // A stable sort: the main comes first, the others stay in order.
        given.sort_by_key(|input| !input.is_main());
        let mut gathering = Gathering::new(given, library);
        let mut faults = gathering.join_given(library)?;
        faults.extend(gathering.join_system(library)?);
        let Gathering { mut inputs, required, .. } = gathering;
        inputs.extend(component::module(&inputs, &required));
        let set = with_synthetic(inputs, &program_bytes);
        if faults.is_empty() {
            return Ok(set);
        }
        faults.extend(resolve::certain(&set));
        Err(faults.into_iter().collect())
    }
}

/// Adds the modules that the linker writes, and makes a set in which the module with these bytes is
/// the program.
fn with_synthetic(mut inputs: Vec<InputModule>, program_bytes: &SharedBytes) -> Set {
    inputs.extend(runtime_hooks::module(&inputs));
    inputs.extend(asyncify::module(&inputs));
    inputs.extend(sbrk::module(&inputs));
    let is_program = |input: &InputModule| input.bytes.is_clone_of(program_bytes);
    let found = inputs.iter().position(is_program);
    debug_assert!(found.is_some(), "every module that was given takes part");
    let program = found.unwrap_or_default();
    let opens = inputs.iter().any(opens_libraries);
    command::join(&mut inputs, program, opens);
    Set::new(inputs, program)
}

/// The modules that have joined so far, and those that may.
struct Gathering {
    /// The modules that were given, until they join.
    given: Vec<Option<InputModule>>,
    /// The indices of these by the library names that they answer to.
    given_names: HashMap<String, VecDeque<usize>>,
    inputs: Vec<InputModule>,
    /// The names of modules that have joined or cannot. That of a system library is its file.
    names: BTreeSet<String>,
    system: SystemLibraries,
    /// Symbols that are wanted although no module imports them.
    required: Vec<String>,
    limits: InputLimits,
    /// The number of symbols of the modules that have joined.
    symbols: usize,
    /// The symbols that one of them imports and none of them defines.
    undefined: BTreeSet<String>,
}

impl Gathering {
    fn new(mut given: Vec<InputModule>, library: &dyn LibrarySource) -> Self {
        let mut given_names = HashMap::<_, VecDeque<_>>::default();
        for (index, input) in given.iter_mut().enumerate() {
            input.tell_from_system();
            let name = module_name(&input.module.name).to_owned();
            given_names.entry(name).or_default().push_back(index);
        }
        Gathering {
            given: given.into_iter().map(Some).collect(),
            given_names,
            inputs: Vec::new(),
            names: BTreeSet::new(),
            system: SystemLibraries::default(),
            required: library.required().to_vec(),
            limits: library.limits(),
            symbols: 0,
            undefined: BTreeSet::new(),
        }
    }

    /// Adds the modules that were given, in order, each followed by the libraries that it needs.
    fn join_given(&mut self, library: &mut dyn LibrarySource) -> Result<Vec<Fault>, Fault> {
        let mut faults = Vec::new();
        for index in 0..self.given.len() {
            if let Some(input) = self.given[index].take() {
                faults.extend(self.join(input, library)?);
            }
        }
        Ok(faults)
    }

    /// Adds a module and then the libraries it needs, breadth first. A library that has joined is
    /// not added again, so cycles end. Returns the faults of the libraries that cannot join.
    ///
    /// # Errors
    ///
    /// When there are too many symbols: then nothing more is read.
    fn join(
        &mut self,
        input: InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Vec<Fault>, Fault> {
        let mut faults = Vec::new();
        let mut at = self.inputs.len();
        self.names.insert(input.library_name().to_owned());
        self.add(input)?;
        while let Some(by) = self.inputs.get(at).cloned() {
            at += 1;
            let needed = by.module.dylink.iter().flat_map(|dylink| &dylink.needed);
            for file in needed {
                match self.needed(file, &by, library) {
                    Ok(Some(input)) => self.add(input)?,
                    Ok(None) => {}
                    Err(fault) => faults.push(fault),
                }
            }
        }
        Ok(faults)
    }

    fn add(&mut self, mut input: InputModule) -> Result<(), Fault> {
        input.tell_from_system();
        self.symbols += input.module.symbol_count();
        self.inputs.push(input);
        self.update_undefined();
        self.limits.check_all_symbols(self.symbols)
    }

    /// Updates the undefined symbols after a module has joined.
    fn update_undefined(&mut self) {
        let Some((new, others)) = self.inputs.split_last() else { return };
        self.undefined.retain(|name| !defines(new, name));
        if new.shares_memory() {
            let is_defined = |name: &str| others.iter().chain([new]).any(|it| defines(it, name));
            let undefined = new.wanted_symbols().filter(|name| !is_defined(name));
            self.undefined.extend(undefined.map(str::to_owned));
        }
    }

    /// Returns the library that a `needed` entry means, if it has not joined. Returns `None` also
    /// for a system library, which joins only when one of its symbols is wanted.
    fn needed(
        &mut self,
        file: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Option<InputModule>, Fault> {
        if by.needs_system(file) {
            return self.needed_by_system(file, by, library);
        }
        if !self.names.insert(module_name(file).to_owned()) {
            return Ok(None);
        }
        if let Some(indices) = self.given_names.get_mut(module_name(file)) {
            while let Some(index) = indices.pop_front() {
                if let Some(input) = self.given[index].take() {
                    return Ok(Some(input));
                }
            }
        }
        self.system.or_needed(file, by, library)
    }

    /// Returns the system library that another one needs, if it has not joined. Other modules of
    /// that name do not count.
    fn needed_by_system(
        &mut self,
        file: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Option<InputModule>, Fault> {
        let known = |input: &InputModule| {
            input.system.is_some_and(|it| system_libraries::is_called(it, file))
        };
        let is_own_libc = || libc_choice::is_libc(file) && self.has_own_libc();
        if self.inputs.iter().any(known) || is_own_libc() {
            return Ok(None);
        }
        let input = self.system.needed(file, by, library)?;
        Ok(self.names.insert(input.library_name().to_owned()).then_some(input))
    }

    /// Adds the system libraries that define an undefined symbol, and the linker's own definitions
    /// for exceptions.
    fn join_system(&mut self, library: &mut dyn LibrarySource) -> Result<Vec<Fault>, Fault> {
        let mut faults = Vec::new();
        if self.wanted().is_empty() {
            // Nothing joins, but the modules must be for the same C library all the same.
            libc_choice::of(self.inputs.iter(), &mut faults);
            return Ok(faults);
        }
        let given = self.inputs.len();
        let mut files = self.system_files(library, &mut faults);
        while let Some(input) = self.take_definer(&mut files, library) {
            faults.extend(self.join_on_demand(input, library)?);
        }
        // It comes before libc, which has a `longjmp` for programs in which nothing catches it.
        let opens = self.inputs.iter().any(opens_libraries);
        if opens {
            faults.extend(self.join_parts(library)?);
        }
        let tags = if opens { Tags::Kept } else { Tags::Own };
        if let Some(mut input) = invoke::module(self.undefined.iter(), tags) {
            input.is_on_demand = true;
            self.inputs.insert(given, input);
        }
        Ok(faults)
    }

    /// Returns the files of the system libraries that the program may use.
    fn system_files(
        &mut self,
        library: &mut dyn LibrarySource,
        faults: &mut Vec<Fault>,
    ) -> Vec<&'static str> {
        let model = exception_model::of(self.inputs.iter(), faults).map(|(model, _)| model);
        let chosen = libc_choice::of(self.inputs.iter(), faults);
        let libc = chosen.as_ref().map_or(CLibrary::Emscripten, |chosen| chosen.library);
        let mut files = libc_choice::libraries(libc, model);
        if self.has_own_libc() {
            files.retain(|file| !libc_choice::is_libc(file));
        }
        let is_there = |file: &&'static str| self.system.get(file, library).is_some();
        if let Some(chosen) = chosen.filter(|chosen| chosen.library == CLibrary::Wasi)
            && !files.iter().any(is_there)
        {
            faults.push(chosen.missing());
        }
        files
    }

    /// Returns whether a module is the libc of the program, so that no other one joins.
    fn has_own_libc(&self) -> bool {
        self.inputs.iter().any(libc_choice::is_own)
    }

    /// Removes the first system library that defines a wanted symbol from `files`, and returns it.
    /// Reads none once only symbols are wanted that the linker itself defines.
    fn take_definer(
        &mut self,
        files: &mut Vec<&'static str>,
        library: &mut dyn LibrarySource,
    ) -> Option<InputModule> {
        let wanted = self.wanted();
        let is_own = |name: &String| invoke::is_synthesised(name) || runtime_hooks::is_hook(name);
        if wanted.iter().all(is_own) {
            return None;
        }
        let defines_any =
            |input: InputModule| wanted.iter().any(|name| input.definition(name).is_some());
        let mut system = |file| self.system.get(file, library);
        let at = files.iter().position(|file| system(*file).is_some_and(defines_any))?;
        self.system.get(files.remove(at), library)
    }

    /// Adds the parts of the libc++, for libraries that the program opens.
    fn join_parts(&mut self, library: &mut dyn LibrarySource) -> Result<Vec<Fault>, Fault> {
        let files = self.inputs.iter().flat_map(|input| system_libraries::parts_of(input.system));
        let mut faults = Vec::new();
        for file in files.collect::<Vec<_>>() {
            if let Some(part) = self.system.get(file, library) {
                faults.extend(self.join_on_demand(part, library)?);
            }
        }
        Ok(faults)
    }

    /// Adds a system library and those that it needs, unless it has joined.
    fn join_on_demand(
        &mut self,
        input: InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Vec<Fault>, Fault> {
        if self.names.contains(input.library_name()) {
            return Ok(Vec::new());
        }
        let first = self.inputs.len();
        let faults = self.join(input, library)?;
        self.inputs[first..].iter_mut().for_each(|input| input.is_on_demand = true);
        Ok(faults)
    }

    /// Returns the undefined symbols, and those that the linker's own definitions of such symbols
    /// need.
    fn wanted(&self) -> BTreeSet<String> {
        let is_defined = |name: &String| self.inputs.iter().any(|input| defines(input, name));
        let implied = invoke::implied(self.undefined.iter()).into_iter();
        let shares_memory = self.inputs.iter().any(InputModule::shares_memory);
        let required = self.required.iter().filter(|name| !is_defined(name));
        let required = required.filter_map(|name| match name.as_str() {
            // The linker defines it by that of libc, which shares the process's memory.
            component::CABI_REALLOC => shares_memory.then_some(component::REALLOC),
            name => Some(name),
        });
        let more = implied.chain(required.map(str::to_owned));
        let mut wanted = self.undefined.clone();
        wanted.extend(more.filter(|name| !is_defined(name)));
        wanted
    }
}

/// Returns whether a module defines a symbol of the process.
fn defines(input: &InputModule, symbol: &str) -> bool {
    input.linked_as == ENV && input.definition(symbol).is_some()
}

/// Returns whether a module opens libraries while the program runs, for itself or for others.
fn opens_libraries(input: &InputModule) -> bool {
    input.module.imports.iter().any(|import| import.module == DYNAMIC_LINKER)
}

impl InputLimits {
    /// Checks the number of symbols of all modules that have joined so far.
    pub(crate) fn check_all_symbols(&self, symbols: usize) -> Result<(), Fault> {
        let limit = self.max_symbols;
        if symbols > limit {
            return Err(Fault::TooManySymbols { symbols, limit });
        }
        Ok(())
    }
}
