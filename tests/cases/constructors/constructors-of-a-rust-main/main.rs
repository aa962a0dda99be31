//! The constructor of a Rust main, as the crates `ctor` and `inventory` make it, runs once. Main
//! does not export `__wasm_call_ctors`, so each call across the border would run it again.

use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

static CONSTRUCTED: AtomicI32 = AtomicI32::new(0);

extern "C" fn construct() {
    CONSTRUCTED.fetch_add(1, SeqCst);
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;

unsafe extern "C" {
    safe fn ask_twice() -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn constructed(more: i32) -> i32 {
    CONSTRUCTED.load(SeqCst) + more
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> i32 {
    ask_twice()
}
