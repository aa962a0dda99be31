//! A command for WASI, with a libc of its own, that uses a C++ library. Its argument says how it ends.

use std::ffi::{c_char, c_int};
use std::process::{ExitCode, exit};

unsafe extern "C" {
    fn note(text: *const c_char);
    fn note_in_file(text: *const c_char);
    fn leave(status: c_int);
    fn leave_now(status: c_int);
}

fn main() -> ExitCode {
    println!("Rust begins");
    // SAFETY: strings that end with 0.
    unsafe {
        note(c"C++ holds back".as_ptr());
        note_in_file(c"unclosed".as_ptr());
    }
    match std::env::args().nth(1).as_deref() {
        Some("exit") => exit(3),
        // SAFETY: these functions take any number.
        Some("leave") => unsafe { leave(4) },
        // SAFETY: as above.
        Some("leave_now") => unsafe { leave_now(6) },
        Some("panic") => panic!("as asked"),
        Some("code") => return 5.into(),
        _ => {}
    }
    ExitCode::SUCCESS
}
