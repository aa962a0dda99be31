//! Directories that a guest is given, and the files in them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiView};

use crate::error::Error;

/// A directory of the host that a guest can read and write, under a name of its own.
///
/// The guest cannot reach anything outside of the directory, whatever links it contains. Do not
/// give a guest a directory in which the system shows processes, such as `/proc`: files in it lead
/// back into the host's process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directory {
    /// The directory's path on the host.
    pub host: PathBuf,
    /// The path under which the guest sees it.
    pub guest: String,
}

impl Directory {
    /// Gives the host's directory `host` to a guest as `guest`.
    pub fn new(host: impl Into<PathBuf>, guest: impl Into<String>) -> Self {
        Directory { host: host.into(), guest: guest.into() }
    }
}

/// Opens a file in a directory for reading, with the same checks as if a guest opened it. The file
/// is inside of the directory, whatever links there are and even if they change meanwhile.
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
    // The call may block this thread, so it completes at once.
    let Poll::Ready(opened) = polled else { return Err(io::ErrorKind::WouldBlock.into()) };
    let opened = opened.map_err(|error| io::Error::other(error.to_string()))?;
    match wasi.ctx().table.delete(opened).map_err(io::Error::other)? {
        Descriptor::File(file) => file.file.try_clone(),
        Descriptor::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
    }
}
