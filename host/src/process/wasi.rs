//! What of the machine a program sees: by default its standard streams, and nothing else.

use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, cli};

use super::stdio::{self, OutputBudget};
use crate::directory::Directory;
use crate::error::Error;
use crate::limits::Limits;

/// The command line, environment and directories of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wasi {
    /// The program's name first, as usual.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub directories: Vec<Directory>,
}

impl Wasi {
    pub(crate) fn build(&self, limits: &Limits) -> Result<WasiP1Ctx, Error> {
        let mut builder = WasiCtxBuilder::new();
        let budget = limits.max_output.map(OutputBudget::new);
        builder.inherit_stdin().args(&self.args);
        builder.stdout(stdio::stream(cli::stdout, limits.timeout, budget.as_ref()));
        builder.stderr(stdio::stream(cli::stderr, limits.timeout, budget.as_ref()));
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
