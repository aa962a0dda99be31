//! `cargo xtask run`: the demo of `guests.toml`, run by the program `host` or by one in C++.

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
        // What is missing is told before the guests are built.
        hosts::cpp_tools(project)?;
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
