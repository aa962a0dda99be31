//! Linking for embedders, in the manner of [`wasmtime::Linker`].

use std::path::{Path, PathBuf};

use linker::{InputLimits, InputModule, Plan, Set};
use wasmtime::{AsContext, AsContextMut, Engine, Extern, IntoFunc};

use crate::compiled::cache::Cache;
use crate::dlopen::{self, Accessor, Libraries, Loader};
use crate::error::Error;
use crate::input;
use crate::program::Program;
use crate::program::demangler;
use crate::program::host_functions;
use crate::program::linkage::{Linkage, Mode};
use crate::program::linked::LinkedInstance;
use crate::search::Search;

/// A builder that links a program, the libraries it uses and functions of the host to a
/// [`Program`], whose stores hold a `T`.
///
/// The caller provides the engine and the store, so the caller also sets their limits: see
/// [`Limits::configure`](crate::Limits::configure).
///
/// ```
/// use wasmtime::{Caller, Engine, Store};
///
/// let engine = Engine::default();
/// let mut linker = host::Linker::new(&engine);
/// linker.program("toolbox", wat::parse_str(
///     r#"(module
///         (import "env" "add" (func $add (param i32 i32) (result i32)))
///         (import "env" "log" (func $log (param i32)))
///         (func (export "foo") (param i32) (result i32)
///             (call $log (local.get 0))
///             (call $add (i32.const 1) (local.get 0))))"#,
/// )?)?;
/// linker.library("calc", wat::parse_str(
///     r#"(module (func (export "add") (param i32 i32) (result i32)
///         (i32.add (local.get 0) (local.get 1))))"#,
/// )?)?;
/// linker.func_wrap("env", "log", |mut caller: Caller<'_, Vec<i32>>, n: i32| {
///     caller.data_mut().push(n);
/// })?;
///
/// let program = linker.link()?;
/// let mut store = Store::new(&engine, Vec::new());
/// let instance = program.instantiate(&mut store)?;
/// let foo = instance.get_typed_func::<i32, i32>(&mut store, "foo")?;
/// assert_eq!(foo.call(&mut store, 7)?, 8);
/// assert_eq!(store.data(), &[7]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Linker<T: 'static> {
    host: wasmtime::Linker<T>,
    program: Option<InputModule>,
    libraries: Vec<InputModule>,
    preloads: Vec<InputModule>,
    folders: Vec<PathBuf>,
    sysroot: Option<PathBuf>,
    /// The names of system libraries, and the files that replace them.
    replacements: Vec<(String, PathBuf)>,
    limits: InputLimits,
    linkage: Linkage,
    stack_size: Option<u64>,
    unknown_imports_trap: bool,
    cache: Option<Cache>,
    accessor: Option<Accessor<T>>,
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let modules = self.program.iter().chain(&self.libraries).chain(&self.preloads);
        let names: Vec<_> = modules.map(|input| &input.module.name).collect();
        f.debug_struct("Linker").field("modules", &names).finish_non_exhaustive()
    }
}

impl<T: 'static> Linker<T> {
    /// Creates a linker without modules and without host functions.
    pub fn new(engine: &Engine) -> Self {
        Linker {
            host: wasmtime::Linker::new(engine),
            program: None,
            libraries: Vec::new(),
            preloads: Vec::new(),
            folders: Vec::new(),
            sysroot: None,
            replacements: Vec::new(),
            limits: InputLimits::default(),
            linkage: Linkage::default(),
            stack_size: None,
            unknown_imports_trap: false,
            cache: None,
            accessor: None,
        }
    }

    /// Returns the engine that this linker compiles for.
    pub fn engine(&self) -> &Engine {
        self.host.engine()
    }

    /// Returns the linker that holds the host's functions: those that modules import and no module
    /// defines. To provide WASI, call [`wasmtime_wasi::p1::add_to_linker_sync`] with it.
    pub fn host(&mut self) -> &mut wasmtime::Linker<T> {
        &mut self.host
    }

    /// Defines a host function, as [`wasmtime::Linker::func_wrap`] does.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the name is already defined.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        function: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Self, Error> {
        self.host.func_wrap(module, name, function).map_err(setup)?;
        Ok(self)
    }

    /// Defines a host item, as [`wasmtime::Linker::define`] does. Modules can import functions
    /// only.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the name is already defined, or the item belongs to another store.
    pub fn define(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self, Error> {
        self.host.define(store, module, name, item).map_err(setup)?;
        Ok(self)
    }

    /// Sets limits on the size of modules. They apply to each module that is added after this
    /// call, and to all modules together when they are linked.
    pub fn input_limits(&mut self, limits: InputLimits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets the program: the module whose exports are called. `name` is its name in messages and
    /// in the `needed` entries of other modules.
    ///
    /// `bytes` are a module in the binary format.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if the bytes are not a valid module or exceed the input limits, and
    /// [`Error::Setup`] if there already is a program.
    pub fn program(&mut self, name: &str, bytes: Vec<u8>) -> Result<&mut Self, Error> {
        let input = InputModule::load_within(name, bytes, &self.limits)?;
        self.set_program(input)
    }

    /// Sets the program to the module in a file, in the binary or the text format. Its name is
    /// the file's name without the extension.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] or [`Error::Text`] if the file cannot be read, otherwise the errors of
    /// [`Linker::program`].
    pub fn program_file(&mut self, path: &Path) -> Result<&mut Self, Error> {
        let input = input::read_within(path, &self.limits)?;
        self.set_program(input)
    }

    fn set_program(&mut self, input: InputModule) -> Result<&mut Self, Error> {
        if let Some(first) = &self.program {
            let (first, second) = (&first.module.name, &input.module.name);
            let message = format!("`{second}` cannot be the program, which is `{first}`");
            return Err(Error::Setup { message });
        }
        self.program = Some(input);
        Ok(self)
    }

    /// Adds a module that the program or another library uses: a shared library, or the one
    /// module that is not position independent and shares its memory with the others. `name` is
    /// its name in messages and in the `needed` entries of other modules.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if the bytes are not a valid module or exceed the input limits.
    pub fn library(&mut self, name: &str, bytes: Vec<u8>) -> Result<&mut Self, Error> {
        self.libraries.push(InputModule::load_within(name, bytes, &self.limits)?);
        Ok(self)
    }

    /// Adds the module in a file, in the binary or the text format, as [`Linker::library`] does.
    /// Its name is the file's name without the extension.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] or [`Error::Text`] if the file cannot be read, otherwise the errors of
    /// [`Linker::library`].
    pub fn library_file(&mut self, path: &Path) -> Result<&mut Self, Error> {
        self.libraries.push(input::read_within(path, &self.limits)?);
        Ok(self)
    }

    /// Adds the module in a file that keeps its own memory. Other modules import its exports from
    /// the module `name`.
    ///
    /// # Errors
    ///
    /// The errors of [`Linker::library_file`].
    pub fn preload_file(&mut self, name: &str, path: &Path) -> Result<&mut Self, Error> {
        let input = input::read_within(path, &self.limits)?;
        self.preloads.push(input.preloaded_as(name));
        Ok(self)
    }

    /// Adds a folder that is searched for libraries that modules need, after the folders that
    /// were added before.
    pub fn search(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.folders.push(folder.into());
        self
    }

    /// Sets the folder of libc and libc++. By default it is looked for next to the running
    /// executable: see [`Search::new`].
    pub fn sysroot(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.sysroot = Some(folder.into());
        self
    }

    /// Uses a file as the system library `library`, such as `libc`, instead of the one in the
    /// sysroot.
    pub fn replace(&mut self, library: &str, path: impl Into<PathBuf>) -> &mut Self {
        self.replacements.push((library.to_owned(), path.into()));
        self
    }

    /// Lets running programs open libraries: the program by `dlopen`, the embedder by the
    /// [`Loader`] that this returns. `accessor` returns the [`Libraries`] in a store's data.
    ///
    /// In stores whose host functions are asynchronous, use [`Linker::enable_dlopen_async`].
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
    /// linker.program("program", program)?;
    /// let loader = linker.enable_dlopen(|state| &mut state.libraries)?;
    /// let program = linker.link()?;
    ///
    /// let files = Files::new(Search::new(vec![folder.path().to_owned()], None));
    /// let mut store = wasmtime::Store::new(&engine, State { libraries: Libraries::new(files) });
    /// program.instantiate(&mut store)?;
    /// let plugin = loader.open(&mut store, "plugin.wasm", OpenFlags::default())?;
    /// let run = loader.get_func(&mut store, plugin, "run")?.expect("the plugin defines it");
    /// assert_eq!(run.typed::<(), i32>(&store)?.call(&mut store, ())?, 42);
    /// loader.close(&mut store, plugin)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the host functions of `dlopen` are already defined.
    pub fn enable_dlopen(
        &mut self,
        accessor: fn(&mut T) -> &mut Libraries<T>,
    ) -> Result<Loader<T>, Error>
    where
        T: Send,
    {
        dlopen::define(&mut self.host, accessor).map_err(setup)?;
        Ok(self.loader(accessor))
    }

    /// Lets running programs open libraries, like [`Linker::enable_dlopen`], in stores whose host
    /// functions are asynchronous.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if the host functions of `dlopen` are already defined.
    pub fn enable_dlopen_async(
        &mut self,
        accessor: fn(&mut T) -> &mut Libraries<T>,
    ) -> Result<Loader<T>, Error>
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
        self.accessor = Some(accessor);
        self.linkage.dynamic = true;
        Loader::new(accessor)
    }

    /// Sets whether the modules are fused to one. The default is [`Mode::Auto`].
    pub fn mode(&mut self, mode: Mode) -> &mut Self {
        self.linkage.mode = mode;
        self
    }

    /// Sets the size of the stack in linear memory, in bytes. C, C++ and Rust keep variables whose
    /// address is taken there. The default is 8 MiB. A module that is not position independent
    /// brings its own stack; [`Linker::plan`] refuses another size for it.
    pub fn stack_size(&mut self, bytes: u64) -> &mut Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Sets whether a function that modules import and that neither a module nor the host defines
    /// traps when it is called, as with [`wasmtime::Linker::define_unknown_imports_as_traps`]. By
    /// default such an import is an error. [`Plan::warnings`] lists these functions. It applies to
    /// libraries that are opened later, too.
    pub fn unknown_imports_trap(&mut self, trap: bool) -> &mut Self {
        self.unknown_imports_trap = trap;
        self
    }

    /// Keeps a symbol of any module when the modules are fused: a function for
    /// [`LinkedInstance::symbol`], a variable for [`LinkedInstance::address`].
    pub fn export(&mut self, symbol: &str) -> &mut Self {
        self.linkage.exports.push(symbol.to_owned());
        self
    }

    /// Sets the cache of compiled code. Code that is compiled is stored there, also that of
    /// libraries that are opened later, and modules that were compiled before are not compiled
    /// again.
    pub fn cache(&mut self, cache: Cache) -> &mut Self {
        self.cache = Some(cache);
        self
    }

    /// Decides how the modules are linked. This needs no store and runs no guest code.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if there is no program; [`Error::Link`] with every import that no module
    /// and no host function satisfies, or that has another type.
    pub fn plan(&self) -> Result<Plan, Error> {
        Ok(Plan::new(self.gather()?)?)
    }

    /// Gathers the modules, and finds the functions that the host defines for them.
    fn gather(&self) -> Result<Set, Error> {
        let Some(program) = self.program.clone() else {
            return Err(Error::Setup { message: "there is no program to link".to_owned() });
        };
        input::check_preloads(&self.preloads)?;
        let folders = Search::new(self.folders.clone(), self.sysroot.clone());
        let mut search = folders.within(self.limits);
        for (library, path) in &self.replacements {
            search = search.replace(library, path)?;
        }
        let others = self.libraries.iter().chain(&self.preloads).cloned().collect();
        let mut set = Set::gather(program, others, &mut search)?;
        set.stack_size = self.stack_size;
        set.unknown_imports_trap = self.unknown_imports_trap;
        set.host = set.wanted_of_host();
        set.host.retain(|import| host_functions::has_all(&self.host, &[import]));
        Ok(set)
    }

    /// Links and compiles the modules. The host also defines the function `env.__host_demangle`,
    /// by which libc++ names the type of an uncaught exception.
    ///
    /// # Errors
    ///
    /// The errors of [`Linker::plan`]; [`Error::Setup`] if that function is already defined; [`Error::HostFunctions`] with every function that the host
    /// lacks; [`Error::Load`] or [`Error::Compile`] if a module's code is not valid.
    pub fn link(&self) -> Result<Program<T>, Error> {
        let mut functions = self.host.clone();
        demangler::define(&mut functions).map_err(setup)?;
        let plan = Plan::new(self.gather()?.with_optional_functions())?;
        let program = Program::new(plan, &functions, self.linkage.clone(), self.cache.as_ref())?;
        Ok(match self.accessor {
            Some(accessor) => Libraries::attach(program, accessor),
            None => program,
        })
    }

    /// Links, compiles and instantiates the modules. To instantiate them more than once, keep the
    /// result of [`Linker::link`].
    ///
    /// # Errors
    ///
    /// The errors of [`Linker::link`] and [`Program::instantiate`].
    pub fn instantiate(&self, store: impl AsContextMut<Data = T>) -> Result<LinkedInstance, Error> {
        self.link()?.instantiate(store)
    }
}

fn setup(error: wasmtime::Error) -> Error {
    Error::Setup { message: Error::message(&error) }
}
