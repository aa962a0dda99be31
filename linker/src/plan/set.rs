//! The modules of one program, and the lookup of symbols and libraries among them.

use std::collections::BTreeSet;

use crate::hash::{HashMap, RandomState};
use crate::module::Import;
use crate::names::module_name;
use crate::plan::host_imports::{is_host, is_optional};
use crate::plan::input::InputModule;
use crate::plan::system_libraries;
use crate::types::ExternType;

/// The modules of one program.
///
/// The hash covers everything that a [`Plan`](crate::Plan) and the modules written from it depend
/// on: two sets with equal hashes become identical modules.
#[derive(Debug, Clone, Hash)]
pub struct Set {
    /// In the order in which symbols are looked up: the main, the libraries it needs, breadth
    /// first, then the other modules in the order in which they were given.
    pub inputs: Vec<InputModule>,
    /// The index of the module whose exports are called.
    pub program: usize,
    /// Functions that the host defines in addition to WASI. They take precedence over those of
    /// modules. The caller puts here those of [`Set::wanted_of_host`] that its host has at that
    /// type.
    pub host: Vec<Import>,
    /// The size in bytes of the stack in linear memory, on which C, C++ and Rust keep variables
    /// whose address is taken. `None` is 8 MiB, or the size of the stack that a main brings, which
    /// cannot change.
    pub stack_size: Option<u64>,
    /// Whether a function that modules import and nothing defines traps when it is called. Otherwise
    /// it is a fault.
    pub unknown_imports_trap: bool,
}

impl Set {
    /// Returns a set of one module, which needs no other.
    pub fn of(program: InputModule) -> Self {
        Set::new(vec![program], 0)
    }

    /// Returns a set of modules, of which the one with index `program` is the program.
    pub(crate) fn new(inputs: Vec<InputModule>, program: usize) -> Self {
        let (host, stack_size) = (Vec::new(), None);
        Set { inputs, program, host, stack_size, unknown_imports_trap: false }
    }

    /// Returns whether a module describes the world of a component.
    pub fn describes_component(&self) -> bool {
        self.inputs.iter().any(|input| input.module.has_component_type())
    }

    /// Lets a component's host define the functions of interfaces, if a module describes the world
    /// of a component. The names of modules tell which these are.
    #[must_use]
    pub fn with_interfaces(mut self) -> Self {
        if self.describes_component() {
            let wanted = self.wanted_of_host().into_iter();
            self.host.extend(wanted.filter(|import| is_of_interface(&import.module)));
        }
        self
    }

    /// Returns whether the program is a command: whether it has a `_start`, its own or one that the
    /// linker has written.
    pub fn is_command(&self) -> bool {
        self.start().is_some()
    }

    /// Returns the function imports that no module defines, each once. A host may define them.
    pub fn wanted_of_host(&self) -> Vec<Import> {
        self.wanted_by(&self.inputs.iter().collect::<Vec<_>>(), &Symbols::new(self))
    }

    /// Lets the host define those functions that libc defines only for other hosts. Every host of
    /// the crate `host` has them; a program that is written for any engine must not import them.
    #[must_use]
    pub fn with_optional_functions(mut self) -> Self {
        let optional: Vec<_> = optional_imports(&self.inputs).cloned().collect();
        self.host.extend(optional);
        self
    }

    /// Returns the function imports of some modules that no module defines, each once.
    pub(crate) fn wanted_by<'a>(
        &'a self,
        importers: &[&'a InputModule],
        symbols: &Symbols<'a>,
    ) -> Vec<Import> {
        let mut seen = BTreeSet::new();
        let imports = importers.iter().flat_map(|input| &input.module.imports);
        imports
            .filter(|import| matches!(import.ty, ExternType::Func(_)) && !is_host(&import.module))
            .filter(|import| symbols.all(&import.module, &import.name).next().is_none())
            .filter(|import| seen.insert((&import.module, &import.name, import.ty.to_string())))
            .cloned()
            .collect()
    }
}

/// Returns whether functions of a component's world are imported from a module of this name: of
/// an interface, of the world itself, or for resources that it exports.
fn is_of_interface(module: &str) -> bool {
    module == "$root" || module.starts_with("[export]") || is_interface(module)
}

/// Returns whether a module name is that of an interface in a package, such as `wasi:cli/exit@0.2.0`.
pub(crate) fn is_interface(module: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-/@.:+".contains(c);
    module.contains(':') && module.contains('/') && module.chars().all(is_of_name)
}

/// Returns the imports of functions that libc defines only for hosts that do not.
pub(crate) fn optional_imports<'a>(
    importers: impl IntoIterator<Item = &'a InputModule>,
) -> impl Iterator<Item = &'a Import> {
    let imports = importers.into_iter().flat_map(|input| &input.module.imports);
    imports.filter(|import| is_optional(import))
}

/// The definitions of a set, by the module name under which they are linked and their own name.
pub(crate) enum Symbols<'a> {
    /// In one index, for many lookups.
    Indexed(HashMap<(&'a str, &'a str), Definitions>),
    /// In an index of each module, for few lookups.
    Apart(&'a Set),
}

/// The most modules of a set in each of which a symbol is looked up: making one index of all of
/// them takes longer.
const FEW_MODULES: usize = 16;

/// The definitions of a symbol, in the order of lookup. Nearly every symbol has one.
pub(crate) enum Definitions {
    One(Definition),
    More(Vec<Definition>),
}

/// An export of a module of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Definition {
    /// The index of the module in the set.
    pub module: usize,
    /// The index of the export among the module's exports.
    pub export: usize,
}

impl<'a> Symbols<'a> {
    /// Chooses the index that is faster for all imports of a set.
    pub(crate) fn new(set: &'a Set) -> Self {
        if set.inputs.len() <= FEW_MODULES { Symbols::Apart(set) } else { Self::indexed(set) }
    }

    fn indexed(set: &'a Set) -> Self {
        let exports = set.inputs.iter().map(|input| input.module.exports.len()).sum();
        let mut symbols = HashMap::with_capacity_and_hasher(exports, RandomState::default());
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

    /// Returns all definitions of a symbol. The first one counts.
    pub(crate) fn all(
        &self,
        module: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = Definition> + '_ {
        let indexed = match self {
            Symbols::Indexed(symbols) => symbols.get(&(module, name)).map(Definitions::as_slice),
            Symbols::Apart(_) => None,
        };
        let apart = match self {
            Symbols::Indexed(_) => &[],
            Symbols::Apart(set) => set.inputs.as_slice(),
        };
        let linked = apart.iter().enumerate().filter(move |(_, it)| it.linked_as == module);
        let apart = linked.filter_map(move |(module, input)| {
            Some(Definition { module, export: input.definition(name)? })
        });
        indexed.into_iter().flatten().copied().chain(apart)
    }
}

impl Definitions {
    fn as_slice(&self) -> &[Definition] {
        match self {
            Definitions::One(only) => std::slice::from_ref(only),
            Definitions::More(all) => all,
        }
    }

    fn add(&mut self, definition: Definition) {
        match self {
            Definitions::One(first) => *self = Definitions::More(vec![*first, definition]),
            Definitions::More(all) => all.push(definition),
        }
    }
}

impl Set {
    /// Returns the modules by the library names that they answer to.
    pub(crate) fn library_names(&self) -> LibraryNames<'_, usize> {
        let mut names = LibraryNames::default();
        for (module, input) in self.inputs.iter().enumerate() {
            names.add(input, module);
        }
        names
    }
}

/// Modules by the library names that they answer to. The first module of a name counts.
///
/// `M` identifies a module: its index in a set, or its id in a running program.
#[derive(Debug)]
pub(crate) struct LibraryNames<'a, M> {
    libraries: HashMap<&'a str, M>,
    /// System libraries, by their files.
    system: Vec<(&'static str, M)>,
}

impl<M> Default for LibraryNames<'_, M> {
    fn default() -> Self {
        LibraryNames { libraries: HashMap::default(), system: Vec::new() }
    }
}

impl<'a, M: Copy> LibraryNames<'a, M> {
    /// Adds a module under its name, and under the names of the modules that were fused to it.
    pub(crate) fn add(&mut self, input: &'a InputModule, module: M) {
        // Only a system library has the name of one: see `InputModule::tell_from_system`.
        for part in &input.module.internals.linked {
            self.add_name(part, system_libraries::titled(part), module);
        }
        self.add_name(&input.module.name, input.system, module);
    }

    fn add_name(&mut self, name: &'a str, system: Option<&'static str>, module: M) {
        match system {
            Some(file) => self.system.push((file, module)),
            None => {
                self.libraries.entry(module_name(name)).or_insert(module);
            }
        }
    }

    /// Returns the module that a `needed` entry of the module `by` means.
    pub(crate) fn needed(&self, file: &str, by: &InputModule) -> Option<M> {
        let library = || self.library(file).filter(|_| !by.needs_system(file));
        library().or_else(|| self.system(file))
    }

    /// Returns the library of a name, except system libraries.
    pub(crate) fn library(&self, file: &str) -> Option<M> {
        self.libraries.get(module_name(file)).copied()
    }

    /// Returns the system library of a name.
    pub(crate) fn system(&self, name: &str) -> Option<M> {
        let mut system = self.system.iter();
        system.find(|(file, _)| system_libraries::is_called(file, name)).map(|(_, module)| *module)
    }
}
