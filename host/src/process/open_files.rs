//! The limit on open files.

use wasmtime::{AsContextMut, Caller, Extern};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1};
use wiggle::GuestMemory;

use super::state::{OpenFiles, State};

/// The value of `EMFILE` in WASI.
const TOO_MANY_OPEN_FILES: i32 = 33;

/// Replaces the one function with which a program opens files. It fails beyond the limit, and
/// otherwise calls the function of Wasmtime, which has no limit.
pub(crate) fn limit(linker: &mut wasmtime::Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        linker::WASI,
        "path_open",
        |mut caller: Caller<'_, State>, arguments: PathOpen| {
            Box::new(async move {
                if !may_open_file(caller.data_mut()) {
                    return Ok(TOO_MANY_OPEN_FILES);
                }
                path_open(&mut caller, arguments).await
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn may_open_file(state: &mut State) -> bool {
    let OpenFiles { limit, given } = state.open_files;
    let table = state.wasi.ctx().table;
    let open = if table.is_empty() {
        // The given directories enter the table when the program first uses one.
        given
    } else {
        table.iter_mut().filter(|entry| entry.is::<Descriptor>()).count()
    };
    open < limit.saturating_add(given)
}

/// The arguments of WASI's `path_open`.
type PathOpen = (i32, i32, i32, i32, i32, i64, i64, i32, i32);

async fn path_open(
    caller: &mut Caller<'_, State>,
    (folder, follow, path, length, how, rights, inherited, flags, file): PathOpen,
) -> wasmtime::Result<i32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmtime::format_err!("missing required memory export"));
    };
    let fuel = caller.as_context_mut().hostcall_fuel();
    let (bytes, state) = memory.data_and_store_mut(caller);
    state.wasi.set_hostcall_fuel(fuel);
    let memory = &mut GuestMemory::Unshared(bytes);
    preview1::path_open(
        &mut state.wasi,
        memory,
        folder,
        follow,
        path,
        length,
        how,
        rights,
        inherited,
        flags,
        file,
    )
    .await
}
