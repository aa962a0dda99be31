//! The options of *fuse*.

use crate::convention::{INITIALIZE, START};

/// Options of [`Plan::fuse`](crate::Plan::fuse). By default the fused program exports what the main
/// module exports.
#[derive(Debug, Clone, Default)]
pub struct FuseOptions {
    /// More symbols of the process to export: functions, and the addresses of variables.
    pub exports: Vec<String>,
    /// Write a command that calls this export of the main module, which takes no arguments and
    /// whose results are dropped. Nothing else of that module is exported.
    pub invoke: Option<String>,
    /// Keep all that libraries may need that are opened while the program runs: every symbol, and
    /// the memory, the table and the stack. The result is a main.
    pub dynamic: bool,
    /// Let modules keep a memory of their own. Not every engine runs the result.
    pub multi_memory: bool,
    /// Leave all that runs at the start, of a command too, to the export `_initialize`. The caller
    /// then runs it, and writes the program once more without it, with the memory and the globals
    /// that it left.
    pub preinit: bool,
    /// Leave what happens before and after `_start` to the host, as for a program without
    /// `_start`: the host calls `_initialize` before any other export, and the functions that
    /// finish the program when `_start` has returned. So it can call the other exports too. A
    /// program with `dynamic` is always written in this way.
    pub separate_start: bool,
    /// Rewrite the modules' debug information (DWARF) into the result. Otherwise it has none.
    pub debug: bool,
    /// Export the stack pointer if the program uses one, so that a host can detect that the stack
    /// has overflowed.
    pub stack_pointer: bool,
    /// The URL of the result's source map, for browsers. It is relative to that of the module.
    pub source_map_url: Option<String>,
}

impl FuseOptions {
    pub(crate) fn has_separate_start(&self) -> bool {
        self.separate_start || self.dynamic
    }

    /// Returns whether the linker itself defines the export of this name.
    pub(crate) fn writes(&self, export: &str) -> bool {
        export == INITIALIZE || export == START && self.invoke.is_some()
    }
}
