//! `host demo`: runs the demo that `cargo xtask build-all` describes in a file next to the guests.

use std::env;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use host::{Error, Host, ProgramFiles, Search, Settings, Wasi};
use serde::Deserialize;

use super::cache;
use super::console::print;
use super::flags::DemoFlags;
use super::link::FoundProgram;

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

impl Demo {
    /// Returns the files of the program. `folder` is that of the description.
    fn files(&self, folder: &Path) -> anyhow::Result<ProgramFiles> {
        let preload = |text: &String| {
            let (name, file) = text.split_once('=').context("a preload is not NAME=FILE")?;
            Ok((name.to_owned(), folder.join(file)))
        };
        let preloads: anyhow::Result<_> = self.preload.iter().map(preload).collect();
        Ok(ProgramFiles::new(folder.join(&self.module), Search::new(Vec::new(), None))
            .with_links(self.link.iter().map(|file| folder.join(file)).collect())
            .with_preloads(preloads?))
    }
}

pub(crate) fn run(flags: &DemoFlags) -> anyhow::Result<()> {
    let file = flags.file.clone().map_or_else(default_file, Ok)?;
    let demo = read(&file)?;
    let folder = file.parent().unwrap_or(Path::new(""));

    print("Compiling module\n")?;
    let host = Host::on_demand(Settings::default().with_cache(flags.cache.cache()));
    let files = demo.files(folder)?;
    let found = FoundProgram::find(&host, &files)?;

    print("Initializing...\n")?;
    let exports = found.exports();
    let ty = exports.function(&demo.invoke)?;
    let args = host::parse_arguments(&demo.invoke, ty, &demo.args).map_err(Error::from)?;

    print("Linking...\n")?;
    let program = found.link(&host, &files)?;
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
