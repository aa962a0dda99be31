//! Every symbol of a program, with the modules that define and use it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::convention::ENV;
use crate::module::Import;
use crate::plan::Plan;
use crate::plan::resolve::ImportTarget;
use crate::plan::set::Definition;
use crate::types::ExternType;

/// A symbol of a program, with the modules that define and use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProgramSymbol<'a> {
    /// The module name under which it is imported: `env` for symbols of the process.
    pub module: &'a str,
    /// Its name, mangled.
    pub name: &'a str,
    /// The type of its first definition, or else the type that a module expects.
    #[serde(rename = "type")]
    pub ty: &'a ExternType,
    /// The modules that define it, by their index in the set, in the order of lookup: the first one
    /// is used.
    pub definers: Vec<Definer>,
    /// The modules that import it, by their index in the set.
    pub users: Vec<usize>,
    /// What an import of it means.
    pub provider: Provider,
    /// The address of data in bytes, or the table slot of a function, if it has one.
    pub value: Option<u32>,
}

/// A module that defines a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Definer {
    /// The index of the module in the set.
    pub module: usize,
    /// Whether the definition is weak, as that of an inline function of C++ is.
    pub weak: bool,
}

/// The side that defines a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Provider {
    /// The first of the modules that define it.
    Module,
    /// The host.
    Host,
    /// The process: an address that the layout decides.
    Process,
    /// Nothing: the symbol is weak, its address is null, and a call of it traps.
    Undefined,
}

/// The modules that define and use a symbol, while they are gathered.
struct Gathered<'a> {
    ty: &'a ExternType,
    definitions: Vec<Definition>,
    users: BTreeSet<usize>,
    provider: Option<Provider>,
}

impl Plan {
    /// Returns the symbols that modules define for others or import, by module name and name. It
    /// leaves out what all modules share: the memory, the table and the stack pointer.
    pub fn symbols(&self) -> Vec<ProgramSymbol<'_>> {
        let mut gathered = BTreeMap::new();
        self.gather_definitions(&mut gathered);
        self.gather_uses(&mut gathered);
        let weak = self.weak_exports();
        let symbols = gathered.into_iter().map(|((module, name), symbol)| {
            let definer = |definition: &Definition| Definer {
                module: definition.module,
                weak: weak.contains(&(definition.module, name)),
            };
            let is_defined = symbol.definitions.first().copied();
            ProgramSymbol {
                module,
                name,
                ty: symbol.ty,
                definers: symbol.definitions.iter().map(definer).collect(),
                users: symbol.users.into_iter().collect(),
                provider: symbol.provider.unwrap_or(Provider::Module),
                value: is_defined.and_then(|definition| self.known_value(definition)),
            }
        });
        symbols.collect()
    }

    /// Adds what each module defines for others, in the order of lookup.
    fn gather_definitions<'a>(&'a self, gathered: &mut BTreeMap<Key<'a>, Gathered<'a>>) {
        for (module, input) in self.set.inputs.iter().enumerate() {
            for (export, item) in input.module.exports.iter().enumerate() {
                if input.offers(export) {
                    let key = (input.linked_as.as_str(), item.name.as_str());
                    let symbol = gathered.entry(key).or_insert_with(|| Gathered::new(&item.ty));
                    symbol.definitions.push(Definition { module, export });
                }
            }
        }
    }

    /// Adds what each module imports.
    fn gather_uses<'a>(&'a self, gathered: &mut BTreeMap<Key<'a>, Gathered<'a>>) {
        for (module, (input, targets)) in self.set.inputs.iter().zip(&self.resolution).enumerate() {
            for (import, &target) in input.module.imports.iter().zip(targets) {
                let Some(provider) = provider(target) else { continue };
                let symbol =
                    gathered.entry(key(import)).or_insert_with(|| Gathered::new(&import.ty));
                symbol.users.insert(module);
                symbol.provider = Some(provider);
                // What the linker has written offers nothing to others, but some imports mean it.
                if let Some(used) = target.definition()
                    && !symbol.definitions.contains(&used)
                {
                    symbol.definitions.insert(0, used);
                }
            }
        }
    }

    /// Returns the exports that are weak, by module and name.
    fn weak_exports(&self) -> BTreeSet<(usize, &str)> {
        let inputs = self.set.inputs.iter().enumerate();
        let weak = inputs.flat_map(|(module, input)| {
            let infos = input.module.dylink.iter().flat_map(|dylink| &dylink.export_info);
            infos.filter(|info| info.is_weak()).map(move |info| (module, info.name.as_str()))
        });
        weak.collect()
    }

    /// Returns the address of data in the process's memory, or the slot of a function that has one.
    fn known_value(&self, definition: Definition) -> Option<u32> {
        let input = &self.set.inputs[definition.module];
        match input.module.exports[definition.export].ty {
            ExternType::Func(_) => {
                self.layout.slots.get(&self.set.item(definition)).map(|slot| slot.index)
            }
            _ if !input.shares_memory() => None,
            _ => input.address(definition.export).map(|_| self.data_address(definition)),
        }
    }
}

impl<'a> Gathered<'a> {
    fn new(ty: &'a ExternType) -> Self {
        Gathered { ty, definitions: Vec::new(), users: BTreeSet::new(), provider: None }
    }
}

/// Identifies a symbol: the module name under which it is imported, and its own name.
type Key<'a> = (&'a str, &'a str);

/// Returns the symbol that an import means: an address is imported from a module name of its own.
fn key(import: &Import) -> Key<'_> {
    let module = if import.is_address() { ENV } else { import.module.as_str() };
    (module, &import.name)
}

/// Returns the side that defines the target of an import; `None` for what all modules share.
fn provider(target: ImportTarget) -> Option<Provider> {
    match target {
        ImportTarget::Shared(_) | ImportTarget::MemoryBase | ImportTarget::TableBase => None,
        ImportTarget::Boundary(_) => Some(Provider::Process),
        ImportTarget::Function(_)
        | ImportTarget::Item(_)
        | ImportTarget::FunctionAddress(Some(_))
        | ImportTarget::DataAddress(Some(_)) => Some(Provider::Module),
        ImportTarget::FunctionAddress(None)
        | ImportTarget::DataAddress(None)
        | ImportTarget::UndefinedWeak => Some(Provider::Undefined),
        ImportTarget::Host => Some(Provider::Host),
    }
}
