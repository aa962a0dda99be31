//! Phase *load*, of a program: the modules that take part, in the order in which symbols are looked up.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::convention::{ENV, GOT_FUNC, GOT_MEM, is_private};
use crate::fault::{Fault, Faults};
use crate::load::{Import, Kind, LoadError, Module};
use crate::types::ExternType;
use crate::wasi::WASI;

/// A module and its bytes.
#[derive(Debug, Clone)]
pub struct Object {
    pub module: Module,
    pub bytes: Arc<[u8]>,
    /// The module name under which others import from it. Modules that share the process's memory all
    /// have `env`.
    pub linked_as: String,
    /// Whether it shares the process's memory and table.
    shares_memory: bool,
}

impl Object {
    /// Loads a module that is linked as `env`. A main or a shared library shares the process's memory.
    ///
    /// # Errors
    ///
    /// As [`Module::load`].
    pub fn load(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        let module = Module::load(name, &bytes)?;
        let shares_memory = matches!(module.kind, Kind::Main | Kind::SharedLibrary);
        Ok(Object { module, bytes, linked_as: ENV.to_owned(), shares_memory })
    }

    /// Gives others the exports of this module under a module name of its own, with its own memory.
    pub fn preloaded_as(mut self, name: impl Into<String>) -> Self {
        self.linked_as = name.into();
        self.shares_memory = false;
        self
    }

    /// Whether it shares the process's memory and table: a main or a shared library that is not
    /// preloaded.
    pub fn is_dynamic(&self) -> bool {
        self.shares_memory
    }
}

/// The files of the system libraries, those that need others first.
pub const SYSTEM_LIBRARIES: [&str; 2] = ["libc++.wasm", "libc.wasm"];

/// Where shared libraries that are needed but not given come from.
pub trait Library {
    /// The library of a file name that some module lists as needed.
    ///
    /// # Errors
    ///
    /// A [`Fault`], when it is not found or cannot be used.
    fn needed(&mut self, name: &str, by: &str) -> Result<Object, Fault>;

    /// The system libraries, of which each joins only if a symbol is wanted.
    fn system(&mut self) -> Vec<Object>;
}

/// No libraries but those that are given.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLibrary;

impl Library for NoLibrary {
    fn needed(&mut self, name: &str, by: &str) -> Result<Object, Fault> {
        let (by, name) = (by.to_owned(), name.to_owned());
        Err(Fault::LibraryNotFound { by, name, tried: Vec::new() })
    }

    fn system(&mut self) -> Vec<Object> {
        Vec::new()
    }
}

/// The modules of one program.
#[derive(Debug, Clone)]
pub struct Set {
    /// In the order in which symbols are looked up: the main, what it needs, breadth first, then the
    /// others in the order they were given.
    pub objects: Vec<Object>,
    /// The one whose exports are called.
    pub program: usize,
    /// Functions of the host, beside WASI, that are taken where no module defines a symbol: those that
    /// [`Set::wanted_of_host`] asks for and the host has at that type.
    pub host: Vec<Import>,
}

impl Set {
    /// Gathers what takes part: the program, `links`, what they need, and the system libraries that
    /// define a symbol which is still undefined.
    ///
    /// # Errors
    ///
    /// Two mains, and every library that is not found.
    pub fn gather(
        program: Object,
        links: Vec<Object>,
        library: &mut dyn Library,
    ) -> Result<Self, Faults> {
        let program_name = program.module.name.clone();
        let mut given: Vec<_> = [program].into_iter().chain(links).collect();
        let mut faults = two_mains(&given);
        // A stable sort: the main comes first, the others stay in order.
        given.sort_by_key(|object| !object.is_main());
        let mut gathering = Gathering { objects: Vec::new(), names: BTreeSet::new() };
        for object in given {
            gathering.names.insert(object.module.name.clone());
            gathering.objects.push(object);
        }
        faults.extend(gathering.add_needed(library));
        faults.extend(gathering.add_system(library));
        faults.into_iter().collect::<Faults>().into_result()?;
        let objects = gathering.objects;
        let program = objects.iter().position(|o| o.module.name == program_name).unwrap_or(0);
        Ok(Set { objects, program, host: Vec::new() })
    }

    /// The function imports that no module defines, each once: what a host may define.
    pub fn wanted_of_host(&self) -> Vec<Import> {
        let symbols = Symbols::new(self);
        let mut seen = BTreeSet::new();
        let imports = self.objects.iter().flat_map(|object| &object.module.imports);
        imports
            .filter(|import| matches!(import.ty, ExternType::Func(_)) && import.module != WASI)
            .filter(|import| symbols.all(&import.module, &import.name).is_empty())
            .filter(|import| seen.insert((&import.module, &import.name, import.ty.to_string())))
            .cloned()
            .collect()
    }
}

fn two_mains(given: &[Object]) -> Vec<Fault> {
    let mut mains = given.iter().filter(|object| object.is_main());
    let Some(first) = mains.next() else { return Vec::new() };
    mains
        .map(|second| Fault::TwoMains {
            first: first.module.name.clone(),
            second: second.module.name.clone(),
        })
        .collect()
}

struct Gathering {
    objects: Vec<Object>,
    /// Names of modules, without ending, that are in `objects`.
    names: BTreeSet<String>,
}

impl Gathering {
    /// Breadth first, from the start of the list; what is there already is not added again, so cycles
    /// end.
    fn add_needed(&mut self, library: &mut dyn Library) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut at = 0;
        while let Some(object) = self.objects.get(at) {
            at += 1;
            let by = object.module.name.clone();
            let needed = object.module.dylink.iter().flat_map(|dylink| dylink.needed.clone());
            for file in needed.collect::<Vec<_>>() {
                let stem = stem(&file);
                if !self.names.insert(stem.to_owned()) {
                    continue;
                }
                match library.needed(&file, &by) {
                    Ok(object) => self.objects.push(object),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        faults
    }

    fn add_system(&mut self, library: &mut dyn Library) -> Vec<Fault> {
        if undefined(&self.objects).is_empty() {
            return Vec::new();
        }
        let mut system = library.system();
        let mut faults = Vec::new();
        loop {
            let wanted = undefined(&self.objects);
            let defines = |object: &Object| {
                object.module.exports.iter().any(|export| wanted.contains(export.name.as_str()))
            };
            let Some(at) = system.iter().position(defines) else { return faults };
            let object = system.remove(at);
            if self.names.insert(object.module.name.clone()) {
                self.objects.push(object);
                faults.extend(self.add_needed(library));
            }
        }
    }
}

/// The symbols that some module imports and none defines.
fn undefined(objects: &[Object]) -> BTreeSet<String> {
    let defined: BTreeSet<_> = objects
        .iter()
        .flat_map(|object| object.module.exports.iter().map(|export| export.name.as_str()))
        .collect();
    objects
        .iter()
        .filter(|object| object.is_dynamic())
        .flat_map(|object| &object.module.imports)
        .filter(|import| [ENV, GOT_MEM, GOT_FUNC].contains(&import.module.as_str()))
        .filter(|import| !is_private(&import.name) && !defined.contains(import.name.as_str()))
        .map(|import| import.name.clone())
        .collect()
}

/// The exports of a set, by the module name under which they are linked and their own.
pub(crate) struct Symbols<'a>(HashMap<(&'a str, &'a str), Vec<Definition>>);

/// An export of a module, both by their place in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Definition {
    pub module: usize,
    pub export: usize,
}

impl<'a> Symbols<'a> {
    pub(crate) fn new(set: &'a Set) -> Self {
        let mut symbols: HashMap<_, Vec<_>> = HashMap::new();
        for (module, object) in set.objects.iter().enumerate() {
            for (export, item) in object.module.exports.iter().enumerate() {
                if object.is_dynamic() && !object.defines(export) {
                    continue;
                }
                let key = (object.linked_as.as_str(), item.name.as_str());
                symbols.entry(key).or_default().push(Definition { module, export });
            }
        }
        Symbols(symbols)
    }

    /// All definitions of a symbol, the one that counts first.
    pub(crate) fn all(&self, module: &'a str, name: &'a str) -> &[Definition] {
        self.0.get(&(module, name)).map_or(&[], Vec::as_slice)
    }
}

impl Object {
    /// Whether its data lies at fixed addresses of the process's memory.
    pub(crate) fn is_main(&self) -> bool {
        self.is_dynamic() && self.module.kind == Kind::Main
    }

    /// Whether an export is a symbol that this module defines: not private to it, and not an import
    /// that is passed on.
    fn defines(&self, export: usize) -> bool {
        let export = &self.module.exports[export];
        let internals = &self.module.internals;
        let own = match &export.ty {
            ExternType::Func(_) => export.index >= internals.imported_functions,
            ExternType::Global(ty) => !ty.mutable && export.index >= internals.imported_globals,
            ExternType::Tag(_) => true,
            _ => false,
        };
        own && !is_private(&export.name)
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
    /// The module that a `needed` entry names.
    pub(crate) fn position(&self, needed: &str) -> Option<usize> {
        let stem = stem(needed);
        self.objects.iter().position(|object| object.module.name == stem)
    }
}

/// A library's file name without its ending: how modules are called.
fn stem(file: &str) -> &str {
    file.strip_suffix(".wasm").or(file.strip_suffix(".so")).unwrap_or(file)
}
