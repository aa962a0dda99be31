//! The Rust half of the tour: it uses std, calls C++, and is called back by C++, in one memory.
//!
//! The C++ half is `cpp/tour.cpp`. `cpp/tour.h` describes its functions and who owns what, and the
//! build writes `bindings.rs` from it. From this file, it writes `cpp/rust.h` for C++.

#![cfg(any(target_family = "wasm", all(test, miri)))]
#![allow(
    clippy::print_stdout,
    reason = "guests print through C++, so that both halves use one stream"
)]

// What C++ offers: `bindings` in `guests.toml`.
mod bindings;
/// cbindgen:ignore
#[cfg(all(test, miri))]
mod cpp;

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};

use bindings::{Point, cpp_centroid, cpp_free, cpp_hanoi, cpp_print, cpp_shout, cpp_split};

fn print(line: &str) {
    let line = CString::new(line).unwrap_or_default();
    // SAFETY: `cpp_print` reads a string that ends with a zero byte, and keeps no pointer to it.
    unsafe { cpp_print(line.as_ptr()) }
}

/// Counts words. C++ calls this once for each word of a text.
extern "C" fn count(context: *mut c_void, word: *const c_char) {
    // SAFETY: `cpp_split` passes the context from `words`, a map that lives during the call and
    // that nothing else uses, and a word that ends with a zero byte.
    let (counts, word) =
        unsafe { (&mut *context.cast::<BTreeMap<String, u32>>(), CStr::from_ptr(word)) };
    *counts.entry(word.to_string_lossy().into_owned()).or_default() += 1;
}

fn words(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: the text ends with a zero byte, and `count` expects a map of this type.
    unsafe { cpp_split(text.as_ptr(), Some(count), (&raw mut counts).cast()) };
    counts
}

/// Copies a string that C++ has allocated, and lets C++ free it.
fn shout(text: &str) -> String {
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: `cpp_shout` returns a string that ends with a zero byte. It is valid until it is
    // passed to `cpp_free`, which happens once.
    unsafe {
        let shouted = cpp_shout(text.as_ptr());
        let copy = CStr::from_ptr(shouted).to_string_lossy().into_owned();
        cpp_free(shouted);
        copy
    }
}

/// One half of the towers of Hanoi. The other half is in C++; each calls the other.
// SAFETY of the unmangled name: no other module of the tour defines it.
#[unsafe(no_mangle)]
pub extern "C" fn rust_hanoi(disks: c_int) -> c_int {
    match disks {
        0 => 0,
        // SAFETY: `cpp_hanoi` is safe for any number.
        disks => unsafe { 2 * cpp_hanoi(disks - 1) + 1 },
    }
}

/// The function that `host run --invoke tour` calls. Returns the moves for ten disks.
// SAFETY of the unmangled name: no other module of the tour defines it.
#[unsafe(no_mangle)]
pub extern "C" fn tour() -> c_int {
    print("Rust: words that C++ found, counted by a Rust callback");
    for (word, count) in words("to be or not to be") {
        print(&format!("  {word}: {count}"));
    }
    let corners =
        vec![Point { x: 0.0, y: 0.0 }, Point { x: 6.0, y: 0.0 }, Point { x: 0.0, y: 3.0 }];
    // SAFETY: the pointer and the length are those of a slice that lives during the call.
    let Point { x, y } = unsafe { cpp_centroid(corners.as_ptr(), corners.len()) };
    print(&format!("Rust: the centroid, by C++, is ({x}, {y})"));
    print(&format!("Rust: C++ shouts {}", shout("hello")));
    rust_hanoi(10)
}
