//! `host compile`: a program compiled ahead of time.

use anyhow::Context;

use super::flags::CompileFlags;
use super::link;

pub(crate) fn run(flags: &CompileFlags) -> anyhow::Result<()> {
    let plan = link::plan(host::read(&flags.module)?, &flags.link)?;
    let bytes = host::precompile(&plan, flags.inline)?;
    let path = &flags.output;
    std::fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
