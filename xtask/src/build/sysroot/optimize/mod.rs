//! Optimizes a library with Binaryen, as Emscripten does when it links a program.
//!
//! Binaryen does not know what other modules refer to, and it drops relocations. So the library is
//! prepared for it, and restored afterwards:
//!
//! - Each constant that has a relocation becomes the import of a global, whose value Binaryen cannot
//!   know. Then its new place is known, and it is certain that it still means what its relocation
//!   says.
//! - Each function that is exported, or that has a slot of the table, is written twice if the
//!   library calls it itself. What others refer to stays one function of its own, since pointers to
//!   two functions must differ. The calls inside refer to the other copy, which Binaryen can inline,
//!   merge with equal ones, and give other parameters. If that copy is left as it was, it becomes
//!   the only one again. Functions whose calls the linker must see have no copy.

mod constants;
mod contents;
mod functions;
mod prepare;
mod restore;

use std::path::Path;

use xshell::{Shell, cmd};

use crate::build::sysroot::relocations::Relocations;
use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;
use constants::Constants;
use contents::Contents;
use functions::{Functions, Pinned};

/// The text of everything here that determines how libraries are optimized.
pub(super) const RECIPE: &str = concat!(
    include_str!("constants.rs"),
    include_str!("contents.rs"),
    include_str!("functions.rs"),
    include_str!("mod.rs"),
    include_str!("prepare.rs"),
    include_str!("restore.rs"),
);

/// The options of Binaryen. A function of so few instructions takes less room than calls of it.
/// Libraries say which features they use, but older versions do not know the newer name of this
/// one, `bulk-memory-opt`.
const OPTIONS: [&str; 5] =
    ["-Os", "-g", "--always-inline-max-function-size", "4", "--enable-bulk-memory"];

/// The module name of the globals that are imported only for Binaryen.
const PLACEHOLDERS: &str = "placeholder";

/// The name of the global that is set at the start of each pinned function.
const PIN: &str = "pin";

/// Returns an optimized library, with the relocations of it that `host fuse` needs. `library` has
/// been linked with `--emit-relocs`.
///
/// # Errors
///
/// If Binaryen fails, or changes what other modules refer to.
pub(super) fn optimize(
    sh: &Shell,
    step: &Step<'_>,
    wasm_opt: &Path,
    library: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let mut relocations = Relocations::read(library)?;
    let before = Contents::read(library)?;
    let constants = Constants::find(&relocations.code, &before)?;
    let pinned = Pinned::find(&before)?;
    let folder = sh.create_temp_dir()?;
    let [input, output] = ["before.wasm", "after.wasm"].map(|name| folder.path().join(name));
    files::write(&input, prepare::prepare(library, &before, &constants, &pinned)?)?;
    process::run(step, cmd!(sh, "{wasm_opt} {OPTIONS...} {input} -o {output}"))?;
    let optimized = files::read(&output)?;
    let after = Contents::read(&optimized)?;
    let functions = Functions::compare(&before, &after)?;
    let mut restored =
        restore::restore(library, &before, &optimized, &after, &constants, &functions)?;
    relocations.code = restored.relocations;
    relocations.data =
        restore::moved_data(&relocations.data, &before, &Contents::read(&restored.library)?)?;
    functions.renumber(&mut relocations)?;
    relocations.append_to(&mut restored.library)?;
    Ok(restored.library)
}
