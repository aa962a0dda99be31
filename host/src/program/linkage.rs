//! What a program's modules become: one module, or an instance each.

use linker::{Bound, FuseError, FuseOptions, InputLimits, InputModule, Plan, Set};

use super::fuse::fuse;
use crate::error::Error;

/// What a program's modules become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// One module, unless one of them keeps a memory of its own or is alone, or the program opens libraries while
    /// it runs: then an instance each.
    #[default]
    Auto,
    /// One module: calls between them are calls inside it, and what is not needed is left out.
    Fused,
    /// An instance each.
    Separate,
}

/// How a plan is carried out.
#[derive(Debug, Clone, Hash, Default)]
pub(crate) struct Linkage {
    pub(crate) mode: Mode,
    /// Symbols that stay known when the modules become one.
    pub(crate) exports: Vec<String>,
    /// Whether others than the program open libraries while it runs.
    pub(crate) dynamic: bool,
}

impl Linkage {
    fn shares_memory(&self, plan: &Plan) -> bool {
        self.dynamic || plan.opens_libraries()
    }

    /// The plan of the modules that are to be instantiated. Libraries can join a fused program if it is a main.
    pub(crate) fn fuse_if_dynamic(&self, plan: Plan) -> Result<Plan, Error> {
        let set = plan.set();
        if self.mode != Mode::Fused || set.inputs.len() == 1 || !self.shares_memory(&plan) {
            return Ok(plan);
        }
        let options = FuseOptions { dynamic: true, ..self.options() };
        let Some(fused) = fuse(&plan, &options)?.modules.pop() else { return Ok(plan) };
        let name = plan.main().name.clone();
        let input = InputModule::load_within(name, fused.bytes, &InputLimits::NONE)?;
        Ok(Plan::new(Set { host: set.host.clone(), ..Set::of(input) })?)
    }

    /// Returns how modules become one that this host runs: it can call any export, as of instances of their own.
    fn options(&self) -> FuseOptions {
        let exports = self.exports.clone();
        FuseOptions { exports, separate_start: true, stack_pointer: true, ..FuseOptions::default() }
    }

    /// The modules as they are to be compiled. Twice the same, so that nobody must keep the first.
    pub(crate) fn write_modules(&self, plan: &Plan) -> Result<Bound, Error> {
        let options = self.options();
        match self.mode {
            Mode::Separate => Ok(plan.bind()?),
            // If it was to be fused, `fuse_if_dynamic` has done so.
            _ if self.shares_memory(plan) => Ok(plan.bind()?),
            Mode::Fused => Ok(plan.fuse(&options)?),
            Mode::Auto if plan.set().inputs.len() == 1 && self.exports.is_empty() => {
                Ok(plan.bind()?)
            }
            Mode::Auto => match plan.fuse(&options) {
                Err(FuseError::SecondMemory { .. }) => Ok(plan.bind()?),
                fused => Ok(fused?),
            },
        }
    }
}
