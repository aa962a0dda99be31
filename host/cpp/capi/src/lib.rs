//! Wasmtime's C API as a static library, for hosts in C++.

pub use wasmtime_c_api::*;
