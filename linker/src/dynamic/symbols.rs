//! Lookup of symbols and addresses in a running program.

use crate::convention::ENV;
use crate::dynamic::module_id::ModuleId;
use crate::dynamic::running::{LoadedItem, LoadedModule, Running};
use crate::types::ExternType;

/// The definition of a symbol in a running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadedSymbol {
    /// A variable, by its address in bytes.
    Data(u32),
    /// A function.
    Function(LoadedFunction),
}

/// A function that a module of a running program exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadedFunction {
    /// The module that defines it.
    pub module: ModuleId,
    /// Its index among the module's exports.
    pub(crate) export: usize,
    /// Its slot in the program's table, if it has one.
    pub slot: Option<u32>,
}

/// The module and symbol at an address, as `dladdr` reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressInfo<'a> {
    /// The module that the address belongs to.
    pub module: ModuleId,
    /// The address of the module's data in bytes.
    pub base: u32,
    /// The nearest symbol at or before the address, and its own address: of a variable in bytes,
    /// of a function its slot in the table.
    pub symbol: Option<(&'a str, u32)>,
}

impl Running {
    /// Looks up a symbol in the whole program. The first definition counts.
    pub fn symbol(&self, name: &str) -> Option<LoadedSymbol> {
        self.find(&self.global, name)
    }

    /// Looks up a symbol in a library and the libraries that it needs.
    pub fn symbol_of(&self, library: ModuleId, name: &str) -> Option<LoadedSymbol> {
        self.find(&self.tree(library), name)
    }

    /// Looks up a symbol in the modules after `module`, in the order in which the module's own
    /// symbols are looked up.
    pub fn symbol_after(&self, module: ModuleId, name: &str) -> Option<LoadedSymbol> {
        let tree = self.tree(module).into_iter();
        let tree = tree.filter(|module| !self.global.contains(module));
        let scope: Vec<_> = self.global.iter().copied().chain(tree).collect();
        let at = scope.iter().position(|&other| other == module)?;
        self.find(&scope[at + 1..], name)
    }

    fn find(&self, scope: &[ModuleId], name: &str) -> Option<LoadedSymbol> {
        scope.iter().find_map(|&module| {
            let loaded = self.get(module).filter(|loaded| loaded.input.linked_as == ENV)?;
            let export = loaded.input.definition(name)?;
            match &loaded.input.module.exports[export].ty {
                ExternType::Func(_) => {
                    let slot = self.slot(self.item(module, export)?);
                    Some(LoadedSymbol::Function(LoadedFunction { module, export, slot }))
                }
                ExternType::Global(_) => Some(LoadedSymbol::Data(self.address(module, export)?)),
                _ => None,
            }
        })
    }

    /// Returns the address of an exported variable, in bytes.
    fn address(&self, module: ModuleId, export: usize) -> Option<u32> {
        let loaded = self.get(module)?;
        let relative = loaded.input.address(export)?;
        Some(loaded.placement.memory_base.wrapping_add(relative))
    }

    /// Returns the name under which its module exports a function.
    pub fn export_name(&self, function: LoadedFunction) -> Option<&str> {
        let module = &self.get(function.module)?.input.module;
        module.exports.get(function.export).map(|export| export.name.as_str())
    }

    /// Records the slot that was taken for a function.
    pub fn set_slot(&mut self, function: LoadedFunction, slot: u32) {
        if let Some(item) = self.item(function.module, function.export) {
            self.slots.insert(item, slot);
        }
    }

    /// Returns the module and symbol at an address of the memory, or else in a slot of the table,
    /// if a module defines it.
    pub fn address_info(&self, address: u32) -> Option<AddressInfo<'_>> {
        let holds = |loaded: &LoadedModule| {
            let offset = address.checked_sub(loaded.placement.memory_base);
            let size = loaded.input.mem_info().map(|info| info.memory_size);
            offset.zip(size).is_some_and(|(offset, size)| offset < size)
        };
        match self.all().find(|(_, loaded)| holds(loaded)) {
            Some((module, _)) => self.data_info(module, address),
            None => self.function_info(address),
        }
    }

    /// Finds the last variable of a module that begins at an address or before it.
    fn data_info(&self, module: ModuleId, address: u32) -> Option<AddressInfo<'_>> {
        let LoadedModule { input, placement, .. } = self.get(module)?;
        let exports = input.module.exports.iter().enumerate();
        let offered = exports.filter(|(export, _)| input.offers(*export));
        let addresses = offered.filter_map(|(export, item)| {
            Some((item.name.as_str(), self.address(module, export)?))
                .filter(|(_, at)| *at <= address)
        });
        let symbol = addresses.max_by_key(|(_, at)| *at);
        Some(AddressInfo { module, base: placement.memory_base, symbol })
    }

    /// Finds the function in a slot.
    fn function_info(&self, slot: u32) -> Option<AddressInfo<'_>> {
        let known = self.slots.iter().find(|(_, other)| **other == slot).map(|(item, _)| *item);
        let item = known.or_else(|| self.function_of_elements(slot))?;
        let LoadedModule { input, placement, .. } = self.get(item.module)?;
        let mut exports = input.module.exports.iter().enumerate();
        let named = exports.find(|(export, found)| {
            let is_function = matches!(found.ty, ExternType::Func(_));
            is_function && found.index == item.index && input.offers(*export)
        });
        let symbol = named.map(|(_, export)| (export.name.as_str(), slot));
        Some(AddressInfo { module: item.module, base: placement.memory_base, symbol })
    }

    /// Finds the function that a module's own elements put into a slot.
    fn function_of_elements(&self, slot: u32) -> Option<LoadedItem> {
        self.all().find_map(|(module, loaded)| {
            let relative = slot.checked_sub(loaded.placement.table_base)?;
            let mut slots = loaded.input.slots();
            let (&index, _) = slots.find(|(_, other)| **other == relative)?;
            Some(LoadedItem { module, index })
        })
    }
}
