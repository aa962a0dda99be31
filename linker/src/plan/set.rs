//! The modules of one program, and the lookup of symbols and libraries among them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::module::Import;
use crate::names::module_name;
use crate::plan::host_imports::is_host;
use crate::plan::input::InputModule;
use crate::plan::system_libraries;
use crate::types::ExternType;

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

impl Set {
    /// The modules by the names of libraries that they answer to.
    pub(crate) fn library_names(&self) -> LibraryNames<'_, usize> {
        let mut names = LibraryNames::default();
        for (module, input) in self.inputs.iter().enumerate() {
            names.add(input, module);
        }
        names
    }
}

/// Modules by the names of libraries that they answer to, the first of each.
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
        LibraryNames { libraries: HashMap::new(), system: Vec::new() }
    }
}

impl<'a, M: Copy> LibraryNames<'a, M> {
    /// Adds a module, and those that have become part of it.
    pub(crate) fn add(&mut self, input: &'a InputModule, module: M) {
        // No part but a system library is called like one: see `InputModule::tell_from_system`.
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

    /// Returns the module that is meant by a `needed` entry of another.
    pub(crate) fn needed(&self, file: &str, by: &InputModule) -> Option<M> {
        let library = || self.library(file).filter(|_| !by.needs_system(file));
        library().or_else(|| self.system(file))
    }

    /// Returns the library of a name that is no system library.
    pub(crate) fn library(&self, file: &str) -> Option<M> {
        self.libraries.get(module_name(file)).copied()
    }

    /// Returns the system library of a name.
    pub(crate) fn system(&self, name: &str) -> Option<M> {
        let mut system = self.system.iter();
        system.find(|(file, _)| system_libraries::is_called(file, name)).map(|(_, module)| *module)
    }
}
