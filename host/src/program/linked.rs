//! The instances of a program in a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use linker::{Plan, Shared};
use wasmtime::{
    AsContextMut, Func, Global, Instance, Memory, Table, TypedFunc, Val, WasmParams, WasmResults,
};

use crate::error::Error;
use crate::exports;

/// A program that is instantiated in a store, all constructors run.
///
/// A call that does not return, because of a trap for example, leaves memory, globals and the stack pointer as they
/// were at that moment. Wasmtime lets the store be used further, and nothing here keeps count: whether the guest's
/// data can still be relied on is for the caller to know. A [`Process`](crate::Process) refuses further calls.
#[derive(Debug, Clone)]
pub struct LinkedInstance {
    pub(super) plan: Arc<Plan>,
    pub(super) base: Option<Instance>,
    /// By place in the set.
    pub(super) modules: BTreeMap<usize, Instance>,
    /// The instance of all modules, if they are one.
    pub(super) single: Option<Instance>,
}

impl LinkedInstance {
    /// A function that the program exports, or the `_start` that the linker has written for its `main`.
    ///
    /// When `_start` has returned, call [`LinkedInstance::symbol`] `__funcs_on_exit` without arguments and then `fflush` with
    /// 0, if they are there: they run destructors, and write what libc holds back. A `_start` that does not return,
    /// but ends in an exit, has done that.
    ///
    /// # Errors
    ///
    /// When there is none of that name, with those that there are.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Result<Func, Error> {
        let program = self.plan.set().program;
        let start = self.plan.start().filter(|_| name == "_start");
        if start.is_none() {
            exports::function(&self.plan.set().inputs[program].module, name)?;
        }
        self.export(store, start.unwrap_or(program), name)
    }

    /// As [`LinkedInstance::get_func`], with parameters and results of Rust's types.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or it has other types.
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

    /// A function that any of the modules defines as a symbol of the process; `None` if none does. In a
    /// program whose modules are one only its exports and those named to [`Linker::export`] are known.
    ///
    /// [`Linker::export`]: crate::Linker::export
    pub fn symbol(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.export(store, self.plan.definer(name)?, name).ok()
    }

    /// The address of a data symbol in [`LinkedInstance::get_memory`], or the slot of a function in
    /// [`LinkedInstance::get_table`] if it has one. It holds for symbols that [`LinkedInstance::symbol`] knows; of data that was
    /// not needed, or functions whose address nobody takes, nothing is there.
    pub fn address(&self, symbol: &str) -> Option<u32> {
        self.plan.address(symbol)
    }

    /// The memory that the modules share; `None` if none does.
    pub fn get_memory(&self, store: impl AsContextMut) -> Option<Memory> {
        self.base.or(self.single)?.get_memory(store, Shared::Memory.export_name())
    }

    /// The table that the modules share; `None` if none does.
    pub fn get_table(&self, store: impl AsContextMut) -> Option<Table> {
        self.base.or(self.single)?.get_table(store, Shared::Table.export_name())
    }

    pub(crate) fn stack_pointer(&self, mut store: impl AsContextMut) -> Option<Global> {
        self.base.or(self.single)?.get_global(&mut store, Shared::StackPointer.export_name())
    }

    /// Whether the stack in linear memory has overflowed: what the stack pointer is then, since every
    /// function sets it to the end of its own frame. Functions that call no others do not, if their
    /// frame is small. It is false where the stack pointer is not known.
    pub(crate) fn has_stack_overflowed(&self, mut store: impl AsContextMut) -> bool {
        const SMALL: u64 = 128;
        let pointer = self.stack_pointer(&mut store).map(|global| global.get(&mut store));
        match (pointer, self.get_memory(&mut store)) {
            (Some(Val::I32(pointer)), Some(memory)) => {
                let pointer = u64::from(pointer.cast_unsigned());
                // Below 0 it is near 4 GiB.
                pointer < SMALL || pointer > memory.data_size(&store) as u64
            }
            _ => false,
        }
    }

    /// The instance of a module, by its place in the set.
    pub(crate) fn instance(&self, module: usize) -> Option<Instance> {
        self.single.or_else(|| self.modules.get(&module).copied())
    }

    /// All instances of modules, by their places in the set.
    pub(crate) fn instances(&self) -> impl Iterator<Item = (usize, Instance)> + '_ {
        self.modules.iter().map(|(module, instance)| (*module, *instance))
    }

    /// How the modules were linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
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
