//! Programs that are compiled ahead of time, to a file.
//!
//! Such a program is one module, and its file holds that module beside its code: all that a plan says of it,
//! what it exports at which types for example, is read from the module again.

use std::path::Path;

use linker::{Bound, FuseOptions, Initialiser, InputLimits, InputModule, Plan, Set};
use serde::{Deserialize, Serialize};

use super::host::Host;
use super::settings::Settings;
use super::state::State;
use crate::artifact;
use crate::compiled::code::Code;
use crate::dlopen::Libraries;
use crate::error::Error;
use crate::input::read_limited;
use crate::program::Program;
use crate::program::fuse::fuse;
use crate::program::linkage::Linkage;

/// Bytes of a file with code that are read: a device such as `/dev/zero` has no end.
const CODE_LIMIT: u64 = 1 << 30;

/// What a file tells of its program.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    name: String,
    inlining: bool,
}

/// Compiles a program ahead of time, for [`load_precompiled`] on processors as this one: the content of a file. Modules
/// that keep a memory of their own do so there too.
///
/// # Errors
///
/// When a module's code is not valid.
pub fn precompile(plan: &Plan, inlining: bool) -> Result<Vec<u8>, Error> {
    let set = plan.set();
    // Libraries join a main, and that has one memory.
    let dynamic = plan.opens_libraries();
    let options = FuseOptions {
        dynamic,
        multi_memory: !dynamic,
        stack_pointer: true,
        separate_start: true,
        ..FuseOptions::default()
    };
    let fused = fuse(plan, &options)?;
    let initialisers = fused.initialisers.into_iter().map(|call| Initialiser { module: 0, ..call });
    let initialisers = initialisers.collect();
    let module = fused.modules.into_iter().next().map(|module| module.bytes).unwrap_or_default();
    let header = Header { name: set.inputs[set.program].module.name.clone(), inlining };
    let host = host(&header, Settings::default())?;
    let plan = single(&header, &module)?;
    let bound = Bound { initialisers, ..plan.bind()? };
    let code = Code::compile(host.functions.engine(), &plan, bound)?;
    let setup = |message: String| Error::Setup { message };
    let code = code.to_parts().map_err(|error| setup(Error::message(&error)))?;
    let header = serde_json::to_vec(&header).map_err(|error| setup(error.to_string()))?;
    let parts: Vec<_> = [header, module].into_iter().chain(code).collect();
    let mut bytes = Vec::new();
    artifact::write(&mut bytes, &parts).map_err(|error| setup(error.to_string()))?;
    Ok(bytes)
}

/// A program that was [`precompile`]d to a file, and the host that runs it. `None` if the file is another.
///
/// # Safety
///
/// The file's content was made by [`precompile`], of this or any other version. Machine code is run as it is:
/// whoever can write to the file can do all that this process can.
///
/// # Errors
///
/// When the file cannot be read, is damaged, or of another version or for another processor; or when the limits have
/// fuel, which such code does not count.
pub unsafe fn load_precompiled(
    path: &Path,
    settings: Settings,
) -> Result<Option<(Host, Program<State>)>, Error> {
    let read = read_limited(path, CODE_LIMIT);
    let read = read.map_err(|error| Error::Read { path: path.to_owned(), error })?;
    let Some(bytes) = read.filter(|bytes| artifact::is_artifact(bytes)) else { return Ok(None) };
    let failed = |message: String| Error::Precompiled { path: path.to_owned(), message };
    if settings.limits.fuel.is_some() {
        return Err(Error::PrecompiledFuel { path: path.to_owned() });
    }
    let parts = artifact::read(&bytes).map_err(|damage| failed(damage.to_string()))?;
    let [header, module, code @ ..] = parts.as_slice() else {
        return Err(failed("it is no program".to_owned()));
    };
    let header = serde_json::from_slice(header);
    let header: Header = header.map_err(|_| failed("it is no program".to_owned()))?;
    let host = host(&header, settings)?;
    let plan = single(&header, module)?;
    // SAFETY: `precompile` has written the parts, says the caller.
    let code = unsafe { Code::from_parts(host.functions.engine(), code) };
    let code = code.map_err(|error| failed(Error::message(&error)))?;
    let (linkage, cache) = (Linkage::default(), host.settings.cache.as_ref());
    let program = Program::of_code(plan, &host.functions, linkage, code, cache)?;
    Ok(Some((host, Libraries::attach(program, |state| &mut state.libraries))))
}

/// Code that is kept in a file can be given a time limit whenever it is run.
fn host(header: &Header, settings: Settings) -> Result<Host, Error> {
    let inlining = header.inlining;
    Host::with(Settings { inlining, interruptible: true, ..settings })
}

fn single(header: &Header, module: &[u8]) -> Result<Plan, Error> {
    let input = InputModule::load_within(&header.name, module, &InputLimits::NONE)?;
    Ok(Plan::new(Set::of(input))?)
}
