//! The parts of the machine that a program sees. By default, these are only its standard streams.

use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, cli};

use super::stdio::{self, OutputBudget};
use crate::directory::Directory;
use crate::error::Error;
use crate::limits::Limits;

/// The command line, environment variables and directories of a program.
///
/// ```
/// use host::{Directory, Wasi};
///
/// let wasi = Wasi::default()
///     .with_args(vec!["sort".to_owned(), "-r".to_owned()])
///     .with_env(vec![("LANG".to_owned(), "C".to_owned())])
///     .with_directories(vec![Directory::new("data", "/data")]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wasi {
    /// The arguments, starting with the program's name.
    pub args: Vec<String>,
    /// The names and values of environment variables.
    pub env: Vec<(String, String)>,
    /// The directories that the program can use.
    pub directories: Vec<Directory>,
}

impl Wasi {
    /// Sets [`Self::args`].
    #[must_use]
    pub fn with_args(mut self, args: Vec<String>) -> Self {
        self.args = args;
        self
    }

    /// Sets [`Self::env`].
    #[must_use]
    pub fn with_env(mut self, env: Vec<(String, String)>) -> Self {
        self.env = env;
        self
    }

    /// Sets [`Self::directories`].
    #[must_use]
    pub fn with_directories(mut self, directories: Vec<Directory>) -> Self {
        self.directories = directories;
        self
    }

    /// Creates the context of one process for WASI preview 1.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] if a directory cannot be opened.
    pub(crate) fn build(&self, limits: &Limits) -> Result<WasiP1Ctx, Error> {
        Ok(self.builder(limits)?.build_p1())
    }

    /// Creates the context of one process for preview 2.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] if a directory cannot be opened.
    pub(crate) fn build_preview2(&self, limits: &Limits) -> Result<WasiCtx, Error> {
        Ok(self.builder(limits)?.build())
    }

    fn builder(&self, limits: &Limits) -> Result<WasiCtxBuilder, Error> {
        let mut builder = WasiCtxBuilder::new();
        let budget = limits.max_output.map(OutputBudget::new);
        builder.inherit_stdin().args(&self.args);
        builder.stdout(stdio::stream(cli::stdout, limits.timeout, budget.as_ref()));
        builder.stderr(stdio::stream(cli::stderr, limits.timeout, budget.as_ref()));
        // With a time limit, another thread makes calls on files. The limit can then end a call
        // that waits, for example for a pipe.
        builder.allow_blocking_current_thread(limits.timeout.is_none());
        for (name, value) in &self.env {
            builder.env(name, value);
        }
        for Directory { host, guest } in &self.directories {
            builder.preopened_dir(host, guest, FsPerms::ReadWrite).map_err(|error| {
                let message = if host.is_dir() {
                    Error::message(&error)
                } else if host.exists() {
                    "it is no directory".to_owned()
                } else {
                    "there is no such directory".to_owned()
                };
                Error::Directory { path: host.clone(), message }
            })?;
        }
        Ok(builder)
    }
}
