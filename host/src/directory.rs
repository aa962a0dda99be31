//! Directories that a guest is given, and files in them.

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

/// A directory of the host that the guest can read and write under a name of its own. Nothing outside of it is within
/// its reach, whatever links lie in it. (So no directory in which the system shows processes, such as `/proc`, should be
/// given: files in it lead into this one.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub host: PathBuf,
    pub guest: String,
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
