//! The commands of `host`, with their help.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use host::{
    Adapter, Cache, Directory, Error, InputLimits, Limits, Mode, ProgramFiles, Search,
    ServeSettings, Settings, Wasi, Wit,
};
use linker::InputModule;

/// Links WebAssembly modules and runs them on Wasmtime.
#[derive(Debug, Parser)]
#[command(name = "host", version, arg_required_else_help = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the demo: C++ calls Rust
    Demo(DemoFlags),
    /// Run a command, or call an export of a module or component
    Run(RunFlags),
    /// Answer HTTP requests by a component, each by a new instance of it
    Serve(ServeFlags),
    /// Show how modules would be linked, and run nothing
    Plan(PlanFlags),
    /// Write a program as one module, which any WebAssembly engine runs
    Fuse(FuseFlags),
    /// Compile a program ahead of time, for `run --allow-precompiled` on processors like this one
    Compile(CompileFlags),
    /// Show the folder and size of the cache of compiled code, or clear it
    Cache(CacheFlags),
    /// Make a project with a Rust crate and a C++ library that call each other
    Init(InitFlags),
    /// Show what cargo needs to build crates with C and C++ inside, for `.cargo/config.toml`
    Env(EnvFlags),
    /// Show a module's kind, imports, exports and dylink.0 data, or a component's interface as WIT
    Inspect(InspectFlags),
}

#[derive(Debug, Args)]
pub(crate) struct DemoFlags {
    /// The description of the demo, which `cargo xtask build-all` writes next to the guests
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: UseCache,
}

#[derive(Debug, Args)]
pub(crate) struct InitFlags {
    /// The folder to make, which is new or empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The name of the crate [default: that of the folder]
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EnvFlags {
    /// Add it to `.cargo/config.toml` of the workspace or crate of the current folder
    #[arg(long)]
    pub(crate) write: bool,
}

/// The folder of compiled code.
#[derive(Debug, Args)]
pub(crate) struct CacheFolder {
    /// Keep compiled code in this folder [default: `wasm-host` in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "HOST_CACHE_DIR", hide_env_values = true,
          value_parser = OsStringValueParser::new().map(PathBuf::from))]
    cache_dir: Option<PathBuf>,
}

impl CacheFolder {
    pub(crate) fn cache(&self) -> Option<Cache> {
        named(self.cache_dir.as_ref()).map(Cache::new).or_else(Cache::of_user)
    }
}

/// The use of the cache.
#[derive(Debug, Args)]
pub(crate) struct UseCache {
    #[command(flatten)]
    folder: CacheFolder,
    /// Do not use the cache of compiled code
    #[arg(long)]
    no_cache: bool,
}

impl UseCache {
    pub(crate) fn cache(&self) -> Option<Cache> {
        self.folder.cache().filter(|_| !self.no_cache)
    }
}

/// The limits on modules that are read.
#[derive(Debug, Args)]
pub(crate) struct InputFlags {
    /// Refuse modules that are larger than this [default: 256 MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_module_size: Option<ByteSize>,
    /// Refuse modules with more imports, exports and `dylink.0` names together than this
    /// [default: 1000000]
    #[arg(long, value_name = "COUNT", value_parser = parse_count::<usize>)]
    max_symbols: Option<usize>,
}

impl InputFlags {
    pub(crate) fn limits(&self) -> InputLimits {
        let default = InputLimits::default();
        default
            .with_max_module_size(self.max_module_size.map_or(default.max_module_size, |it| it.0))
            .with_max_symbols(self.max_symbols.unwrap_or(default.max_symbols))
    }

    pub(crate) fn read(&self, file: &Path) -> Result<InputModule, Error> {
        host::read_within(file, &self.limits())
    }
}

/// The modules and libraries that are linked with a module.
#[derive(Debug, Args)]
pub(crate) struct LinkFlags {
    /// Link FILE as a module with its own memory. MODULE imports its exports from the module NAME
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_preload)]
    pub(crate) preload: Vec<(String, PathBuf)>,
    /// Link this module or shared library
    #[arg(long, value_name = "FILE")]
    pub(crate) link: Vec<PathBuf>,
    /// Search this folder for needed libraries
    #[arg(short = 'L', value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Take libc and libc++ from this folder [default: `sysroot` next to this program, or
    /// `../lib/host/sysroot` or `../guests/sysroot` relative to it]
    #[arg(long, value_name = "DIR", env = "HOST_SYSROOT",
          value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub(crate) sysroot: Option<PathBuf>,
    /// Use FILE as the system library NAME, such as libc, instead of the one in the sysroot
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_replacement)]
    pub(crate) replace: Vec<(String, PathBuf)>,
    /// Set the size of the stack in linear memory, such as 64MiB, for variables of C, C++ and Rust
    /// whose address is taken [default: 8MiB; a main brings its own]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) stack_size: Option<ByteSize>,
    /// Let functions that modules import and nothing defines trap when they are called, with a
    /// warning. The same as `-W unknown-imports-trap`
    #[arg(long)]
    unknown_imports_trap: bool,
    #[command(flatten)]
    pub(crate) input: InputFlags,
}

impl LinkFlags {
    pub(crate) fn search(&self) -> Result<Search, Error> {
        let search = Search::new(self.folders.clone(), named(self.sysroot.as_ref()));
        let search = search.within(self.input.limits());
        let mut replacements = self.replace.iter();
        replacements.try_fold(search, |search, (name, file)| search.replace(name, file))
    }

    /// Returns the files of the program in the file `module`.
    pub(crate) fn files(&self, module: &Path, search: Search) -> ProgramFiles {
        ProgramFiles::new(module, search)
            .with_links(self.link.clone())
            .with_preloads(self.preload.clone())
            .with_stack_size(self.stack_size.map(|size| size.as_u64()))
            .with_unknown_imports_trap(self.unknown_imports_trap)
    }

    /// Returns whether an option says how to link: modules, a stack size, or folders. Folders do
    /// not count if they are for libraries that the program opens while it runs.
    pub(crate) fn is_given(&self, opens_libraries: bool) -> bool {
        let libraries = self.folders.is_empty() && self.replace.is_empty() || opens_libraries;
        let nothing = self.preload.is_empty() && self.link.is_empty() && self.stack_size.is_none();
        !(nothing && libraries && !self.unknown_imports_trap)
    }
}

/// The options of linking for commands that run nothing.
#[derive(Debug, Args)]
pub(crate) struct LinkOnlyFlags {
    #[command(flatten)]
    pub(crate) link: LinkFlags,
    /// Set an option as `wasmtime` spells it: unknown-imports-trap
    #[arg(short = 'W', value_name = "KEY[=y|n],…", value_delimiter = ',', value_parser = parse_link_option)]
    wasm: Vec<bool>,
}

impl LinkOnlyFlags {
    pub(crate) fn search(&self) -> Result<Search, Error> {
        self.link.search()
    }

    /// Returns the files of the program in the file `module`.
    pub(crate) fn files(&self, module: &Path, search: Search) -> ProgramFiles {
        let traps = self.wasm.last().copied().unwrap_or(self.link.unknown_imports_trap);
        self.link.files(module, search).with_unknown_imports_trap(traps)
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunFlags {
    #[command(flatten)]
    pub(crate) link: LinkFlags,
    /// Call this export and print its results, one per line. The arguments and results of a
    /// component are in the syntax of WAVE, such as `[1, 2]` and `{name: "tea"}`
    #[arg(long, value_name = "NAME")]
    pub(crate) invoke: Option<String>,
    /// Fuse the modules to one, with the fastest calls, or instantiate them separately [default:
    /// fused, unless a module keeps its own memory, or the program opens libraries while it runs]
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "auto|fused|separate"
    )]
    mode: ModeFlag,
    /// Inline short functions: calls in short loops are faster, but backtraces do not name them
    #[arg(long)]
    inline: bool,
    /// Run the program again whenever one of its files changes, until interrupted. The guest reads
    /// no input
    #[arg(long)]
    pub(crate) watch: bool,
    /// If MODULE consists of the tests of a Rust crate, run them in one sandbox, which a panic ends,
    /// and not each in its own
    #[arg(long)]
    pub(crate) tests_together: bool,
    #[command(flatten)]
    cache: UseCache,
    /// Run MODULE even if it is code from `host compile`. Such a file is trusted like this program:
    /// if its author means harm, no limit holds. Use this only if you know who made the file
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    /// Let the guest read and write this directory, under the name GUEST if given
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = parse_directory)]
    pub(crate) dir: Vec<Directory>,
    /// Let the guest also open libraries by path, in the directories of `--dir`, and not only by
    /// name in the folders of `-L`. The guest may have written them itself: all limits apply to
    /// their code, but nobody has chosen it
    #[arg(long, requires = "dir")]
    pub(crate) dlopen_from_dir: bool,
    /// Set an environment variable for the guest, by default to its value in the host
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = parse_env)]
    pub(crate) env: Vec<(String, String)>,
    #[command(flatten)]
    code: CodeLimits,
    /// Limit the instances of modules to this number, including those of libraries that were closed
    /// [default: 10000]
    #[arg(long, value_name = "COUNT", value_parser = parse_count::<usize>)]
    max_instances: Option<usize>,
    /// End the guest when it has printed this many bytes, such as 1MiB, to its standard output and
    /// error together [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_output: Option<ByteSize>,
    /// Limit the files and directories that the guest has open at once, not counting those of
    /// `--dir`. Opening more fails with `EMFILE` [default: 1024]
    #[arg(long, value_name = "COUNT", value_parser = parse_count::<usize>)]
    max_open_files: Option<usize>,
    /// Set limits as `wasmtime` spells them: timeout=TIME, fuel=UNITS, max-memory-size=BYTES,
    /// max-table-elements=COUNT, max-wasm-stack=BYTES, max-instances=COUNT; and, of linking,
    /// unknown-imports-trap
    #[arg(
        short = 'W',
        value_name = "KEY=VALUE,…",
        value_delimiter = ',',
        value_parser = parse_wasm
    )]
    wasm: Vec<WasmOption>,
    /// The module, and the arguments of the guest or of the export
    #[arg(value_name = "MODULE [ARGS]...", required = true, trailing_var_arg = true)]
    module_and_args: Vec<String>,
}

impl RunFlags {
    pub(crate) fn module(&self) -> &str {
        self.module_and_args.first().map_or("", String::as_str)
    }

    pub(crate) fn args(&self) -> &[String] {
        self.module_and_args.get(1..).unwrap_or_default()
    }

    /// Returns what the guest sees of the machine, with these arguments after the module's name.
    pub(crate) fn wasi(&self, args: &[String]) -> Wasi {
        let args = [self.module().to_owned()].into_iter().chain(args.iter().cloned());
        Wasi::default()
            .with_args(args.collect())
            .with_env(self.env.clone())
            .with_directories(self.dir.clone())
    }

    /// Returns whether an option is given that has no meaning for a component.
    pub(crate) fn is_for_modules(&self) -> bool {
        self.mode != ModeFlag::Auto || self.inline || self.dlopen_from_dir || self.tests_together
    }

    /// Returns whether tests are run, each in a sandbox of its own.
    pub(crate) fn runs_tests(&self) -> bool {
        self.invoke.is_none() && !self.tests_together
    }

    /// Returns the files of the program, whose libraries `search` finds.
    pub(crate) fn files(&self, search: Search) -> ProgramFiles {
        let traps = self.unknown_imports_trap().unwrap_or(self.link.unknown_imports_trap);
        self.link.files(Path::new(self.module()), search).with_unknown_imports_trap(traps)
    }

    /// Returns whether an option says how to link, as [`LinkFlags::is_given`] does.
    pub(crate) fn links(&self, opens_libraries: bool) -> bool {
        self.link.is_given(opens_libraries) || self.unknown_imports_trap().is_some()
    }

    /// Returns the last value that `-W` gives `unknown-imports-trap`.
    fn unknown_imports_trap(&self) -> Option<bool> {
        self.wasm.iter().rev().find_map(|option| match option {
            WasmOption::UnknownImportsTrap(traps) => Some(*traps),
            _ => None,
        })
    }

    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        Ok(Settings::default()
            .with_limits(self.limits())
            .with_mode(self.mode.into())
            .with_inlining(self.inline)
            .with_cache(self.cache.cache())
            .with_libraries(self.link.search()?)
            .with_libraries_in_directories(self.dlopen_from_dir))
    }

    /// Returns the limits. A limit's own option takes precedence over `-W`, and the last value of
    /// `-W` over earlier ones.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for option in &self.wasm {
            match *option {
                WasmOption::Timeout(timeout) => limits.timeout = Some(timeout),
                WasmOption::Fuel(units) => limits.fuel = Some(units),
                WasmOption::MaxMemorySize(size) => limits.max_memory = Some(bytes(size)),
                WasmOption::MaxTableElements(count) => limits.max_table = Some(count),
                WasmOption::MaxWasmStack(size) => limits.max_stack = bytes(size),
                WasmOption::MaxInstances(count) => limits.max_instances = Some(count),
                WasmOption::UnknownImportsTrap(_) => {}
            }
        }
        self.code.apply(&mut limits);
        limits.max_instances = self.max_instances.or(limits.max_instances);
        limits.max_output = self.max_output.map(|size| size.as_u64()).or(limits.max_output);
        limits.max_open_files = self.max_open_files.or(limits.max_open_files);
        limits
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeFlags {
    /// Listen on this address and port, such as localhost:8081; with port 0, the system chooses one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080",
          value_parser = parse_address)]
    pub(crate) addr: SocketAddr,
    /// Answer this number of requests at the same time. Others wait
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = parse_positive)]
    max_requests: usize,
    /// Let one instance answer this number of requests, one after the other. It keeps its memory
    /// meanwhile, so it is faster, and requests are not isolated from those before
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = parse_positive)]
    max_reuse: usize,
    /// Give requests that are being answered this time when the server ends
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    pub(crate) grace: Duration,
    #[command(flatten)]
    cache: UseCache,
    /// Let the guest read and write this directory, under the name GUEST if given
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = parse_directory)]
    dir: Vec<Directory>,
    /// Set an environment variable for the guest, by default to its value in the host
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = parse_env)]
    env: Vec<(String, String)>,
    /// The limits of each request
    #[command(flatten)]
    code: CodeLimits,
    /// End an instance when it has printed this many bytes, such as 1MiB, to its standard output
    /// and error together [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_output: Option<ByteSize>,
    /// The component, of the world `wasi:http/proxy`
    pub(crate) component: PathBuf,
}

/// The default time limit of a request.
const REQUEST: Duration = Duration::from_secs(30);

impl ServeFlags {
    pub(crate) fn settings(&self) -> Settings {
        let mut limits = Limits::default().with_timeout(REQUEST);
        self.code.apply(&mut limits);
        let limits = limits.with_max_output(self.max_output.map(|size| size.as_u64()));
        Settings::default().with_limits(limits).with_cache(self.cache.cache())
    }

    pub(crate) fn serve(&self) -> ServeSettings {
        ServeSettings::default()
            .with_max_requests(self.max_requests)
            .with_max_reuse(self.max_reuse)
            .with_grace(self.grace)
    }

    pub(crate) fn wasi(&self) -> Wasi {
        Wasi::default().with_env(self.env.clone()).with_directories(self.dir.clone())
    }
}

/// The limits on code: of a program, or only of its constructors.
#[derive(Debug, Args)]
pub(crate) struct CodeLimits {
    /// End the guest after this time, such as 2s or 500ms. Every limit that ends the guest gives
    /// the exit status 124 [default: no limit; 1min for `--preinit`, 30s for `host serve`]
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    timeout: Option<Duration>,
    /// End the guest when it has used this much fuel, about one unit per instruction [default: no
    /// limit]
    #[arg(long, value_name = "UNITS", value_parser = parse_count::<u64>)]
    fuel: Option<u64>,
    /// Limit the guest's memories together to this size, such as 64MiB [default: 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_memory: Option<ByteSize>,
    /// Limit the guest's tables together to this number of elements [default: 10000000]
    #[arg(long, value_name = "COUNT", value_parser = parse_count::<usize>)]
    max_table: Option<usize>,
    /// Limit the engine's stack, on which functions call each other, to this size, at most 1GiB
    /// [default: 512KiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_stack)]
    max_stack: Option<ByteSize>,
}

impl CodeLimits {
    /// Replaces those limits that were given.
    pub(crate) fn apply(&self, limits: &mut Limits) {
        limits.timeout = self.timeout.or(limits.timeout);
        limits.fuel = self.fuel.or(limits.fuel);
        limits.max_memory = self.max_memory.map(bytes).or(limits.max_memory);
        limits.max_table = self.max_table.or(limits.max_table);
        limits.max_stack = self.max_stack.map_or(limits.max_stack, bytes);
    }

    pub(crate) fn is_given(&self) -> bool {
        let CodeLimits { timeout, fuel, max_memory, max_table, max_stack } = self;
        let sizes = max_memory.is_some() || max_table.is_some() || max_stack.is_some();
        timeout.is_some() || fuel.is_some() || sizes
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, ValueEnum)]
pub(crate) enum ModeFlag {
    #[default]
    Auto,
    Fused,
    Separate,
}

impl From<ModeFlag> for Mode {
    fn from(flag: ModeFlag) -> Self {
        match flag {
            ModeFlag::Auto => Mode::Auto,
            ModeFlag::Fused => Mode::Fused,
            ModeFlag::Separate => Mode::Separate,
        }
    }
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}

#[derive(Debug, Clone, Copy)]
enum WasmOption {
    Timeout(Duration),
    Fuel(u64),
    MaxMemorySize(ByteSize),
    MaxTableElements(usize),
    MaxWasmStack(ByteSize),
    MaxInstances(usize),
    UnknownImportsTrap(bool),
}

#[derive(Debug, Args)]
pub(crate) struct PlanFlags {
    #[command(flatten)]
    pub(crate) link: LinkOnlyFlags,
    /// Print the same as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show which modules need this symbol, which define it, and which definition is used
    #[arg(long, value_name = "SYMBOL")]
    pub(crate) why: Option<String>,
    /// Write a page to FILE that shows the modules, symbols, memory, table and sizes. It needs no
    /// other file and no network
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "why"])]
    pub(crate) html: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long, requires = "html")]
    pub(crate) open: bool,
    /// Draw the graph of the modules to FILE, or to the standard output if FILE is `-`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "why"])]
    pub(crate) svg: Option<PathBuf>,
    /// Write the graph of the modules to FILE, for Graphviz, or to the standard output if FILE is `-`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "why"])]
    pub(crate) dot: Option<PathBuf>,
    pub(crate) module: PathBuf,
}

impl PlanFlags {
    /// Returns whether the plan is written to files and not printed.
    pub(crate) fn draws(&self) -> bool {
        self.html.is_some() || self.svg.is_some() || self.dot.is_some()
    }
}

#[derive(Debug, Args)]
pub(crate) struct FuseFlags {
    #[command(flatten)]
    pub(crate) link: LinkOnlyFlags,
    pub(crate) module: PathBuf,
    /// Write the fused module or the component here
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write a command that calls this export, runs destructors and writes buffered output. The
    /// export has no parameters, and its results are dropped. No other function of MODULE is
    /// exported then
    #[arg(long, value_name = "NAME")]
    pub(crate) invoke: Option<String>,
    /// Write a component: a command becomes one of `wasi:cli/command`, and any other program one of
    /// the world that its modules describe, as wit-bindgen makes them do
    #[arg(long, conflicts_with_all = ["export", "dynamic", "source_map_url"])]
    pub(crate) component: bool,
    /// Take the world of the component from the WIT in this folder or file
    #[arg(long, value_name = "DIR", requires = "component")]
    pub(crate) wit: Option<PathBuf>,
    /// The name of the world, if the WIT has several
    #[arg(long, value_name = "NAME", requires = "wit")]
    pub(crate) world: Option<String>,
    /// Adapt imports from the module NAME to the world by the module in FILE [default: WASI
    /// preview 1, by the adapter of Wasmtime]
    #[arg(long, value_name = "[NAME=]FILE", value_parser = parse_adapter, requires = "component")]
    pub(crate) adapt: Vec<Adapter>,
    /// Also export this symbol: a function, or the address of a variable. If only a system library
    /// defines it, that is linked
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Vec<String>,
    /// Keep what libraries need that the program opens while it runs: every symbol, the memory and
    /// the table. Only `host run` can open libraries
    #[arg(long)]
    pub(crate) dynamic: bool,
    /// Keep all functions, calls and data of all modules. Otherwise calls of small functions become
    /// their code, what nothing refers to is left out, and the rest moves together
    #[arg(long)]
    pub(crate) keep_all: bool,
    /// Leave out the names of functions, which backtraces show
    #[arg(long, conflicts_with = "debug")]
    pub(crate) strip: bool,
    /// Print what takes the room in FILE, by module and symbol
    #[arg(long, conflicts_with_all = ["preinit", "component"])]
    pub(crate) size: bool,
    /// Allow modules that keep their own memory. Not every engine runs the result
    #[arg(long)]
    pub(crate) multi_memory: bool,
    /// Run the constructors now and write the program in the state after them, so that it starts at
    /// once. Constructors cannot use what differs in each run: files, output, time, environment
    #[arg(long, conflicts_with_all = ["debug", "source_map_url"])]
    pub(crate) preinit: bool,
    #[command(flatten)]
    pub(crate) limits: CodeLimits,
    /// Keep debug information (DWARF) in the fused module, for debuggers and other engines;
    /// `host run` needs only FILE.map to name source lines
    #[arg(short = 'g')]
    pub(crate) debug: bool,
    /// Tell browsers the URL of FILE.map. It can be relative to the URL of the fused module
    #[arg(long, value_name = "URL")]
    pub(crate) source_map_url: Option<String>,
}

impl FuseFlags {
    pub(crate) fn wit(&self) -> Option<Wit> {
        self.wit.clone().map(|path| Wit { path, world: self.world.clone() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompileFlags {
    #[command(flatten)]
    pub(crate) link: LinkOnlyFlags,
    /// Inline short functions: calls in short loops are faster, but backtraces do not name them
    #[arg(long)]
    pub(crate) inline: bool,
    pub(crate) module: PathBuf,
    /// Write the code here
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CacheFlags {
    #[command(flatten)]
    pub(crate) folder: CacheFolder,
    #[command(subcommand)]
    pub(crate) command: Option<CacheCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Remove all compiled code
    Clear,
}

#[derive(Debug, Args)]
pub(crate) struct InspectFlags {
    pub(crate) module: PathBuf,
    /// Print the same as JSON
    #[arg(long, conflicts_with = "wat")]
    pub(crate) json: bool,
    /// Print the whole module in the text format
    #[arg(long)]
    pub(crate) wat: bool,
    #[command(flatten)]
    pub(crate) input: InputFlags,
}

/// Returns a folder, unless its name is empty: an environment variable can be set to nothing.
fn named(folder: Option<&PathBuf>) -> Option<PathBuf> {
    folder.filter(|folder| !folder.as_os_str().is_empty()).cloned()
}

fn parse_preload(text: &str) -> Result<(String, PathBuf), String> {
    parse_file(text).ok_or_else(|| "write NAME=FILE, for example env=calc.wasm".to_owned())
}

fn parse_replacement(text: &str) -> Result<(String, PathBuf), String> {
    parse_file(text).ok_or_else(|| "write NAME=FILE, for example libc=mine.wasm".to_owned())
}

fn parse_file(text: &str) -> Option<(String, PathBuf)> {
    let (name, file) = text.split_once('=')?;
    (!name.is_empty() && !file.is_empty()).then(|| (name.to_owned(), file.into()))
}

fn parse_adapter(text: &str) -> Result<Adapter, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (Some(name), file),
        None => (None, text),
    };
    if name == Some("") || file.is_empty() {
        return Err("write FILE or NAME=FILE, for example env=adapter.wasm".to_owned());
    }
    Ok(Adapter::new(name, file))
}

fn parse_directory(text: &str) -> Result<Directory, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("write HOST or HOST::GUEST, for example data::/data".to_owned());
    }
    Ok(Directory::new(host, guest))
}

fn parse_env(text: &str) -> Result<(String, String), String> {
    if let Some((name, value)) = text.split_once('=') {
        return Ok((name.to_owned(), value.to_owned()));
    }
    match std::env::var(text) {
        Ok(value) => Ok((text.to_owned(), value)),
        Err(_) => Err(format!("`{text}` is not set here; write {text}=VALUE")),
    }
}

/// Parses an address to listen on. A port alone is one of this machine.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>();
    if let Ok(port) = port {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let addresses = text.to_socket_addrs().map_err(|error| {
        format!("{error}; give an address and a port, such as 127.0.0.1:8081 or localhost:8081")
    })?;
    let addresses: Vec<_> = addresses.collect();
    let preferred = addresses.iter().find(|address| address.is_ipv4());
    preferred.or(addresses.first()).copied().ok_or_else(|| format!("`{text}` has no address"))
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; write for example 2s or 500ms"))
}

fn parse_size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "write a number of bytes, or for example 64MiB".to_owned())
}

/// Parses the size of the stack, which the host allocates at the start as one block.
fn parse_stack(text: &str) -> Result<ByteSize, String> {
    match parse_size(text)? {
        size if size <= ByteSize::gib(1) => Ok(size),
        _ => Err("a stack has 1GiB at most".to_owned()),
    }
}

/// Parses the only option of `-W` that is not a limit.
fn parse_unknown_imports_trap(text: &str) -> Option<bool> {
    match text.strip_prefix("unknown-imports-trap")? {
        "" | "=y" | "=yes" | "=true" => Some(true),
        "=n" | "=no" | "=false" => Some(false),
        _ => None,
    }
}

fn parse_link_option(text: &str) -> Result<bool, String> {
    parse_unknown_imports_trap(text).ok_or_else(|| {
        "known is unknown-imports-trap; limits of time and memory are options of `host run`"
            .to_owned()
    })
}

fn parse_wasm(text: &str) -> Result<WasmOption, String> {
    if let Some(traps) = parse_unknown_imports_trap(text) {
        return Ok(WasmOption::UnknownImportsTrap(traps));
    }
    match text.split_once('=') {
        Some(("timeout", time)) => parse_timeout(time).map(WasmOption::Timeout),
        Some(("fuel", units)) => parse_count(units).map(WasmOption::Fuel),
        Some(("max-memory-size", size)) => parse_size(size).map(WasmOption::MaxMemorySize),
        Some(("max-table-elements", count)) => parse_count(count).map(WasmOption::MaxTableElements),
        Some(("max-wasm-stack", size)) => parse_stack(size).map(WasmOption::MaxWasmStack),
        Some(("max-instances", count)) => parse_count(count).map(WasmOption::MaxInstances),
        _ => Err(
            "known are timeout=TIME, fuel=UNITS, max-memory-size=BYTES, max-table-elements=COUNT, \
             max-wasm-stack=BYTES, max-instances=COUNT and unknown-imports-trap"
                .to_owned(),
        ),
    }
}

fn parse_positive(text: &str) -> Result<usize, String> {
    match parse_count(text)? {
        0 => Err("write a number from 1 on".to_owned()),
        count => Ok(count),
    }
}

fn parse_count<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "write a number, for example 1000".to_owned())
}
