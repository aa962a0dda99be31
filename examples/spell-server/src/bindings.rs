// Written by `cargo xtask build-all` from `examples/spell-server/cpp/spell.h` with bindgen. Change that instead.

/// cbindgen:ignore
#[rustfmt::skip]
#[allow(
    dead_code, missing_debug_implementations, missing_docs, nonstandard_style, unreachable_pub,
    clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks,
)]
mod generated {
    /// A word that is not in the dictionary.
    #[repr(C)]
    #[derive(Debug, Copy, Clone)]
    pub struct SpellMistake {
        /// The first byte of the word in the text, and its size in bytes.
        pub offset: usize,
        /// The first byte of the word in the text, and its size in bytes.
        pub size: usize,
        /// The known words that it may mean, separated by commas. C++ frees them after the call.
        pub suggestions: *const ::core::ffi::c_char,
    }
    #[allow(clippy::unnecessary_operation, clippy::identity_op)]
    #[cfg(target_pointer_width = "32")]
    const _: () = {
        ["Size of SpellMistake"][::core::mem::size_of::<SpellMistake>() - 12usize];
        ["Alignment of SpellMistake"][::core::mem::align_of::<SpellMistake>() - 4usize];
        [
            "Offset of field: SpellMistake::offset",
        ][::core::mem::offset_of!(SpellMistake, offset) - 0usize];
        [
            "Offset of field: SpellMistake::size",
        ][::core::mem::offset_of!(SpellMistake, size) - 4usize];
        [
            "Offset of field: SpellMistake::suggestions",
        ][::core::mem::offset_of!(SpellMistake, suggestions) - 8usize];
    };
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        /** Calls `visit` with each word of a text that is not in the dictionary.

     Returns 0, or a message if the text cannot be read. The message stays valid until the next call.*/
        pub fn spell_check(
            text: *const u8,
            size: usize,
            visit: ::core::option::Option<
                unsafe extern "C" fn(
                    context: *mut ::core::ffi::c_void,
                    mistake: *const SpellMistake,
                ),
            >,
            context: *mut ::core::ffi::c_void,
        ) -> *const ::core::ffi::c_char;
    }
}
#[allow(unreachable_pub, unused_imports)]
pub use generated::*;
