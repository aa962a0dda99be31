//! `host plan`: how modules would be linked.

use super::flags::PlanFlags;
use super::{link, print};

pub(crate) fn run(flags: &PlanFlags) -> anyhow::Result<()> {
    let program = host::read(&flags.module)?;
    let plan = link::plan(program, &flags.link)?;
    print(&plan.to_string())
}
