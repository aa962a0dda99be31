unsafe extern "C" {
    fn one() -> i32;
    #[cfg(feature = "variable")]
    static stderr: *mut std::ffi::c_void;
}

#[unsafe(no_mangle)]
extern "C" fn answer() -> i32 {
    // SAFETY: it has no conditions.
    unsafe { one() }
}

#[cfg(feature = "variable")]
#[unsafe(no_mangle)]
extern "C" fn stream() -> *mut std::ffi::c_void {
    // SAFETY: nothing changes it.
    unsafe { stderr }
}
