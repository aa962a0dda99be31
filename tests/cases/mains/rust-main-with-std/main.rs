//! A Rust main with std is not position independent: it keeps its addresses and its allocator,
//! whose first pages follow its data. The C++ library's data comes after those.
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_int;
use std::slice;
use std::sync::{LazyLock, Mutex};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn cpp_primes(count: *mut usize) -> *const c_int;
    fn cpp_add_prime(prime: c_int);
    fn cpp_bss() -> c_int;
}

static SEEN: LazyLock<Mutex<HashMap<String, c_int>>> = LazyLock::new(Mutex::default);

fn primes() -> Vec<c_int> {
    let mut count = 0;
    // SAFETY: C++ says where the numbers lie and how many they are, and does not change them meanwhile
    unsafe { slice::from_raw_parts(cpp_primes(&mut count), count).to_vec() }
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    if primes() != [2, 3, 5, 7] {
        return 1;
    }
    // A megabyte of Rust's, through the end of the initial pages and beyond.
    let blocks: Vec<_> = (0..=255u8).map(|n| vec![n; 4096]).collect();
    // SAFETY: the functions have these types where they are defined
    unsafe {
        if cpp_bss() != 0 {
            return 2;
        }
        cpp_add_prime(11);
        cpp_add_prime(13);
    }
    if blocks.iter().zip(0..).any(|(block, n)| block.iter().any(|byte| *byte != n)) {
        return 3;
    }
    let mut seen = SEEN.lock().unwrap();
    seen.extend(primes().into_iter().map(|prime| (format!("{prime:03}"), prime * prime)));
    let sorted: BTreeMap<_, _> = seen.iter().collect();
    if sorted.into_iter().next_back() != Some((&"013".to_owned(), &169)) {
        return 4;
    }
    42
}
