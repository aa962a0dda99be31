//! The plan of a program, which is made again when it is needed.

use std::sync::OnceLock;

use linker::{BoundModule, Plan};

use super::files::{LinkedFiles, ProgramFiles};
use super::linkage::Linkage;
use crate::digest::Digest;
use crate::error::Error;
use crate::lookup::Lookup;

/// A plan, or the files that it can be made of.
#[derive(Debug)]
pub(crate) struct LazyPlan {
    plan: OnceLock<Plan>,
    /// The only module that was written, if somebody asked for it.
    fused: OnceLock<Option<BoundModule>>,
    origin: Option<PlanOrigin>,
}

/// The files that a program was linked from, and what they were then.
#[derive(Debug)]
pub(crate) struct PlanOrigin {
    pub(crate) files: ProgramFiles,
    pub(crate) linkage: Linkage,
    /// The digests of the files that were given.
    pub(crate) digests: Vec<Digest>,
    pub(crate) lookups: Vec<Lookup>,
}

impl From<Plan> for LazyPlan {
    fn from(plan: Plan) -> Self {
        LazyPlan { plan: plan.into(), fused: OnceLock::new(), origin: None }
    }
}

impl From<PlanOrigin> for LazyPlan {
    fn from(origin: PlanOrigin) -> Self {
        LazyPlan { plan: OnceLock::new(), fused: OnceLock::new(), origin: Some(origin) }
    }
}

impl LazyPlan {
    /// Returns the plan.
    ///
    /// # Errors
    ///
    /// [`Error::FilesChanged`] if the files that it is made of are no longer the same.
    pub(crate) fn get(&self) -> Result<&Plan, Error> {
        if let Some(plan) = self.plan.get() {
            return Ok(plan);
        }
        let plan = self.origin.as_ref().and_then(PlanOrigin::plan);
        let plan = plan.ok_or(Error::FilesChanged)?;
        Ok(self.plan.get_or_init(|| plan))
    }

    /// Returns the address of a symbol in a program that is a single module.
    pub(crate) fn address_in_single(&self, linkage: &Linkage, symbol: &str) -> Option<u32> {
        let plan = self.get().ok()?;
        let fused = || linkage.write_modules(plan).ok()?.modules.pop();
        self.fused.get_or_init(fused).as_ref()?.address(plan, symbol)
    }
}

impl PlanOrigin {
    /// Plans the program again. Returns `None` if the files have changed.
    fn plan(&self) -> Option<Plan> {
        let LinkedFiles { plan, contents, lookups, .. } =
            self.files.link(self.files.read().ok()?).ok()?;
        let digests = contents.iter().map(|bytes| Digest::of(bytes));
        let lookups = lookups.into_iter().map(Lookup::digest);
        let is_same =
            digests.eq(self.digests.iter().copied()) && lookups.eq(self.lookups.iter().cloned());
        is_same.then(|| self.linkage.fuse_if_dynamic(plan).ok()).flatten()
    }
}
