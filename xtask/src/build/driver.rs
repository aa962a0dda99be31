//! The crate `driver`: the programs that compile and link the crates among the guests.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use driver::settings::Setting;

use crate::support::files;
use crate::support::progress::Progress;
use crate::support::project::Project;
use crate::tools::cargo;

/// The targets without C for which rustc calls `wasm-ld`.
const OTHER_TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32v1-none"];

/// Held while the programs are built: crates for several targets are built at the same time.
static BUILDING: Mutex<()> = Mutex::new(());

/// Builds the programs, and writes the file with the settings of cargo that name them.
///
/// # Errors
///
/// If they cannot be built, or a file cannot be written.
pub(crate) fn build(project: &Project, progress: &Progress) -> anyhow::Result<()> {
    let _building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let step = progress.step("driver");
    cargo::build(project, &step, "driver")?;
    let folder = project.programs();
    let toolchain = project.root.join("driver/cmake").join(driver::settings::CMAKE_TOOLCHAIN);
    let toolchain = files::read(&toolchain)?;
    files::replace(&folder.join(driver::settings::CMAKE_TOOLCHAIN), &toolchain)?;
    step.done("built");
    write_settings(project, &folder)
}

/// Returns the file with the settings.
pub(crate) fn settings_file(project: &Project) -> PathBuf {
    project.target.join("driver.toml")
}

fn write_settings(project: &Project, folder: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    for Setting { table, key, value } in driver::settings::settings(folder) {
        writeln!(text, "{table}.{key} = {value}")?;
    }
    let linker = driver::settings::program(folder, "wasm-ld").to_string_lossy().into_owned();
    let linker = toml::Value::from(linker);
    for target in OTHER_TARGETS {
        writeln!(text, "target.{target}.linker = {linker}")?;
    }
    files::replace(&settings_file(project), text.as_bytes())
}
