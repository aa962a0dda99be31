//! The C++ half as `tour.h` describes it, in Rust, for Miri: that sees what the Rust half does with pointers, but no
//! other language.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Mutex;

use crate::{Point, Visit, rust_hanoi};

static PRINTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// # Safety
///
/// A string that ends with a zero byte.
unsafe fn string(text: *const c_char) -> String {
    // SAFETY: says the caller.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

// SAFETY of the unmangled names: only the tests have this module, and they are linked with no C++.
#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_print(line: *const c_char) {
    // SAFETY: the Rust half passes such strings.
    let line = unsafe { string(line) };
    PRINTED.lock().unwrap().push(line);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_split(text: *const c_char, visit: Visit, context: *mut c_void) {
    // SAFETY: the Rust half passes such strings.
    let text = unsafe { string(text) };
    for word in text.split_whitespace() {
        // Ends with the call.
        let word = CString::new(word).unwrap();
        visit(context, word.as_ptr());
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_centroid(points: *const Point, count: usize) -> Point {
    // SAFETY: the Rust half passes the points of a slice, and how many they are.
    let points = unsafe { std::slice::from_raw_parts(points, count) };
    let mean = |axis: fn(&Point) -> f64| points.iter().map(axis).sum::<f64>() / count as f64;
    Point { x: mean(|point| point.x), y: mean(|point| point.y) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_shout(text: *const c_char) -> *mut c_char {
    // SAFETY: the Rust half passes such strings.
    let text = unsafe { string(text) };
    CString::new(text.to_uppercase() + "!").unwrap().into_raw()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cpp_free(text: *mut c_char) {
    // SAFETY: it comes from `cpp_shout`, and the Rust half gives it back once.
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
