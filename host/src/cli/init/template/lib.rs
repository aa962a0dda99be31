//! Rust that calls a library in C++. Both run in one sandbox, and share its memory.
#![cfg(target_family = "wasm")]

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    /// Returns the number of different words in a text. It is defined in cpp/words.cpp.
    fn count_words(text: *const c_char) -> u32;
}

/// Returns 3, the number of different words in a text.
// SAFETY of the unmangled name: the modules that are linked with this one define no other function
// of this name.
#[unsafe(no_mangle)]
pub extern "C" fn NAME_answer() -> u32 {
    count(c"one two one three")
}

fn count(text: &CStr) -> u32 {
    // SAFETY: the text ends with a zero byte, and C++ only reads it.
    unsafe { count_words(text.as_ptr()) }
}

/// Returns the length of a word. C++ calls it.
///
/// # Safety
///
/// `word` is the address of a text that ends with a zero byte.
// SAFETY of the unmangled name: as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NAME_length(word: *const c_char) -> u32 {
    // SAFETY: the caller guarantees a valid text.
    let word = unsafe { CStr::from_ptr(word) };
    word.to_bytes().len() as u32
}
