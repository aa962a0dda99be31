//! A guest that calls WASI itself, with the numbers and paths that a test gives it.

use std::path::Path;

use host::{Directory, Host, Process, Program, State, Val, Wasi};
use libtest_mimic::Failed;

use super::program::program;

/// Each function answers as WASI does, but for the sign of errors.
pub(crate) const GUEST: &str = include_str!("../wat/guest.wat");

/// The guest, in directories that are its descriptors from 3 on.
pub(crate) struct Guest {
    process: Process,
}

impl Guest {
    pub(crate) fn program(host: &Host) -> Result<Program<State>, Failed> {
        program(host, "guest", GUEST)
    }

    pub(crate) fn start(
        host: &Host,
        program: &Program<State>,
        directories: &[(&Path, &str)],
    ) -> Result<Self, Failed> {
        let directories = directories.iter().map(|(host, guest)| Directory::new(*host, *guest));
        let wasi = Wasi::default().with_directories(directories.collect());
        Ok(Guest { process: host.start(program, &wasi)? })
    }

    pub(crate) fn call(&mut self, name: &str, args: &[i32]) -> Result<i32, Failed> {
        let args: Vec<_> = args.iter().map(|arg| Val::I32(*arg)).collect();
        let results = self.process.invoke(name, &args)?;
        Ok(results.first().and_then(Val::i32).unwrap_or_default())
    }

    /// Puts a path into the guest's memory; returns where it is, and how long.
    pub(crate) fn path(&mut self, at: i32, path: &[u8]) -> Result<[i32; 2], Failed> {
        for (word, four) in path.chunks(4).enumerate() {
            let mut bytes = [0; 4];
            bytes[..four.len()].copy_from_slice(four);
            let at = at + 4 * i32::try_from(word)?;
            self.process.invoke("poke", &[Val::I32(at), Val::I32(i32::from_le_bytes(bytes))])?;
        }
        Ok([at, i32::try_from(path.len())?])
    }

    pub(crate) fn on_path(
        &mut self,
        name: &str,
        fd: i32,
        path: impl AsRef<[u8]>,
    ) -> Result<i32, Failed> {
        let [at, length] = self.path(1024, path.as_ref())?;
        self.call(name, &[fd, at, length])
    }

    pub(crate) fn open_as(
        &mut self,
        fd: i32,
        path: &str,
        how: i32,
        rights: i64,
    ) -> Result<i32, Failed> {
        let [at, length] = self.path(1024, path.as_bytes())?;
        let args = [fd, at, length, how].map(Val::I32);
        let results = self.process.invoke("open", &[&args[..], &[Val::I64(rights)]].concat())?;
        Ok(results[0].i32().unwrap_or_default())
    }

    /// To read; the descriptor, or the error below zero.
    pub(crate) fn open(&mut self, fd: i32, path: &str) -> Result<i32, Failed> {
        self.open_as(fd, path, 0, 2)
    }

    /// To write, made if it is not there.
    pub(crate) fn create(&mut self, fd: i32, path: &str) -> Result<i32, Failed> {
        self.open_as(fd, path, 1, 2 | 64)
    }

    pub(crate) fn close(&mut self, fd: i32) -> Result<i32, Failed> {
        self.call("close", &[fd])
    }

    /// The first four letters of a file.
    pub(crate) fn look(&mut self, fd: i32, path: impl AsRef<[u8]>) -> Result<i32, Failed> {
        self.on_path("look", fd, path)
    }

    pub(crate) fn on_two(
        &mut self,
        name: &str,
        from: (i32, &str),
        to: (i32, &str),
    ) -> Result<i32, Failed> {
        let [at, length] = self.path(1024, from.1.as_bytes())?;
        let [to_at, to_length] = self.path(8192, to.1.as_bytes())?;
        self.call(name, &[from.0, at, length, to.0, to_at, to_length])
    }

    pub(crate) fn link(
        &mut self,
        follow: bool,
        from: (i32, &str),
        to: (i32, &str),
    ) -> Result<i32, Failed> {
        let [at, length] = self.path(1024, from.1.as_bytes())?;
        let [to_at, to_length] = self.path(8192, to.1.as_bytes())?;
        self.call("link", &[i32::from(follow), from.0, at, length, to.0, to_at, to_length])
    }

    pub(crate) fn symlink(&mut self, target: &str, fd: i32, path: &str) -> Result<i32, Failed> {
        let [at, length] = self.path(1024, target.as_bytes())?;
        let [path_at, path_length] = self.path(8192, path.as_bytes())?;
        self.call("symlink", &[at, length, fd, path_at, path_length])
    }
}
