//! `host compile`: compiles a program ahead of time.

use super::flags::CompileFlags;
use super::link::Purpose;
use super::{link, output_file};

pub(crate) fn run(flags: &CompileFlags) -> anyhow::Result<()> {
    let plan = link::plan(&flags.module, &flags.link, Purpose::Run)?;
    output_file::check(&flags.output, &plan)?;
    output_file::write(&flags.output, &host::precompile(&plan, flags.inline)?)
}
