//! What every host gives to guests: WASI preview 1.

use std::sync::LazyLock;

use crate::contract::Expectation;
use crate::load::Export;
use crate::types::{ExternType, FuncType};

/// The module name under which guests import it.
pub const WASI: &str = "wasi_snapshot_preview1";

/// Its functions. Source: the interface definition
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

pub(crate) static EXPORTS: LazyLock<Vec<Export>> = LazyLock::new(|| {
    let functions = FUNCTIONS.iter().filter_map(|text| Expectation::export(text).ok());
    functions.map(|f| Export { name: f.name, ty: ExternType::Func(f.ty), index: 0 }).collect()
});

/// Every function of WASI preview 1 with its type.
pub fn wasi_functions() -> impl Iterator<Item = (&'static str, &'static FuncType)> {
    EXPORTS.iter().filter_map(|export| match &export.ty {
        ExternType::Func(ty) => Some((export.name.as_str(), ty)),
        _ => None,
    })
}
