//! Phase *load*, of a program: the modules that take part, in the order in which symbols are looked up.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::convention::{ENV, GOT_FUNC, GOT_MEM, STACK_POINTER, is_private};
use crate::fault::{Fault, Faults};
use crate::limits::InputLimits;
use crate::module::dylink::MemInfo;
use crate::module::{Import, Kind, LoadError, Module};
use crate::names::printable;
use crate::plan::host_imports::{DYNAMIC_LINKER, is_host};
use crate::plan::libcxx;
use crate::plan::resolve;
use crate::plan::synthetic::command::{self, Written};
use crate::plan::synthetic::invoke::{self, Tags};
use crate::plan::synthetic::runtime_hooks;
use crate::plan::synthetic::sbrk;
use crate::types::ExternType;
use wasmparser::ValType;

/// A module and its bytes. Two of one hash are the same to a plan.
#[derive(Debug, Clone)]
pub struct InputModule {
    pub module: Arc<Module>,
    pub bytes: Arc<[u8]>,
    /// Where it was read from, if that is known. This crate opens nothing; what is kept beside a module, such
    /// as its source map, is found by it.
    pub file: Option<PathBuf>,
    /// The folder that `$ORIGIN` stands for in its runtime path, if it was found in one.
    pub origin: Option<PathBuf>,
    /// The name or path by which the program knows it: of its file as it was given, needed or opened.
    pub opened_as: Option<String>,
    /// The module name under which others import from it. Modules that share the process's memory all
    /// have `env`.
    pub linked_as: String,
    /// Whether it shares the process's memory and table.
    shares_memory: bool,
    /// The file of the system library that it is, if it is one.
    pub(crate) system: Option<&'static str>,
    /// Whether somebody has given it in place of the system library of that name.
    pub(crate) is_replacement: bool,
    /// Whether it takes part only since a symbol of it was wanted.
    pub(crate) is_on_demand: bool,
    /// What the linker has written it for, if it has.
    pub(crate) written: Option<Written>,
    /// Its exports by name, once somebody has looked something up in it alone.
    index: Arc<OnceLock<Vec<usize>>>,
}

impl InputModule {
    /// Loads a module that is linked as `env`. A main or a shared library shares the process's memory.
    ///
    /// # Errors
    ///
    /// As [`Module::load`].
    pub fn load(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, LoadError> {
        Self::load_within(name, bytes, &InputLimits::default())
    }

    /// As [`InputModule::load`], within other limits.
    ///
    /// # Errors
    ///
    /// As [`Module::load`].
    pub fn load_within(
        name: impl Into<String>,
        bytes: impl Into<Arc<[u8]>>,
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        let module = Arc::new(Module::load_within(name, &bytes, limits)?);
        let shares_memory = matches!(module.kind, Kind::Main | Kind::SharedLibrary);
        let linked_as = ENV.to_owned();
        Ok(InputModule {
            module,
            bytes,
            file: None,
            origin: None,
            opened_as: None,
            linked_as,
            shares_memory,
            system: None,
            is_replacement: false,
            is_on_demand: false,
            written: None,
            index: Arc::default(),
        })
    }

    /// Makes it the system library of a file, one of [`system_libraries`](crate::system_libraries),
    /// whatever it is called itself.
    #[must_use]
    pub fn into_system(mut self, file: &'static str) -> Self {
        self.rename(module_name(file).to_owned());
        self.opened_as = Some(file.to_owned());
        self.system = Some(file);
        self
    }

    /// Returns how the program calls its file; a module without one by its name.
    pub fn path_or_name(&self) -> &str {
        self.opened_as.as_deref().unwrap_or(&self.module.name)
    }

    /// Marks it as given in place of a system library: plans say so.
    #[must_use]
    pub fn into_replacement(mut self) -> Self {
        self.is_replacement = true;
        self
    }

    /// Returns whether it is a system library. Its name says nothing about that.
    pub fn is_system(&self) -> bool {
        self.system.is_some()
    }

    /// Returns the file that was given in place of this system library, if one was.
    pub(crate) fn replacement(&self) -> Option<String> {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        self.is_replacement.then(|| file.unwrap_or_default())
    }

    /// Renames a module that is no system library but called like one: such a module is called by its
    /// file, as in `libc.wasm`, so that messages tell the two apart.
    pub(crate) fn tell_from_system(&mut self) {
        if self.is_system() || libcxx::titled(&self.module.name).is_none() {
            return;
        }
        let file = self.file.as_deref().and_then(|file| file.file_name());
        let file = file.map(|file| printable(&file.to_string_lossy()).into_owned());
        let file = file.filter(|file| *file != self.module.name);
        self.rename(file.unwrap_or_else(|| format!("{}.wasm", self.module.name)));
    }

    fn rename(&mut self, name: String) {
        if self.module.name != name {
            Arc::make_mut(&mut self.module).name = name;
        }
    }

    /// Gives others the exports of this module under a module name of its own, with its own memory.
    pub fn preloaded_as(mut self, name: impl Into<String>) -> Self {
        self.linked_as = name.into();
        self.shares_memory = false;
        self
    }

    /// Whether it shares the process's memory and table: a main or a shared library that is not
    /// preloaded.
    pub fn shares_memory(&self) -> bool {
        self.shares_memory
    }
}

impl Hash for InputModule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // All else of `module` was read from the bytes, and these are the same in whatever file.
        let InputModule {
            module,
            bytes,
            linked_as,
            shares_memory,
            is_on_demand,
            system,
            written,
            is_replacement: _,
            file: _,
            origin: _,
            opened_as: _,
            index: _,
        } = self;
        (&module.name, bytes, linked_as, shares_memory, is_on_demand, system, written).hash(state);
    }
}

/// Where shared libraries that are needed but not given come from.
pub trait LibrarySource {
    /// Returns the library of a file name that the module `by` lists as needed. No system library: these
    /// come from [`LibrarySource::system`], also where a module needs one by name and this does not find it.
    ///
    /// # Errors
    ///
    /// A [`Fault`], when it is not found or cannot be used.
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault>;

    /// Returns a system library by its file, one of [`system_libraries`](crate::system_libraries), if it
    /// is there. It joins only if a symbol of it is wanted, or another system library needs it.
    fn system(&mut self, file: &str) -> Option<InputModule>;

    /// What holds for all modules together, those that are given too.
    fn limits(&self) -> InputLimits {
        InputLimits::default()
    }
}

/// No libraries but those that are given.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLibraries;

impl LibrarySource for NoLibraries {
    fn needed(&mut self, name: &str, by: &InputModule) -> Result<InputModule, Fault> {
        let (by, name) = (by.module.name.clone(), name.to_owned());
        Err(Fault::LibraryNotFound { by, name, tried: Vec::new() })
    }

    fn system(&mut self, _: &str) -> Option<InputModule> {
        None
    }
}

/// The modules of one program. Two sets of one hash have the same [`Plan`](crate::Plan), and become the same
/// modules: it is the hash of all that these are made from.
#[derive(Debug, Clone, Hash)]
pub struct Set {
    /// In the order in which symbols are looked up: the main, what it needs, breadth first, then the
    /// others in the order they were given.
    pub inputs: Vec<InputModule>,
    /// The one whose exports are called.
    pub program: usize,
    /// Functions of the host, beside WASI, that are taken where no module defines a symbol: those that
    /// [`Set::wanted_of_host`] asks for and the host has at that type.
    pub host: Vec<Import>,
    /// Bytes of the stack in linear memory, on which C, C++ and Rust keep variables whose address is
    /// taken. `None` is 8 MiB, or the stack that a main brings, which cannot be given another size.
    pub stack_size: Option<u64>,
}

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
        links: Vec<InputModule>,
        library: &mut dyn LibrarySource,
    ) -> Result<Self, Faults> {
        let program_bytes = program.bytes.clone();
        let mut given: Vec<_> = [program].into_iter().chain(links).collect();
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
        let program = inputs.iter().position(is_program).unwrap_or(0);
        let opens = inputs.iter().any(opens_libraries);
        command::join(&mut inputs, program, opens);
        let set = Set { inputs, program, host: Vec::new(), stack_size: None };
        if faults.is_empty() {
            return Ok(set);
        }
        faults.extend(resolve::certain(&set));
        Err(faults.into_iter().collect())
    }

    /// A set of one module, which needs no other.
    pub fn of(program: InputModule) -> Self {
        Set { inputs: vec![program], program: 0, host: Vec::new(), stack_size: None }
    }

    /// The function imports that no module defines, each once: what a host may define.
    pub fn wanted_of_host(&self) -> Vec<Import> {
        self.wanted_by(&self.inputs.iter().collect::<Vec<_>>(), &Symbols::new(self))
    }

    /// The function imports of some modules that no module defines, each once.
    pub(crate) fn wanted_by<'a>(
        &'a self,
        importers: &[&'a InputModule],
        symbols: &Symbols<'a>,
    ) -> Vec<Import> {
        let mut seen = BTreeSet::new();
        let imports = importers.iter().flat_map(|input| &input.module.imports);
        imports
            .filter(|import| matches!(import.ty, ExternType::Func(_)) && !is_host(&import.module))
            .filter(|import| symbols.all(&import.module, &import.name).is_empty())
            .filter(|import| seen.insert((&import.module, &import.name, import.ty.to_string())))
            .cloned()
            .collect()
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
        let known =
            |input: &InputModule| input.system.is_some_and(|it| libcxx::is_called(it, file));
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
        let asked = libcxx::of(self.inputs.iter(), &mut faults);
        let files = libcxx::libraries(asked.map(|(flavour, _)| flavour));
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

/// The symbols that some module of the process defines.
pub(crate) fn defined(inputs: &[InputModule]) -> HashSet<&str> {
    inputs.iter().filter(|input| input.linked_as == ENV).flat_map(InputModule::symbols).collect()
}

impl Import {
    /// Whether it is an address, which its module finds in the global offset table.
    pub(crate) fn is_address(&self) -> bool {
        [GOT_MEM, GOT_FUNC].contains(&self.module.as_str())
    }

    /// Whether it is looked up in all modules that share the process's memory.
    pub(crate) fn is_of_process(&self) -> bool {
        (self.module == ENV || self.is_address()) && !is_private(&self.name)
    }
}

/// The exports of a set, by the module name under which they are linked and their own.
pub(crate) enum Symbols<'a> {
    /// In one index, for many questions.
    Indexed(HashMap<(&'a str, &'a str), Definitions>),
    /// In those of the modules, for few.
    Apart(&'a Set),
}

/// Nearly every symbol has one.
pub(crate) enum Definitions {
    One(Definition),
    More(Vec<Definition>),
}

/// An export of a module, both by their place in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Definition {
    pub module: usize,
    pub export: usize,
}

impl<'a> Symbols<'a> {
    pub(crate) fn new(set: &'a Set) -> Self {
        let exports = set.inputs.iter().map(|input| input.module.exports.len()).sum();
        let mut symbols = HashMap::with_capacity(exports);
        for (module, input) in set.inputs.iter().enumerate() {
            for (export, item) in input.module.exports.iter().enumerate() {
                if input.offers(export) {
                    let key = (input.linked_as.as_str(), item.name.as_str());
                    let definition = Definition { module, export };
                    symbols
                        .entry(key)
                        .and_modify(|known: &mut Definitions| known.add(definition))
                        .or_insert(Definitions::One(definition));
                }
            }
        }
        Symbols::Indexed(symbols)
    }

    /// All definitions of a symbol, the one that counts first.
    pub(crate) fn all(&self, module: &'a str, name: &'a str) -> Cow<'_, [Definition]> {
        match self {
            Symbols::Indexed(symbols) => Cow::Borrowed(match symbols.get(&(module, name)) {
                None => &[],
                Some(Definitions::One(only)) => std::slice::from_ref(only),
                Some(Definitions::More(all)) => all,
            }),
            Symbols::Apart(set) => {
                let inputs = set.inputs.iter().enumerate();
                let linked = inputs.filter(|(_, input)| input.linked_as == module);
                let definition = |(module, input): (usize, &InputModule)| {
                    let export = input.definition(name)?;
                    Some(Definition { module, export })
                };
                linked.filter_map(definition).collect()
            }
        }
    }
}

impl Definitions {
    fn add(&mut self, definition: Definition) {
        match self {
            Definitions::One(first) => *self = Definitions::More(vec![*first, definition]),
            Definitions::More(all) => all.push(definition),
        }
    }
}

/// Whether it opens libraries while the program runs, by itself or for others.
fn opens_libraries(input: &InputModule) -> bool {
    input.module.imports.iter().any(|import| import.module == DYNAMIC_LINKER)
}

impl InputModule {
    /// Returns whether it needs the system library of a name, and no other file of that name.
    pub(crate) fn needs_system(&self, name: &str) -> bool {
        self.is_system() && libcxx::system_library(name).is_some()
    }

    /// Returns the name by which other libraries need it. That of a system library is its file, so that no
    /// other has it.
    pub(crate) fn library_name(&self) -> &str {
        self.system.unwrap_or_else(|| module_name(&self.module.name))
    }

    /// Whether its data lies at fixed addresses of the process's memory.
    pub(crate) fn is_main(&self) -> bool {
        self.shares_memory() && self.module.kind == Kind::Main
    }

    /// The room that it needs in the process's memory and table, if it has none at fixed addresses.
    pub(crate) fn mem_info(&self) -> Option<MemInfo> {
        let dylink = self.module.dylink.as_ref()?;
        let is_placed = self.shares_memory && self.module.kind == Kind::SharedLibrary;
        is_placed.then_some(dylink.mem_info)
    }

    /// Whether it is a main that defines the process's memory; others import it.
    pub(crate) fn lends_memory(&self) -> bool {
        let is_memory = |import: &Import| matches!(import.ty, ExternType::Memory(_));
        self.is_main() && !self.module.imports.iter().any(is_memory)
    }

    /// Returns whether it is a main on whose stack the others work too.
    pub(crate) fn lends_stack(&self) -> bool {
        self.lends_memory() && self.module.export(STACK_POINTER).is_some()
    }

    /// The names that it defines for others.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        let exports = self.module.exports.iter().enumerate();
        exports.filter(|(index, _)| self.offers(*index)).map(|(_, export)| export.name.as_str())
    }

    /// The export by which it defines a symbol for others, by its place among the exports.
    pub(crate) fn definition(&self, symbol: &str) -> Option<usize> {
        self.indexed_export(symbol).filter(|&export| self.offers(export))
    }

    /// Has the exports looked up anew, after they have changed.
    pub(crate) fn forget_index(&mut self) {
        self.index = Arc::default();
    }

    /// The export of a name, by its place among the exports.
    pub(crate) fn indexed_export(&self, name: &str) -> Option<usize> {
        let name_of = |export: usize| self.module.exports[export].name.as_str();
        let index = self.index.get_or_init(|| {
            let mut index: Vec<_> = (0..self.module.exports.len()).collect();
            index.sort_unstable_by_key(|&export| name_of(export));
            index
        });
        let at = index.binary_search_by_key(&name, |&export| name_of(export)).ok()?;
        Some(index[at])
    }

    /// Whether others can import an export. A module that shares memory offers what it defines: not what is
    /// private to it, nor an import that is passed on, nor a global that is no address.
    pub(crate) fn offers(&self, export: usize) -> bool {
        let item = &self.module.exports[export];
        let internals = &self.module.internals;
        let own = match &item.ty {
            _ if self.written.is_some() => return false,
            _ if !self.shares_memory() => return true,
            ExternType::Func(_) => item.index >= internals.imported_functions,
            ExternType::Global(ty) => {
                !ty.mutable && ty.content == ValType::I32 && self.address(export).is_some()
            }
            ExternType::Tag(_) => item.index >= internals.imported_tags,
            _ => false,
        };
        own && !is_private(&item.name)
    }

    /// The slots that it fills with its functions, by these; those of a table of its own are none of the process's.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (&u32, &u32)> {
        self.module.internals.slots.iter().filter(|_| self.shares_memory())
    }

    /// The slot that it fills with a function, as [`InputModule::slots`].
    pub(crate) fn slot(&self, function: u32) -> Option<u32> {
        self.module.internals.slots.get(&function).copied().filter(|_| self.shares_memory())
    }

    /// The initial value of an exported global.
    pub(crate) fn exported_value(&self, name: &str) -> Option<u32> {
        let export = self.module.exports.iter().position(|export| export.name == name)?;
        matches!(self.module.exports[export].ty, ExternType::Global(_)).then_some(())?;
        self.address(export)
    }

    /// The address that an exported global stands for, relative to `__memory_base` in a shared library.
    pub(crate) fn address(&self, export: usize) -> Option<u32> {
        let internals = &self.module.internals;
        let global = self.module.exports[export].index.checked_sub(internals.imported_globals)?;
        *internals.global_values.get(global as usize)?
    }
}

impl Set {
    /// The modules by the names of libraries that they answer to.
    pub(crate) fn library_names(&self) -> LibraryNames<'_> {
        let mut names = LibraryNames::default();
        self.inputs.iter().enumerate().for_each(|(place, input)| names.add(input, place));
        names
    }
}

/// Modules by the names of libraries that they answer to, the first of each.
#[derive(Debug, Default)]
pub(crate) struct LibraryNames<'a> {
    libraries: HashMap<&'a str, usize>,
    /// By their files.
    system: Vec<(&'static str, usize)>,
}

impl<'a> LibraryNames<'a> {
    /// Adds a module, and those that have become part of it.
    pub(crate) fn add(&mut self, input: &'a InputModule, module: usize) {
        // No part but a system library is called like one: see `InputModule::tell_from_system`.
        for part in &input.module.internals.linked {
            self.add_name(part, libcxx::titled(part), module);
        }
        self.add_name(&input.module.name, input.system, module);
    }

    fn add_name(&mut self, name: &'a str, system: Option<&'static str>, module: usize) {
        match system {
            Some(file) => self.system.push((file, module)),
            None => {
                self.libraries.entry(module_name(name)).or_insert(module);
            }
        }
    }

    /// Returns the module that is meant by a `needed` entry of another.
    pub(crate) fn needed(&self, file: &str, by: &InputModule) -> Option<usize> {
        let library = || self.library(file).filter(|_| !by.needs_system(file));
        library().or_else(|| self.system(file))
    }

    /// Returns the library of a name that is no system library.
    pub(crate) fn library(&self, file: &str) -> Option<usize> {
        self.libraries.get(module_name(file)).copied()
    }

    /// Returns the system library of a name.
    pub(crate) fn system(&self, name: &str) -> Option<usize> {
        let mut system = self.system.iter();
        system.find(|(file, _)| libcxx::is_called(file, name)).map(|(_, module)| *module)
    }
}

/// The system libraries, each asked for once.
#[derive(Debug, Default)]
pub(crate) struct SystemLibraries(HashMap<&'static str, Option<InputModule>>);

impl SystemLibraries {
    /// Returns the system library of a file.
    pub(crate) fn get(
        &mut self,
        file: &'static str,
        library: &mut dyn LibrarySource,
    ) -> Option<InputModule> {
        let read = || library.system(file).map(|input| input.into_system(file));
        self.0.entry(file).or_insert_with(read).clone()
    }

    /// Returns the system library that another one needs.
    pub(crate) fn needed(
        &mut self,
        name: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<InputModule, Fault> {
        let Some(file) = libcxx::system_library(name) else { return library.needed(name, by) };
        match self.get(file, library) {
            Some(input) => Ok(input),
            // The fault tells where it was looked for.
            None => library.needed(name, by).map(|input| input.into_system(file)),
        }
    }

    /// Returns the library that a module needs, which is no system library; `None` if there is none, but a
    /// system library of that name: that joins when a symbol of it is wanted.
    pub(crate) fn or_needed(
        &mut self,
        name: &str,
        by: &InputModule,
        library: &mut dyn LibrarySource,
    ) -> Result<Option<InputModule>, Fault> {
        check_file_name(name, &by.module.name)?;
        match (library.needed(name, by), libcxx::system_library(name)) {
            (Err(Fault::LibraryNotFound { .. }), Some(file))
                if self.get(file, library).is_some() =>
            {
                Ok(None)
            }
            (needed, _) => needed.map(Some),
        }
    }
}

/// A library is looked for in folders that somebody has named: its name must not lead out of them, on any system.
pub(crate) fn check_file_name(name: &str, by: &str) -> Result<(), Fault> {
    let leads_out = name.contains(['/', '\\', ':', '\0']) || name == "." || name == "..";
    if leads_out || name.is_empty() {
        return Err(Fault::LibraryName { by: by.to_owned(), name: name.to_owned() });
    }
    Ok(())
}

/// A file's name without its ending: how modules are called. `libx.so.1` and `libx.wasm` are both `libx`.
///
/// ```
/// assert_eq!(linker::module_name("libx.so.1"), "libx");
/// assert_eq!(linker::module_name(".wasm"), ".wasm");
/// ```
pub fn module_name(file: &str) -> &str {
    let endings = [".wasm", ".wat", ".so"];
    let is_end = |at: usize, ending: &str| {
        let rest = &file[at + ending.len()..];
        rest.is_empty() || rest.starts_with('.')
    };
    let ends = endings.iter().filter_map(|ending| {
        file.match_indices(ending).map(|(at, _)| at).find(|&at| at > 0 && is_end(at, ending))
    });
    &file[..ends.min().unwrap_or(file.len())]
}
