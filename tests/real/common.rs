//! Shared code of the programs: generated input, and lines of output with the results.

use std::ffi::{CString, c_char, c_int};

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn puts(text: *const c_char) -> c_int;
}

/// Prints by the C library, which WebAssembly's plain target has and Rust's output there has not.
pub fn print(text: String) {
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: it is a C string
    unsafe { puts(text.as_ptr()) };
}

/// Prints how long some bytes are, and their hash.
pub fn report(what: &str, bytes: &[u8]) {
    print(format!("{what}: {} bytes, {:016x}", bytes.len(), fnv1a(bytes)));
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Numbers that look random and are the same everywhere (Knuth's MMIX).
pub struct Random(pub u64);

impl Random {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 32) % end as u64) as usize
    }
}
