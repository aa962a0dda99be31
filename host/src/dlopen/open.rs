//! Opens a library.
//!
//! Everything that can fail without running guest code fails before anything is changed. A later
//! failure undoes the changes: it frees slots and memory, and the library leaves as if it was
//! closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use linker::dynamic::{Assigned, MemoryRequest, ModuleId, Opening};
use linker::{Initialiser, InputModule, LibrarySource, Source};
use wasmtime::{Extern, Global, GlobalType, Instance, Mutability, Trap, Val, ValType};
use wasmtime_wasi::I32Exit;

use super::files::FoundLibrary;
use super::libraries::{Failure, Libraries};
use super::session::{CallMode, OpenFlags, Result, Session};
use crate::compiled::libraries::CompiledLibrary;
use crate::error::{self, Error};
use crate::limits::Limit;
use crate::program::host_functions;
use crate::trap;

/// The meaning of a name.
enum Named {
    /// A module that already runs.
    Open(ModuleId),
    New(NewLibrary),
}

/// A library that does not run yet.
enum NewLibrary {
    File(FoundLibrary),
    /// A system library, by its file.
    System(&'static str),
}

impl<T: Send + 'static> Session<'_, T> {
    /// Opens the library with a name and returns its handle. `by` is the module that requests it,
    /// if a module does.
    pub(crate) async fn open(
        &mut self,
        name: &str,
        by: Option<&InputModule>,
        flags: OpenFlags,
    ) -> Result<u32> {
        let module = match self.find(name, by)? {
            Named::Open(module) => module,
            Named::New(_) if flags.no_load => {
                let name = linker::printable(name);
                return Err(format!("`{name}` is not open, and RTLD_NOLOAD opens nothing").into());
            }
            Named::New(new) => self.open_new(new).await?,
        };
        let running = self.running()?;
        if flags.global {
            running.make_global(module);
        }
        if flags.no_delete {
            running.keep(module);
        }
        Ok(running.open_again(module))
    }

    /// Finds the library with a name: one that already runs, by its file or name, or a new one.
    fn find(&mut self, name: &str, by: Option<&InputModule>) -> Result<Named> {
        let libraries = self.libraries();
        let found = libraries.files.find(name, by);
        let running = &libraries.process()?.running;
        let is_path = name.contains(std::path::is_separator);
        let by_file = found.as_ref().ok().and_then(|found| running.of_file(&found.file));
        let module = by_file
            .or_else(|| running.started_with(name).filter(|_| !is_path))
            .or_else(|| running.opened_as(name).filter(|_| found.is_err()));
        let is_program = by_file == Some(running.program()) || running.is_program(name);
        if module == Some(running.program()) && is_program {
            return Err(format!(
                "`{}` is the program that runs, and no library; it is opened by NULL",
                linker::printable(name)
            )
            .into());
        }
        match (module, found) {
            (Some(module), _) => Ok(Named::Open(module)),
            (None, Ok(found)) => Ok(Named::New(NewLibrary::File(found))),
            (None, Err(missing)) => {
                let system = linker::system_library(name).filter(|_| !is_path);
                let system = system.filter(|file| libraries.files.system(file).is_some());
                let system = system.map(|file| Named::New(NewLibrary::System(file)));
                system.ok_or_else(|| missing.message(name).into())
            }
        }
    }

    async fn open_new(&mut self, new: NewLibrary) -> Result<ModuleId> {
        self.table()?;
        self.stack_pointer()?;
        let mut opening = self.plan(new)?;
        self.check_instances(&opening)?;
        let code = self.compile(&opening)?;
        let blocks = self.allocate(&mut opening).await?;
        let instances = match self.instantiate(&opening, &code).await {
            Ok(instances) => instances,
            Err(failure) => {
                self.take_back(&opening, &blocks).await?;
                return Err(failure);
            }
        };
        let process = self.process()?;
        let ids = process.running.join(&opening);
        for (module, instance) in instances {
            process.instances.insert(ids[&module], instance);
            process.incomplete.insert(ids[&module]);
        }
        for (module, block) in blocks {
            process.blocks.insert(ids[&module], block);
        }
        let library = ids[&opening.library()];
        // The library has a user while its constructors run, whatever they open and close.
        process.running.open_again(library);
        let initialised = self.initialise(&opening, &ids).await;
        self.running()?.close(library);
        if let Err(Failure::Refused(_)) = initialised {
            self.release().await?;
        }
        initialised.map(|()| library)
    }

    /// Decides how a library joins the program. Changes nothing.
    fn plan(&mut self, new: NewLibrary) -> Result<Opening> {
        let libraries = self.libraries();
        let input = match new {
            NewLibrary::File(found) => libraries.files.read(&found)?,
            NewLibrary::System(file) => {
                let input = libraries.files.system(file);
                input.ok_or_else(|| format!("there is no `{file}`"))?.into_system(file)
            }
        };
        let process = libraries.process.as_ref();
        let process = process.ok_or_else(|| "the program has no instances yet".to_owned())?;
        let functions = process.functions.clone();
        let has = |import: &linker::Import| host_functions::has_all(&functions, &[import]);
        let opening = process.running.open(input, &mut libraries.files, &has);
        Ok(opening.map_err(|faults| faults.to_string())?)
    }

    fn check_instances(&mut self, opening: &Opening) -> Result<()> {
        let needed = opening.new_modules().len();
        let Libraries { instances, max_instances, .. } = self.libraries();
        if instances.saturating_add(needed) <= *max_instances {
            return Ok(());
        }
        let message = format!(
            "the program has had {instances} instances of modules and may have {max_instances}, \
             the limit of `--max-instances`: those of libraries that were closed count too"
        );
        Err(message.into())
    }

    fn compile(&mut self, opening: &Opening) -> Result<BTreeMap<usize, Arc<CompiledLibrary>>> {
        let engine = self.store.engine().clone();
        let compilations = self.process()?.compilations.clone();
        let compile = |module: usize| {
            let compiled = compilations.compile(&engine, opening, module);
            Ok((module, compiled.map_err(|error| error.to_string())?))
        };
        opening.new_modules().into_iter().map(compile).collect()
    }

    /// Assigns memory and slots to each new module. Returns the addresses from `malloc`, by module.
    async fn allocate(&mut self, opening: &mut Opening) -> Result<BTreeMap<usize, u32>> {
        let (mut assigned, mut blocks) = (BTreeMap::new(), BTreeMap::new());
        let modules = opening.new_modules();
        let allocated = async {
            for module in modules {
                let request = opening.memory_request(module);
                let memory_base = self.allocate_memory(request).await?;
                blocks.insert(module, memory_base.0);
                let alignment = u64::from(request.table_alignment);
                let slots = self.take_slots(request.table_size, alignment)?;
                assigned.insert(
                    module,
                    Assigned { memory_base: memory_base.1, table_base: slots.start },
                );
            }
            self.take_slots(opening.other_slots(), 1)
        };
        let other_slots = allocated.await;
        let first = other_slots.as_ref().map_or(0, |slots| slots.start);
        opening.assign(&assigned, first);
        match other_slots {
            Ok(_) => Ok(blocks),
            Err(failure) => {
                for (module, assigned) in assigned {
                    let size = opening.memory_request(module).table_size;
                    self.running()?.give_slots(assigned.table_base..assigned.table_base + size);
                }
                for block in blocks.into_values() {
                    self.free(block).await?;
                }
                Err(failure)
            }
        }
    }

    /// Allocates a block with the program's own `malloc`. Returns its address, and the aligned
    /// address in it. Each module gets at least one byte: the address identifies its destructors.
    async fn allocate_memory(&mut self, request: MemoryRequest) -> Result<(u32, u32)> {
        let alignment = u32::try_from(u64::from(request.memory_alignment)).unwrap_or(u32::MAX);
        let no_room =
            || format!("there is no memory left for its {} bytes of data", request.memory_size);
        let size = request.memory_size.max(1).checked_add(alignment - 1).ok_or_else(no_room)?;
        let malloc = self.global_function("malloc")?.ok_or_else(|| {
            "the program has no `malloc`, from which the library's data could come".to_owned()
        })?;
        let block = self.call(malloc, &[Val::I32(size.cast_signed())]).await?;
        let block = block.unwrap_or_default().cast_unsigned();
        if block == 0 {
            return Err(no_room().into());
        }
        let outside = || "`malloc` has returned an address outside of memory".to_owned();
        let base = block.checked_next_multiple_of(alignment).ok_or_else(outside)?;
        let memory = self.memory()?;
        let data = memory.data_mut(&mut self.store);
        let data =
            data.get_mut(base as usize..).and_then(|d| d.get_mut(..request.memory_size as usize));
        data.ok_or_else(outside)?.fill(0);
        Ok((block, base))
    }

    async fn instantiate(
        &mut self,
        opening: &Opening,
        code: &BTreeMap<usize, Arc<CompiledLibrary>>,
    ) -> Result<BTreeMap<usize, Instance>> {
        let mut instances = BTreeMap::new();
        for module in opening.new_modules() {
            let CompiledLibrary { code, bound, .. } = &*code[&module];
            let sources = bound.imports.iter();
            let imports: Result<Vec<_>> =
                sources.map(|source| self.import(opening, module, &instances, source)).collect();
            let imports = imports?;
            self.libraries().instances += 1;
            let instance = match self.mode {
                CallMode::Sync => Instance::new(&mut self.store, code, &imports),
                CallMode::Async => Instance::new_async(&mut self.store, code, &imports).await,
            };
            let name = &opening.input(module).module.name;
            let failed = |error| self.failed(&error::instantiation(name, &error), error);
            instances.insert(module, instance.map_err(failed)?);
        }
        let table = self.table()?;
        for (slot, module, name) in opening.filled_slots() {
            let instance = self.instance_of(opening, module, &instances)?;
            let func = instance.and_then(|instance| instance.get_func(&mut self.store, name));
            let func = func.ok_or_else(|| {
                let name = linker::printable(name);
                format!("`{name}` is not among what the program keeps")
            })?;
            table.set(&mut self.store, slot.into(), func.into())?;
        }
        Ok(instances)
    }

    fn instance_of(
        &mut self,
        opening: &Opening,
        module: usize,
        instances: &BTreeMap<usize, Instance>,
    ) -> Result<Option<Instance>> {
        let id = opening.modules().nth(module).and_then(|(_, id)| id);
        Ok(match id {
            Some(id) => self.process()?.instance(id),
            None => instances.get(&module).copied(),
        })
    }

    fn import(
        &mut self,
        opening: &Opening,
        module: usize,
        instances: &BTreeMap<usize, Instance>,
        source: &Source,
    ) -> Result<Extern> {
        let missing = || Failure::Refused(format!("the program does not keep {source:?}"));
        Ok(match source {
            Source::Shared(linker::Shared::Memory) => self.memory()?.into(),
            Source::Shared(linker::Shared::Table) => self.table()?.into(),
            Source::Shared(linker::Shared::StackPointer) => self.stack_pointer()?.into(),
            Source::Value { import } => {
                let ty = GlobalType::new(ValType::I32, Mutability::Const);
                let value = opening.import_value(module, *import).ok_or_else(missing)?;
                Global::new(&mut self.store, ty, Val::I32(value.cast_signed()))?.into()
            }
            Source::Export { module, name } => {
                let instance = self.instance_of(opening, *module, instances)?;
                let export = instance.and_then(|i| i.get_export(&mut self.store, name));
                export.ok_or_else(missing)?
            }
            Source::Host { module, name } => {
                let functions = self.process()?.functions.clone();
                functions.get(&mut self.store, module, name).map_err(|_| missing())?
            }
        })
    }

    /// Applies relocations and runs constructors.
    async fn initialise(
        &mut self,
        opening: &Opening,
        ids: &BTreeMap<usize, ModuleId>,
    ) -> Result<()> {
        let calls = opening.initialisers();
        let is_left = |at: usize, module| calls[at..].iter().any(|call| call.module == module);
        for module in opening.new_modules().into_iter().filter(|&module| !is_left(0, module)) {
            self.process()?.incomplete.remove(&ids[&module]);
        }
        for (at, call) in calls.iter().enumerate() {
            let id = ids[&call.module];
            self.initialise_one(opening, id, call).await?;
            if !is_left(at + 1, call.module) {
                self.process()?.incomplete.remove(&id);
            }
        }
        Ok(())
    }

    async fn initialise_one(
        &mut self,
        opening: &Opening,
        id: ModuleId,
        call: &Initialiser,
    ) -> Result<()> {
        let Initialiser { module, name, argument } = call;
        let argument = argument.map(|value| Val::I32(value.cast_signed()));
        let instance = self.process()?.instance(id);
        let function = instance.and_then(|instance| instance.get_func(&mut self.store, name));
        let Some(function) = function else { return Ok(()) };
        let stack_pointer = self.stack_pointer()?;
        let stack = stack_pointer.get(&mut self.store);
        let called = self.call(function, argument.as_slice()).await;
        let Err(error) = called else { return Ok(()) };
        // Code that did not return left the stack pointer where it was.
        stack_pointer.set(&mut self.store, stack)?;
        let what = format!("`{name}` of `{}`", opening.input(*module).module.name);
        Err(self.failed(&what, error))
    }

    /// Returns the failure of guest code that did not return. The guest can read a trap or an
    /// exception as an error of the library; anything else ends the program.
    fn failed(&mut self, what: &str, error: wasmtime::Error) -> Failure {
        if error.is::<wasmtime::ThrownException>() {
            self.store.take_pending_exception();
            return Failure::Refused(format!(
                "{what} has thrown an exception that it does not catch"
            ));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt | Trap::OutOfFuel) => Failure::End(error),
            Some(trap) => Failure::Refused(format!("{what} trapped: {}", trap::reason(trap))),
            None if error.is::<wasmtime::WasmBacktrace>() || is_end(&error) => Failure::End(error),
            None => Failure::Refused(format!("{what} failed: {}", Error::message(&error))),
        }
    }

    /// Frees the memory and slots of an opening whose modules have not joined.
    async fn take_back(&mut self, opening: &Opening, blocks: &BTreeMap<usize, u32>) -> Result<()> {
        for slots in opening.taken_slots() {
            self.clear_slots(&slots)?;
            self.running()?.give_slots(slots);
        }
        for &block in blocks.values() {
            self.free(block).await?;
        }
        Ok(())
    }
}

/// Returns whether an error of the host ends the program.
fn is_end(error: &wasmtime::Error) -> bool {
    error.is::<I32Exit>() || error.is::<Limit>()
}
