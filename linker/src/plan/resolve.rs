//! Phase *resolve*: finds the target of every import of a set.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::convention::{
    ENV, GOT_FUNC, GOT_MEM, HEAP_BASE, HEAP_END, MEMORY, MEMORY_BASE, STACK_HIGH, STACK_LOW,
    STACK_POINTER, TABLE, TABLE_BASE, is_private,
};
use crate::fault::{Candidate, Fault, Faults, SHOWN};
use crate::hash::{HashMap, HashSet};
use crate::module::{Import, Module};
use crate::plan::check;
use crate::plan::hint;
use crate::plan::host_imports::{HostModule, host_module};
use crate::plan::input::InputModule;
use crate::plan::set::{Definition, Set, Symbols, is_interface};
use crate::plan::synthetic::{command, thread_context, unknown_imports};
use crate::plan::versions;
use crate::suggest::{WORK, nearest};
use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};
use serde::{Deserialize, Serialize};
use wasmparser::ValType;

/// The target of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ImportTarget {
    /// The process's memory, table or stack pointer.
    Shared(Shared),
    /// The address at which the importing module's data begins.
    MemoryBase,
    /// The slot at which the importing module's part of the table begins.
    TableBase,
    /// An address that the layout decides.
    Boundary(Boundary),
    /// A function of a module.
    Function(Definition),
    /// A tag, or anything that a module with a memory of its own imports from another.
    Item(Definition),
    /// The table slot of a function; `None` is the null pointer of an undefined weak symbol.
    FunctionAddress(Option<Definition>),
    /// The address of data; `None` is the null pointer, too.
    DataAddress(Option<Definition>),
    /// A weak function that no module defines: calling it traps.
    UndefinedWeak,
    /// A function of the host.
    Host,
}

/// An item that all modules of a process share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shared {
    /// The linear memory.
    Memory,
    /// The table of functions.
    Table,
    /// The global with the stack pointer of the stack in linear memory.
    StackPointer,
}

impl Shared {
    /// Returns the name under which the base module exports it.
    pub fn export_name(self) -> &'static str {
        match self {
            Shared::Memory => MEMORY,
            Shared::Table => TABLE,
            Shared::StackPointer => STACK_POINTER,
        }
    }
}

/// An address of the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Boundary {
    HeapBase,
    HeapEnd,
    StackLow,
    StackHigh,
}

/// For each module of a set, the target of each of its imports, in order.
pub(crate) type Resolution = Vec<Vec<ImportTarget>>;

/// Resolves every import of a set.
///
/// # Errors
///
/// Two mains, every module that cannot be linked, and every import that is undefined or whose
/// definition has another type.
pub(crate) fn resolve(set: &Set) -> Result<Resolution, Faults> {
    let (resolution, faults) = attempt(set);
    faults.into_iter().collect::<Faults>().into_result()?;
    Ok(resolution)
}

/// Returns the faults that keep the modules of a set from being linked, even if a missing module
/// defined every symbol that they lack.
pub(crate) fn certain(set: &Set) -> Vec<Fault> {
    let (_, mut faults) = attempt(set);
    faults.retain(|fault| !matches!(fault, Fault::UnknownImport { .. } | Fault::Interfaces { .. }));
    faults
}

/// Returns the functions that modules import and nothing defines, each once. A function whose
/// address is imported is in it as that import. `is_new` says of which modules; the others already
/// run.
pub(crate) fn unknown_functions(set: &Set, is_new: impl Fn(usize) -> bool) -> Vec<Import> {
    let resolver = Resolver::new(set, Symbols::new(set));
    let mut faults = Vec::new();
    for (module, input) in set.inputs.iter().enumerate() {
        if is_new(module) {
            resolver.module(input, &mut faults);
        }
    }
    grouped(faults).into_iter().filter_map(unknown_function).collect()
}

/// Returns the import of a function that is undefined, if the linker can define it.
fn unknown_function(fault: Fault) -> Option<Import> {
    let Fault::UnknownImport { module, name, expected: ty, .. } = fault else { return None };
    let can_trap = match &ty {
        ExternType::Func(ty) => !has_own_types(ty),
        _ => module == GOT_FUNC,
    };
    can_trap.then_some(Import { module, name, ty, type_index: 0 })
}

fn attempt(set: &Set) -> (Resolution, Vec<Fault>) {
    let resolver = Resolver::new(set, Symbols::new(set));
    let mut faults = check::two_mains(&set.inputs);
    faults.extend(check::stack_size(set));
    let resolution = set.inputs.iter().map(|input| resolver.module(input, &mut faults)).collect();
    (resolution, joined(grouped(faults)))
}

/// Resolves the imports of the new modules of a set. The others have no targets in the result.
///
/// # Errors
///
/// Every module that cannot be linked, and every import that is undefined or whose definition has
/// another type.
pub(crate) fn resolve_new(set: &Set, is_new: impl Fn(usize) -> bool) -> Result<Resolution, Faults> {
    let resolver = Resolver::new(set, Symbols::Apart(set));
    let mut faults = Vec::new();
    let inputs = set.inputs.iter().enumerate();
    let import_targets = |(module, input)| {
        if is_new(module) { resolver.module(input, &mut faults) } else { Vec::new() }
    };
    let resolution = inputs.map(import_targets).collect();
    joined(grouped(faults)).into_iter().collect::<Faults>().into_result()?;
    Ok(resolution)
}

/// Joins the undefined functions of interfaces that each module imports to one fault.
fn joined(faults: Vec<Fault>) -> Vec<Fault> {
    let mut imports = BTreeMap::<String, (BTreeSet<String>, usize)>::new();
    let mut others = Vec::new();
    for fault in faults {
        match fault {
            Fault::UnknownImport { importers, module, provider: None, .. }
                if is_interface(&module) =>
            {
                for importer in importers {
                    let (interfaces, functions) = imports.entry(importer).or_default();
                    interfaces.insert(module.clone());
                    *functions += 1;
                }
            }
            fault => others.push(fault),
        }
    }
    let joined = imports.into_iter().map(|(module, (interfaces, functions))| Fault::Interfaces {
        module,
        interfaces: interfaces.into_iter().collect(),
        functions,
    });
    joined.chain(others).collect()
}

/// Joins the faults of each undefined symbol to one, with all modules that import it.
fn grouped(faults: Vec<Fault>) -> Vec<Fault> {
    let mut indices = HashMap::default();
    let mut grouped: Vec<Fault> = Vec::new();
    for mut fault in faults {
        if let Fault::UnknownImport { importers, module, name, expected, .. } = &mut fault {
            let key = (module.clone(), name.clone(), expected.clone());
            let index = *indices.entry(key).or_insert(grouped.len());
            if let Some(Fault::UnknownImport { importers: known, .. }) = grouped.get_mut(index) {
                known.append(importers);
                continue;
            }
        }
        grouped.push(fault);
    }
    grouped
}

/// The definitions of a set, and what was found about them.
struct Resolver<'a> {
    set: &'a Set,
    symbols: Symbols<'a>,
    /// The index of each module of the set, by its address.
    indices: HashMap<*const InputModule, usize>,
    /// The modules by the module name under which they are linked.
    linked: HashMap<&'a str, Vec<&'a InputModule>>,
    /// The undefined symbols that have been explained: no more than a report spells out, because
    /// each is compared with all exports.
    explained: RefCell<HashSet<(&'a str, &'a str, &'a ExternType)>>,
    /// The function that modules call instead of `proc_exit`.
    exit: Option<Definition>,
    /// The modules of functions that trap because nothing defines them.
    unknown_imports: Vec<usize>,
    /// The module of functions for the stack pointer and for thread-local variables.
    thread_context: Option<usize>,
}

impl<'a> Resolver<'a> {
    fn new(set: &'a Set, symbols: Symbols<'a>) -> Self {
        let mut linked = HashMap::<_, Vec<_>>::default();
        for input in &set.inputs {
            linked.entry(input.linked_as.as_str()).or_default().push(input);
        }
        let inputs = set.inputs.iter().enumerate();
        Resolver {
            set,
            symbols,
            indices: inputs.map(|(index, input)| (std::ptr::from_ref(input), index)).collect(),
            linked,
            explained: RefCell::default(),
            exit: set.exit(),
            unknown_imports: set.unknown_imports().collect(),
            thread_context: set.thread_context(),
        }
    }

    /// Returns the targets of a module's imports, and adds what is wrong to `faults`.
    fn module(&self, input: &'a InputModule, faults: &mut Vec<Fault>) -> Vec<ImportTarget> {
        if let Some(fault) = check::unusable(input) {
            faults.push(fault);
            return Vec::new();
        }
        faults.extend(check::own_memory(input));
        faults.extend(check::shared_memory(input));
        faults.extend(check::thread_local(input));
        faults.extend(check::thrown_variable(input));
        faults.extend(check::own_stack(input));
        faults.extend(check::fixed_data(input));
        faults.extend(check::command_exports(input));
        faults.extend(check::stack_checks(input));
        faults.extend(check::conventional(input));
        let weak = input.weak_imports();
        let target = |import: &'a Import| {
            let found = self.import(input, import, weak.contains(import));
            let found = found.or_else(|fault| self.trapping(import, &fault).ok_or(fault));
            found.unwrap_or_else(|fault| {
                faults.push(fault);
                // The targets are discarded if there is any fault.
                ImportTarget::UndefinedWeak
            })
        };
        input.module.imports.iter().map(target).collect()
    }

    /// Returns the function that traps in place of one that nothing defines, if there is one.
    fn trapping(&self, import: &Import, fault: &Fault) -> Option<ImportTarget> {
        if self.unknown_imports.is_empty() || !matches!(fault, Fault::UnknownImport { .. }) {
            return None;
        }
        let name = unknown_imports::export_name(import);
        let definition = self.unknown_imports.iter().find_map(|&module| {
            let export = self.set.inputs[module].indexed_export(&name)?;
            Some(Definition { module, export })
        })?;
        Some(if import.is_address() {
            ImportTarget::FunctionAddress(Some(definition))
        } else {
            ImportTarget::Function(definition)
        })
    }

    fn import(
        &self,
        input: &'a InputModule,
        import: &'a Import,
        weak: bool,
    ) -> Result<ImportTarget, Fault> {
        if let Some(target) = environment(input, import) {
            return check_environment(input, import).map(|()| target);
        }
        if let Some(definition) = self.thread_context(input, import) {
            return self.defined_symbol(input, import, definition);
        }
        match (import.module.as_str(), host_module(&import.module)) {
            (GOT_FUNC, _) => self.address(input, import, weak, ImportTarget::FunctionAddress),
            (GOT_MEM, _) => self.address(input, import, weak, ImportTarget::DataAddress),
            (_, Some(host)) => self.host(host, input, import),
            (_, None) => self.symbol(input, import, weak),
        }
    }

    /// Returns the linker's own function that an import means, if it is one of those for the stack
    /// pointer and for thread-local variables.
    fn thread_context(&self, input: &InputModule, import: &Import) -> Option<Definition> {
        let module = self.thread_context.filter(|_| input.shares_memory())?;
        let importer = *self.indices.get(&std::ptr::from_ref(input))?;
        let name = thread_context::export_name(importer, import)?;
        Some(Definition { module, export: self.set.inputs[module].indexed_export(&name)? })
    }

    /// Resolves an entry of the global offset table.
    fn address(
        &self,
        input: &'a InputModule,
        import: &'a Import,
        weak: bool,
        to_target: fn(Option<Definition>) -> ImportTarget,
    ) -> Result<ImportTarget, Fault> {
        check_environment(input, import)?;
        let is_function = import.module == GOT_FUNC;
        let right = |definition: &Definition| match self.ty(*definition) {
            ExternType::Func(_) => is_function,
            ExternType::Global(_) => !is_function && self.is_address(*definition),
            _ => false,
        };
        let found = if is_private(&import.name) {
            self.own(input, &import.name).filter(right)
        } else {
            self.symbols.all(ENV, &import.name).find(right)
        };
        match found.map(|definition| self.ty(definition)) {
            Some(ty @ ExternType::Func(function)) if has_own_types(function) => {
                Err(not_shared(input, import, ty))
            }
            None if !weak && !is_private(&import.name) => Err(self.undefined(input, import)),
            _ => Ok(to_target(found)),
        }
    }

    /// Resolves an import from a module of the host.
    fn host(
        &self,
        host: &HostModule,
        input: &'a InputModule,
        import: &'a Import,
    ) -> Result<ImportTarget, Fault> {
        match host.exports.iter().find(|export| export.name == import.name) {
            Some(export) if export.ty == import.ty => Ok(self.host_function(input, import)),
            Some(export) => Err(mismatch(input, import, host.title, None, &export.ty)),
            None => Err(self.undefined(input, import)),
        }
    }

    /// Returns the target of a function of the host. Instead of `proc_exit` it is the function that
    /// finishes the program first.
    fn host_function(&self, input: &InputModule, import: &Import) -> ImportTarget {
        let exit = self.exit.filter(|_| command::is_exit(input, import));
        exit.map_or(ImportTarget::Host, ImportTarget::Function)
    }

    /// Returns whether the host defines a function in addition to WASI.
    fn is_of_host(&self, import: &Import) -> bool {
        let same = |host: &Import| {
            host.module == import.module && host.name == import.name && host.ty == import.ty
        };
        self.set.host.iter().any(same)
    }

    /// Returns a module's own export of a private name.
    fn own(&self, input: &InputModule, name: &str) -> Option<Definition> {
        let module = *self.indices.get(&std::ptr::from_ref(input))?;
        Some(Definition { module, export: input.indexed_export(name)? })
    }

    /// Resolves an import of a symbol itself, such as a function.
    fn symbol(
        &self,
        input: &'a InputModule,
        import: &'a Import,
        weak: bool,
    ) -> Result<ImportTarget, Fault> {
        match self.symbols.all(&import.module, &import.name).next() {
            _ if self.is_of_host(import) => Ok(ImportTarget::Host),
            Some(definition) => self.defined_symbol(input, import, definition),
            None => self.undefined_symbol(input, import, weak),
        }
    }

    fn defined_symbol(
        &self,
        input: &InputModule,
        import: &Import,
        definition: Definition,
    ) -> Result<ImportTarget, Fault> {
        let has_own_types = match &import.ty {
            ExternType::Func(ty) => has_own_types(ty),
            ExternType::Tag(ty) => has_own_types(ty) && *self.ty(definition) == import.ty,
            _ => false,
        };
        if has_own_types {
            return Err(not_shared(input, import, &import.ty));
        }
        if *self.ty(definition) != import.ty {
            let provider = &self.set.inputs[definition.module].module;
            let found = self.ty(definition);
            return Err(mismatch(input, import, &provider.name, Some(provider), found));
        }
        match &import.ty {
            ExternType::Func(_) => Ok(ImportTarget::Function(definition)),
            ExternType::Global(_) if input.shares_memory() && self.is_address(definition) => {
                Ok(ImportTarget::DataAddress(Some(definition)))
            }
            ExternType::Tag(_) => Ok(ImportTarget::Item(definition)),
            ExternType::Global(ty) if ty.mutable && !is_of_own_type(&ty.content) => {
                Ok(ImportTarget::Item(definition))
            }
            _ if input.shares_memory() => Err(not_shared(input, import, &import.ty)),
            _ => Ok(ImportTarget::Item(definition)),
        }
    }

    fn undefined_symbol(
        &self,
        input: &'a InputModule,
        import: &'a Import,
        weak: bool,
    ) -> Result<ImportTarget, Fault> {
        match &import.ty {
            ExternType::Func(_) if weak => Ok(ImportTarget::UndefinedWeak),
            _ if self.is_exported_in_vain(input, import) => {
                Err(not_shared(input, import, &import.ty))
            }
            _ => Err(self.undefined(input, import)),
        }
    }

    /// Returns whether another module exports the symbol, but cannot share it.
    fn is_exported_in_vain(&self, input: &InputModule, import: &Import) -> bool {
        let mut exports = self.other_exports(input, import);
        exports.any(|(_, ty)| {
            *ty == import.ty && !matches!(ty, ExternType::Func(_) | ExternType::Tag(_))
        })
    }

    /// Returns the exports of other modules that have the name of an import, whether the import can
    /// have them or not.
    fn other_exports<'r>(
        &'r self,
        input: &'r InputModule,
        import: &'r Import,
    ) -> impl Iterator<Item = (&'r InputModule, &'r ExternType)> {
        let module = if import.is_address() { ENV } else { import.module.as_str() };
        let others = self.linked.get(module).into_iter().flatten().copied();
        let others = others.filter(move |other| !std::ptr::eq(*other, input));
        let others = others.filter(|_| !is_private(&import.name));
        others.filter_map(|other| {
            let export = other.indexed_export(&import.name)?;
            Some((other, &other.module.exports[export].ty))
        })
    }

    fn ty(&self, definition: Definition) -> &ExternType {
        &self.set.inputs[definition.module].module.exports[definition.export].ty
    }

    /// Returns whether a global stands for an address in the process's memory.
    fn is_address(&self, definition: Definition) -> bool {
        let input = &self.set.inputs[definition.module];
        input.shares_memory() && input.address(definition.export).is_some()
    }

    /// Returns the fault of an import that nothing defines.
    fn undefined(&self, input: &'a InputModule, import: &'a Import) -> Fault {
        let wanted = if import.is_address() { ENV } else { &import.module };
        let (candidate, hint) = if self.may_explain(import) {
            self.explanation(input, import, wanted)
        } else {
            (None, None)
        };
        Fault::UnknownImport {
            importers: vec![input.module.name.clone()],
            module: import.module.clone(),
            name: import.name.clone(),
            expected: import.ty.clone(),
            provider: self.provider(input, wanted),
            candidate,
            hint,
        }
    }

    /// Returns one of the system libraries, if they take part.
    fn system(&self) -> Option<&Module> {
        let system = self.set.inputs.iter().find(|input| input.is_system())?;
        Some(&system.module)
    }

    /// Returns the name of the module that is linked under a module name, or of the host. Returns
    /// `None` if there are several, as under `env`.
    fn provider(&self, input: &InputModule, wanted: &str) -> Option<String> {
        let others = self.linked.get(wanted).into_iter().flatten();
        let mut others = others.filter(|other| !std::ptr::eq(**other, input));
        match (others.next(), others.next()) {
            (None, _) => host_module(wanted).map(|host| host.title.to_owned()),
            (Some(only), None) if wanted != ENV => Some(only.module.name.clone()),
            _ => None,
        }
    }

    /// Returns whether to explain an undefined symbol: the first time, and if it is one of the
    /// first.
    fn may_explain(&self, import: &'a Import) -> bool {
        let mut explained = self.explained.borrow_mut();
        let symbol = (import.module.as_str(), import.name.as_str(), &import.ty);
        explained.len() < SHOWN && explained.insert(symbol)
    }

    /// Returns the export with the nearest name, or the probable cause of an undefined symbol.
    fn explanation(
        &self,
        input: &InputModule,
        import: &Import,
        wanted: &str,
    ) -> (Option<Candidate>, Option<String>) {
        let modules: Vec<_> = self.set.inputs.iter().map(|other| &*other.module).collect();
        let taken = self.other_exports(input, import).next();
        let hint = taken
            .and_then(|(other, ty)| hint::not_taken(import, other, ty))
            .or_else(|| hint::of_importer(import, input))
            .or_else(|| versions::undefined(import, &input.module, self.system()?))
            .or_else(|| hint::undefined(import, &modules));
        let is_other =
            |other: &&'a InputModule| !std::ptr::eq(*other, input) && other.synthetic.is_none();
        let others = self.set.inputs.iter().filter(is_other);
        let mut right: Vec<_> = others.clone().filter(|other| other.linked_as == wanted).collect();
        let nothing = hint::defines_nothing(&right);
        right.extend(others.filter(|other| other.linked_as != wanted));
        // A certain cause is more useful than a similar name.
        if hint.is_some() {
            return (None, hint);
        }
        let mut work = WORK;
        match right.into_iter().find_map(|other| near_miss(import, wanted, other, &mut work)) {
            Some(candidate) => (Some(candidate), None),
            None => (None, nothing),
        }
    }
}

/// Returns the export of a module that an import probably meant.
///
/// It has another name than the import, or another module name. Every short name is near one of a
/// system library; so an export of these counts only if it has the same type and the name is
/// longer.
fn near_miss(
    import: &Import,
    wanted: &str,
    other: &InputModule,
    work: &mut usize,
) -> Option<Candidate> {
    let is_system = other.is_system();
    if is_system && import.name.len() < SHORT {
        return None;
    }
    let exports = other.module.exports.iter().filter(|export| {
        let same_type = export.ty == import.ty || !matches!(import.ty, ExternType::Func(_));
        let other_name = other.linked_as != wanted || export.name != import.name;
        !is_private(&export.name) && other_name && (same_type || !is_system)
    });
    let name = nearest(&import.name, exports.map(|export| export.name.as_str()), work)?;
    Some(Candidate {
        provider: other.module.name.clone(),
        module: other.linked_as.clone(),
        name: name.to_owned(),
    })
}

/// Shorter names are near too many others.
const SHORT: usize = 6;

/// Returns whether a type has references to types that the module defines: they mean nothing in
/// another module.
fn has_own_types(ty: &FuncType) -> bool {
    ty.params.iter().chain(&ty.results).any(is_of_own_type)
}

fn is_of_own_type(ty: &ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if ty.is_concrete_type_ref())
}

/// Returns the fault of an import of an item that cannot be shared, of type `ty`.
fn not_shared(input: &InputModule, import: &Import, ty: &ExternType) -> Fault {
    Fault::NotShared {
        importer: input.module.name.clone(),
        module: import.module.clone(),
        name: import.name.clone(),
        ty: ty.clone(),
    }
}

/// Returns the fault of an import whose definition has another type. `module` is the provider, if
/// it is a module.
fn mismatch(
    input: &InputModule,
    import: &Import,
    provider: &str,
    module: Option<&Module>,
    found: &ExternType,
) -> Fault {
    Fault::TypeMismatch {
        importer: input.module.name.clone(),
        module: import.module.clone(),
        name: import.name.clone(),
        expected: import.ty.clone(),
        provider: provider.to_owned(),
        found: found.clone(),
        hint: hint::mismatch(import, &input.module, module, found),
    }
}

/// Checks the type of an import of the process: its memory, its table of functions, or a number.
fn check_environment(input: &InputModule, import: &Import) -> Result<(), Fault> {
    let global = |mutable| ExternType::Global(GlobalType { content: ValType::I32, mutable });
    let right = match (&import.ty, import.name.as_str()) {
        _ if import.is_address() => global(true),
        (ExternType::Memory(_), MEMORY) => return Ok(()),
        (ExternType::Table(ty), TABLE) if ty.element.is_func_ref() && !ty.table64 => return Ok(()),
        (_, MEMORY) => ExternType::Memory(MemoryType::default()),
        (_, TABLE) => ExternType::Table(TableType::functions()),
        (_, name) => global(name == STACK_POINTER),
    };
    if import.ty != right {
        return Err(mismatch(input, import, "the process", None, &right));
    }
    Ok(())
}

/// Returns the target of an import that the process itself provides to modules that share its
/// memory.
fn environment(input: &InputModule, import: &Import) -> Option<ImportTarget> {
    if !input.shares_memory() {
        return None;
    }
    match (import.module.as_str(), import.name.as_str()) {
        (ENV, MEMORY) => Some(ImportTarget::Shared(Shared::Memory)),
        (ENV, TABLE) => Some(ImportTarget::Shared(Shared::Table)),
        (ENV, STACK_POINTER) => Some(ImportTarget::Shared(Shared::StackPointer)),
        (ENV, MEMORY_BASE) => Some(ImportTarget::MemoryBase),
        (ENV, TABLE_BASE) => Some(ImportTarget::TableBase),
        (ENV | GOT_MEM, HEAP_BASE) => Some(ImportTarget::Boundary(Boundary::HeapBase)),
        (ENV | GOT_MEM, HEAP_END) => Some(ImportTarget::Boundary(Boundary::HeapEnd)),
        (ENV | GOT_MEM, STACK_LOW) => Some(ImportTarget::Boundary(Boundary::StackLow)),
        (ENV | GOT_MEM, STACK_HIGH) => Some(ImportTarget::Boundary(Boundary::StackHigh)),
        _ => None,
    }
}
