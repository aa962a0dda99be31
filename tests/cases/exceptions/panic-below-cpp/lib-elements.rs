//! Panics at an index that is out of bounds.
use std::ffi::c_int;

#[inline(never)]
fn find(elements: &[c_int], index: usize) -> c_int {
    elements[index]
}

#[unsafe(no_mangle)]
extern "C" fn element(index: c_int) -> c_int {
    find(&[1, 2, 3], index as usize)
}
