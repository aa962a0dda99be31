//! The data of a process's store.

use wasmtime_wasi::p1::WasiP1Ctx;

use crate::dlopen::Libraries;
use crate::limits::Limiter;

/// What the store of a [`Process`] holds.
pub struct State {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) libraries: Libraries<State>,
    pub(crate) limiter: Limiter,
    pub(crate) open_files: OpenFiles,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("limiter", &self.limiter).finish_non_exhaustive()
    }
}

/// How many files and directories a program may have open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenFiles {
    /// Beside those that it was given.
    pub(crate) limit: usize,
    pub(crate) given: usize,
}
