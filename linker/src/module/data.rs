//! A module as plain data.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::convention::{ENV, GOT_FUNC, GOT_MEM, SET_TLS_BASE, is_private};
use crate::module::dylink::{Dylink, MemInfo};
use crate::module::producers::Producers;
use crate::module::sections::Contents;
use crate::types::{ExternType, FuncType};

/// A module as plain data: the parts that linking depends on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Module {
    /// The name that messages use: for a module from a file, the file's name without its ending.
    pub name: String,
    /// How it takes part in a program.
    pub kind: Kind,
    /// Its imports, in the order of the import section.
    pub imports: Vec<Import>,
    /// Its exports, in the order of the export section.
    pub exports: Vec<Export>,
    /// The data of its `dylink.0` section. Every shared library has one, and some mains do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dylink: Option<Dylink>,
    #[serde(skip)]
    pub(crate) internals: Internals,
}

/// The data that binding depends on beyond the imports and exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Internals {
    pub(crate) imported_functions: u32,
    pub(crate) defined_functions: u32,
    pub(crate) imported_globals: u32,
    pub(crate) imported_tags: u32,
    pub(crate) memories: u32,
    pub(crate) has_start_function: bool,
    /// Whether threads share memory 0 or another memory.
    pub(crate) has_shared_memory: bool,
    /// The initial pages of memory 0; 0 if there is no memory.
    pub(crate) memory_pages: u64,
    /// The table that a main shares with the process, if it has one.
    pub(crate) shared_table: Option<SharedTable>,
    /// The end of the data that active segments put at constant addresses of memory 0, in bytes.
    pub(crate) fixed_data_end: u64,
    /// Whether its function pointers have a type of their own, by Binaryen's
    /// emulation of function pointer casts.
    pub(crate) emulates_casts: bool,
    /// The value of each defined global whose initial value is a constant, or `__memory_base` and a
    /// constant. In shared libraries addresses are relative to `__memory_base`.
    pub(crate) global_values: Vec<Option<u32>>,
    /// The first slot that an active element segment fills with a function, by function index. In
    /// shared libraries slots are relative to `__table_base`.
    pub(crate) slots: BTreeMap<u32, u32>,
    /// The modules that were fused to this one, the program first. Empty for a module as its
    /// compiler made it.
    pub(crate) linked: Vec<String>,
    /// Whether it describes the world of a component.
    pub(crate) has_component_type: bool,
    /// The tools that made it.
    pub(crate) producers: Producers,
    /// Whether each call of an export runs the constructors, by wrappers that cannot be undone.
    pub(crate) has_command_exports: bool,
    /// Its thread-local variables, if it is compiled for threads.
    pub(crate) thread_local: Option<ThreadLocal>,
    /// The reason why its thread-local variables cannot be used.
    pub(crate) thread_local_fault: Option<ThreadLocalFault>,
}

/// The table of a main.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SharedTable {
    pub(crate) index: u32,
    /// Its initial elements.
    pub(crate) minimum: u64,
}

/// The block of a module's thread-local variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThreadLocal {
    /// Its distance from `__memory_base`, in bytes. In a main it is an address.
    pub(crate) offset: u32,
    /// Its size in bytes.
    pub(crate) size: u32,
    /// The memory and table of the module, with the block.
    pub(crate) mem_info: MemInfo,
    /// The function that prepares the block, or completes what the start function has prepared, if
    /// there is one.
    pub(crate) initialiser: Option<BlockInitialiser>,
}

/// A function that prepares the block. The linker exports it, if the module does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockInitialiser {
    pub(crate) name: &'static str,
    pub(crate) function: u32,
    /// Whether it takes the address of the block. Otherwise it returns that.
    pub(crate) takes_address: bool,
    /// The imported function by which it allocates a block. The linker has it get the block that it
    /// has placed.
    pub(crate) allocation: Option<u32>,
}

/// A reason why the thread-local variables of a module cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ThreadLocalFault {
    /// Their block cannot be placed.
    Block(&'static str),
    /// A variable is outside of the block.
    Outside { symbol: String, offset: u32, size: u32 },
}

/// An import of a module.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Import {
    /// The module name, such as `env`.
    pub module: String,
    /// The name in that module.
    pub name: String,
    /// The type that the importing module expects.
    #[serde(rename = "type")]
    pub ty: ExternType,
    /// The index of a function's or tag's type in the module's type section; 0 for other imports.
    #[serde(skip)]
    pub(crate) type_index: u32,
}

/// An export of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    /// The exported name.
    pub name: String,
    /// The type of the exported item.
    #[serde(rename = "type")]
    pub ty: ExternType,
    /// In the index space of its kind: two exports of one index are aliases.
    #[serde(skip)]
    pub(crate) index: u32,
}

/// The part that a module takes in a program. It follows from the module's sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Position independent, with a `dylink.0` section: a side module.
    SharedLibrary,
    /// Not position independent. Its data is at fixed addresses of the memory that it shares with
    /// shared libraries, whether it defines that memory or imports it.
    Main,
    /// Exports `_start` and runs on its own.
    Command,
    /// Exports `_initialize`, which must be called once before anything else.
    Reactor,
    /// A relocatable object file, which a linker has yet to make a module of.
    Object,
    /// Any other module: it offers its exports and nothing else.
    Plain,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::SharedLibrary => "shared library (side module)",
            Kind::Main => "main, not position independent",
            Kind::Command => "command",
            Kind::Reactor => "reactor",
            Kind::Object => "object file",
            Kind::Plain => "plain module",
        })
    }
}

impl Module {
    /// Returns whether it describes the world of a component, in a section `component-type`.
    pub fn has_component_type(&self) -> bool {
        self.internals.has_component_type
    }

    /// Returns every exported function with its type.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &FuncType)> {
        self.exports.iter().filter_map(|export| match &export.ty {
            ExternType::Func(ty) => Some((export.name.as_str(), &**ty)),
            _ => None,
        })
    }

    /// Returns the type of the exported function called `name`, if there is one.
    pub fn function(&self, name: &str) -> Option<&FuncType> {
        self.functions().find(|(other, _)| *other == name).map(|(_, ty)| ty)
    }

    /// Returns the export called `name`, if there is one.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// Returns the memory and table that it asks for, with the block of its thread-local variables.
    pub(crate) fn mem_info(&self) -> Option<MemInfo> {
        let dylink = self.dylink.as_ref()?;
        let block = self.internals.thread_local.as_ref();
        Some(block.map_or(dylink.mem_info, |block| block.mem_info))
    }

    /// Returns whether each memory has addresses of 64 bits, in the order of their index space.
    pub(crate) fn memory64(&self, contents: &Contents<'_>) -> Vec<bool> {
        let imported = self.imports.iter().filter_map(|import| match &import.ty {
            ExternType::Memory(ty) => Some(ty.memory64),
            _ => None,
        });
        imported.chain(contents.memories.iter().map(|ty| ty.memory64)).collect()
    }

    /// Returns the imported functions, in the order of their indices.
    pub(crate) fn imported_functions(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| matches!(import.ty, ExternType::Func(_)))
    }

    /// Returns the index of the type of each imported tag.
    pub(crate) fn imported_tag_types(&self) -> impl Iterator<Item = u32> {
        let tags = self.imports.iter().filter(|import| matches!(import.ty, ExternType::Tag(_)));
        tags.map(|import| import.type_index)
    }

    /// Returns an export of the function that prepares the block of its thread-local variables, if
    /// there is such a function and the module does not export it.
    pub(crate) fn missing_initialiser(&self) -> Option<Export> {
        let initialiser = self.internals.thread_local.as_ref()?.initialiser.as_ref()?;
        self.export(initialiser.name).is_none().then(|| Export {
            name: initialiser.name.to_owned(),
            ty: ExternType::Func(FuncType { params: Vec::new(), results: Vec::new() }.into()),
            index: initialiser.function,
        })
    }

    /// Returns the number of symbols, as
    /// [`InputLimits::max_symbols`](crate::InputLimits::max_symbols) counts them.
    pub(crate) fn symbol_count(&self) -> usize {
        let in_dylink = self.dylink.as_ref().map_or(0, Dylink::name_count);
        self.imports.len() + self.exports.len() + in_dylink
    }
}

/// Returns whether a module is compiled for threads: they share its memory, or it sets the address
/// of its thread-local variables by a function, as code for WASI preview 3 does.
pub(crate) fn is_for_threads(internals: &Internals, imports: &[Import]) -> bool {
    let sets_base = |import: &Import| import.module == ENV && import.name == SET_TLS_BASE;
    internals.has_shared_memory || imports.iter().any(sets_base)
}

impl Import {
    /// Returns whether it is an entry of the global offset table: an address or a table slot.
    pub(crate) fn is_address(&self) -> bool {
        [GOT_MEM, GOT_FUNC].contains(&self.module.as_str())
    }

    /// Returns whether it is looked up in all modules that share the process's memory.
    pub(crate) fn is_of_process(&self) -> bool {
        (self.module == ENV || self.is_address()) && !is_private(&self.name)
    }
}
