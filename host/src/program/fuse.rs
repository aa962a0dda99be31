//! Linking modules whose function bodies nobody has looked at yet.

use std::{panic, thread};

use linker::{Bound, FuseOptions, Plan, Set};

use crate::error::Error;

/// Writes a program as one module, as [`Plan::fuse`], and sees to it that all its code is valid.
///
/// # Errors
///
/// As there, or when a module's code is not valid.
pub fn fuse(plan: &Plan, options: &FuseOptions) -> Result<Bound, Error> {
    validated(plan.set(), || Ok(plan.fuse(options)?))
}

/// Validates the function bodies too while something is made of the modules: the linker answers any bytes, but
/// what it makes of invalid ones is worth nothing.
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
