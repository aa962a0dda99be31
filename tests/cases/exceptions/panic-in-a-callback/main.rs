//! A Rust callback that C++ calls panics: the program ends there, since panics do not unwind here. The
//! backtrace goes through both languages, and what C++ had printed is there.
use std::ffi::c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn for_each(numbers: *const c_int, count: usize, callback: extern "C" fn(c_int));
}

#[inline(never)]
fn check(number: c_int) {
    assert!(number > 0, "{number} is not positive");
}

extern "C" fn callback(number: c_int) {
    check(number);
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let numbers = [2, 1, 0, -1];
    // SAFETY: the pointer and the count are those of an array
    unsafe { for_each(numbers.as_ptr(), numbers.len(), callback) };
    42
}
