//! The host of the command line: WASI, and limits on what a program may use.

use linker::{Plan, Set};
use wasmtime::Engine;
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
use crate::program::linkage::Linkage;

/// A Wasmtime engine, WASI, and the limits that programs run under.
///
/// One is enough for many programs, and it can be shared between threads.
pub struct Host {
    pub(crate) settings: Settings,
    pub(crate) functions: wasmtime::Linker<State>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Host {
    /// A host with the default settings, but for limits.
    ///
    /// # Errors
    ///
    /// As [`Host::with`].
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Host::with(Settings { limits, ..Settings::default() })
    }

    /// # Errors
    ///
    /// When Wasmtime does not support this machine.
    pub fn with(settings: Settings) -> Result<Self, Error> {
        let setup = |e| Error::Setup { message: Error::message(&e) };
        let engine = Engine::new(&settings.config()).map_err(setup)?;
        let mut functions = wasmtime::Linker::new(&engine);
        p1::add_to_linker_async(&mut functions, |state: &mut State| &mut state.wasi)
            .map_err(setup)?;
        open_files::limit(&mut functions).map_err(setup)?;
        dlopen::define_async(&mut functions, |state| &mut state.libraries).map_err(setup)?;
        Ok(Host { settings, functions })
    }

    /// Decides how the modules of a set are linked, and compiles them.
    ///
    /// # Errors
    ///
    /// Every import that is undefined or of another type, or that a module's code is not valid.
    pub fn link(&self, set: Set) -> Result<Program<State>, Error> {
        self.compile(Plan::new(set)?)
    }

    /// Compiles what a plan says.
    ///
    /// # Errors
    ///
    /// When a module's code is not valid.
    pub fn compile(&self, plan: Plan) -> Result<Program<State>, Error> {
        let linkage = Linkage { mode: self.settings.mode, ..Linkage::default() };
        let cache = self.settings.cache.as_ref();
        let program = Program::new(plan, &self.functions, linkage, cache)?;
        Ok(Libraries::attach(program, |state| &mut state.libraries))
    }

    /// Instantiates a program's modules and initialises each after what it depends on.
    ///
    /// # Errors
    ///
    /// When a directory of `wasi` cannot be opened, memory is short, or initialisation ends early.
    pub fn start(&self, program: &Program<State>, wasi: &Wasi) -> Result<Process, Error> {
        let files = Files::new(self.settings.libraries.clone());
        let files = match self.settings.libraries_in_directories {
            true => files.with_directories(wasi.directories.clone()),
            false => files,
        };
        // As a loader does, which reads it once.
        let path = wasi.env.iter().rev().find(|(name, _)| name == "LD_LIBRARY_PATH");
        let files = files.with_library_path(path.map_or("", |(_, path)| path));
        Process::start(program, self.settings.limits, wasi, files)
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{ExternType, Store};

    use super::*;
    use crate::limits::Limiter;
    use crate::process::state::OpenFiles;

    /// What `linker` says of hosts, without knowing Wasmtime, is what Wasmtime has and we have.
    #[test]
    fn the_host_is_what_the_linker_says() {
        let host = Host::new(Limits::default()).unwrap();
        let wasi = Wasi::default().build(&Limits::default()).unwrap();
        let limiter = Limiter::new(&Limits::default());
        let libraries = Libraries::new(Files::default());
        let state =
            State { wasi, libraries, limiter, open_files: OpenFiles { limit: 0, given: 0 } };
        let mut store = Store::new(host.functions.engine(), state);
        let items = host.functions.iter(&mut store);
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
