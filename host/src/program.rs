//! Modules, linked and compiled, before anything runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use linker::{BoundModule, Faults, Module, Object, Plan, Set, Source};
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
    pub(crate) functions: wasmtime::Linker<State>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Modules that fit, compiled, ready to start any number of times.
pub struct Program {
    plan: Plan,
    pub(crate) base: Option<wasmtime::Module>,
    /// In the order of instantiation.
    pub(crate) modules: Vec<Compiled>,
    pub(crate) limits: Limits,
    pub(crate) functions: wasmtime::Linker<State>,
}

/// A module as it is instantiated.
pub(crate) struct Compiled {
    /// Its place in the set.
    pub(crate) module: usize,
    pub(crate) code: wasmtime::Module,
    pub(crate) imports: Vec<Source>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("main", &self.main().name).finish_non_exhaustive()
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

    /// Decides how the modules of a set are linked, and compiles them.
    ///
    /// # Errors
    ///
    /// Every import that is undefined or of another type, or that a module's code is not valid.
    pub fn link(&self, set: Set) -> Result<Program, Error> {
        self.compile(Plan::new(set)?)
    }

    /// Compiles what a plan says.
    ///
    /// # Errors
    ///
    /// When a module's code is not valid.
    pub fn compile(&self, plan: Plan) -> Result<Program, Error> {
        validate(plan.set())?;
        let bound = plan.bind()?;
        let compile = |name: &str, bytes: &[u8]| {
            wasmtime::Module::from_binary(&self.engine, bytes).map_err(|error| Error::Compile {
                module: name.to_owned(),
                message: Error::message(&error),
            })
        };
        let base = bound.base.map(|bytes| compile("base", &bytes)).transpose()?;
        let mut modules = Vec::new();
        for BoundModule { module, bytes, imports } in bound.modules.into_iter().chain(bound.slots) {
            let object = plan.set().objects.get(module);
            let code = compile(object.map_or("slots", |o| &o.module.name), &bytes)?;
            modules.push(Compiled { module, code, imports });
        }
        let (limits, functions) = (self.limits, self.functions.clone());
        Ok(Program { plan, base, modules, limits, functions })
    }
}

/// Function bodies too: the linker rewrites them and expects them to be valid.
fn validate(set: &Set) -> Result<(), Error> {
    let validate = |object: &Object| linker::validate(&object.module.name, &object.bytes);
    Ok(set.objects.iter().try_for_each(validate)?)
}

/// Reads a module from a file; it is called by the file's name, without the ending. A module in the text
/// format is converted, as by `wasmtime`.
///
/// # Errors
///
/// When it cannot be read, or is no valid module.
pub fn read(path: &Path) -> Result<Object, Error> {
    let bytes = read_limited(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    // An error names the whole path: there may be several files of one name.
    let mut object = Object::load(path.to_string_lossy(), binary(path, bytes)?)?;
    object.module.name = name.into_owned();
    Ok(object)
}

/// Bytes of a module that are read; a device such as `/dev/zero` has no end.
const MODULE_LIMIT: u64 = 1 << 30;

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MODULE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MODULE_LIMIT {
        return Err(io::Error::other("it is larger than 1 GiB, and so no module"));
    }
    Ok(bytes)
}

fn binary(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"(") && !text.starts_with(b";;") {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(binary) => Ok(binary.into_owned()),
        Err(mut error) => {
            error.set_path(path);
            Err(Error::Text { path: path.to_owned(), message: error.to_string() })
        }
    }
}

/// Fails if two modules that are preloaded have one name, or one has WASI's.
///
/// # Errors
///
/// With the name and both modules.
pub fn check_preloads(preloads: &[Object]) -> Result<(), Error> {
    for (i, second) in preloads.iter().enumerate() {
        if second.linked_as == linker::WASI {
            return Err(Error::ReservedName { name: second.linked_as.clone() });
        }
        let same = |first: &&Object| first.linked_as == second.linked_as;
        if let Some(first) = preloads[..i].iter().find(same) {
            return Err(Error::DuplicatePreload {
                name: second.linked_as.clone(),
                first: first.module.name.clone(),
                second: second.module.name.clone(),
            });
        }
    }
    Ok(())
}

impl Program {
    /// How its modules are linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The module whose exports are called.
    pub fn main(&self) -> &Module {
        &self.plan.set().objects[self.plan.set().program].module
    }

    /// How messages call the module at a place in the set.
    pub(crate) fn name(&self, module: usize) -> &str {
        self.plan.set().objects.get(module).map_or("the table", |object| &object.module.name)
    }

    /// Instantiates the modules and initialises each after what it depends on.
    ///
    /// # Errors
    ///
    /// When a directory of `wasi` cannot be opened, memory is short, or initialisation ends early.
    pub fn start(&self, wasi: &Wasi) -> Result<Process<'_>, Error> {
        Process::start(self, wasi)
    }
}

/// The type of an exported function.
///
/// # Errors
///
/// When there is none of that name, with those that there are.
pub fn function<'m>(module: &'m Module, name: &str) -> Result<&'m linker::FuncType, Error> {
    module.function(name).ok_or_else(|| Error::NoFunction {
        module: module.name.clone(),
        name: name.to_owned(),
        functions: functions(module),
    })
}

/// Every exported function with its type, but not those that only a linker calls.
pub fn functions(module: &Module) -> Vec<(String, linker::FuncType)> {
    module.functions().map(|(name, ty)| (name.to_owned(), ty.clone())).collect()
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Error::Link(faults)
    }
}
