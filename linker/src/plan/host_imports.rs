//! The functions that guests import from a host: WASI preview 1, which every host defines, those
//! that libdl imports, and those that libc defines for hosts that do not.

use std::sync::LazyLock;

use crate::convention::ENV;
use crate::module::contract::Expectation;
use crate::module::{Export, Import};
use crate::types::{ExternType, FuncType};

/// The module name of WASI preview 1, under which guests import its functions.
pub const WASI: &str = "wasi_snapshot_preview1";

/// The functions of WASI preview 1. Source: the interface definition
/// [`wasi_snapshot_preview1.witx`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/wasi_snapshot_preview1.witx).
/// A test compares this list with what Wasmtime implements.
const FUNCTIONS: [&str; 46] = [
    "args_get: (i32, i32) -> i32",
    "args_sizes_get: (i32, i32) -> i32",
    "clock_res_get: (i32, i32) -> i32",
    "clock_time_get: (i32, i64, i32) -> i32",
    "environ_get: (i32, i32) -> i32",
    "environ_sizes_get: (i32, i32) -> i32",
    "fd_advise: (i32, i64, i64, i32) -> i32",
    "fd_allocate: (i32, i64, i64) -> i32",
    "fd_close: (i32) -> i32",
    "fd_datasync: (i32) -> i32",
    "fd_fdstat_get: (i32, i32) -> i32",
    "fd_fdstat_set_flags: (i32, i32) -> i32",
    "fd_fdstat_set_rights: (i32, i64, i64) -> i32",
    "fd_filestat_get: (i32, i32) -> i32",
    "fd_filestat_set_size: (i32, i64) -> i32",
    "fd_filestat_set_times: (i32, i64, i64, i32) -> i32",
    "fd_pread: (i32, i32, i32, i64, i32) -> i32",
    "fd_prestat_dir_name: (i32, i32, i32) -> i32",
    "fd_prestat_get: (i32, i32) -> i32",
    "fd_pwrite: (i32, i32, i32, i64, i32) -> i32",
    "fd_read: (i32, i32, i32, i32) -> i32",
    "fd_readdir: (i32, i32, i32, i64, i32) -> i32",
    "fd_renumber: (i32, i32) -> i32",
    "fd_seek: (i32, i64, i32, i32) -> i32",
    "fd_sync: (i32) -> i32",
    "fd_tell: (i32, i32) -> i32",
    "fd_write: (i32, i32, i32, i32) -> i32",
    "path_create_directory: (i32, i32, i32) -> i32",
    "path_filestat_get: (i32, i32, i32, i32, i32) -> i32",
    "path_filestat_set_times: (i32, i32, i32, i32, i64, i64, i32) -> i32",
    "path_link: (i32, i32, i32, i32, i32, i32, i32) -> i32",
    "path_open: (i32, i32, i32, i32, i32, i64, i64, i32, i32) -> i32",
    "path_readlink: (i32, i32, i32, i32, i32, i32) -> i32",
    "path_remove_directory: (i32, i32, i32) -> i32",
    "path_rename: (i32, i32, i32, i32, i32, i32) -> i32",
    "path_symlink: (i32, i32, i32, i32, i32) -> i32",
    "path_unlink_file: (i32, i32, i32) -> i32",
    "poll_oneoff: (i32, i32, i32, i32) -> i32",
    "proc_exit: (i32) -> ()",
    "proc_raise: (i32) -> i32",
    "random_get: (i32, i32) -> i32",
    "sched_yield: () -> i32",
    "sock_accept: (i32, i32, i32) -> i32",
    "sock_recv: (i32, i32, i32, i32, i32, i32) -> i32",
    "sock_send: (i32, i32, i32, i32, i32) -> i32",
    "sock_shutdown: (i32, i32) -> i32",
];

/// The module name under which libdl imports the functions that open libraries while a program
/// runs.
pub const DYNAMIC_LINKER: &str = "wasm_host";

/// The functions that libdl imports, as `xtask/sysroot/dlfcn.c` declares them.
const DYNAMIC_LINKER_FUNCTIONS: [&str; 5] = [
    "dladdr: (i32, i32, i32, i32) -> i32",
    "dlclose: (i32) -> i32",
    "dlerror: (i32, i32) -> i32",
    "dlopen: (i32, i32) -> i32",
    "dlsym: (i32, i32) -> i32",
];

/// The functions that libc defines for hosts that do not, as `xtask/sysroot/runtime.c` does. They
/// are imported from `env`.
const OPTIONAL_FUNCTIONS: [&str; 1] = ["__host_demangle: (i32, i32, i32) -> i32"];

/// The functions of a host under one module name.
pub(crate) struct HostModule {
    pub(crate) name: &'static str,
    /// Its name in messages.
    pub(crate) title: &'static str,
    pub(crate) exports: Vec<Export>,
}

impl HostModule {
    fn new(name: &'static str, title: &'static str, functions: &[&str]) -> Self {
        let functions = functions.iter().filter_map(|text| Expectation::export(text).ok());
        let export =
            |f: Expectation| Export { name: f.name, ty: ExternType::Func(f.ty.into()), index: 0 };
        HostModule { name, title, exports: functions.map(export).collect() }
    }
}

static OPTIONAL: LazyLock<HostModule> =
    LazyLock::new(|| HostModule::new(ENV, "host", &OPTIONAL_FUNCTIONS));

static HOST: LazyLock<[HostModule; 2]> = LazyLock::new(|| {
    [
        HostModule::new(WASI, "WASI preview 1", &FUNCTIONS),
        HostModule::new(DYNAMIC_LINKER, "host", &DYNAMIC_LINKER_FUNCTIONS),
    ]
});

/// Returns the functions of the host under a module name, if it is one of the host's.
pub(crate) fn host_module(name: &str) -> Option<&'static HostModule> {
    HOST.iter().find(|module| module.name == name)
}

/// Returns whether a module name is one of the host's.
pub(crate) fn is_host(name: &str) -> bool {
    host_module(name).is_some()
}

/// Returns whether an import is of a function that libc defines for hosts that do not.
pub(crate) fn is_optional(import: &Import) -> bool {
    let is_it = |export: &Export| export.name == import.name && export.ty == import.ty;
    import.module == OPTIONAL.name && OPTIONAL.exports.iter().any(is_it)
}

/// Returns the module name, name and type of every function that the `host` program defines: those
/// of WASI preview 1 and of libdl, and those that libc defines for other hosts.
pub fn host_functions() -> impl Iterator<Item = (&'static str, &'static str, &'static FuncType)> {
    let modules = HOST.iter().chain([&*OPTIONAL]);
    let modules = modules.flat_map(|host| host.exports.iter().map(|export| (host.name, export)));
    modules.filter_map(|(module, export)| match &export.ty {
        ExternType::Func(ty) => Some((module, export.name.as_str(), &**ty)),
        _ => None,
    })
}
