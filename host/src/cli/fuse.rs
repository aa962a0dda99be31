//! `host fuse`: writes a program as one module, and its source map.

use std::fs;
use std::mem;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use host::Limits;
use linker::FuseOptions;

use super::console::{complain, print};
use super::flags::FuseFlags;
use super::link::Purpose;
use super::{link, output_file};

/// The default time limit of constructors: they run while something is built.
const CONSTRUCTORS: Duration = Duration::from_secs(60);

pub(crate) fn run(flags: &FuseFlags) -> anyhow::Result<()> {
    let purpose = if flags.component {
        Purpose::WriteComponent { wit: flags.wit(), adapters: &flags.adapt }
    } else {
        Purpose::Write { exports: &flags.export }
    };
    let plan = link::plan(&flags.module, &flags.link, purpose)?;
    let mut exports = flags.export.clone();
    if !flags.component && flags.invoke.is_none() {
        exports.extend(host::world_exports(&plan)?);
    }
    let options = FuseOptions::default()
        .with_exports(exports)
        .with_invoke(flags.invoke.clone())
        .with_dynamic(flags.dynamic)
        .with_keep_all(flags.keep_all)
        .with_strip(flags.strip)
        .with_multi_memory(flags.multi_memory)
        .with_preinit(flags.preinit)
        .with_debug(flags.debug)
        .with_source_map_url(flags.source_map_url.clone());
    ensure!(
        flags.preinit || !flags.limits.is_given(),
        "limits are for constructors that run now: add `--preinit`, or give the limits to `host \
         run`"
    );
    output_file::check(&flags.output, &plan)?;
    if plan.opens_libraries() && !flags.dynamic {
        complain(
            "warning: the program can open libraries while it runs, but without `--dynamic` it \
             keeps nothing for them",
        );
    }
    let mut limits = Limits::default().with_timeout(CONSTRUCTORS);
    flags.limits.apply(&mut limits);
    if flags.component {
        let ahead = flags.preinit.then_some(&limits);
        let wit = flags.wit();
        let component = host::component(&plan, &options, wit.as_ref(), &flags.adapt, ahead)?;
        return write_without_map(&flags.output, &component);
    }
    if flags.preinit {
        return write_without_map(&flags.output, &host::preinit(&plan, &options, &limits)?);
    }
    let fused = host::fuse(&plan, &options)?;
    let Some(module) = fused.modules.first() else { return Ok(()) };
    output_file::write(&flags.output, &module.bytes)?;
    if flags.size {
        print(&module.sizes(plan.set()).to_string())?;
    }
    let map_file = host::source_map_path(&flags.output);
    match module.source_map(plan.set()) {
        // A device has no files next to it.
        _ if !flags.output.is_file() => {}
        Some(map) => {
            let text = host::source_map_text(map, &module.bytes);
            output_file::write(&map_file, text.as_bytes())?;
        }
        None => remove_map(&map_file),
    }
    // The host ends here, and the system frees its memory faster than `drop` does.
    mem::forget(plan);
    Ok(())
}

/// Writes a file that has no source map, and removes that of an earlier one.
fn write_without_map(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    output_file::write(file, bytes)?;
    remove_map(&host::source_map_path(file));
    Ok(())
}

/// Removes the source map of an earlier module, if this command wrote it.
fn remove_map(file: &Path) {
    if fs::read_to_string(file).is_ok_and(|text| text.contains("\"x_sha256\"")) {
        // If that fails, reading the map later reports that it belongs to another file.
        let _ = fs::remove_file(file);
    }
}
