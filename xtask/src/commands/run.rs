//! `cargo xtask run`: builds what is stale and runs the demo of `guests.toml`.

use crate::build::demo;
use crate::build::hosts;
use crate::build::manifest::Manifest;
use crate::build::publish;
use crate::flags::{HostLanguage, RunFlags};
use crate::support::progress::Progress;
use crate::support::project::Project;

pub(crate) fn run(project: &Project, progress: &Progress, flags: &RunFlags) -> anyhow::Result<()> {
    let manifest = Manifest::read(&project.manifest())?;
    if matches!(flags.host, HostLanguage::Cpp) {
        // Reports missing tools before the guests are built.
        hosts::CppTools::find(project)?;
    }
    publish::build_guests(project, progress, &manifest, None)?;
    let command = match flags.host {
        HostLanguage::Rust => {
            hosts::build_rust(project, progress)?;
            demo::rust_host(project)
        }
        HostLanguage::Cpp => {
            hosts::build_cpp(project, progress)?;
            demo::cpp_host(project)?
        }
    };
    demo::run(command, &manifest)
}
