//! Programs that are compiled ahead of time to a file.
//!
//! The program is fused to one module. The file contains the module and its code, and the plan,
//! with the types of exports for example, is made from the module again.

use std::path::Path;

use linker::{Bound, FuseOptions, Initialiser, InputLimits, InputModule, Plan, Set};
use serde::{Deserialize, Serialize};

use super::host::{Host, opening_libraries};
use super::settings::Settings;
use super::state::State;
use crate::artifact;
use crate::compiled::code::{Code, SerializedCode};
use crate::error::Error;
use crate::input::read_limited;
use crate::program::Program;
use crate::program::fuse::fuse;
use crate::program::info::ProgramInfo;
use crate::program::lazy_plan::LazyPlan;
use crate::program::linkage::Linkage;

/// The maximum size of a file of code, in bytes: a device such as `/dev/zero` has no end.
const CODE_LIMIT: u64 = 1 << 30;

/// The description of the program in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    name: String,
    inlining: bool,
    /// Whether libraries that it opens may import functions that nothing defines.
    unknown_imports_trap: bool,
}

/// Compiles a program ahead of time, and returns the contents of a file for [`load_precompiled`] on
/// processors like this one. Modules that keep their own memory still do so there.
///
/// # Errors
///
/// [`Error::Fuse`] if the modules cannot be fused; [`Error::Load`] or [`Error::Compile`] if the
/// code of a module is not valid.
pub fn precompile(plan: &Plan, inlining: bool) -> Result<Vec<u8>, Error> {
    let set = plan.set();
    // Libraries can join only a program with one memory.
    let dynamic = plan.opens_libraries();
    let options = FuseOptions::default()
        .with_dynamic(dynamic)
        .with_multi_memory(!dynamic)
        .with_stack_pointer(true)
        .with_separate_start(true);
    let fused = fuse(plan, &options)?;
    let initialisers = fused.initialisers.into_iter().map(|call| Initialiser { module: 0, ..call });
    let initialisers = initialisers.collect();
    let module = fused.modules.into_iter().next().map(|module| module.bytes);
    let setup = |message: String| Error::Setup { message };
    let module = module.ok_or_else(|| setup("the fused program has no module".to_owned()))?;
    let name = set.inputs[set.program].module.name.clone();
    let header = Header { name, inlining, unknown_imports_trap: set.unknown_imports_trap };
    let host = host(&header, Settings::default())?;
    let plan = single(&header, &module)?;
    let bound = Bound { initialisers, ..plan.bind()? };
    let code = Code::compile(host.functions()?.engine(), &plan, bound)?;
    let code = code.serialize().map_err(|error| setup(Error::message(&error)))?;
    let header = serde_json::to_vec(&header).map_err(|error| setup(error.to_string()))?;
    let SerializedCode { outline, images } = code;
    let parts: Vec<_> = [header, module, outline].into_iter().chain(images).collect();
    let mut bytes = Vec::new();
    artifact::write(&mut bytes, &parts).map_err(|error| setup(error.to_string()))?;
    Ok(bytes)
}

/// Loads a program that [`precompile`] wrote to a file, and creates a host that can start it.
/// Returns `None` if the file is not compiled code.
///
/// # Safety
///
/// The caller guarantees that [`precompile`], of this or any other version, made the file's
/// contents. The machine code is not validated: anyone who can write to the file can do everything
/// that this process can.
///
/// # Errors
///
/// [`Error::Read`] if the file cannot be read; [`Error::Precompiled`] if it is damaged, or was
/// compiled by another version or for another processor; [`Error::PrecompiledFuel`] if the settings
/// limit fuel, which compiled code does not count.
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
    let [header, module, outline, images @ ..] = parts.as_slice() else {
        return Err(failed("it is no program".to_owned()));
    };
    let header = serde_json::from_slice(header);
    let header: Header = header.map_err(|_| failed("it is no program".to_owned()))?;
    let host = host(&header, settings)?;
    let plan = single(&header, module)?;
    let engine = host.functions()?.engine();
    // SAFETY: the caller guarantees that `precompile` wrote the parts.
    let load = |image: &&[u8]| unsafe { wasmtime::Module::deserialize(engine, image) };
    let code = Code::of_modules(outline, images.iter().map(load));
    let code = code.map_err(|error| failed(Error::message(&error)))?;
    let cache = host.settings.cache.as_ref();
    let info = ProgramInfo::of(&plan, Vec::new());
    let (plan, linkage) = (LazyPlan::from(plan), Linkage::default());
    let program = Program::of_code(plan, info, host.functions()?, linkage, code, cache)?;
    Ok(Some((host, opening_libraries(program))))
}

/// Creates the host of code in a file. The code can be interrupted, so that each run can set a time
/// limit.
fn host(header: &Header, settings: Settings) -> Result<Host, Error> {
    let inlining = header.inlining;
    Host::with(Settings { inlining, interruptible: true, ..settings })
}

/// Plans the single module of a file.
fn single(header: &Header, module: &[u8]) -> Result<Plan, Error> {
    let input = InputModule::load_within(&header.name, module, &InputLimits::NONE)?;
    let mut set = Set::of(input).with_optional_functions();
    set.unknown_imports_trap = header.unknown_imports_trap;
    Ok(Plan::new(set)?)
}
