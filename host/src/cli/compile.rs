//! `host compile`: a program compiled ahead of time.

use super::flags::CompileFlags;
use super::{link, output};

pub(crate) fn run(flags: &CompileFlags) -> anyhow::Result<()> {
    let plan = link::plan(flags.link.input.read(&flags.module)?, &flags.link)?;
    output::check(&flags.output, &plan)?;
    output::write(&flags.output, &host::precompile(&plan, flags.inline)?)
}
