//! `host cache`: compiled code that is kept.

use anyhow::Context;
use bytesize::ByteSize;
use host::{CacheUsage, Program, State};

use super::flags::{CacheCommand, CacheFlags};
use super::print;

pub(crate) fn run(flags: &CacheFlags) -> anyhow::Result<()> {
    let cache = flags.folder.cache();
    let cache = cache.context("the system names no folder for it: set HOST_CACHE_DIR")?;
    let folder = cache.folder().display();
    print(&match flags.command {
        None => format!("{folder}: {}\n", describe(cache.usage()?)),
        Some(CacheCommand::Clear) => format!("{folder}: {} removed\n", describe(cache.clear()?)),
    })
}

fn describe(usage: CacheUsage) -> String {
    let programs = if usage.entries == 1 { "program" } else { "programs" };
    format!("{} {programs}, {}", usage.entries, ByteSize(usage.bytes))
}

/// Tells why code was compiled that need not have been.
pub(crate) fn warn(program: &Program<State>) {
    if let Some(error) = program.cache_error() {
        eprintln!(
            "warning: compiled code is not kept: {error}; name another folder with `--cache-dir` or \
             HOST_CACHE_DIR, or do without one by `--no-cache`"
        );
    }
}
