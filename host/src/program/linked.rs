//! The instances of a program in a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use linker::{Plan, Shared};
use wasmtime::{
    AsContextMut, Func, Global, Instance, Memory, Table, TypedFunc, Val, WasmParams, WasmResults,
};

use super::info::ProgramInfo;
use super::lazy_plan::LazyPlan;
use super::linkage::Linkage;
use crate::error::Error;

/// A program that is instantiated in a store and whose constructors have run.
///
/// A call that does not return, for example because of a trap, leaves memory, globals and the stack
/// pointer as they were at that moment. Wasmtime lets you use the store further, and this type does
/// not prevent it: you must know whether the guest's data is still reliable. A
/// [`Process`](crate::Process) refuses further calls.
#[derive(Debug, Clone)]
pub struct LinkedInstance {
    pub(super) plan: Arc<LazyPlan>,
    pub(super) info: Arc<ProgramInfo>,
    pub(super) linkage: Arc<Linkage>,
    pub(super) base: Option<Instance>,
    /// The instances by index in the set.
    pub(super) modules: BTreeMap<usize, Instance>,
    /// The only instance, if the program is a single module.
    pub(super) single: Option<Instance>,
}

impl LinkedInstance {
    /// Returns a function that the program exports, or the `_start` that the linker wrote for its
    /// `main`.
    ///
    /// After `_start` has returned, call the [`symbol`](LinkedInstance::symbol) `__funcs_on_exit`
    /// without arguments, and then `fflush` with 0, if they exist. They run destructors and write
    /// buffered output. If `_start` ends by an exit instead, it has already done both.
    ///
    /// # Errors
    ///
    /// [`Error::NoFunction`] with all functions that the program exports, if none has this name.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Result<Func, Error> {
        let start = self.info.start.filter(|_| name == "_start");
        if start.is_none() {
            self.info.exports.function(name)?;
        }
        self.export(store, start.unwrap_or(self.info.program), name)
    }

    /// Returns a function that the program exports, with its parameters and results as Rust types.
    ///
    /// # Errors
    ///
    /// The errors of [`LinkedInstance::get_func`], and [`Error::Call`] if the function has another
    /// type.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.get_func(&mut store, name)?;
        func.typed(&store).map_err(|error| Error::Call {
            what: format!("`{name}`"),
            message: Error::message(&error),
        })
    }

    /// Returns the function with this name as all modules see it: whichever module defines it.
    /// Returns `None` if no module does. A fused program has only its exports and the symbols that
    /// were given to [`Linker::export`].
    ///
    /// [`Linker::export`]: crate::Linker::export
    pub fn symbol(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        let definer = match self.info.definer(name) {
            Some(known) => known,
            None => self.plan.get().ok()?.definer(name),
        };
        self.export(store, definer?, name).ok()
    }

    /// Returns the address of a data symbol in [`get_memory`](LinkedInstance::get_memory), in
    /// bytes, or the slot of a function in [`get_table`](LinkedInstance::get_table). The address is
    /// valid for symbols that a fused program keeps: see [`LinkedInstance::symbol`]. A function has
    /// a slot only if a module takes its address.
    pub fn address(&self, symbol: &str) -> Option<u32> {
        match self.single {
            Some(_) => self.plan.address_in_single(&self.linkage, symbol),
            None => self.plan.get().ok()?.address(symbol),
        }
    }

    /// Returns the memory that the modules share, or `None` if they share none.
    pub fn get_memory(&self, store: impl AsContextMut) -> Option<Memory> {
        self.base.or(self.single)?.get_memory(store, Shared::Memory.export_name())
    }

    /// Returns the table that the modules share, or `None` if they share none.
    pub fn get_table(&self, store: impl AsContextMut) -> Option<Table> {
        self.base.or(self.single)?.get_table(store, Shared::Table.export_name())
    }

    pub(crate) fn stack_pointer(&self, mut store: impl AsContextMut) -> Option<Global> {
        self.base.or(self.single)?.get_global(&mut store, Shared::StackPointer.export_name())
    }

    /// Returns whether the stack in linear memory has overflowed. The stack pointer shows that,
    /// because every function sets it to the end of its frame, except small functions that call no
    /// others. Returns false if the stack pointer is not known.
    pub(crate) fn has_stack_overflowed(&self, mut store: impl AsContextMut) -> bool {
        const SMALL: u64 = 128;
        let pointer = self.stack_pointer(&mut store).map(|global| global.get(&mut store));
        match (pointer, self.get_memory(&mut store)) {
            (Some(Val::I32(pointer)), Some(memory)) => {
                let pointer = u64::from(pointer.cast_unsigned());
                // A pointer below 0 wraps to one near 4 GiB.
                pointer < SMALL || pointer > memory.data_size(&store) as u64
            }
            _ => false,
        }
    }

    /// Returns the instance of a module, by its index in the set.
    pub(crate) fn instance(&self, module: usize) -> Option<Instance> {
        self.single.or_else(|| self.modules.get(&module).copied())
    }

    /// Returns all instances with the index of each module in the set.
    pub(crate) fn instances(&self) -> impl Iterator<Item = (usize, Instance)> + '_ {
        self.modules.iter().map(|(module, instance)| (*module, *instance))
    }

    /// Returns how the modules were linked.
    ///
    /// # Errors
    ///
    /// The error of [`Program::plan`](crate::Program::plan).
    pub fn plan(&self) -> Result<&Plan, Error> {
        self.plan.get()
    }

    pub(super) fn export(
        &self,
        store: impl AsContextMut,
        module: usize,
        name: &str,
    ) -> Result<Func, Error> {
        let instance = self.single.as_ref().or_else(|| self.modules.get(&module));
        let missing = || Error::Setup { message: format!("`{name}` is not instantiated") };
        instance.and_then(|instance| instance.get_func(store, name)).ok_or_else(missing)
    }
}
