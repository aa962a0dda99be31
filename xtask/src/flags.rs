//! The command line of `cargo xtask`: every command and option, with its help.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// Builds Rust and C++ to WebAssembly, checks that the two fit, and runs them together.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
pub(crate) struct Flags {
    /// Show every command that is run, and its output
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// End a tool that takes longer than this, such as 90s or 1h
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "30min",
        value_parser = parse_time
    )]
    pub(crate) tool_timeout: Duration,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Flags {
    /// Reads the arguments of this process. Ends it with a message if they are wrong.
    pub(crate) fn read() -> Self {
        let flags = Flags::parse();
        if let Command::New(new) = &flags.command {
            new.check().unwrap_or_else(|error| error.exit());
        }
        flags
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what is missing and the commands that install it, then run them
    Setup(SetupFlags),
    /// Show each tool, what needs it, and where it was found or how to install it
    Doctor,
    /// Set up, build the guests and the host, check that they fit, and run the demo
    BuildAll(BuildAllFlags),
    /// Build everything and make `cargo host` a command in every folder
    Install(InstallFlags),
    /// Compare the guests and the generated files with guests.toml and with each other
    Check,
    /// Build what is stale and run the demo
    Run(RunFlags),
    /// Build what has changed and run the demo, again and again as you save sources of guests
    Dev(DevFlags),
    /// Make a guest to start from, with its entry in guests.toml and a test
    New(NewFlags),
    /// Remove a guest that `new` has made
    Remove(RemoveFlags),
    /// Build everything, then run the tests
    Test(TestFlags),
    /// Compare speed and memory with other programs that do the same
    Bench(BenchFlags),
    /// Search for input that makes the linker or the host fail
    Fuzz(FuzzFlags),
    /// Build and test with other versions of Emscripten and Rust
    Matrix(MatrixFlags),
    /// Run everything that continuous integration does: formatting, lints, tests, fuzzing
    Ci,
    /// Remove what was built from this workspace, but not the compiled dependencies
    Clean,
}

#[derive(Debug, Args, Default)]
pub(crate) struct SetupFlags {
    /// Print what is missing and the commands that install it, but change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Install system packages without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Also install `wasmtime` for `bench`, to .tools; this takes some minutes
    #[arg(long)]
    pub(crate) bench: bool,
    /// Also install `cargo-fuzz` for `fuzz`, to .tools; `fuzz` needs a nightly Rust too
    #[arg(long)]
    pub(crate) fuzz: bool,
    /// Also install `cargo-deny`, which checks the dependencies, to .tools; this takes some minutes
    #[arg(long)]
    pub(crate) deny: bool,
    /// Also install libclang for `bindings` in guests.toml, to .tools, with Python's pip
    #[arg(long)]
    pub(crate) libclang: bool,
    /// Also install what the tests of components use, to .tools: `wit-bindgen`, which takes some
    /// minutes, and jco, with npm
    #[arg(long)]
    pub(crate) components: bool,
    /// Also install Chromium, in which tests look at pages
    #[arg(long)]
    pub(crate) browser: bool,
    /// Also install another compiler for C and C++ guests, to .tools, with Python's pip
    #[arg(long, value_name = "NAME", value_enum)]
    pub(crate) toolchain: Option<Toolchain>,
}

/// A compiler for C and C++ that `setup` installs in addition to Emscripten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Toolchain {
    /// The compiler for programs for wasi-libc
    Zig,
}

/// The targets for which the crates among the guests can be built.
pub(crate) const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];

#[derive(Debug, Args, Default)]
pub(crate) struct BuildAllFlags {
    /// Build the cargo guests without C or C++ for this target instead of the one in guests.toml
    #[arg(long, value_name = "TRIPLE", value_parser = TARGETS)]
    pub(crate) target: Option<String>,
    /// Install nothing; fail if a tool is missing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Only build and check the guests, not the host
    #[arg(long)]
    pub(crate) guests_only: bool,
}

#[derive(Debug, Args, Default)]
pub(crate) struct InstallFlags {
    /// Install to this folder's `bin` and `lib/host` [default: as `cargo install`, ~/.cargo]
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Install no tools; fail if one is missing
    #[arg(long)]
    pub(crate) no_setup: bool,
}

#[derive(Debug, Args, Default)]
pub(crate) struct RunFlags {
    /// Run the demo with the host in this language
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value_t)]
    pub(crate) host: HostLanguage,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum HostLanguage {
    /// The program `host`, which links any modules
    #[default]
    Rust,
    /// The program `host-cpp` of host/cpp, which uses Wasmtime's C API
    Cpp,
}

#[derive(Debug, Args, Default)]
pub(crate) struct DevFlags {
    /// Watch the sources of these guests only [default: of all]
    #[arg(value_name = "GUEST")]
    pub(crate) guests: Vec<String>,
    /// Run this guest, with those that it imports from, instead of the demo
    #[arg(long, value_name = "GUEST")]
    pub(crate) run: Option<String>,
    /// Call this export of the guest [default: run it as a command]
    #[arg(long, value_name = "EXPORT", requires = "run")]
    pub(crate) invoke: Option<String>,
    /// The arguments of the export, or of the command
    #[arg(last = true, value_name = "ARGS", requires = "run")]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NewFlags {
    /// The name of the guest and of its folder: lowercase letters, digits, - and _
    pub(crate) name: String,
    /// Write the guest in this language
    #[arg(long, value_name = "LANGUAGE", value_enum)]
    pub(crate) lang: GuestLanguage,
    /// Put C++ into the Rust crate, and a bridge of the crate `cxx` between the two
    #[arg(long)]
    pub(crate) with_cxx: bool,
}

/// The language of a new guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuestLanguage {
    /// A crate
    Rust,
    /// A source file, which Emscripten compiles
    C,
    /// A source file, which Emscripten compiles
    Cpp,
}

impl NewFlags {
    fn check(&self) -> Result<(), clap::Error> {
        if !self.with_cxx || self.lang == GuestLanguage::Rust {
            return Ok(());
        }
        let message = "`--with-cxx` puts C++ into a crate: use it with `--lang rust` only";
        let mut command = Flags::command();
        command.build();
        let new = command.find_subcommand_mut("new");
        Err(match new {
            Some(new) => new.error(ErrorKind::ArgumentConflict, message),
            None => command.error(ErrorKind::ArgumentConflict, message),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct RemoveFlags {
    /// The name of the guest
    pub(crate) name: String,
    /// Remove the guest with all that was changed and added since `new` made it
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args, Default)]
pub(crate) struct TestFlags {
    /// Expect all tools to be there, install nothing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Also install Zig, and fail where a test would be ignored because a tool is missing
    #[arg(long)]
    pub(crate) strict: bool,
    /// Rewrite the expected output of the cases to what they print now
    #[arg(long)]
    pub(crate) bless: bool,
    /// Also install Zig, and run the slow tests too, which takes a quarter of an hour more
    #[arg(long)]
    pub(crate) all: bool,
    /// Run the slow tests too, and repeat those of load and faults, which takes half an hour more
    #[arg(long)]
    pub(crate) soak: bool,
    /// Run only the tests whose name contains this
    pub(crate) filter: Option<String>,
}

impl TestFlags {
    /// Returns whether tests are to run that need more tools than the build does.
    pub(crate) fn wants_every_tool(&self) -> bool {
        self.strict || self.all || self.soak
    }

    /// Returns whether slow tests must not be ignored for want of `wasmtime`.
    pub(crate) fn needs_wasmtime(&self) -> bool {
        self.strict && (self.all || self.soak)
    }
}

#[derive(Debug, Args, Default)]
pub(crate) struct BenchFlags {
    /// Install nothing; fail if a tool is missing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Print JSON with every round instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Save the results under this name, in target/bench
    #[arg(long, value_name = "NAME")]
    pub(crate) save: Option<String>,
    /// Show the changes since the results that were saved under this name
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub(crate) against: Option<String>,
    /// Measure only the rows whose name contains this
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args, Default)]
pub(crate) struct MatrixFlags {
    /// Test only with the Emscripten of this Debian release, such as `sid`; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) suite: Vec<String>,
    /// Test only with this Rust, a version or `newest`; may be repeated
    #[arg(long, value_name = "VERSION")]
    pub(crate) rust: Vec<String>,
    /// Run only the tests whose name contains this
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FuzzFlags {
    /// Run each target for this long
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) seconds: u32,
    /// Start the random numbers with this one, so that a run can be repeated [default: random]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    /// Run only this target: parse, plan, bind, fuse, open, cli,
    /// cache, component, differential or symbols
    pub(crate) target: Option<String>,
}

impl Default for FuzzFlags {
    fn default() -> Self {
        FuzzFlags { seconds: 20, seed: None, target: None }
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; write it as in 90s or 1h"))
}
