//! `host cache`: shows or clears the cache of compiled code.

use std::path;

use anyhow::Context;
use bytesize::ByteSize;
use host::{Cache, CacheError, CacheUsage, Directory, Program, State};

use super::console::{complain, print};
use super::flags::{CacheCommand, CacheFlags};

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

/// Warns if the cache could not be used. Returns whether it warned.
pub(crate) fn warn(program: &Program<State>) -> bool {
    warn_of(program.cache_error())
}

/// Warns of this error of the cache, if there is one. Returns whether it warned.
pub(crate) fn warn_of(error: Option<&CacheError>) -> bool {
    if let Some(error) = error {
        complain(&format!(
            "warning: compiled code is not kept: {error}; name another folder with `--cache-dir` \
             or \
             HOST_CACHE_DIR, or do without one by `--no-cache`"
        ));
    }
    error.is_some()
}

/// Warns if a guest can write to the cache's folder: the host would run what it writes there as
/// machine code.
pub(crate) fn warn_of_guest(cache: Option<&Cache>, directories: &[Directory]) {
    let folder = cache.and_then(|cache| path::absolute(cache.folder()).ok());
    // The folder may not exist yet, so its first existing ancestor counts.
    let existing = folder.as_deref().map(path::Path::ancestors);
    let existing = existing.and_then(|mut all| all.find_map(|folder| folder.canonicalize().ok()));
    let holds = |directory: &&Directory| {
        let directory = directory.host.canonicalize().ok();
        directory.zip(existing.as_ref()).is_some_and(|(dir, folder)| folder.starts_with(dir))
    };
    if let (Some(folder), Some(directory)) = (&folder, directories.iter().find(holds)) {
        complain(&format!(
            "warning: by `--dir {}` the guest can write to `{}`, where compiled code is kept, \
             and put any \
             code there; name another folder with `--cache-dir`",
            directory.host.display(),
            folder.display()
        ));
    }
}
