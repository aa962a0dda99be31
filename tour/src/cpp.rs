//! The C++ half of the tour in Rust, for Miri: Miri checks how the Rust half uses pointers, but it
//! cannot run C++. `tour.h` describes the functions.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Mutex;

use crate::bindings::Point;
use crate::rust_hanoi;

type Visit = extern "C" fn(context: *mut c_void, word: *const c_char);

static PRINTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Copies a string of C.
///
/// # Safety
///
/// `text` must point to a string that ends with a zero byte.
unsafe fn string(text: *const c_char) -> String {
    // SAFETY: the caller guarantees a valid string that ends with a zero byte.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

// SAFETY of the unmangled names: only the tests contain this module, and they link no C++, so there
// is no other definition.
#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_print(line: *const c_char) {
    // SAFETY: the Rust half passes a valid string that ends with a zero byte.
    let line = unsafe { string(line) };
    PRINTED.lock().unwrap().push(line);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_split(text: *const c_char, visit: Visit, context: *mut c_void) {
    // SAFETY: the Rust half passes a valid string that ends with a zero byte.
    let text = unsafe { string(text) };
    for word in text.split_whitespace() {
        // It lives until the call has returned.
        let word = CString::new(word).unwrap();
        visit(context, word.as_ptr());
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_centroid(points: *const Point, count: usize) -> Point {
    // SAFETY: the Rust half passes the pointer and the length of a slice.
    let points = unsafe { std::slice::from_raw_parts(points, count) };
    let mean = |axis: fn(&Point) -> f64| points.iter().map(axis).sum::<f64>() / count as f64;
    Point { x: mean(|point| point.x), y: mean(|point| point.y) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_shout(text: *const c_char) -> *mut c_char {
    // SAFETY: the Rust half passes a valid string that ends with a zero byte.
    let text = unsafe { string(text) };
    CString::new(text.to_uppercase() + "!").unwrap().into_raw()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_free(text: *mut c_char) {
    // SAFETY: the pointer comes from `cpp_shout`, and the Rust half passes it to this function
    // once.
    drop(unsafe { CString::from_raw(text) });
}

#[unsafe(no_mangle)]
extern "C" fn cpp_hanoi(disks: c_int) -> c_int {
    if disks == 0 { 0 } else { 2 * rust_hanoi(disks - 1) + 1 }
}

#[test]
fn the_tour_does_what_it_promises() {
    assert_eq!(crate::tour(), 1023);
    let printed = PRINTED.lock().unwrap().join("\n");
    assert!(printed.contains("  be: 2\n  not: 1\n  or: 1\n  to: 2\n"), "{printed}");
    assert!(printed.contains("is (2, 1)\nRust: C++ shouts HELLO!"), "{printed}");
}
