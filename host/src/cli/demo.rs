//! `host demo`: runs the demo that `cargo xtask build-all` describes in a file next to the guests.

use std::env;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use host::{Error, Host, Search, Settings, Wasi};
use linker::{Plan, Set};
use serde::Deserialize;

use super::console::print;
use super::flags::DemoFlags;
use super::{cache, link};

/// The options of `host run` in a file. Paths are relative to the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    /// Paths of files.
    link: Vec<PathBuf>,
    /// `NAME=FILE`.
    preload: Vec<String>,
    module: PathBuf,
    invoke: String,
    args: Vec<String>,
}

pub(crate) fn run(flags: &DemoFlags) -> anyhow::Result<()> {
    let file = flags.file.clone().map_or_else(default_file, Ok)?;
    let demo = read(&file)?;
    let folder = file.parent().unwrap_or(Path::new(""));

    print("Compiling module\n")?;
    let host = Host::with(Settings::default().with_cache(flags.cache.cache()))?;
    let input = host::read(&folder.join(&demo.module))?;
    let mut others = Vec::new();
    for file in &demo.link {
        others.push(host::read(&folder.join(file))?);
    }
    for preload in &demo.preload {
        let (name, file) = preload.split_once('=').context("a preload is not NAME=FILE")?;
        others.push(host::read(&folder.join(file))?.preloaded_as(name));
    }

    print("Initializing...\n")?;
    let ty = host::function(&input.module, &demo.invoke)?.clone();
    let args = host::parse_arguments(&demo.invoke, &ty, &demo.args).map_err(Error::from)?;

    print("Linking...\n")?;
    let set = Set::gather(input, others, &mut Search::new(Vec::new(), None));
    let plan = set.and_then(Plan::new).map_err(Error::from)?;
    link::warn(&plan);
    let program = host.compile(plan)?;
    cache::warn(&program);
    let mut process = host.start(&program, &Wasi::default())?;
    let results = process.invoke(&demo.invoke, &args)?;
    process.finish()?;
    // The system frees the memory faster, as in `host run`.
    mem::forget(process);
    let results: Vec<_> = results.iter().map(host::display).collect();
    print(&format!("{}Result: {}\n", capitalized(&demo.invoke), results.join(", ")))
}

/// Returns the file next to the guests of the same build: `../guests/demo.toml` relative to this
/// program.
fn default_file() -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let target = program.parent().and_then(Path::parent);
    let target = target.ok_or_else(|| anyhow!("`{}` has no parent folder", program.display()))?;
    Ok(target.join("guests").join("demo.toml"))
}

fn read(file: &Path) -> anyhow::Result<Demo> {
    let text = fs::read_to_string(file).map_err(|error| {
        let error = Error::Read { path: file.to_owned(), error };
        anyhow!("{error}; build the guests with `cargo xtask build-all`")
    })?;
    toml::from_str(&text).with_context(|| format!("`{}` is no demo", file.display()))
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
