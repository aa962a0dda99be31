// Written by `cargo xtask build-all` from `tour/cpp/tour.h` with bindgen. Change that instead.

/// cbindgen:ignore
#[rustfmt::skip]
#[allow(
    dead_code, missing_debug_implementations, missing_docs, nonstandard_style, unreachable_pub,
    clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks,
)]
mod generated {
    #[repr(C)]
    #[derive(Debug, Copy, Clone)]
    pub struct Point {
        pub x: f64,
        pub y: f64,
    }
    #[allow(clippy::unnecessary_operation, clippy::identity_op)]
    #[cfg(target_pointer_width = "32")]
    const _: () = {
        ["Size of Point"][::core::mem::size_of::<Point>() - 16usize];
        ["Alignment of Point"][::core::mem::align_of::<Point>() - 8usize];
        ["Offset of field: Point::x"][::core::mem::offset_of!(Point, x) - 0usize];
        ["Offset of field: Point::y"][::core::mem::offset_of!(Point, y) - 8usize];
    };
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        /// Prints a line.
        pub fn cpp_print(line: *const ::core::ffi::c_char);
        /// Calls `visit` with each word of `text`. C++ frees the word after the call.
        pub fn cpp_split(
            text: *const ::core::ffi::c_char,
            visit: ::core::option::Option<
                unsafe extern "C" fn(
                    context: *mut ::core::ffi::c_void,
                    word: *const ::core::ffi::c_char,
                ),
            >,
            context: *mut ::core::ffi::c_void,
        );
        /// Returns the mean of `count` points, which the caller continues to own.
        pub fn cpp_centroid(points: *const Point, count: usize) -> Point;
        /// Returns `text` in capitals, allocated by C++. The caller must pass it to `cpp_free`.
        pub fn cpp_shout(text: *const ::core::ffi::c_char) -> *mut ::core::ffi::c_char;
        pub fn cpp_free(text: *mut ::core::ffi::c_char);
        /// Returns the moves for a tower of Hanoi. This function and `rust_hanoi` call each other.
        pub fn cpp_hanoi(disks: ::core::ffi::c_int) -> ::core::ffi::c_int;
    }
}
#[allow(unreachable_pub, unused_imports)]
pub use generated::*;
