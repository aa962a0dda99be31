//! The data of a process's store.

use wasmtime_wasi::p1::WasiP1Ctx;

use crate::dlopen::Libraries;
use crate::limits::Limiter;

/// The data of the store of a [`Process`](crate::Process).
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

/// The number of files and directories that a program may have open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenFiles {
    /// Not counting the directories that it was given.
    pub(crate) limit: usize,
    /// The number of directories that it was given.
    pub(crate) given: usize,
}
