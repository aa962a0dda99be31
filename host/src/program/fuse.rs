//! Fuses modules and validates their function bodies at the same time.

use std::{panic, thread};

use linker::{Bound, FuseOptions, InputModule, LoadError, Plan, Set};

use crate::error::Error;

/// Writes a program as one module, like [`Plan::fuse`], and validates the code of its modules. Of
/// the system libraries it validates what it has written: that is a small part of them.
///
/// # Errors
///
/// [`Error::Fuse`] if the modules cannot be fused, and [`Error::Load`] if the code of a module is
/// not valid.
pub fn fuse(plan: &Plan, options: &FuseOptions) -> Result<Bound, Error> {
    let set = plan.set();
    let bound = validated(set, || Ok(plan.fuse(options)?))?;
    for written in &bound.modules {
        let name = &set.inputs[written.module].module.name;
        let valid = linker::validate(name, &written.bytes);
        valid.map_err(|error| blame_system(set, error.into()))?;
    }
    Ok(bound)
}

/// Validates function bodies on another thread, while `make` makes something of the modules. The
/// linker accepts any function bodies, but its result is useless if they are not valid.
///
/// The bodies of system libraries are not validated, since nearly all of them are left out. The
/// caller validates the result, or has Wasmtime compile it, which validates it too.
pub(crate) fn validated<R>(set: &Set, make: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    let validate = || set.inputs.iter().filter(|input| !is_trusted(input)).try_for_each(validate);
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

/// Returns the error of a written module that is not valid. The only modules of the set whose code
/// was not validated are the system libraries, so the error is that of the one that is damaged.
pub(crate) fn blame_system(set: &Set, error: Error) -> Error {
    let mut trusted = set.inputs.iter().filter(|input| is_trusted(input));
    trusted.try_for_each(validate).err().map_or(error, Error::from)
}

/// Returns whether a module is a file of the sysroot, which is trusted. A file that was given in
/// place of one is not.
fn is_trusted(input: &InputModule) -> bool {
    input.is_system() && !input.is_replacement()
}

fn validate(input: &InputModule) -> Result<(), LoadError> {
    linker::validate(&input.module.name, &input.bytes)
}
