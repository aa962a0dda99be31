//! Modules, linked and compiled, before anything runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use linker::{
    Bound, BoundModule, Faults, FuseError, FuseOptions, Import, InputLimits, InputModule, Module,
    Plan, Set,
};
use wasmtime::{AsContextMut, Instance, InstancePre};

use crate::cache::{Cache, CacheError, Key};
use crate::code::Code;
use crate::container;
use crate::engine::start_compiler;
use crate::error::Error;
use crate::fuse::{fuse, validated};
use crate::host_functions;
use crate::libraries::{Compilations, Get};
use crate::linked::{Instantiation, Linked, Ready, Step};

/// Modules that fit, compiled, ready to be instantiated any number of times in stores that hold a `T`.
pub struct Program<T: 'static> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) code: Code,
    /// What there is to be instantiated if it is one module: all but the store is settled then.
    pub(crate) whole: Option<InstancePre<T>>,
    pub(crate) functions: Arc<wasmtime::Linker<T>>,
    /// Where stores have the libraries that are opened later, if they have any.
    pub(crate) libraries: Option<Get<T>>,
    pub(crate) compilations: Compilations,
    linkage: Linkage,
    cache_error: Option<CacheError>,
}

/// What a program's modules become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// One module, unless one of them keeps a memory of its own or is alone, or the program opens libraries while
    /// it runs: then an instance each.
    #[default]
    Auto,
    /// One module: calls between them are calls inside it, and what is not needed is left out.
    Fused,
    /// An instance each.
    Separate,
}

/// How a plan is carried out.
#[derive(Debug, Clone, Hash, Default)]
pub(crate) struct Linkage {
    pub(crate) mode: Mode,
    /// Symbols that stay known when the modules become one.
    pub(crate) exports: Vec<String>,
    /// Whether others than the program open libraries while it runs.
    pub(crate) dynamic: bool,
}

impl Linkage {
    fn shares_memory(&self, plan: &Plan) -> bool {
        self.dynamic || plan.opens_libraries()
    }

    /// The plan of the modules that are to be instantiated. Libraries can join a fused program if it is a main.
    pub(crate) fn settle(&self, plan: Plan) -> Result<Plan, Error> {
        let set = plan.set();
        if self.mode != Mode::Fused || set.inputs.len() == 1 || !self.shares_memory(&plan) {
            return Ok(plan);
        }
        let options = FuseOptions { dynamic: true, ..self.options() };
        let Some(fused) = fuse(&plan, &options)?.modules.pop() else { return Ok(plan) };
        let name = plan.main().name.clone();
        let input = InputModule::load_within(name, fused.bytes, &InputLimits::NONE)?;
        Ok(Plan::new(Set { host: set.host.clone(), ..Set::of(input) })?)
    }

    /// Returns how modules become one that this host runs: it can call any export, as of instances of their own.
    fn options(&self) -> FuseOptions {
        let exports = self.exports.clone();
        FuseOptions { exports, separate_start: true, stack_pointer: true, ..FuseOptions::default() }
    }

    /// The modules as they are to be compiled. Twice the same, so that nobody must keep the first.
    pub(crate) fn carry_out(&self, plan: &Plan) -> Result<Bound, Error> {
        let options = self.options();
        match self.mode {
            Mode::Separate => Ok(plan.bind()?),
            // If it was to be fused, `settle` has done so.
            _ if self.shares_memory(plan) => Ok(plan.bind()?),
            Mode::Fused => Ok(plan.fuse(&options)?),
            Mode::Auto if plan.set().inputs.len() == 1 && self.exports.is_empty() => {
                Ok(plan.bind()?)
            }
            Mode::Auto => match plan.fuse(&options) {
                Err(FuseError::SecondMemory { .. }) => Ok(plan.bind()?),
                fused => Ok(fused?),
            },
        }
    }
}

impl<T> std::fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = self.plan.set();
        let name = &set.inputs[set.program].module.name;
        f.debug_struct("Program").field("name", name).finish_non_exhaustive()
    }
}

impl<T: 'static> Program<T> {
    /// Links and compiles the modules, or takes from the cache what this made of them before.
    pub(crate) fn new(
        plan: Plan,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let plan = linkage.settle(plan)?;
        let engine = functions.engine();
        let compile = || {
            start_compiler()?;
            check_host(&plan, functions)?;
            let bound = validated(plan.set(), || linkage.carry_out(&plan))?;
            Code::compile(engine, &plan, bound)
        };
        let (code, cache_error) = match cache {
            None => (compile()?, None),
            Some(cache) => cache.code(engine, Key::new(engine, &plan, &linkage), compile)?,
        };
        Ok(Program { cache_error, ..Program::of_code(plan, functions, linkage, code, cache)? })
    }

    /// The program whose modules became this code. That of libraries which it opens is kept in the cache.
    pub(crate) fn of_code(
        plan: Plan,
        functions: &wasmtime::Linker<T>,
        linkage: Linkage,
        code: Code,
        cache: Option<&Cache>,
    ) -> Result<Self, Error> {
        let whole = match (&code.base, code.modules.as_slice()) {
            (None, [only]) => {
                let pre = functions.instantiate_pre(&only.code);
                Some(pre.map_err(|error| Error::compile(only.name(&plan), &error))?)
            }
            _ => None,
        };
        Ok(Program {
            plan: Arc::new(plan),
            code,
            whole,
            functions: Arc::new(functions.clone()),
            libraries: None,
            compilations: Compilations::kept_in(cache),
            linkage,
            cache_error: None,
        })
    }

    /// Says where stores have the libraries that are opened later.
    pub(crate) fn with_libraries(self, get: Get<T>) -> Self {
        Program { libraries: Some(get), ..self }
    }

    /// Why its code, or that of a library that it has opened, was not taken from the [`Cache`], or is not
    /// kept there, if something is wrong with that.
    pub fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.as_ref().or_else(|| self.compilations.cache_error())
    }

    /// Whether its modules became one.
    pub fn is_fused(&self) -> bool {
        self.whole.is_some() && self.plan.set().inputs.len() > 1
    }

    /// The modules as they were before they were compiled.
    pub(crate) fn bound(&self) -> Vec<BoundModule> {
        self.linkage.carry_out(&self.plan).map(|bound| bound.modules).unwrap_or_default()
    }

    /// How its modules are linked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many instances it starts with.
    pub(crate) fn instances(&self) -> usize {
        self.code.modules.len() + usize::from(self.code.base.is_some())
    }

    /// The module whose exports are called.
    pub fn main(&self) -> &Module {
        &self.plan.set().inputs[self.plan.set().program].module
    }

    /// How messages call the module at a place in the set.
    pub(crate) fn name(&self, module: usize) -> &str {
        self.plan.set().inputs.get(module).map_or("the table", |input| &input.module.name)
    }

    /// Instantiates the modules, and runs the constructors of each after those of what it depends on.
    ///
    /// # Errors
    ///
    /// When a start function or a constructor does not return, or memory is short: [`Error::Start`]. The
    /// store is poisoned then, for it holds instances that are not initialised and cannot be removed: drop it.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Linked, Error> {
        let mut instantiation = Instantiation::new(self);
        while let Some(step) = instantiation.next(&mut store)? {
            match step {
                Step::Instantiate { name, ready } => {
                    let instance = match ready {
                        Ready::Whole(whole) => whole.instantiate(&mut store),
                        Ready::Module(code, imports) => Instance::new(&mut store, code, &imports),
                    };
                    let failed = |error| Error::instantiation(name, error);
                    instantiation.add(instance.map_err(failed)?);
                }
                Step::Call { what, function } => {
                    let called = function.call(&mut store, &[], &mut []);
                    called.map_err(|error| Error::start(what, error))?;
                }
            }
        }
        Ok(instantiation.finish())
    }

    /// As [`Program::instantiate`], for stores whose host functions may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Linked, Error>
    where
        T: Send,
    {
        let mut instantiation = Instantiation::new(self);
        self.take_steps(&mut instantiation, &mut store).await?;
        Ok(instantiation.finish())
    }

    pub(crate) async fn take_steps(
        &self,
        instantiation: &mut Instantiation<'_, T>,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<(), Error>
    where
        T: Send,
    {
        while let Some(step) = instantiation.next(&mut store)? {
            match step {
                Step::Instantiate { name, ready } => {
                    let instance = match ready {
                        Ready::Whole(whole) => whole.instantiate_async(&mut store).await,
                        Ready::Module(code, imports) => {
                            Instance::new_async(&mut store, code, &imports).await
                        }
                    };
                    let failed = |error| Error::instantiation(name, error);
                    instantiation.add(instance.map_err(failed)?);
                }
                Step::Call { what, function } => {
                    let called = function.call_async(&mut store, &[], &mut []).await;
                    called.map_err(|error| Error::start(what, error))?;
                }
            }
        }
        Ok(())
    }
}

/// All that can fail without running guest code fails before there is a store.
fn check_host<T: 'static>(plan: &Plan, functions: &wasmtime::Linker<T>) -> Result<(), Error> {
    let imports: Vec<_> = plan.host_functions().collect();
    if host_functions::has_all(functions, &imports) {
        return Ok(());
    }
    let missing = imports.iter().filter(|import| !host_functions::has_all(functions, &[import]));
    let name = |i: &Import| linker::printable(&format!("{}.{}", i.module, i.name)).into_owned();
    let missing = missing.map(|import| (name(import), import.ty.to_string()));
    Err(Error::HostFunctions { missing: missing.collect() })
}

/// Reads a module from a file; it is called by the file's name, without the ending. A module in the text
/// format is converted, as by `wasmtime`.
///
/// # Errors
///
/// When it cannot be read, is no valid module, or larger than it may be by default.
pub fn read(path: &Path) -> Result<InputModule, Error> {
    read_within(path, &InputLimits::default())
}

/// As [`read`], within other limits.
///
/// # Errors
///
/// As there.
pub fn read_within(path: &Path, limits: &InputLimits) -> Result<InputModule, Error> {
    // An error names the whole path: there may be several files of one name.
    let file = File::open(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    let mut input = read_file(&file, path, limits)?;
    input.file = Some(path.to_owned());
    input.origin = path.parent().map(Path::to_owned);
    input.opened_as = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(input)
}

/// As [`read_within`], of a file that is open and that messages know by a path.
pub(crate) fn read_file(
    file: &File,
    path: &Path,
    limits: &InputLimits,
) -> Result<InputModule, Error> {
    let shown = linker::printable(&path.to_string_lossy()).into_owned();
    let bytes = bytes_of(file, limits.max_module_size)
        .map_err(|error| Error::Read { path: path.to_owned(), error })?
        .ok_or_else(|| limits.too_large(&shown))?;
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut input = InputModule::load_within(shown, binary(path, bytes)?, limits)?;
    let name = linker::printable(linker::module_name(&file)).into_owned();
    Arc::make_mut(&mut input.module).name = name;
    Ok(input)
}

/// The bytes of a file, `None` if there are more than that: a device such as `/dev/zero` has no end.
pub(crate) fn read_limited(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    bytes_of(&File::open(path)?, limit)
}

fn bytes_of(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // A device says that it has none.
    let size = file.metadata()?.len().min(limit);
    let mut bytes = room_for(size)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= limit))
}

/// A vector for this many bytes of a file: a size that someone else chose is no reason to abort.
pub(crate) fn room_for(size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(bytes)
}

fn binary(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if container::is_one(&bytes) {
        return Err(Error::IsPrecompiled { path: path.to_owned() });
    }
    let text = bytes.trim_ascii_start();
    if !text.starts_with(b"(") && !text.starts_with(b";;") {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(binary) => Ok(binary.into_owned()),
        Err(mut error) => {
            error.set_path(path);
            // It shows the line of the file.
            let message = linker::printable_lines(&error.to_string()).into_owned();
            Err(Error::Text { path: path.to_owned(), message })
        }
    }
}

/// Fails if two modules that are preloaded have one name, or one has WASI's.
///
/// # Errors
///
/// With the name and both modules.
pub fn check_preloads(preloads: &[InputModule]) -> Result<(), Error> {
    for (i, second) in preloads.iter().enumerate() {
        if second.linked_as == linker::WASI {
            return Err(Error::ReservedName { name: second.linked_as.clone() });
        }
        let same = |first: &&InputModule| first.linked_as == second.linked_as;
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

/// Every exported function with its type.
pub fn functions(module: &Module) -> Vec<(String, linker::FuncType)> {
    module.functions().map(|(name, ty)| (name.to_owned(), ty.clone())).collect()
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Error::Link(faults)
    }
}
