//! What of the machine a program sees: by default its standard streams, and nothing else.

use std::path::PathBuf;

use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::error::Error;

/// The command line, environment and directories of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wasi {
    /// The program's name first, as usual.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub directories: Vec<Directory>,
}

/// A directory of the host that the guest can read and write under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub host: PathBuf,
    pub guest: String,
}

impl Wasi {
    /// With a time limit, calls on files are made by a thread, so that the limit ends those that wait, for a pipe for
    /// example.
    pub(crate) fn build(&self, is_limited: bool) -> Result<WasiP1Ctx, Error> {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_stdio().args(&self.args);
        builder.allow_blocking_current_thread(!is_limited);
        for (name, value) in &self.env {
            builder.env(name, value);
        }
        for Directory { host, guest } in &self.directories {
            builder.preopened_dir(host, guest, FsPerms::ReadWrite).map_err(|error| {
                let message = match host.is_dir() {
                    true => Error::message(&error),
                    false => "there is no such directory".to_owned(),
                };
                Error::Directory { path: host.clone(), message }
            })?;
        }
        Ok(builder.build_p1())
    }
}
