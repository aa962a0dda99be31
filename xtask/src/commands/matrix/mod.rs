//! `cargo xtask matrix`: builds and tests with other versions of Emscripten and Rust.
//!
//! Each Emscripten is that of a Debian release, in a root folder of its own (`root.rs`). Each Rust
//! is a toolchain of rustup (`toolchain.rs`). The test programs are built once, on this machine
//! (`programs.rs`). In the root folders, only guests and the modules of tests are compiled, once
//! for each pair of an Emscripten and a Rust (`pair.rs`).
//!
//! `tests/matrix` lists the versions and the known differences (`settings.rs`), and has the script
//! that runs a command in a root folder. `report.rs` collects the results.

mod pair;
mod programs;
mod report;
mod root;
mod settings;
mod toolchain;

use anyhow::bail;

use crate::commands::setup;
use crate::flags::MatrixFlags;
use crate::support::files;
use crate::support::progress::{Progress, print};
use crate::support::project::Project;
use pair::Pair;
use programs::TestPrograms;
use root::DebianRoot;
use settings::Settings;

pub(crate) fn run(
    project: &Project,
    progress: &Progress,
    flags: &MatrixFlags,
) -> anyhow::Result<()> {
    let settings = Settings::read(&project.root)?;
    let suites = settings.suites(&flags.suite)?;
    root::require_tools()?;
    setup::ensure_for_tests(project, progress, false)?;
    let folder = project.target.join("matrix");
    let toolchains = toolchain::install_all(project, progress, &flags.rust)?;
    let programs = TestPrograms::build(project, progress)?;
    let mut reports = Vec::new();
    for suite in suites {
        let root = DebianRoot::prepare(project, progress, &folder.join(suite), &settings)?;
        for toolchain in &toolchains {
            let pair = Pair { project, settings: &settings, root: &root, toolchain };
            reports.push(pair.run(progress, &programs, flags.filter.as_deref())?);
        }
        // The toolchains share this compiled code. It is large, and no other suite can use it.
        files::remove(&root.cache())?;
    }
    print(&report::table(&settings, &reports))?;
    match reports.iter().map(|report| report.failures.len()).sum::<usize>() {
        0 => Ok(()),
        failed => bail!("{failed} failures that tests/matrix/matrix.toml does not list"),
    }
}
