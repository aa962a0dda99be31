//! A host with WASI and limits, for programs that are not trusted.

use std::sync::OnceLock;

use linker::{Plan, Set};
use wasmtime::{Config, Engine};
use wasmtime_wasi::p1;

use super::Process;
use super::open_files;
use super::settings::Settings;
use super::state::State;
use super::wasi::Wasi;
use crate::dlopen::{self, Files, Libraries};
use crate::error::Error;
use crate::limits::Limits;
use crate::program::Program;
use crate::program::cached::CachedProgram;
use crate::program::demangler;
use crate::program::files::{LinkedFiles, ProgramFiles};
use crate::program::linkage::Linkage;

/// A Wasmtime engine with WASI and the limits of programs.
///
/// One host is enough for many programs, and threads can share it.
pub struct Host {
    pub(crate) settings: Settings,
    /// The functions for programs of an engine that can compile, from the first use.
    functions: OnceLock<wasmtime::Linker<State>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Host {
    /// Creates a host with some limits and otherwise default [`Settings`].
    ///
    /// # Errors
    ///
    /// The errors of [`Host::with`].
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Host::with(Settings { limits, ..Settings::default() })
    }

    /// Creates a host.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if Wasmtime does not support this machine or these settings.
    pub fn with(settings: Settings) -> Result<Self, Error> {
        let host = Host::on_demand(settings);
        host.functions()?;
        Ok(host)
    }

    /// Creates a host that starts its compiler when it first has to compile something. Programs
    /// from the cache start sooner then. Errors of [`Host::with`] are errors of compiling.
    pub fn on_demand(settings: Settings) -> Self {
        Host { settings, functions: OnceLock::new() }
    }

    /// Returns the host functions for programs that are compiled.
    pub(crate) fn functions(&self) -> Result<&wasmtime::Linker<State>, Error> {
        if let Some(functions) = self.functions.get() {
            return Ok(functions);
        }
        let functions = host_functions(&self.settings.config()).map_err(setup)?;
        Ok(self.functions.get_or_init(|| functions))
    }

    /// Links and compiles the modules of a set.
    ///
    /// # Errors
    ///
    /// [`Error::Link`] with every import that is undefined or has another type; the errors of
    /// [`Host::compile`].
    pub fn link(&self, set: Set) -> Result<Program<State>, Error> {
        self.compile(Plan::new(set.with_optional_functions())?)
    }

    /// Compiles modules that are linked.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] or [`Error::Compile`] if a module's code is not valid.
    pub fn compile(&self, plan: Plan) -> Result<Program<State>, Error> {
        let cache = self.settings.cache.as_ref();
        let program = Program::new(plan, self.functions()?, self.linkage(), cache)?;
        Ok(opening_libraries(program))
    }

    /// Compiles a program that was linked from files. [`Host::cached`] then finds it in the cache.
    ///
    /// # Errors
    ///
    /// The errors of [`Host::compile`].
    pub fn compile_files(&self, linked: LinkedFiles) -> Result<Program<State>, Error> {
        let (functions, settings) = (self.functions()?, self.settings.of_code());
        let cache = self.settings.cache.as_ref();
        let program = Program::of_files(linked, functions, self.linkage(), &settings, cache)?;
        Ok(opening_libraries(program))
    }

    /// Returns a program from the cache, if [`Host::compile_files`] has compiled it, and neither
    /// its files nor the libraries that were found for it have changed since. Reads no module.
    pub fn cached(&self, files: &ProgramFiles) -> Option<Program<State>> {
        let cache = self.settings.cache.as_ref()?;
        let settings = self.settings.of_code();
        let found = CachedProgram::find(files, self.linkage(), &settings, cache)?;
        let program = if found.opens_libraries() {
            found.load(self.functions().ok()?, cache)
        } else {
            let functions = host_functions(&self.settings.runtime_config()).ok()?;
            found.load(&functions, cache)
        };
        program.ok().map(opening_libraries)
    }

    fn linkage(&self) -> Linkage {
        Linkage { mode: self.settings.mode, ..Linkage::default() }
    }

    /// Instantiates a program and runs its constructors. The constructors of a module run after
    /// those of the modules that it depends on.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] if a directory of `wasi` cannot be opened; [`Error::Limit`],
    /// [`Error::Trap`] or [`Error::Exit`] if the start needs too much or does not complete.
    pub fn start(&self, program: &Program<State>, wasi: &Wasi) -> Result<Process, Error> {
        let files = Files::new(self.settings.libraries.clone());
        let files = if self.settings.libraries_in_directories {
            files.with_directories(wasi.directories.clone())
        } else {
            files
        };
        // Read once at the start, as the loaders of other systems do.
        let path = wasi.env.iter().rev().find(|(name, _)| name == "LD_LIBRARY_PATH");
        let files = files.with_library_path(path.map_or("", |(_, path)| path));
        Process::start(program, self.settings.limits, wasi, files)
    }
}

/// Creates an engine, and the functions that programs import from the host.
fn host_functions(config: &Config) -> wasmtime::Result<wasmtime::Linker<State>> {
    let engine = Engine::new(config)?;
    let mut functions = wasmtime::Linker::new(&engine);
    p1::add_to_linker_async(&mut functions, |state: &mut State| &mut state.wasi)?;
    open_files::limit(&mut functions)?;
    dlopen::define_async(&mut functions, |state| &mut state.libraries)?;
    demangler::define(&mut functions)?;
    Ok(functions)
}

/// Lets the processes of a program open libraries.
pub(super) fn opening_libraries(program: Program<State>) -> Program<State> {
    Libraries::attach(program, |state| &mut state.libraries)
}

fn setup(error: wasmtime::Error) -> Error {
    Error::Setup { message: Error::message(&error) }
}

#[cfg(test)]
mod tests {
    use wasmtime::{ExternType, Store};

    use super::*;
    use crate::limits::Limiter;
    use crate::process::state::OpenFiles;

    /// `linker` does not depend on Wasmtime. Its list of host functions must match this host.
    #[test]
    fn the_linker_knows_the_functions_of_the_host() {
        let host = Host::new(Limits::default()).unwrap();
        let wasi = Wasi::default().build(&Limits::default()).unwrap();
        let limiter = Limiter::new(&Limits::default());
        let libraries = Libraries::new(Files::default());
        let state =
            State { wasi, libraries, limiter, open_files: OpenFiles { limit: 0, given: 0 } };
        let mut store = Store::new(host.functions().unwrap().engine(), state);
        let items = host.functions().unwrap().iter(&mut store);
        let items: Vec<_> = items.map(|(m, n, item)| (m.to_owned(), n.to_owned(), item)).collect();
        let types = |types: &mut dyn Iterator<Item = wasmtime::ValType>| {
            types.map(|ty| ty.to_string()).collect::<Vec<_>>().join(", ")
        };
        let mut found: Vec<_> = items
            .into_iter()
            .map(|(module, name, item)| match item.ty(&store) {
                ExternType::Func(ty) => {
                    let (params, results) = (types(&mut ty.params()), types(&mut ty.results()));
                    let results =
                        if ty.results().len() == 1 { results } else { format!("({results})") };
                    format!("{module}.{name}: ({params}) -> {results}")
                }
                other => format!("{module}.{name}: {other:?}"),
            })
            .collect();
        let known = linker::host_functions();
        let mut known: Vec<_> = known.map(|(m, name, ty)| format!("{m}.{name}: {ty}")).collect();
        found.sort();
        known.sort();
        assert_eq!(found, known);
    }
}
