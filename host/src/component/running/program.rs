//! A component that is compiled, to be run as a command or called.

use std::path::Path;
use std::sync::OnceLock;

use linker::LibrarySource;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Config, Engine, Store, WasmBacktrace};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::export::{ExportedFunction, display};
use super::state::{self, ComponentState};
use crate::compiled::cache::CacheError;
use crate::compiled::key::Key;
use crate::compiler_threads::start_compiler;
use crate::error::Error;
use crate::input;
use crate::limits::Limits;
use crate::process::backtrace::Backtrace;
use crate::process::clock::Clock;
use crate::process::explain::{self, Stop};
use crate::process::settings::Settings;
use crate::process::wasi::Wasi;
use crate::trap;

/// A component that is compiled and whose imports are found. It can be run any number of times.
pub struct ComponentProgram {
    name: String,
    pub(super) pre: InstancePre<ComponentState>,
    functions: Vec<ExportedFunction>,
    limits: Limits,
    cache_error: OnceLock<CacheError>,
}

impl std::fmt::Debug for ComponentProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentProgram").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ComponentProgram {
    /// Reads a component from a file and compiles it. Returns `None` if the file is no component.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if the file cannot be read; the errors of [`ComponentProgram::new`].
    pub fn read(path: &Path, settings: &Settings) -> Result<Option<Self>, Error> {
        ComponentProgram::read_for(path, settings, &settings.config())
    }

    /// Reads a component from a file and compiles it for an engine of this configuration.
    pub(super) fn read_for(
        path: &Path,
        settings: &Settings,
        config: &Config,
    ) -> Result<Option<Self>, Error> {
        let limits = LibrarySource::limits(&settings.libraries);
        let Some(bytes) = input::component(path, &limits)? else { return Ok(None) };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = linker::printable(linker::module_name(&name)).into_owned();
        ComponentProgram::compile(name, &bytes, settings, config).map(Some)
    }

    /// Compiles a component, and finds the definitions of its imports.
    ///
    /// # Errors
    ///
    /// [`Error::Compile`] if it is not valid; [`Error::ComponentImports`] if it imports what only
    /// another host defines.
    pub fn new(name: String, bytes: &[u8], settings: &Settings) -> Result<Self, Error> {
        ComponentProgram::compile(name, bytes, settings, &settings.config())
    }

    /// Compiles a component for an engine of this configuration.
    fn compile(
        name: String,
        bytes: &[u8],
        settings: &Settings,
        config: &Config,
    ) -> Result<Self, Error> {
        let setup = |error: wasmtime::Error| Error::Setup { message: Error::message(&error) };
        let engine = Engine::new(config).map_err(setup)?;
        let compile = || {
            start_compiler()?;
            let component = Component::from_binary(&engine, bytes);
            component.map_err(|error| Error::compile(&name, &error))
        };
        let cache_error = OnceLock::new();
        let component = match &settings.cache {
            None => compile()?,
            Some(cache) => {
                let key = Key::of_component(&engine, bytes);
                let (component, error) = cache.component(&engine, key, compile)?;
                error.into_iter().for_each(|error| drop(cache_error.set(error)));
                component
            }
        };
        let functions = ExportedFunction::all(&component);
        let pre = state::link(&name, &component)?;
        Ok(ComponentProgram { name, pre, functions, limits: settings.limits, cache_error })
    }

    /// Returns the name of the component in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the error of the cache, if it could not be used.
    pub fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.get()
    }

    /// Returns whether it exports an interface, of any version of WASI preview 2.
    pub(super) fn exports(&self, interface: &str) -> bool {
        let is_it = |name: &String| name.split('@').next() == Some(interface);
        self.functions.iter().filter_map(|function| function.interface.as_ref()).any(is_it)
    }

    /// Returns the functions that it exports, as WIT writes them.
    pub fn functions(&self) -> Vec<String> {
        self.functions.iter().map(ToString::to_string).collect()
    }

    /// Runs the component, which is a command.
    ///
    /// # Errors
    ///
    /// [`Error::NoCommand`] if it is none; [`Error::Directory`] if a directory cannot be opened;
    /// [`Error::Exit`], [`Error::Trap`] or [`Error::Limit`] if it does not return successfully.
    pub fn run(&self, wasi: &Wasi) -> Result<(), Error> {
        if !self.exports("wasi:cli/run") {
            let (component, functions) = (self.name.clone(), self.functions());
            return Err(Error::NoCommand { component, functions });
        }
        let command = CommandPre::new(self.pre.clone());
        let command = command.map_err(|error| Error::compile(&self.name, &error))?;
        let run = async |store: &mut Store<ComponentState>| {
            let command = command.instantiate_async(&mut *store).await?;
            command.wasi_cli_run().call_run(store).await
        };
        match self.with_store(wasi, "`run`", run)? {
            Ok(()) => Ok(()),
            Err(()) => Err(Error::Exit(1)),
        }
    }

    /// Calls a function that the component exports, with arguments in the syntax of WAVE, and
    /// returns its results in the same syntax. Each call has a new instance.
    ///
    /// # Errors
    ///
    /// [`Error::NoComponentFunction`] if there is no such function;
    /// [`Error::ComponentArguments`] if the arguments do not match its type; the errors of
    /// [`ComponentProgram::run`].
    pub fn invoke(&self, wasi: &Wasi, name: &str, args: &[String]) -> Result<Vec<String>, Error> {
        let function = ExportedFunction::find(&self.name, &self.functions, name)?;
        let args = function.parse(args)?;
        let mut results = function.results();
        let call = async |store: &mut Store<ComponentState>| {
            let instance = self.pre.instantiate_async(&mut *store).await?;
            let missing = || wasmtime::Error::msg("the function is not exported");
            let interface = match &function.interface {
                None => None,
                Some(interface) => {
                    let index = instance.get_export_index(&mut *store, None, interface);
                    Some(index.ok_or_else(missing)?)
                }
            };
            let index = instance.get_export_index(&mut *store, interface.as_ref(), &function.name);
            let called = instance.get_func(&mut *store, index.ok_or_else(missing)?);
            called.ok_or_else(missing)?.call_async(&mut *store, &args, &mut results).await
        };
        self.with_store(wasi, &format!("`{}`", function.full_name()), call)?;
        Ok(results.iter().map(display).collect())
    }

    /// Runs guest code in a new store, under the limits.
    fn with_store<R>(
        &self,
        wasi: &Wasi,
        what: &str,
        run: impl AsyncFnOnce(&mut Store<ComponentState>) -> wasmtime::Result<R>,
    ) -> Result<R, Error> {
        let mut store = ComponentState::store(self.pre.engine(), wasi, &self.limits)?;
        let clock = Clock::start(&mut store, &self.limits)?;
        clock.block_on(&mut store, run).map_err(|stop| {
            let denied = store.data().limiter.denied();
            match (stop, denied) {
                // An instance that needs too much at the start is refused before any code runs.
                (Stop::Error(error), Some(limit)) if !error.is::<WasmBacktrace>() => {
                    Error::limit("the component", limit)
                }
                (stop, _) => describe(&self.limits, what, &stop),
            }
        })
    }
}

/// Describes a stop of a component as an error of `what`.
pub(super) fn describe(limits: &Limits, what: &str, stop: &Stop) -> Error {
    explain::describe(limits, what, stop, |frames| Backtrace {
        lines: frames.frames().iter().enumerate().map(line).collect(),
        ..Backtrace::default()
    })
}

/// Returns the line of a frame in a backtrace.
fn line((number, frame): (usize, &wasmtime::FrameInfo)) -> String {
    let module = linker::printable(frame.module().name().unwrap_or("?"));
    format!("{number}: {module}!{}", trap::name(frame.func_name(), frame.func_index()))
}
