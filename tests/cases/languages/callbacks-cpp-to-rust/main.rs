//! Rust calls functions that C++ passes to it. Their slots are beyond those that main's table had
//! when it was built.
use std::cmp::Ordering;
use std::ffi::{c_int, c_void};

type Less = unsafe extern "C" fn(*const c_void, c_int, c_int) -> bool;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn sort_by_distance(numbers: *mut c_int, count: usize, from: c_int);
}

/// # Safety
///
/// `numbers` points to `count` numbers, and `less` can be called with `context`.
#[unsafe(no_mangle)]
unsafe extern "C" fn sort_by(
    numbers: *mut c_int,
    count: usize,
    less: Less,
    context: *const c_void,
) {
    // SAFETY: the caller says so
    let numbers = unsafe { std::slice::from_raw_parts_mut(numbers, count) };
    // SAFETY: the caller says so
    numbers.sort_by(|&a, &b| unsafe {
        match (less(context, a, b), less(context, b, a)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    });
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let mut numbers = [1, 9, 5, 12, 7];
    // SAFETY: the pointer and the count are those of an array
    unsafe { sort_by_distance(numbers.as_mut_ptr(), numbers.len(), 8) };
    if numbers == [9, 7, 5, 12, 1] { 42 } else { numbers[0] }
}
