//! Phase *load*, of a program: the modules that take part, in the order in which symbols are looked up.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::fault::{Fault, Faults};
use crate::limits::InputLimits;
use crate::names::module_name;
use crate::plan::exception_model;
use crate::plan::host_imports::DYNAMIC_LINKER;
use crate::plan::input::{InputModule, defined};
use crate::plan::library_source::{LibrarySource, SystemLibraries};
use crate::plan::resolve;
use crate::plan::set::Set;
use crate::plan::synthetic::invoke::{self, Tags};
use crate::plan::synthetic::{command, runtime_hooks, sbrk};
use crate::plan::system_libraries;

impl Set {
    /// Gathers what takes part: the program, `links`, what they need, the system libraries that define a
    /// symbol which is still undefined, and a module of what the linker itself defines.
    ///
    /// # Errors
    ///
    /// Every library that is not found or cannot be used, and with it all else that keeps the modules from
    /// being linked, whatever that library may define. [`Plan::new`](crate::Plan::new) tells what is wrong
    /// with a set that is complete.
    pub fn gather(
        program: InputModule,
        targets: Vec<InputModule>,
        library: &mut dyn LibrarySource,
    ) -> Result<Self, Faults> {
        let program_bytes = program.bytes.clone();
        let mut given: Vec<_> = [program].into_iter().chain(targets).collect();
        // A stable sort: the main comes first, the others stay in order.
        given.sort_by_key(|input| !input.is_main());
        let mut gathering = Gathering::new(given, library.limits());
        let mut faults = Vec::new();
        for at in 0..gathering.given.len() {
            if let Some(input) = gathering.given[at].take() {
                faults.extend(gathering.join(input, library)?);
            }
        }
        faults.extend(gathering.join_system(library)?);
        gathering.inputs.extend(runtime_hooks::module(&gathering.inputs));
        gathering.inputs.extend(sbrk::module(&gathering.inputs));
        let mut inputs = gathering.inputs;
        let is_program = |input: &InputModule| Arc::ptr_eq(&input.bytes, &program_bytes);
        let program = inputs.iter().position(is_program);
        debug_assert!(program.is_some(), "every module that was given takes part");
        let program = program.unwrap_or_default();
        let opens = inputs.iter().any(opens_libraries);
        command::join(&mut inputs, program, opens);
        let set = Set { inputs, program, host: Vec::new(), stack_size: None };
        if faults.is_empty() {
            return Ok(set);
        }
        faults.extend(resolve::certain(&set));
        Err(faults.into_iter().collect())
    }
}

struct Gathering {
    /// Modules that were given, as long as they have not joined.
    given: Vec<Option<InputModule>>,
    /// The places of these by the names of libraries that they answer to.
    places: HashMap<String, VecDeque<usize>>,
    inputs: Vec<InputModule>,
    /// Names of modules that have joined or cannot; a system library's is its file.
    names: BTreeSet<String>,
    system: SystemLibraries,
    limits: InputLimits,
    /// Symbols of the modules that have joined.
    symbols: usize,
}

impl Gathering {
    fn new(mut given: Vec<InputModule>, limits: InputLimits) -> Self {
        let mut places = HashMap::<_, VecDeque<_>>::new();
        for (place, input) in given.iter_mut().enumerate() {
            input.tell_from_system();
            let name = module_name(&input.module.name).to_owned();
            places.entry(name).or_default().push_back(place);
        }
        let given = given.into_iter().map(Some).collect();
        let (inputs, names) = (Vec::new(), BTreeSet::new());
        let system = SystemLibraries::default();
        Gathering { given, places, inputs, names, system, limits, symbols: 0 }
    }

    /// Adds a module and then what it needs, breadth first. What is there is not added again, so cycles
    /// end. Fails when there are too many symbols, for then nothing else is to be read.
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
        self.limits.check_all_symbols(self.symbols)
    }

    /// Returns what a module needs that has not joined; `None` too for a system library that joins when a
    /// symbol of it is wanted.
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
        let mut places = self.places.get_mut(module_name(file));
        while let Some(place) = places.as_mut().and_then(|places| places.pop_front()) {
            if let Some(input) = self.given[place].take() {
                return Ok(Some(input));
            }
        }
        self.system.or_needed(file, by, library)
    }

    /// Returns the system library that another one needs, whatever else is called so.
    fn needed_by_system(
        &mut self,
        file: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Option<InputModule>, Fault> {
        let known = |input: &InputModule| {
            input.system.is_some_and(|it| system_libraries::is_called(it, file))
        };
        if self.inputs.iter().any(known) {
            return Ok(None);
        }
        let input = self.system.needed(file, by, library)?;
        Ok(self.names.insert(input.library_name().to_owned()).then_some(input))
    }

    fn join_system(&mut self, library: &mut dyn LibrarySource) -> Result<Vec<Fault>, Fault> {
        let mut faults = Vec::new();
        if self.wanted().is_empty() {
            return Ok(faults);
        }
        let given = self.inputs.len();
        let asked = exception_model::of(self.inputs.iter(), &mut faults);
        let files = exception_model::libraries(asked.map(|(model, _)| model));
        let files = files.into_iter();
        let mut system: Vec<_> = files.filter_map(|file| self.system.get(file, library)).collect();
        loop {
            let wanted = self.wanted();
            let defines = |input: &InputModule| input.symbols().any(|name| wanted.contains(name));
            let Some(at) = system.iter().position(defines) else { break };
            let input = system.remove(at);
            if !self.names.contains(input.library_name()) {
                let first = self.inputs.len();
                faults.extend(self.join(input, library)?);
                self.inputs[first..].iter_mut().for_each(|input| input.is_on_demand = true);
            }
        }
        // Before libc, which has a `longjmp` for programs in which nothing catches it.
        let opens = self.inputs.iter().any(opens_libraries);
        let tags = if opens { Tags::Kept } else { Tags::Own };
        if let Some(mut input) = invoke::module(undefined(&self.inputs).iter(), tags) {
            input.is_on_demand = true;
            self.inputs.insert(given, input);
        }
        Ok(faults)
    }

    /// The symbols that a system library may define, those among them for what the linker defines.
    fn wanted(&self) -> BTreeSet<String> {
        let mut wanted = undefined(&self.inputs);
        let implied = invoke::implied(wanted.iter());
        let defined = defined(&self.inputs);
        wanted.extend(implied.into_iter().filter(|name| !defined.contains(name.as_str())));
        wanted
    }
}

/// The symbols that some module imports and none defines.
fn undefined(inputs: &[InputModule]) -> BTreeSet<String> {
    let defined = defined(inputs);
    inputs
        .iter()
        .filter(|input| input.shares_memory())
        .flat_map(|input| &input.module.imports)
        .filter(|import| import.is_of_process() && !defined.contains(import.name.as_str()))
        .map(|import| import.name.clone())
        .collect()
}

/// Whether it opens libraries while the program runs, by itself or for others.
fn opens_libraries(input: &InputModule) -> bool {
    input.module.imports.iter().any(|import| import.module == DYNAMIC_LINKER)
}

impl InputLimits {
    /// Of all modules that have joined so far.
    pub(crate) fn check_all_symbols(&self, symbols: usize) -> Result<(), Fault> {
        let limit = self.max_symbols;
        match symbols > limit {
            true => Err(Fault::TooManySymbols { symbols, limit }),
            false => Ok(()),
        }
    }
}
