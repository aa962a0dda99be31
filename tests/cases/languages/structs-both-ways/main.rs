//! `#[repr(C)]` structs with padding, an enum, a union, an array and pointers to data and functions
//! pass in both directions: by value, by reference and in arrays.
use std::ffi::c_int;
use std::mem::{align_of, offset_of, size_of};
use std::ptr;

#[repr(u8)]
#[derive(Clone, Copy)]
enum Kind {
    Open = 1,
    Closed = 2,
}

#[repr(C)]
#[derive(Clone, Copy)]
union Value {
    integer: i64,
    real: f64,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Account {
    kind: Kind,
    id: u64,
    digits: [u16; 3],
    value: Value,
    last: *const u16,
    accepts: extern "C" fn(&Account, i64) -> bool,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn cpp_layout() -> *const [usize; 7];
    fn sum(accounts: *const Account, count: usize) -> u64;
    fn cpp_uses_rusts() -> c_int;
}

extern "C" fn accepts(account: &Account, amount: i64) -> bool {
    // SAFETY: any 64 bits are an integer
    account.id.is_multiple_of(2) && amount < unsafe { account.value.integer }
}

#[unsafe(no_mangle)]
extern "C" fn rust_account(id: u64) -> Account {
    let value = Value { real: 0.5 };
    Account { kind: Kind::Open, id, digits: [1, 2, 3], value, last: ptr::null(), accepts }
}

#[unsafe(no_mangle)]
extern "C" fn rust_close(account: &mut Account) {
    account.kind = Kind::Closed;
    account.digits[2] = 9;
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let ours = [
        size_of::<Account>(),
        align_of::<Account>(),
        offset_of!(Account, id),
        offset_of!(Account, digits),
        offset_of!(Account, value),
        offset_of!(Account, last),
        offset_of!(Account, accepts),
    ];
    // SAFETY: it points to a constant
    if ours != unsafe { *cpp_layout() } {
        return 1;
    }
    let mut accounts = [rust_account(1), rust_account(2)];
    for account in &mut accounts {
        account.value = Value { integer: 10 };
        account.last = &raw const account.digits[2];
    }
    // SAFETY: the pointers are valid, those inside too: the array has not moved since
    if unsafe { sum(accounts.as_ptr(), accounts.len()) } != 1 + 3 + 10 + 2 + 3 + 10 + 100 {
        return 2;
    }
    // SAFETY: it needs nothing
    match unsafe { cpp_uses_rusts() } {
        0 => 42,
        fault => 2 + fault,
    }
}
