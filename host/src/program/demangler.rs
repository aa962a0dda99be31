//! The function by which libc++ names the type of an uncaught exception.
//!
//! A demangler in the program itself would be most of the code of a small one.

use std::ffi::CStr;

use linker::demangle_type;
use wasmtime::Caller;

/// Defines `__host_demangle`, which libc declares: `xtask/sysroot/runtime.c`.
///
/// # Errors
///
/// If the name is defined already.
pub(crate) fn define<T: 'static>(functions: &mut wasmtime::Linker<T>) -> wasmtime::Result<()> {
    let demangle = |mut caller: Caller<'_, T>, name: u32, text: u32, size: u32| {
        i32::from(write_name(&mut caller, name, text, size).is_some())
    };
    functions.func_wrap("env", "__host_demangle", demangle)?;
    Ok(())
}

/// Writes the type with a mangled name to the guest's memory, with a terminating zero. Returns
/// `None`, and writes nothing, if the name is no type, if an address is not in the memory, or if
/// the text does not fit.
fn write_name<T>(caller: &mut Caller<'_, T>, name: u32, text: u32, size: u32) -> Option<()> {
    let memory = caller.get_export("memory")?.into_memory()?;
    let data = memory.data_mut(caller);
    let name = CStr::from_bytes_until_nul(data.get(name as usize..)?).ok()?;
    let source = demangle_type(name.to_str().ok()?)?;
    let text = data.get_mut(text as usize..)?.get_mut(..size as usize)?;
    text.get_mut(source.len()).map(|end| *end = 0)?;
    text[..source.len()].copy_from_slice(source.as_bytes());
    Some(())
}
