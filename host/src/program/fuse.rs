//! Fuses modules and validates their function bodies at the same time.

use std::{panic, thread};

use linker::{Bound, FuseOptions, Plan, Set};

use crate::error::Error;

/// Writes a program as one module, like [`Plan::fuse`], and validates the code of all its modules.
///
/// # Errors
///
/// [`Error::Fuse`] if the modules cannot be fused, and [`Error::Load`] if the code of a module is
/// not valid.
pub fn fuse(plan: &Plan, options: &FuseOptions) -> Result<Bound, Error> {
    validated(plan.set(), || Ok(plan.fuse(options)?))
}

/// Validates function bodies on another thread, while `make` makes something of the modules. The
/// linker accepts any function bodies, but its result is useless if they are not valid.
pub(crate) fn validated<R>(set: &Set, make: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    let validate =
        || set.inputs.iter().try_for_each(|o| linker::validate(&o.module.name, &o.bytes));
    thread::scope(|scope| {
        let Ok(validation) = thread::Builder::new().spawn_scoped(scope, validate) else {
            validate()?;
            return make();
        };
        let made = make();
        validation.join().unwrap_or_else(|panic| panic::resume_unwind(panic))?;
        made
    })
}
