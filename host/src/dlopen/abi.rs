//! The host functions that libdl calls.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use linker::dynamic::{LoadedSymbol, ModuleId};
use linker::{DYNAMIC_LINKER, InputModule};
use wasmtime::{AsContextMut, Caller, StoreContextMut, WasmBacktrace};

use super::libraries::{Accessor, Failure};
use super::session::{CallMode, OpenFlags, Result, Session};

const RTLD_LAZY: i32 = 1;
const RTLD_NOW: i32 = 2;
const RTLD_NOLOAD: i32 = 4;
const RTLD_GLOBAL: i32 = 256;
const RTLD_NODELETE: i32 = 4096;

const RTLD_DEFAULT: u32 = 0;
const RTLD_NEXT: u32 = u32::MAX;

/// The maximum length of a name, in bytes: a guest could pass one as large as its memory.
const MAX_NAME: usize = 1 << 20;

/// Defines the functions in a linker for synchronous stores.
pub(crate) fn define<T: Send + 'static>(
    linker: &mut wasmtime::Linker<T>,
    accessor: Accessor<T>,
) -> wasmtime::Result<()> {
    let open = move |mut caller: Caller<'_, T>, name: i32, flags: i32| {
        now(dlopen(session(&mut caller, accessor, CallMode::Sync), name, flags))
    };
    let close = move |mut caller: Caller<'_, T>, handle: i32| {
        now(dlclose(session(&mut caller, accessor, CallMode::Sync), handle))
    };
    linker.func_wrap(DYNAMIC_LINKER, "dlopen", open)?;
    linker.func_wrap(DYNAMIC_LINKER, "dlclose", close)?;
    define_others(linker, accessor, CallMode::Sync)
}

/// Defines the functions in a linker for stores whose host functions are asynchronous.
pub(crate) fn define_async<T: Send + 'static>(
    linker: &mut wasmtime::Linker<T>,
    accessor: Accessor<T>,
) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        DYNAMIC_LINKER,
        "dlopen",
        move |mut caller: Caller<'_, T>, (name, flags): (i32, i32)| {
            Box::new(async move {
                dlopen(session(&mut caller, accessor, CallMode::Async), name, flags).await
            })
        },
    )?;
    linker.func_wrap_async(
        DYNAMIC_LINKER,
        "dlclose",
        move |mut caller: Caller<'_, T>, (handle,): (i32,)| {
            Box::new(async move {
                dlclose(session(&mut caller, accessor, CallMode::Async), handle).await
            })
        },
    )?;
    define_others(linker, accessor, CallMode::Async)
}

/// Defines the functions that run no guest code.
fn define_others<T: Send + 'static>(
    linker: &mut wasmtime::Linker<T>,
    accessor: Accessor<T>,
    mode: CallMode,
) -> wasmtime::Result<()> {
    let symbol = move |mut caller: Caller<'_, T>, handle: i32, name: i32| {
        let mut session = session(&mut caller, accessor, mode);
        let found = session.dlsym(handle.cast_unsigned(), name.cast_unsigned());
        session.answer(found.map(u32::cast_signed), 0)
    };
    let error = move |mut caller: Caller<'_, T>, text: i32, size: i32| {
        session(&mut caller, accessor, mode).dlerror(text.cast_unsigned(), size.cast_unsigned())
    };
    let address =
        move |mut caller: Caller<'_, T>, address: i32, out: i32, names: i32, size: i32| {
            let [address, out, names, size] = [address, out, names, size].map(i32::cast_unsigned);
            let mut session = session(&mut caller, accessor, mode);
            let needed = session.dladdr(address, out, names, size);
            session.answer(needed.map(u32::cast_signed), 0)
        };
    linker.func_wrap(DYNAMIC_LINKER, "dlsym", symbol)?;
    linker.func_wrap(DYNAMIC_LINKER, "dlerror", error)?;
    linker.func_wrap(DYNAMIC_LINKER, "dladdr", address)?;
    Ok(())
}

fn session<'c, T: Send + 'static>(
    caller: &'c mut Caller<'_, T>,
    accessor: Accessor<T>,
    mode: CallMode,
) -> Session<'c, T> {
    let store: StoreContextMut<'c, T> = caller.as_context_mut();
    Session::new(store, accessor, mode)
}

/// Returns the result of a future that never waits, because its store is synchronous.
pub(crate) fn now<R>(future: impl Future<Output = wasmtime::Result<R>>) -> wasmtime::Result<R> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(wasmtime::Error::msg("guest code waits in a store that does not")),
    }
}

async fn dlopen<T: Send + 'static>(
    mut session: Session<'_, T>,
    name: i32,
    flags: i32,
) -> wasmtime::Result<i32> {
    let opened = session.dlopen(name.cast_unsigned(), flags).await;
    session.answer(opened.map(u32::cast_signed), 0)
}

async fn dlclose<T: Send + 'static>(
    mut session: Session<'_, T>,
    handle: i32,
) -> wasmtime::Result<i32> {
    let closed = session.close(handle.cast_unsigned()).await;
    session.answer(closed.map(|()| 0), -1)
}

impl<T: Send + 'static> Session<'_, T> {
    /// Returns the guest's result. A failure gives `failed`, and the guest can read the message
    /// with `dlerror`.
    fn answer(&mut self, result: Result<i32>, failed: i32) -> wasmtime::Result<i32> {
        match result {
            Ok(answer) => Ok(answer),
            Err(Failure::Refused(message)) => {
                self.libraries().error = Some(message);
                Ok(failed)
            }
            Err(Failure::End(error)) => Err(error),
        }
    }

    async fn dlopen(&mut self, name: u32, flags: i32) -> Result<u32> {
        if flags & (RTLD_LAZY | RTLD_NOW) == 0 {
            let message = format!("the flags {flags:#x} have neither RTLD_LAZY nor RTLD_NOW");
            return Err(message.into());
        }
        if name == 0 {
            let running = self.running()?;
            return Ok(running.open_again(running.program()));
        }
        let name = self.text(name)?;
        let flags = OpenFlags {
            global: flags & RTLD_GLOBAL != 0,
            no_load: flags & RTLD_NOLOAD != 0,
            no_delete: flags & RTLD_NODELETE != 0,
        };
        let by = self.module_with_runtime_path()?;
        self.open(&name, by.as_ref(), flags).await
    }

    /// Returns the module that called libdl. It matters only if a module has a runtime path.
    fn module_with_runtime_path(&mut self) -> Result<Option<InputModule>> {
        if !self.running()?.has_runtime_paths() {
            return Ok(None);
        }
        let Ok(caller) = self.caller() else { return Ok(None) };
        Ok(self.running()?.input(caller).cloned())
    }

    fn dlsym(&mut self, handle: u32, name: u32) -> Result<u32> {
        let name = self.text(name)?;
        let shown = linker::demangle(&name);
        let symbol = match handle {
            RTLD_DEFAULT => self.running()?.symbol(&name),
            RTLD_NEXT => {
                let caller = self.caller()?;
                self.running()?.symbol_after(caller, &name)
            }
            handle => self.symbol(handle, &name)?,
        };
        match symbol {
            Some(LoadedSymbol::Data(address)) => Ok(address),
            Some(LoadedSymbol::Function(function)) => self.slot(function),
            None => {
                let scope = self.scope_of(handle)?;
                Err(format!("`{shown}` is not defined by {scope}").into())
            }
        }
    }

    /// Returns the name that messages use for the place where a symbol was looked up.
    fn scope_of(&mut self, handle: u32) -> Result<String> {
        let next = if handle == RTLD_NEXT { Some(self.caller()?) } else { None };
        let running = self.running()?;
        let title = |module: ModuleId| running.input(module).map_or("?", |o| &o.module.name);
        Ok(match (next, running.of_handle(handle)) {
            (Some(caller), _) => format!("what is looked up after `{}`", title(caller)),
            (None, Some(library)) if library != running.program() => {
                format!("`{}` and what it needs", title(library))
            }
            _ => "the program".to_owned(),
        })
    }

    /// Returns the id of the module that called libdl.
    fn caller(&mut self) -> Result<ModuleId> {
        let unknown = || Failure::Refused("RTLD_NEXT is for functions of modules only".to_owned());
        let backtrace = WasmBacktrace::force_capture(&self.store);
        // The first frame is libdl itself.
        let frame = backtrace.frames().get(1).ok_or_else(unknown)?;
        let process = self.process()?;
        let instances: Vec<_> = process.instances().collect();
        let is_it = |(_, instance): &&(ModuleId, wasmtime::Instance)| {
            wasmtime::Module::same(instance.module(&self.store), frame.module())
        };
        instances.iter().find(is_it).map(|(module, _)| *module).ok_or_else(unknown)
    }

    /// Reads a zero-terminated string of the guest.
    fn text(&mut self, address: u32) -> Result<String> {
        let memory = self.memory()?;
        let text = memory.data(&self.store).get(address as usize..);
        let text = text.map(|text| &text[..text.len().min(MAX_NAME + 1)]);
        let text = text.and_then(|text| text.split(|byte| *byte == 0).next());
        let text = text.filter(|_| address != 0);
        let text = text.ok_or_else(|| format!("there is no name at the address {address:#x}"))?;
        if text.len() > MAX_NAME {
            return Err(format!("the name at {address:#x} is longer than {MAX_NAME} bytes").into());
        }
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn dlerror(&mut self, text: u32, size: u32) -> wasmtime::Result<i32> {
        let Some(message) = self.libraries().error.clone() else { return Ok(0) };
        let length = message.len() as u32;
        if length < size {
            let bytes = [message.as_bytes(), &[0]].concat();
            if let Err(Failure::End(error)) = self.write(text, &bytes) {
                return Err(error);
            }
            self.libraries().error = None;
        }
        Ok(length.cast_signed())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        let memory = self.memory()?;
        let written = memory.write(&mut self.store, address as usize, bytes);
        written.map_err(|_| Failure::End(wasmtime::Trap::MemoryOutOfBounds.into()))
    }

    fn dladdr(&mut self, address: u32, out: u32, names: u32, size: u32) -> Result<u32> {
        let program = self.libraries().program_name.clone();
        let running = self.running()?;
        let Some(info) = running.address_info(address) else { return Ok(0) };
        let title = match program.as_deref().filter(|_| info.module == running.program()) {
            Some(program) => program,
            None => running.input(info.module).map_or("", InputModule::path_or_name),
        };
        let (symbol, at) = info.symbol.unwrap_or_default();
        let text = format!("{title}\0{symbol}\0");
        let found = [info.base, at].map(u32::to_le_bytes).concat();
        if text.len() <= size as usize {
            self.write(out, &found)?;
            self.write(names, text.as_bytes())?;
        }
        Ok(text.len() as u32)
    }
}
