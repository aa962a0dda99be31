//! The options of *fuse*.

use crate::convention::{INITIALIZE, START};
use crate::plan::set::Definition;

/// Options of [`Plan::fuse`](crate::Plan::fuse). By default the fused program exports what the main
/// module exports.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FuseOptions {
    /// More symbols of the process to export: functions, and the addresses of variables.
    pub exports: Vec<String>,
    /// Write a command that calls this export of the main module, which takes no arguments and
    /// whose results are dropped. Nothing else of that module is exported.
    pub invoke: Option<String>,
    /// Keep all that libraries may need that are opened while the program runs: every symbol, and
    /// the memory, the table and the stack. The result is a main.
    pub dynamic: bool,
    /// Leave nothing out: keep all functions and data of all modules, as they are.
    pub keep_all: bool,
    /// Inline no functions, and write each of several equal ones. By default the code of small
    /// functions replaces their calls, and [`BoundModule::origins`](crate::BoundModule::origins)
    /// knows what it comes from. Of the functions of a system library that have equal code, one is
    /// written.
    ///
    /// `keep_all`, `preinit` and `debug` imply this: debug information describes functions by the
    /// ranges of their code, and debuggers stop at their calls.
    pub keep_calls: bool,
    /// Leave out the names of functions, and what is known about compilers.
    pub strip: bool,
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
    /// Write the core module of a component, with these exports and `_start`.
    pub component: Option<ComponentExports>,
}

/// The exports of the core module of a component.
///
/// Nobody finishes a component. So libc writes what it has buffered each time that a function of
/// the world returns, and destructors of static objects do not run. Start functions run in the
/// export `_initialize`, because a component's imports cannot be called before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComponentExports {
    /// The functions of the world, each with its name in the core module.
    pub functions: Vec<(String, Definition)>,
    /// The other functions that the canonical ABI calls, such as `cabi_realloc`.
    pub intrinsics: Vec<(String, Definition)>,
}

impl ComponentExports {
    /// Exports functions of the world, and the other functions that the canonical ABI calls, each
    /// with its name in the core module.
    pub fn new(
        functions: Vec<(String, Definition)>,
        intrinsics: Vec<(String, Definition)>,
    ) -> Self {
        ComponentExports { functions, intrinsics }
    }

    fn all(&self) -> impl Iterator<Item = &(String, Definition)> {
        self.functions.iter().chain(&self.intrinsics)
    }
}

impl FuseOptions {
    /// Sets [`exports`](Self::exports).
    #[must_use]
    pub fn with_exports(mut self, exports: Vec<String>) -> Self {
        self.exports = exports;
        self
    }

    /// Sets [`invoke`](Self::invoke).
    #[must_use]
    pub fn with_invoke(mut self, invoke: impl Into<Option<String>>) -> Self {
        self.invoke = invoke.into();
        self
    }

    /// Sets [`dynamic`](Self::dynamic).
    #[must_use]
    pub fn with_dynamic(mut self, dynamic: bool) -> Self {
        self.dynamic = dynamic;
        self
    }

    /// Sets [`keep_all`](Self::keep_all).
    #[must_use]
    pub fn with_keep_all(mut self, keep_all: bool) -> Self {
        self.keep_all = keep_all;
        self
    }

    /// Sets [`keep_calls`](Self::keep_calls).
    #[must_use]
    pub fn with_keep_calls(mut self, keep_calls: bool) -> Self {
        self.keep_calls = keep_calls;
        self
    }

    /// Sets [`strip`](Self::strip).
    #[must_use]
    pub fn with_strip(mut self, strip: bool) -> Self {
        self.strip = strip;
        self
    }

    /// Sets [`multi_memory`](Self::multi_memory).
    #[must_use]
    pub fn with_multi_memory(mut self, multi_memory: bool) -> Self {
        self.multi_memory = multi_memory;
        self
    }

    /// Sets [`preinit`](Self::preinit).
    #[must_use]
    pub fn with_preinit(mut self, preinit: bool) -> Self {
        self.preinit = preinit;
        self
    }

    /// Sets [`separate_start`](Self::separate_start).
    #[must_use]
    pub fn with_separate_start(mut self, separate_start: bool) -> Self {
        self.separate_start = separate_start;
        self
    }

    /// Sets [`debug`](Self::debug).
    #[must_use]
    pub fn with_debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Sets [`stack_pointer`](Self::stack_pointer).
    #[must_use]
    pub fn with_stack_pointer(mut self, stack_pointer: bool) -> Self {
        self.stack_pointer = stack_pointer;
        self
    }

    /// Sets [`source_map_url`](Self::source_map_url).
    #[must_use]
    pub fn with_source_map_url(mut self, url: impl Into<Option<String>>) -> Self {
        self.source_map_url = url.into();
        self
    }

    /// Sets [`component`](Self::component).
    #[must_use]
    pub fn with_component(mut self, component: impl Into<Option<ComponentExports>>) -> Self {
        self.component = component.into();
        self
    }

    /// Returns the exports that a component has in addition to those of a command.
    pub(crate) fn of_component(&self) -> impl Iterator<Item = &(String, Definition)> {
        self.component.iter().flat_map(ComponentExports::all)
    }

    /// Returns the functions of a component's world, each with its name in the core module.
    pub(crate) fn of_world(&self) -> impl Iterator<Item = &(String, Definition)> {
        self.component.iter().flat_map(|component| &component.functions)
    }

    /// Returns whether small functions are inlined and equal ones written once.
    pub(crate) fn changes_code(&self) -> bool {
        !(self.keep_calls || self.keep_all || self.preinit || self.debug)
    }

    pub(crate) fn has_separate_start(&self) -> bool {
        self.separate_start || self.dynamic
    }

    /// Returns whether the linker itself defines the export of this name.
    pub(crate) fn writes(&self, export: &str) -> bool {
        export == INITIALIZE || export == START && self.invoke.is_some()
    }
}
