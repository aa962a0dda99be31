// The module lies at fixed addresses: it cannot import variables of others, as it imports their functions.
unsafe extern "C" {
    static mut counter: i32;
    static limit: i32;
    fn other(value: i32) -> i32;
}

#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    // SAFETY: There is one thread.
    unsafe {
        counter += 1;
        other(left.wrapping_add(right) + counter + limit)
    }
}
