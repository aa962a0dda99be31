//! Decides whether the modules of a program are fused, and writes them for compilation.

use linker::{Bound, FuseError, FuseOptions, InputLimits, InputModule, Plan, Set};

use super::fuse::fuse;
use crate::error::Error;

/// The way in which the modules of a program are instantiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Fused to one module if possible. The modules are separate if one of them keeps its own
    /// memory, or if the program opens libraries while it runs.
    #[default]
    Auto,
    /// Fused to one module. Calls between modules become calls inside of it, and functions that are
    /// not needed are left out.
    Fused,
    /// One instance per module.
    Separate,
}

/// The choices with which a plan is compiled.
#[derive(Debug, Clone, Hash, Default)]
pub(crate) struct Linkage {
    pub(crate) mode: Mode,
    /// Symbols that a fused module exports.
    pub(crate) exports: Vec<String>,
    /// Whether the embedder opens libraries while the program runs.
    pub(crate) dynamic: bool,
}

impl Linkage {
    fn shares_memory(&self, plan: &Plan) -> bool {
        self.dynamic || plan.opens_libraries()
    }

    /// Returns the plan of the modules that are instantiated. If they are fused and libraries can
    /// join later, that is the plan of the fused module, as a main that libraries can join.
    pub(crate) fn fuse_if_dynamic(&self, plan: Plan) -> Result<Plan, Error> {
        let set = plan.set();
        if self.mode != Mode::Fused || set.inputs.len() == 1 || !self.shares_memory(&plan) {
            return Ok(plan);
        }
        // Nothing keeps what the code of the fused module comes from, so backtraces would not show
        // the functions that are inlined.
        let options = self.options().with_dynamic(true).with_keep_calls(true);
        let Some(fused) = fuse(&plan, &options)?.modules.pop() else { return Ok(plan) };
        let name = plan.main().name.clone();
        let input = InputModule::load_within(name, fused.bytes, &InputLimits::NONE)?;
        let mut fused = Set::of(input);
        fused.host.clone_from(&set.host);
        fused.unknown_imports_trap = set.unknown_imports_trap;
        Ok(Plan::new(fused)?)
    }

    /// Returns the options of modules that are fused for this host. It can call any export, as it
    /// can of separate instances.
    fn options(&self) -> FuseOptions {
        let exports = self.exports.clone();
        FuseOptions::default()
            .with_exports(exports)
            .with_separate_start(true)
            .with_stack_pointer(true)
    }

    /// Writes the modules as they are compiled. The result is always the same, so it need not be
    /// kept.
    pub(crate) fn write_modules(&self, plan: &Plan) -> Result<Bound, Error> {
        let options = self.options();
        match self.mode {
            Mode::Separate => Ok(plan.bind()?),
            // If the modules are to be fused, `fuse_if_dynamic` already has fused them.
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
