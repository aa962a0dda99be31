//! Linking for embedders, in the manner of [`wasmtime::Linker`].

use std::path::{Path, PathBuf};

use linker::{InputLimits, InputModule, Plan, Set};
use wasmtime::{AsContextMut, Engine};

use crate::compiled::cache::Cache;
use crate::dlopen::{self, Accessor, Libraries, Loader};
use crate::error::Error;
use crate::input;
use crate::program::Program;
use crate::program::host_functions;
use crate::program::linkage::{Linkage, Mode};
use crate::program::linked::LinkedInstance;
use crate::search::Search;

/// Gathers modules and host functions, and links them to a [`Program`] whose stores hold a `T`.
///
/// Of the modules that are not preloaded the one that is added first is the program: its exports are called. A module that is not position
/// independent but lends its memory may be any of them. What a program may use is for its store and engine to bound: see
/// [`Limits::configure`](crate::Limits::configure).
///
/// ```
/// use wasmtime::{Engine, Store};
///
/// let engine = Engine::default();
/// let mut linker = host::Linker::new(&engine);
/// linker.module("toolbox", wat::parse_str(
///     r#"(module
///         (import "env" "add" (func $add (param i32 i32) (result i32)))
///         (import "env" "log" (func $log (param i32)))
///         (func (export "foo") (param i32) (result i32)
///             (call $log (local.get 0))
///             (call $add (i32.const 1) (local.get 0))))"#,
/// )?)?;
/// linker.module("calc", wat::parse_str(
///     r#"(module (func (export "add") (param i32 i32) (result i32)
///         (i32.add (local.get 0) (local.get 1))))"#,
/// )?)?;
/// linker.host().func_wrap("env", "log", |mut caller: wasmtime::Caller<'_, Vec<i32>>, n: i32| {
///     caller.data_mut().push(n);
/// })?;
///
/// let program = linker.program()?;
/// let mut store = Store::new(&engine, Vec::new());
/// let linked = program.instantiate(&mut store)?;
/// let foo = linked.typed_func::<i32, i32>(&mut store, "foo")?;
/// assert_eq!(foo.call(&mut store, 7)?, 8);
/// assert_eq!(store.data(), &[7]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Linker<T: 'static> {
    host: wasmtime::Linker<T>,
    inputs: Vec<InputModule>,
    preloads: Vec<InputModule>,
    folders: Vec<PathBuf>,
    sysroot: Option<PathBuf>,
    /// Files in place of system libraries.
    replacements: Vec<(String, PathBuf)>,
    limits: InputLimits,
    linkage: Linkage,
    stack_size: Option<u64>,
    cache: Option<Cache>,
    libraries: Option<Accessor<T>>,
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.inputs.iter().map(|input| &input.module.name).collect();
        f.debug_struct("Linker").field("modules", &names).finish_non_exhaustive()
    }
}

impl<T: 'static> Linker<T> {
    /// A linker without modules or host functions.
    pub fn new(engine: &Engine) -> Self {
        Linker {
            host: wasmtime::Linker::new(engine),
            inputs: Vec::new(),
            preloads: Vec::new(),
            folders: Vec::new(),
            sysroot: None,
            replacements: Vec::new(),
            limits: InputLimits::default(),
            linkage: Linkage::default(),
            stack_size: None,
            cache: None,
            libraries: None,
        }
    }

    /// The host's functions: what modules import and no module defines. WASI is among them only if it is
    /// added here, for example by [`wasmtime_wasi::p1::add_to_linker_sync`].
    pub fn host(&mut self) -> &mut wasmtime::Linker<T> {
        &mut self.host
    }

    /// Bounds what is read: the modules that are added from now on, and all together when they are linked.
    pub fn input_limits(&mut self, limits: InputLimits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Adds a module's bytes; `name` is how messages and `needed` entries call it.
    ///
    /// # Errors
    ///
    /// When they are no valid module.
    pub fn module(&mut self, name: &str, bytes: Vec<u8>) -> Result<&mut Self, Error> {
        self.inputs.push(InputModule::load_within(name, bytes, &self.limits)?);
        Ok(self)
    }

    /// Adds a module from a file, called by the file's name without its ending.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no valid module.
    pub fn file(&mut self, path: &Path) -> Result<&mut Self, Error> {
        self.inputs.push(input::read_within(path, &self.limits)?);
        Ok(self)
    }

    /// Adds a module from a file that keeps a memory of its own and whose exports are imported from the
    /// module `name`.
    ///
    /// # Errors
    ///
    /// As [`Linker::file`].
    pub fn preload(&mut self, name: &str, path: &Path) -> Result<&mut Self, Error> {
        let input = input::read_within(path, &self.limits)?;
        self.preloads.push(input.preloaded_as(name));
        Ok(self)
    }

    /// Looks for libraries that modules need in a folder too, after those added before.
    pub fn search(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.folders.push(folder.into());
        self
    }

    /// Takes libc and libc++ from a folder; without it they are looked for beside this program.
    pub fn sysroot(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.sysroot = Some(folder.into());
        self
    }

    /// Takes a file for a system library, such as `libc`, in place of the one in the sysroot.
    pub fn replace(&mut self, library: &str, path: impl Into<PathBuf>) -> &mut Self {
        self.replacements.push((library.to_owned(), path.into()));
        self
    }

    /// Lets libraries be opened while a program runs, by the program, with `dlopen`, and by the result of this.
    /// `get` says where the store's data has its [`Libraries`]. To use functions that may wait, call
    /// [`Linker::libraries_async`] instead.
    ///
    /// ```
    /// use host::{Files, Libraries, OpenFlags, Search};
    ///
    /// struct State { libraries: Libraries<State> }
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let plugin = wat::parse_str(r#"(module
    /// #     (@dylink.0 (mem-info))
    /// #     (import "env" "step" (func $step (param i32) (result i32)))
    /// #     (func (export "run") (result i32) (call $step (i32.const 41))))"#)?;
    /// # std::fs::write(folder.path().join("plugin.wasm"), plugin)?;
    /// # let program = wat::parse_str(r#"(module
    /// #     (@dylink.0 (mem-info))
    /// #     (import "env" "memory" (memory 1))
    /// #     (func (export "malloc") (param i32) (result i32) (i32.const 2048))
    /// #     (func (export "step") (param i32) (result i32)
    /// #         (i32.add (local.get 0) (i32.const 1))))"#)?;
    /// let engine = wasmtime::Engine::default();
    /// let mut linker = host::Linker::<State>::new(&engine);
    /// linker.module("program", program)?;
    /// let loader = linker.libraries(|state| &mut state.libraries)?;
    /// let program = linker.program()?;
    ///
    /// let files = Files::new(Search::new(vec![folder.path().to_owned()], None));
    /// let mut store = wasmtime::Store::new(&engine, State { libraries: Libraries::new(files) });
    /// program.instantiate(&mut store)?;
    /// let plugin = loader.open(&mut store, "plugin.wasm", OpenFlags::default())?;
    /// let run = loader.func(&mut store, plugin, "run")?.expect("the plugin defines it");
    /// assert_eq!(run.typed::<(), i32>(&store)?.call(&mut store, ())?, 42);
    /// loader.close(&mut store, plugin)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the host's functions for that are defined already.
    pub fn libraries(&mut self, accessor: Accessor<T>) -> Result<Loader<T>, Error>
    where
        T: Send,
    {
        dlopen::define(&mut self.host, accessor).map_err(setup)?;
        Ok(self.loader(accessor))
    }

    /// As [`Linker::libraries`], for stores whose host functions may wait.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn libraries_async(&mut self, accessor: Accessor<T>) -> Result<Loader<T>, Error>
    where
        T: Send,
    {
        dlopen::define_async(&mut self.host, accessor).map_err(setup)?;
        Ok(self.loader(accessor))
    }

    fn loader(&mut self, accessor: Accessor<T>) -> Loader<T>
    where
        T: Send,
    {
        self.libraries = Some(accessor);
        self.linkage.dynamic = true;
        Loader::new(accessor)
    }

    /// Chooses whether the modules become one; without it they do if they can.
    pub fn mode(&mut self, mode: Mode) -> &mut Self {
        self.linkage.mode = mode;
        self
    }

    /// Sets the bytes of the stack in linear memory, where C, C++ and Rust keep variables whose address
    /// is taken; 8 MiB by default. A module that is not position independent brings its own stack, and
    /// [`Linker::plan`] refuses another size for that.
    pub fn stack_size(&mut self, bytes: u64) -> &mut Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Keeps a symbol of any of the modules known when they become one: a function for
    /// [`LinkedInstance::symbol`], a variable for [`LinkedInstance::address`].
    pub fn export(&mut self, symbol: &str) -> &mut Self {
        self.linkage.exports.push(symbol.to_owned());
        self
    }

    /// Keeps compiled code, that of libraries which are opened later too, and takes it from there if the same
    /// modules were compiled before.
    pub fn cache(&mut self, cache: Cache) -> &mut Self {
        self.cache = Some(cache);
        self
    }

    /// Decides how the modules are linked. No store is needed, and nothing runs.
    ///
    /// # Errors
    ///
    /// Without a module, or with every symbol that is undefined or of another type.
    pub fn plan(&self) -> Result<Plan, Error> {
        let mut inputs = self.inputs.iter().chain(&self.preloads).cloned();
        let program = inputs
            .next()
            .ok_or_else(|| Error::Setup { message: "there is no module to link".to_owned() })?;
        input::check_preloads(&self.preloads)?;
        let search = Search::new(self.folders.clone(), self.sysroot.clone());
        let mut search = search.within(self.limits);
        for (library, path) in &self.replacements {
            search = search.replace(library, path)?;
        }
        let mut set = Set::gather(program, inputs.collect(), &mut search)?;
        set.stack_size = self.stack_size;
        set.host = set.wanted_of_host();
        set.host.retain(|import| host_functions::has_all(&self.host, &[import]));
        Ok(Plan::new(set)?)
    }

    /// Links and compiles the modules.
    ///
    /// # Errors
    ///
    /// As [`Linker::plan`], or when a module's code is not valid.
    pub fn program(&self) -> Result<Program<T>, Error> {
        let (linkage, cache) = (self.linkage.clone(), self.cache.as_ref());
        let program = Program::new(self.plan()?, &self.host, linkage, cache)?;
        Ok(match self.libraries {
            Some(accessor) => Libraries::of(program, accessor),
            None => program,
        })
    }

    /// Links, compiles and instantiates the modules, once. To do so many times, keep the
    /// [`Linker::program`].
    ///
    /// # Errors
    ///
    /// As [`Linker::program`] and [`Program::instantiate`].
    pub fn instantiate(&self, store: impl AsContextMut<Data = T>) -> Result<LinkedInstance, Error> {
        self.program()?.instantiate(store)
    }
}

fn setup(error: wasmtime::Error) -> Error {
    Error::Setup { message: Error::message(&error) }
}
