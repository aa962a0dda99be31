//! What of the machine a program sees: by default its standard streams, and nothing else.

use std::fs::File;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::{AsContextMut, Caller, Extern};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1};
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiView, cli};
use wiggle::GuestMemory;

use crate::error::Error;
use crate::limits::Limits;
use crate::output::{self, Allowance};
use crate::sandbox::State;

/// The command line, environment and directories of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wasi {
    /// The program's name first, as usual.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub directories: Vec<Directory>,
}

/// A directory of the host that the guest can read and write under a name of its own. Nothing outside of it is within
/// its reach, whatever links lie in it. (So no directory in which the system shows processes, such as `/proc`, should be
/// given: files in it lead into this one.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub host: PathBuf,
    pub guest: String,
}

impl Wasi {
    pub(crate) fn build(&self, limits: &Limits) -> Result<WasiP1Ctx, Error> {
        let mut builder = WasiCtxBuilder::new();
        let allowance = limits.max_output.map(Allowance::new);
        builder.inherit_stdin().args(&self.args);
        builder.stdout(output::stream(cli::stdout, limits.timeout, allowance.as_ref()));
        builder.stderr(output::stream(cli::stderr, limits.timeout, allowance.as_ref()));
        // With a time limit calls on files are made by a thread, so that the limit ends those that wait, for a pipe
        // for example.
        builder.allow_blocking_current_thread(limits.timeout.is_none());
        for (name, value) in &self.env {
            builder.env(name, value);
        }
        for Directory { host, guest } in &self.directories {
            builder.preopened_dir(host, guest, FsPerms::ReadWrite).map_err(|error| {
                let message = match host.is_dir() {
                    true => Error::message(&error),
                    false if host.exists() => "it is no directory".to_owned(),
                    false => "there is no such directory".to_owned(),
                };
                Error::Directory { path: host.clone(), message }
            })?;
        }
        Ok(builder.build_p1())
    }
}

/// Opens a file in a directory as a guest would, to read: whatever links there are, and whoever changes them meanwhile,
/// it is inside.
pub(crate) fn open(directory: &Directory, path: &Path) -> io::Result<File> {
    let mut builder = WasiCtxBuilder::new();
    builder.allow_blocking_current_thread(true);
    let opened = builder.preopened_dir(&directory.host, ".", FsPerms::ReadOnly);
    opened.map_err(|error| io::Error::other(Error::message(&error)))?;
    let mut wasi = builder.build_p1();
    let folders = wasi.filesystem().get_directories();
    let folder = folders.ok().and_then(|folders| folders.into_iter().next());
    let (folder, _) = folder.ok_or(io::ErrorKind::NotFound)?;
    let (path, follow) = (path.to_string_lossy().into_owned(), PathFlags::SYMLINK_FOLLOW);
    let (how, rights) = (OpenFlags::empty(), DescriptorFlags::READ);
    let polled = {
        let mut files = wasi.filesystem();
        let opened = pin!(files.open_at(folder, follow, path, how, rights));
        opened.poll(&mut Context::from_waker(Waker::noop()))
    };
    // It may block this thread, so it is there at once.
    let Poll::Ready(opened) = polled else { return Err(io::ErrorKind::WouldBlock.into()) };
    let opened = opened.map_err(|error| io::Error::other(error.to_string()))?;
    match wasi.ctx().table.delete(opened).map_err(io::Error::other)? {
        Descriptor::File(file) => file.file.try_clone(),
        Descriptor::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
    }
}

/// How many files and directories a program may have open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenFiles {
    /// Beside those that it was given.
    pub(crate) limit: usize,
    pub(crate) given: usize,
}

/// `EMFILE`, as WASI has it.
const TOO_MANY_OPEN_FILES: i32 = 33;

/// Defines anew the one function by which a program opens files: beyond its limit it opens none. Else it is
/// Wasmtime's own, which has no such limit.
pub(crate) fn limit_open_files(linker: &mut wasmtime::Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        linker::WASI,
        "path_open",
        |mut caller: Caller<'_, State>, arguments: PathOpen| {
            Box::new(async move {
                match may_open_file(caller.data_mut()) {
                    true => path_open(&mut caller, arguments).await,
                    false => Ok(TOO_MANY_OPEN_FILES),
                }
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn may_open_file(state: &mut State) -> bool {
    let OpenFiles { limit, given } = state.open_files;
    let table = state.wasi.ctx().table;
    let open = match table.is_empty() {
        // What a program is given is there when it is first asked for.
        true => given,
        false => table.iter_mut().filter(|entry| entry.is::<Descriptor>()).count(),
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
