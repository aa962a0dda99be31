//! Rust passes C++ a function and a pointer to a closure: the function's slot, a constant in main's
//! code, must be the same in the table that C++ uses.
use std::ffi::{c_int, c_void};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn for_each(
        numbers: *const c_int,
        count: usize,
        callback: unsafe extern "C" fn(*mut c_void, c_int),
        context: *mut c_void,
    );
}

fn each<F: FnMut(c_int)>(numbers: &[c_int], mut action: F) {
    unsafe extern "C" fn call<F: FnMut(c_int)>(action: *mut c_void, number: c_int) {
        // SAFETY: `for_each` passes on the context, an `F` that nothing else uses meanwhile
        unsafe { (*action.cast::<F>())(number) }
    }
    // SAFETY: the numbers and `action` live until `for_each` returns
    unsafe { for_each(numbers.as_ptr(), numbers.len(), call::<F>, (&raw mut action).cast()) }
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let mut sum = 0;
    each(&[1, 2, 3], |number| sum += number);
    if sum != 6 {
        return 1;
    }
    let mut seen = Vec::new();
    each(&[4, 5], |number| seen.push(number.to_string()));
    if seen != ["4", "5"] {
        return 2;
    }
    42
}
