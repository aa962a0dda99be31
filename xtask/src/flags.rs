//! Every command of `cargo xtask`, with its help.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Builds Rust and C++ to WebAssembly, checks that the two fit, and runs them together.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
pub(crate) struct Flags {
    /// Show every command that is run and all that it prints
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// End a tool that takes longer than this, such as 90s or 1h
    #[arg(long, global = true, value_name = "TIME", default_value = "30min", value_parser = parse_time)]
    pub(crate) tool_timeout: Duration,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install what is missing, after printing what and how
    Setup(SetupFlags),
    /// Show each tool, what it is needed for, and where it was found or how to get it
    Doctor,
    /// Set up, build the guests and the host, check that they fit, and run the demo
    BuildAll(BuildAllFlags),
    /// Compare the guests in target/guests with guests.toml and with each other
    Check,
    /// Run the demo, after building what is stale
    Run(RunFlags),
    /// Build everything, then run the tests
    Test(TestFlags),
    /// Compare speed and memory with what else does the same
    Bench(BenchFlags),
    /// Try random input on the linker and the host, in search of what makes them fail
    Fuzz(FuzzFlags),
    /// Build the guests and test what is compiled with other versions of Emscripten and Rust
    Matrix(MatrixFlags),
    /// Check formatting and lints, run every test, and fuzz: all that continuous integration does
    Ci,
    /// Remove what was built of this workspace; compiled dependencies stay
    Clean,
}

#[derive(Debug, Args, Default)]
pub(crate) struct SetupFlags {
    /// Print what would be installed and how, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Never ask before installing system packages
    #[arg(long)]
    pub(crate) yes: bool,
    /// Install too what `bench` compares with: `wasmtime`, into .tools, which takes some minutes
    #[arg(long)]
    pub(crate) bench: bool,
    /// Install too what `fuzz` needs beside a nightly Rust: `cargo-fuzz`, into .tools
    #[arg(long)]
    pub(crate) fuzz: bool,
    /// Install too what checks the dependencies: `cargo-deny`, into .tools, which takes some minutes
    #[arg(long)]
    pub(crate) deny: bool,
}

/// The targets that crates among the guests can be built for.
pub(crate) const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];

#[derive(Debug, Args, Default)]
pub(crate) struct BuildAllFlags {
    /// Build the cargo guests for this target instead of the one in guests.toml
    #[arg(long, value_name = "TRIPLE", value_parser = TARGETS)]
    pub(crate) target: Option<String>,
    /// Expect all tools to be there, install nothing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Stop when the guests are built and checked, before the host
    #[arg(long)]
    pub(crate) guests_only: bool,
}

#[derive(Debug, Args, Default)]
pub(crate) struct RunFlags {
    /// The language of the host that runs the demo
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value_t)]
    pub(crate) host: HostLanguage,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum HostLanguage {
    /// The program `host`, which links any modules
    #[default]
    Rust,
    /// The program `host-cpp` of host/cpp, on Wasmtime's C API
    Cpp,
}

#[derive(Debug, Args, Default)]
pub(crate) struct TestFlags {
    /// Expect all tools to be there, install nothing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Fail where a test would be ignored because a tool is missing
    #[arg(long)]
    pub(crate) strict: bool,
    /// Rewrite the expected output of the cases to what they print now
    #[arg(long)]
    pub(crate) bless: bool,
    /// Run the slow tests too, which takes a quarter of an hour more
    #[arg(long)]
    pub(crate) all: bool,
    /// Run the slow tests too, and those of load and of faults in full, which takes half an hour more
    #[arg(long)]
    pub(crate) soak: bool,
    /// Run only the tests whose name contains this
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args, Default)]
pub(crate) struct BenchFlags {
    /// Expect all tools to be there, install nothing
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// Print JSON with every round instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep what was found under this name, in target/bench
    #[arg(long, value_name = "NAME")]
    pub(crate) save: Option<String>,
    /// Show what has changed since the run that was kept under this name
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub(crate) against: Option<String>,
    /// Measure only the rows whose name contains this
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args, Default)]
pub(crate) struct MatrixFlags {
    /// Only the Emscripten of this Debian, as tests/matrix/matrix.toml calls it; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) suite: Vec<String>,
    /// Only this Rust, a version or `newest`; may be repeated
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
    /// Begin with this number, so that the next run tries the same [default: another each time]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    /// Run only this target: parse, plan, bind, fuse, open, cli, cache or differential
    pub(crate) target: Option<String>,
}

impl Default for FuzzFlags {
    fn default() -> Self {
        FuzzFlags { seconds: 20, seed: None, target: None }
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("{e}; write for example 90s or 1h"))
}
