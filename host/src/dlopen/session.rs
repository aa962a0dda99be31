//! The state in which libraries of a store are opened, queried and closed.

use linker::dynamic::{LoadedFunction, LoadedSymbol, Running};
use wasmtime::{AsContextMut, Func, Global, Memory, StoreContextMut, Table, Val};

use super::libraries::{Accessor, DynamicProcess, Failure, Libraries};

/// The way in which guest code is called, which must match the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallMode {
    Sync,
    Async,
}

const KEEPS_NOTHING: &str = "the program keeps no table and stack that a library could share; \
                             if it was made by `host fuse`, make it with `--dynamic`";

/// The options of an open library, like the flags of `dlopen`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenFlags {
    /// Makes the symbols of the library, and of the libraries that it needs, visible to libraries
    /// that are opened later (`RTLD_GLOBAL`).
    pub global: bool,
    /// Opens the library only if it already is open (`RTLD_NOLOAD`).
    pub no_load: bool,
    /// Keeps the library loaded when it has no more users (`RTLD_NODELETE`).
    pub no_delete: bool,
}

impl OpenFlags {
    /// Sets [`Self::global`].
    #[must_use]
    pub fn with_global(mut self, global: bool) -> Self {
        self.global = global;
        self
    }

    /// Sets [`Self::no_load`].
    #[must_use]
    pub fn with_no_load(mut self, no_load: bool) -> Self {
        self.no_load = no_load;
        self
    }

    /// Sets [`Self::no_delete`].
    #[must_use]
    pub fn with_no_delete(mut self, no_delete: bool) -> Self {
        self.no_delete = no_delete;
        self
    }
}

/// A store that is in use, and access to its libraries.
pub(crate) struct Session<'s, T: 'static> {
    pub(super) store: StoreContextMut<'s, T>,
    pub(super) accessor: Accessor<T>,
    pub(super) mode: CallMode,
}

pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'s, T: Send + 'static> Session<'s, T> {
    pub(crate) fn new(
        store: StoreContextMut<'s, T>,
        accessor: Accessor<T>,
        mode: CallMode,
    ) -> Self {
        Session { store, accessor, mode }
    }

    pub(super) fn libraries(&mut self) -> &mut Libraries<T> {
        (self.accessor)(self.store.data_mut())
    }

    pub(super) fn process(&mut self) -> Result<&mut DynamicProcess<T>> {
        (self.accessor)(self.store.data_mut()).process()
    }

    pub(super) fn running(&mut self) -> Result<&mut Running> {
        Ok(&mut self.process()?.running)
    }

    pub(super) fn memory(&mut self) -> Result<Memory> {
        let linked = self.process()?.linked.clone();
        let memory = linked.get_memory(&mut self.store);
        memory.ok_or_else(|| "the program's modules share no memory".to_owned().into())
    }

    pub(super) fn table(&mut self) -> Result<Table> {
        let linked = self.process()?.linked.clone();
        let table = linked.get_table(&mut self.store);
        table.ok_or_else(|| KEEPS_NOTHING.to_owned().into())
    }

    pub(super) fn stack_pointer(&mut self) -> Result<Global> {
        let linked = self.process()?.linked.clone();
        let global = linked.stack_pointer(&mut self.store);
        global.ok_or_else(|| KEEPS_NOTHING.to_owned().into())
    }

    pub(super) async fn call(
        &mut self,
        function: Func,
        args: &[Val],
    ) -> wasmtime::Result<Option<i32>> {
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        match self.mode {
            CallMode::Sync => function.call(&mut self.store, args, &mut results)?,
            CallMode::Async => function.call_async(&mut self.store, args, &mut results).await?,
        }
        Ok(results.first().and_then(Val::i32))
    }

    /// Returns a function that the program or a global library defines.
    pub(super) fn global_function(&mut self, name: &str) -> Result<Option<Func>> {
        match self.running()?.symbol(name) {
            Some(LoadedSymbol::Function(function)) => self.function(function).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn function(&mut self, function: LoadedFunction) -> Result<Func> {
        let process = self.process()?;
        let name = process.running.export_name(function).unwrap_or_default().to_owned();
        let instance = process.instance(function.module);
        let func = instance.and_then(|instance| instance.get_func(&mut self.store, &name));
        func.ok_or_else(|| {
            let name = linker::printable(&name);
            format!("`{name}` is not among what the program keeps").into()
        })
    }

    /// Returns the symbol with this name in an open library and in the libraries that it needs. If
    /// the handle is the program's, all modules are searched.
    pub(super) fn symbol(&mut self, handle: u32, name: &str) -> Result<Option<LoadedSymbol>> {
        let running = self.running()?;
        let library = running.of_handle(handle);
        let library = library.ok_or_else(|| format!("no library is open as {handle:#x}"))?;
        if library == running.program() {
            Ok(running.symbol(name))
        } else {
            Ok(running.symbol_of(library, name))
        }
    }

    /// Returns the slot of a function. Assigns one if it has none.
    pub(super) fn slot(&mut self, function: LoadedFunction) -> Result<u32> {
        if let Some(slot) = function.slot {
            return Ok(slot);
        }
        let func = self.function(function)?;
        let slot = self.take_slots(1, 1)?.start;
        self.table()?.set(&mut self.store, slot.into(), func.into())?;
        self.running()?.set_slot(function, slot);
        Ok(slot)
    }

    /// Frees a block with the program's own `free`.
    pub(super) async fn free(&mut self, block: u32) -> Result<()> {
        if let Some(free) = self.global_function("free")? {
            self.call(free, &[Val::I32(block.cast_signed())]).await?;
        }
        Ok(())
    }

    /// Takes consecutive slots, and grows the table if necessary.
    pub(super) fn take_slots(
        &mut self,
        count: u32,
        alignment: u64,
    ) -> Result<std::ops::Range<u32>> {
        let table = self.table()?;
        let full = || {
            let limit = "the limit of `--max-table`, or its own";
            Failure::Refused(format!("the table has no room for {count} more functions ({limit})"))
        };
        let size = table.size(&self.store);
        let size = u32::try_from(size).map_err(|_| full())?;
        let slots = self.running()?.take_slots(count, alignment, size).ok_or_else(full)?;
        if let Some(more) = slots.end.checked_sub(size).filter(|more| *more > 0) {
            let null = wasmtime::Ref::Func(None);
            if table.grow(&mut self.store, more.into(), null).is_err() {
                // The slots below the size of the table are free; the others do not exist.
                self.running()?.forget_slots_from(size);
                return Err(full());
            }
        }
        Ok(slots)
    }

    /// Writes null into slots, so that a call through them traps, and frees them.
    pub(super) fn clear_slots(&mut self, slots: &std::ops::Range<u32>) -> Result<()> {
        let table = self.table()?;
        let (start, count) = (slots.start.into(), slots.len() as u64);
        Ok(table.fill(self.store.as_context_mut(), start, wasmtime::Ref::Func(None), count)?)
    }
}
