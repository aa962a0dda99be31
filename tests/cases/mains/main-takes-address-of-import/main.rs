//! A main takes the address of an imported function. It is not position independent: the slot is a
//! constant in its code, and its element segment puts the import there. The library that defines
//! the function must use that slot too, also where it compares pointers itself.
use std::ffi::c_int;
use std::hint::black_box;

type Handler = unsafe extern "C" fn(c_int) -> c_int;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn twice(x: c_int) -> c_int;
    fn add_handler(handler: Handler);
    fn has_handler(handler: Handler) -> bool;
    fn add_twice();
    fn has_twice() -> bool;
}

extern "C" fn own(x: c_int) -> c_int {
    x + 1
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    // SAFETY: the functions have these types where they are defined
    unsafe {
        if has_twice() || has_handler(twice) {
            return 1;
        }
        add_handler(black_box(twice));
        if !has_twice() {
            return 2;
        }
        add_twice();
        add_handler(black_box(own));
        if !has_handler(black_box(own)) {
            return 3;
        }
        let pointer: Handler = black_box(twice);
        pointer(21)
    }
}
