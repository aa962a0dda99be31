//! Modules, compiled and linked, before anything runs.

use std::fs;
use std::path::Path;

use linker::{ExternType, Faults, FuncType, Module, Provider};
use wasmtime::{Config, Engine, WasmBacktraceDetails};
use wasmtime_wasi::p1;

use crate::error::Error;
use crate::limits::Limits;
use crate::process::{Process, State};
use crate::wasi::Wasi;

/// A Wasmtime engine, and the host functions and limits that programs get.
///
/// One is enough for many programs, and it can be shared between threads.
pub struct Host {
    pub(crate) engine: Engine,
    limits: Limits,
    functions: wasmtime::Linker<State>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A module that is loaded and compiled.
#[derive(Debug, Clone)]
pub struct Guest {
    /// What it asks for and offers.
    pub module: Module,
    pub(crate) code: wasmtime::Module,
}

impl Guest {
    /// The type of an exported function.
    ///
    /// # Errors
    ///
    /// When there is none of that name, with those that there are.
    pub fn function(&self, name: &str) -> Result<&FuncType, Error> {
        match self.module.export(name).map(|export| &export.ty) {
            Some(ExternType::Func(ty)) => Ok(ty),
            _ => Err(Error::NoFunction {
                module: self.module.name.clone(),
                name: name.to_owned(),
                functions: self.functions(),
            }),
        }
    }

    /// Every exported function with its type.
    pub fn functions(&self) -> Vec<(String, FuncType)> {
        let exports = self.module.exports.iter();
        exports
            .filter_map(|export| match &export.ty {
                ExternType::Func(ty) => Some((export.name.clone(), ty.clone())),
                _ => None,
            })
            .collect()
    }
}

/// A guest whose exports others can import from the module `name`.
#[derive(Debug, Clone)]
pub struct Preload {
    pub name: String,
    pub guest: Guest,
}

/// Guests that fit, ready to start any number of times.
pub struct Program {
    /// The guest whose exports are called.
    pub main: Guest,
    /// In the order of instantiation.
    pub(crate) preloads: Vec<Preload>,
    pub(crate) limits: Limits,
    pub(crate) functions: wasmtime::Linker<State>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("main", &self.main.module.name).finish_non_exhaustive()
    }
}

impl Host {
    /// # Errors
    ///
    /// When Wasmtime does not support this machine.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        let setup = |e| Error::Setup { message: Error::message(&e) };
        let mut config = Config::new();
        config.epoch_interruption(limits.timeout.is_some());
        config.wasm_backtrace_details(WasmBacktraceDetails::Enable);
        let engine = Engine::new(&config).map_err(setup)?;
        let mut functions = wasmtime::Linker::new(&engine);
        p1::add_to_linker_async(&mut functions, |state: &mut State| &mut state.wasi)
            .map_err(setup)?;
        Ok(Host { engine, limits, functions })
    }

    /// Reads and compiles a file; the module is called by the file's name without its ending.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or as [`Host::compile`].
    pub fn load(&self, path: &Path) -> Result<Guest, Error> {
        let (name, bytes) = read(path)?;
        // An error names the whole path: there may be several files of one name.
        let mut guest = self.compile(&path.to_string_lossy(), &bytes)?;
        guest.module.name = name;
        Ok(guest)
    }

    /// Compiles a module's bytes; `name` is how messages call it.
    ///
    /// # Errors
    ///
    /// When they are not a valid module, or use a feature that is not enabled.
    pub fn compile(&self, name: &str, bytes: &[u8]) -> Result<Guest, Error> {
        let module = Module::load(name, bytes)?;
        let code = wasmtime::Module::from_binary(&self.engine, bytes).map_err(|error| {
            // The linker's validation tells more of the same fault: which feature, for example.
            match linker::validate(name, bytes) {
                Err(fault) => Error::Load(fault),
                Ok(()) => Error::Compile { module: name.into(), message: Error::message(&error) },
            }
        })?;
        Ok(Guest { module, code })
    }

    /// Looks up every import of `main` among the preloads and WASI, and of each preload among those
    /// before it.
    ///
    /// # Errors
    ///
    /// When two preloads have one name; else every import that is unknown or of another type.
    pub fn link(&self, main: Guest, preloads: Vec<Preload>) -> Result<Program, Error> {
        check_names(&preloads)?;
        let mut providers = vec![Provider::wasi()];
        let mut faults = Faults::default();
        for preload in &preloads {
            let module = &preload.guest.module;
            faults.collect(linker::resolve(module, &providers));
            providers.push(Provider::module(&preload.name, module));
        }
        faults.collect(linker::resolve(&main.module, &providers));
        faults.into_result()?;
        drop(providers);
        Ok(Program { main, preloads, limits: self.limits, functions: self.functions.clone() })
    }
}

/// Reads a module from a file, and makes its name from the file's, without the ending. A module in the
/// text format is converted, as by `wasmtime`.
///
/// # Errors
///
/// When it cannot be read, or its text is not valid.
pub fn read(path: &Path) -> Result<(String, Vec<u8>), Error> {
    let bytes = fs::read(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"(") && !text.starts_with(b";;") {
        return Ok((name, bytes));
    }
    match wat::parse_bytes(&bytes) {
        Ok(binary) => Ok((name, binary.into_owned())),
        Err(mut error) => {
            error.set_path(path);
            Err(Error::Text { path: path.to_owned(), message: error.to_string() })
        }
    }
}

fn check_names(preloads: &[Preload]) -> Result<(), Error> {
    for (i, second) in preloads.iter().enumerate() {
        if let Some(first) = preloads[..i].iter().find(|first| first.name == second.name) {
            return Err(Error::DuplicatePreload {
                name: second.name.clone(),
                first: first.guest.module.name.clone(),
                second: second.guest.module.name.clone(),
            });
        }
    }
    Ok(())
}

impl Program {
    /// Instantiates the modules and initialises each: preloads in order, then the main module.
    ///
    /// # Errors
    ///
    /// When a directory of `wasi` cannot be opened, memory is short, or initialisation ends early.
    pub fn start(&self, wasi: &Wasi) -> Result<Process<'_>, Error> {
        Process::start(self, wasi)
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{ExternType, Store};

    use super::*;
    use crate::limits::MemoryLimiter;

    /// What `linker` says of WASI, without knowing Wasmtime, is what Wasmtime has.
    #[test]
    fn wasi_is_what_the_linker_says() {
        let host = Host::new(Limits::default()).unwrap();
        let wasi = Wasi::default().build().unwrap();
        let memory = MemoryLimiter::new(&Limits::default());
        let mut store = Store::new(&host.engine, State { wasi, memory });
        let defined: Vec<_> = host
            .functions
            .iter(&mut store)
            .map(|(module, name, item)| (module.to_owned(), name.to_owned(), item))
            .collect();
        let mut found: Vec<_> = defined
            .into_iter()
            .map(|(module, name, item)| match item.ty(&store) {
                ExternType::Func(ty) => {
                    let list = |types: Vec<String>| format!("({})", types.join(", "));
                    let params = list(ty.params().map(|t| t.to_string()).collect());
                    let results: Vec<_> = ty.results().map(|t| t.to_string()).collect();
                    let results =
                        if results.len() == 1 { results[0].clone() } else { list(results) };
                    format!("{module}.{name}: {params} -> {results}")
                }
                other => format!("{module}.{name}: {other:?}"),
            })
            .collect();
        let wasi = Provider::wasi();
        let known = wasi.exports.iter().map(|e| format!("{}.{}: {}", wasi.module, e.name, e.ty));
        let mut known: Vec<_> = known.collect();
        found.sort();
        known.sort();
        assert_eq!(found, known);
    }
}
