//! A module that takes part in a program, with its bytes and its role.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use wasmparser::{Operator, Parser, Payload, ValType};

use crate::convention::{ENV, STACK_POINTER, is_private};
use crate::hash::HashSet;
use crate::limits::InputLimits;
use crate::module::dylink::MemInfo;
use crate::module::error::LoadError;
use crate::module::export_index::ExportIndex;
use crate::module::{Import, Kind, Module};
use crate::names::{module_name, printable};
use crate::plan::system_libraries;
use crate::shared_bytes::SharedBytes;
use crate::types::ExternType;

/// A module and its bytes, with its role in a program. Two inputs with equal hashes are the same to
/// a plan.
#[derive(Debug, Clone)]
pub struct InputModule {
    /// The module as plain data.
    pub module: Arc<Module>,
    /// The bytes that it was read from.
    pub bytes: SharedBytes,
    /// The file that it was read from, if that is known. This crate opens no file. Callers find
    /// files next to it, such as its source map.
    pub file: Option<PathBuf>,
    /// The folder that `$ORIGIN` stands for in its runtime path, if it was found in a folder.
    pub origin: Option<PathBuf>,
    /// The name or path by which the program knows its file: as it was given, needed or opened.
    pub opened_as: Option<String>,
    /// The module name under which others import from it: `env` for all modules that share the
    /// process's memory.
    pub linked_as: String,
    /// Whether it shares the process's memory and table.
    shares_memory: bool,
    /// The file of the system library that it is, if it is one.
    pub(crate) system: Option<&'static str>,
    /// Whether it was given in place of the system library of that name.
    pub(crate) is_replacement: bool,
    /// Whether it takes part only because one of its symbols was wanted.
    pub(crate) is_on_demand: bool,
    /// Its purpose, if the linker has written it.
    pub(crate) synthetic: Option<SyntheticKind>,
    /// An index of its exports, from the first lookup in this module alone.
    index: Arc<OnceLock<ExportIndex>>,
}

impl InputModule {
    /// Loads a module that is linked as `env`. A main or a shared library shares the process's
    /// memory.
    ///
    /// # Errors
    ///
    /// When [`Module::load`] fails.
    pub fn load(name: impl Into<String>, bytes: impl Into<SharedBytes>) -> Result<Self, LoadError> {
        Self::load_within(name, bytes, &InputLimits::default())
    }

    /// Loads a module within other limits than [`InputModule::load`].
    ///
    /// # Errors
    ///
    /// When [`Module::load_within`] fails.
    pub fn load_within(
        name: impl Into<String>,
        bytes: impl Into<SharedBytes>,
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        let module = Module::load_within(name, &bytes, limits)?;
        Ok(Self::of(module, bytes))
    }

    /// Loads a system library within limits, without validating it: it was validated when it was
    /// built.
    ///
    /// No safety depends on that. A file that is damaged nevertheless is an error here, or makes
    /// what is written of it invalid. So validate that, or have an engine compile it.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be read as a module, or exceed the limits.
    pub fn load_trusted(
        name: impl Into<String>,
        bytes: impl Into<SharedBytes>,
        limits: &InputLimits,
    ) -> Result<Self, LoadError> {
        let bytes = bytes.into();
        let module = Module::load_trusted(name, &bytes, limits)?;
        Ok(Self::of(module, bytes))
    }

    fn of(module: Module, bytes: SharedBytes) -> Self {
        let module = Arc::new(module);
        let shares_memory = matches!(module.kind, Kind::Main | Kind::SharedLibrary);
        let linked_as = ENV.to_owned();
        InputModule {
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
            synthetic: None,
            index: Arc::default(),
        }
    }

    /// Makes it the system library with a file name of
    /// [`system_libraries`](crate::system_libraries), whatever its own name is.
    #[must_use]
    pub fn into_system(mut self, file: &'static str) -> Self {
        self.rename(module_name(file).to_owned());
        self.opened_as = Some(file.to_owned());
        self.system = Some(file);
        self
    }

    /// Returns the name or path by which the program knows its file, or else its name.
    pub fn path_or_name(&self) -> &str {
        self.opened_as.as_deref().unwrap_or(&self.module.name)
    }

    /// Marks it as given in place of a system library, which a plan's report then says.
    #[must_use]
    pub fn into_replacement(mut self) -> Self {
        self.is_replacement = true;
        self
    }

    /// Returns whether it is a system library. That does not depend on its name.
    pub fn is_system(&self) -> bool {
        self.system.is_some()
    }

    /// Returns whether it was given in place of a system library.
    pub fn is_replacement(&self) -> bool {
        self.is_replacement
    }

    /// Returns the file that was given in place of this system library, if one was.
    pub(crate) fn replacement(&self) -> Option<String> {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        self.is_replacement.then(|| file.unwrap_or_else(|| self.path_or_name().to_owned()))
    }

    /// Renames a module that has the name of a system library and is none. Its name becomes that of
    /// its file, as in `libc.wasm`, so that messages distinguish the two.
    pub(crate) fn tell_from_system(&mut self) {
        if self.is_system() || system_libraries::titled(&self.module.name).is_none() {
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

    /// Makes its exports available to others under a module name of its own. It keeps a memory of
    /// its own.
    #[must_use]
    pub fn preloaded_as(mut self, name: impl Into<String>) -> Self {
        self.linked_as = name.into();
        self.shares_memory = false;
        self
    }

    /// Returns whether it shares the process's memory and table: whether it is a main or a shared
    /// library, and not preloaded under a name of its own.
    pub fn shares_memory(&self) -> bool {
        self.shares_memory
    }
}

impl Hash for InputModule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The rest of `module` follows from the bytes. The file does not matter.
        let InputModule {
            module,
            bytes,
            linked_as,
            shares_memory,
            is_on_demand,
            system,
            synthetic,
            is_replacement: _,
            file: _,
            origin: _,
            opened_as: _,
            index: _,
        } = self;
        (&module.name, bytes, linked_as, shares_memory, is_on_demand, system, synthetic)
            .hash(state);
    }
}

impl InputModule {
    /// Returns whether it needs the system library of a name, and no other file of that name.
    pub(crate) fn needs_system(&self, name: &str) -> bool {
        self.is_system() && system_libraries::system_library(name).is_some()
    }

    /// Returns the name by which other libraries need it. For a system library that is its file,
    /// which no other library has as its name.
    pub(crate) fn library_name(&self) -> &str {
        self.system.unwrap_or_else(|| module_name(&self.module.name))
    }

    /// Returns the imports that may stay undefined.
    pub(crate) fn weak_imports(&self) -> WeakImports<'_> {
        let infos = self.module.dylink.iter().flat_map(|dylink| &dylink.import_info);
        let weak = infos.filter(|info| info.is_weak());
        let names = weak.map(|info| (info.module.as_deref().unwrap_or(ENV), info.name.as_str()));
        WeakImports(names.collect())
    }

    /// Returns the symbols of the process that it imports and for which system libraries join. A
    /// system library brings no other for a symbol that it only uses if it is there.
    pub(crate) fn wanted_symbols(&self) -> impl Iterator<Item = &str> {
        let weak = if self.is_system() { self.weak_imports() } else { WeakImports::default() };
        let imports = self.module.imports.iter().filter(|import| import.is_of_process());
        let wanted = imports.filter(move |import| !weak.contains(import));
        wanted.map(|import| import.name.as_str())
    }

    /// Returns whether its data is at fixed addresses of the process's memory.
    pub(crate) fn is_main(&self) -> bool {
        self.shares_memory() && self.module.kind == Kind::Main
    }

    /// Returns the memory and table that the layout assigns to it; `None` for a module that is not
    /// position independent or has a memory of its own.
    pub(crate) fn mem_info(&self) -> Option<MemInfo> {
        let is_placed = self.shares_memory && self.module.kind == Kind::SharedLibrary;
        self.module.mem_info().filter(|_| is_placed)
    }

    /// Returns whether it is a main that defines the process's memory, which the others import.
    pub(crate) fn lends_memory(&self) -> bool {
        let is_memory = |import: &Import| matches!(import.ty, ExternType::Memory(_));
        self.is_main() && !self.module.imports.iter().any(is_memory)
    }

    /// Returns whether it is a main whose stack the others use too.
    pub(crate) fn lends_stack(&self) -> bool {
        self.lends_memory() && self.module.export(STACK_POINTER).is_some()
    }

    /// Returns whether its code looks up the size of the memory. Code that never does cannot use
    /// what somebody else adds to it.
    pub fn looks_up_memory_size(&self) -> bool {
        let payloads = Parser::new(0).parse_all(&self.bytes).map_while(Result::ok);
        let bodies = payloads.filter_map(|payload| match payload {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let operators = bodies.filter_map(|body| body.get_operators_reader().ok()).flatten();
        let mut operators = operators.map_while(Result::ok);
        operators.any(|operator| matches!(operator, Operator::MemorySize { .. }))
    }

    /// Returns whether Emscripten has linked it as a program of its own.
    pub fn is_program_of_emscripten(&self) -> bool {
        const RUNTIME: [&str; 4] =
            ["stackAlloc", "_emscripten_stack_alloc", "emscripten_stack_get_end", "stackSave"];
        let is_main = self.module.kind != Kind::SharedLibrary;
        is_main && RUNTIME.iter().any(|name| self.module.export(name).is_some())
    }

    /// Returns the names of the symbols that it defines for others.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        let exports = self.module.exports.iter().enumerate();
        exports.filter(|(index, _)| self.offers(*index)).map(|(_, export)| export.name.as_str())
    }

    /// Returns the index of the export by which it defines a symbol for others.
    pub(crate) fn definition(&self, symbol: &str) -> Option<usize> {
        self.indexed_export(symbol).filter(|&export| self.offers(export))
    }

    /// Exports the function that prepares the block of its thread-local variables, if nothing else
    /// does, so that it can be called. Only the plain data of the module changes.
    pub(crate) fn export_initialiser(&mut self) {
        if let Some(export) = self.module.missing_initialiser() {
            Arc::make_mut(&mut self.module).exports.push(export);
            self.forget_index();
        }
    }

    /// Discards the index of exports by name, after the exports have changed.
    pub(crate) fn forget_index(&mut self) {
        self.index = Arc::default();
    }

    /// Returns the index of the export with a name.
    pub(crate) fn indexed_export(&self, name: &str) -> Option<usize> {
        let exports = &self.module.exports;
        self.index.get_or_init(|| ExportIndex::new(exports)).find(exports, name)
    }

    /// Returns whether others can import an export.
    ///
    /// A module that shares the process's memory offers what it defines itself. It does not offer
    /// names that are private to it, imports that it exports again, or immutable globals that are no
    /// address.
    pub(crate) fn offers(&self, export: usize) -> bool {
        let item = &self.module.exports[export];
        let internals = &self.module.internals;
        let own = match &item.ty {
            _ if self.synthetic.is_some() => return false,
            _ if !self.shares_memory() => return true,
            ExternType::Func(_) => item.index >= internals.imported_functions,
            ExternType::Global(ty) if ty.mutable => item.index >= internals.imported_globals,
            ExternType::Global(_) => self.address(export).is_some(),
            ExternType::Tag(_) => item.index >= internals.imported_tags,
            _ => false,
        };
        own && !is_private(&item.name)
    }

    /// Returns the slots of the process's table that it fills with its functions, by function
    /// index. A module with a table of its own fills none.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (&u32, &u32)> {
        self.module.internals.slots.iter().filter(|_| self.shares_memory())
    }

    /// Returns the slot of the process's table that it fills with a function.
    pub(crate) fn slot(&self, function: u32) -> Option<u32> {
        self.module.internals.slots.get(&function).copied().filter(|_| self.shares_memory())
    }

    /// Returns the initial value of an exported global, if it is known.
    pub(crate) fn exported_value(&self, name: &str) -> Option<u32> {
        let export = self.module.exports.iter().position(|export| export.name == name)?;
        matches!(self.module.exports[export].ty, ExternType::Global(_)).then_some(())?;
        self.initial_value(export)
    }

    /// Returns the address that an exported global stands for, in bytes. In a shared library it is
    /// relative to `__memory_base`. A mutable global holds a value of its own.
    pub(crate) fn address(&self, export: usize) -> Option<u32> {
        let is_address = match &self.module.exports[export].ty {
            ExternType::Global(ty) => !ty.mutable && ty.content == ValType::I32,
            _ => false,
        };
        self.initial_value(export).filter(|_| is_address)
    }

    /// Returns the initial value of a global that is exported, if it is known.
    fn initial_value(&self, export: usize) -> Option<u32> {
        let internals = &self.module.internals;
        let global = self.module.exports[export].index.checked_sub(internals.imported_globals)?;
        *internals.global_values.get(global as usize)?
    }
}

/// The imports of a module that may stay undefined, by module and name. They are recorded under
/// `env` even where only an address is imported, from `GOT.mem` or `GOT.func`.
#[derive(Default)]
pub(crate) struct WeakImports<'a>(HashSet<(&'a str, &'a str)>);

impl WeakImports<'_> {
    pub(crate) fn contains(&self, import: &Import) -> bool {
        let module = if import.is_address() { ENV } else { import.module.as_str() };
        self.0.contains(&(module, import.name.as_str()))
    }
}

/// The purpose of a module that the linker writes for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SyntheticKind {
    /// Defines a `_start` that calls `main`.
    Start,
    /// Defines the functions that modules call instead of `proc_exit`.
    Exit,
    /// Moves the heap of the main behind the other modules.
    Heap,
    /// Defines functions that trap, for imports that nothing else defines.
    UnknownImports,
    /// Defines the functions by which code for WASI preview 3 reads and sets the stack pointer and
    /// the address of its thread-local variables.
    ThreadContext,
}
