//! The parts that Rust's standard library lacks on `wasm32-unknown-unknown`: output, the messages of
//! panics, the exit status, and the time. `harness.rs` has those for tests.
//!
//! `wasm-ld` compiles this file with the compiler of the program that it links. A function that is
//! exported as `wrap PATH` takes the place of the function PATH of the standard library, which is
//! imported as `real PATH`. Functions that the program does not use are left out of it.

#![cfg_attr(harness, feature(test))]

use std::fmt::Arguments;
use std::io::{self, IoSlice};
use std::panic::{Location, PanicHookInfo};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, SystemTimeError};

#[cfg(harness)]
mod harness;

const STDOUT: i32 = 1;
const STDERR: i32 = 2;

#[unsafe(export_name = "wrap std::io::stdio::_print")]
fn print(args: Arguments<'_>) {
    if let Err(error) = write_formatted(STDOUT, args) {
        panic!("failed printing to stdout: {error}");
    }
}

#[unsafe(export_name = "wrap std::io::stdio::_eprint")]
fn print_error(args: Arguments<'_>) {
    if let Err(error) = write_formatted(STDERR, args) {
        panic!("failed printing to stderr: {error}");
    }
}

/// Prints the error that `main` returns.
#[unsafe(export_name = "wrap std::io::stdio::attempt_print_to_stderr")]
fn try_print_error(args: Arguments<'_>) {
    drop(write_formatted(STDERR, args));
}

/// Replaces functions of one of the types that write to a stream. They need nothing of the value.
macro_rules! stream {
    ($stream:expr, $name:ident,
     $write:literal, $write_all:literal, $write_vectored:literal, $write_fmt:literal) => {
        mod $name {
            use super::*;

            #[unsafe(export_name = $write)]
            fn write(_: *const (), bytes: &[u8]) -> io::Result<usize> {
                write_some($stream, &[IoSlice::new(bytes)])
            }

            #[unsafe(export_name = $write_all)]
            fn write_all(_: *const (), bytes: &[u8]) -> io::Result<()> {
                super::write_all($stream, bytes)
            }

            #[unsafe(export_name = $write_vectored)]
            fn write_vectored(_: *const (), parts: &[IoSlice<'_>]) -> io::Result<usize> {
                write_some($stream, parts)
            }

            #[unsafe(export_name = $write_fmt)]
            fn write_fmt(_: *const (), args: Arguments<'_>) -> io::Result<()> {
                write_formatted($stream, args)
            }
        }
    };
}

stream!(
    STDOUT, stdout,
    "wrap <std::io::stdio::Stdout as std::io::Write>::write",
    "wrap <std::io::stdio::Stdout as std::io::Write>::write_all",
    "wrap <std::io::stdio::Stdout as std::io::Write>::write_vectored",
    "wrap <std::io::stdio::Stdout as std::io::Write>::write_fmt"
);
stream!(
    STDOUT, stdout_reference,
    "wrap <&std::io::stdio::Stdout as std::io::Write>::write",
    "wrap <&std::io::stdio::Stdout as std::io::Write>::write_all",
    "wrap <&std::io::stdio::Stdout as std::io::Write>::write_vectored",
    "wrap <&std::io::stdio::Stdout as std::io::Write>::write_fmt"
);
stream!(
    STDOUT, stdout_lock,
    "wrap <std::io::stdio::StdoutLock as std::io::Write>::write",
    "wrap <std::io::stdio::StdoutLock as std::io::Write>::write_all",
    "wrap <std::io::stdio::StdoutLock as std::io::Write>::write_vectored",
    "wrap <std::io::stdio::StdoutLock as std::io::Write>::write_fmt"
);
stream!(
    STDERR, stderr,
    "wrap <std::io::stdio::Stderr as std::io::Write>::write",
    "wrap <std::io::stdio::Stderr as std::io::Write>::write_all",
    "wrap <std::io::stdio::Stderr as std::io::Write>::write_vectored",
    "wrap <std::io::stdio::Stderr as std::io::Write>::write_fmt"
);
stream!(
    STDERR, stderr_reference,
    "wrap <&std::io::stdio::Stderr as std::io::Write>::write",
    "wrap <&std::io::stdio::Stderr as std::io::Write>::write_all",
    "wrap <&std::io::stdio::Stderr as std::io::Write>::write_vectored",
    "wrap <&std::io::stdio::Stderr as std::io::Write>::write_fmt"
);
stream!(
    STDERR, stderr_lock,
    "wrap <std::io::stdio::StderrLock as std::io::Write>::write",
    "wrap <std::io::stdio::StderrLock as std::io::Write>::write_all",
    "wrap <std::io::stdio::StderrLock as std::io::Write>::write_vectored",
    "wrap <std::io::stdio::StderrLock as std::io::Write>::write_fmt"
);

fn write_formatted(stream: i32, args: Arguments<'_>) -> io::Result<()> {
    match args.as_str() {
        Some(text) => write_all(stream, text.as_bytes()),
        None => write_all(stream, args.to_string().as_bytes()),
    }
}

fn write_all(stream: i32, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = write_some(stream, &[IoSlice::new(bytes)])?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn write_some(stream: i32, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    let parts: Vec<_> =
        parts.iter().map(|part| wasi::Part { start: part.as_ptr(), size: part.len() }).collect();
    let mut written = 0;
    // SAFETY: the parts are slices that live until the call returns, and so does `written`.
    match unsafe { wasi::fd_write(stream, parts.as_ptr(), parts.len(), &mut written) } {
        0 => Ok(written),
        wasi::BROKEN_PIPE => Err(io::ErrorKind::BrokenPipe.into()),
        number => Err(io::Error::other(format!("WASI's error {number}"))),
    }
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Set while there is a panic hook, of the program or of this file.
static HAS_HOOK: AtomicBool = AtomicBool::new(false);

unsafe extern "Rust" {
    #[link_name = "real std::panicking::set_hook"]
    safe fn real_set_hook(hook: Hook);
    #[link_name = "real std::panicking::take_hook"]
    safe fn real_take_hook() -> Hook;
    #[link_name = "real __rustc::rust_begin_unwind"]
    safe fn real_panic(info: &core::panic::PanicInfo<'_>) -> !;
    // The first parameter is a reference to a trait object, of a trait that is private.
    #[link_name = "real std::panicking::panic_with_hook"]
    fn real_panic_with_hook(
        payload: usize,
        payload_table: usize,
        location: &Location<'_>,
        can_unwind: bool,
        force_no_backtrace: bool,
    ) -> !;
}

#[unsafe(export_name = "wrap std::panicking::set_hook")]
fn set_hook(hook: Hook) {
    HAS_HOOK.store(true, Ordering::Relaxed);
    #[cfg(harness)]
    let hook = Box::new(move |info: &PanicHookInfo<'_>| {
        hook(info);
        harness::panicked(info);
    });
    real_set_hook(hook);
}

/// Returns the hook. One that the program sets around it still prints messages.
#[unsafe(export_name = "wrap std::panicking::take_hook")]
fn take_hook() -> Hook {
    provide_hook();
    HAS_HOOK.store(false, Ordering::Relaxed);
    real_take_hook()
}

/// Panics with a message that is formatted.
#[unsafe(export_name = "wrap __rustc::rust_begin_unwind")]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    provide_hook();
    real_panic(info)
}

/// Panics with any other value.
#[unsafe(export_name = "wrap std::panicking::panic_with_hook")]
fn panic_with_hook(
    payload: usize,
    payload_table: usize,
    location: &Location<'_>,
    can_unwind: bool,
    force_no_backtrace: bool,
) -> ! {
    provide_hook();
    // SAFETY: these are the arguments of a call of that function.
    unsafe {
        real_panic_with_hook(payload, payload_table, location, can_unwind, force_no_backtrace)
    }
}

/// Sets a hook that prints the message of a panic, unless the program has a hook of its own: that
/// of the standard library prints nothing here.
fn provide_hook() {
    if !HAS_HOOK.load(Ordering::Relaxed) {
        set_hook(Box::new(|info| try_print_error(format_args!("\nthread 'main' {info}\n"))));
    }
}

/// Ends the program as C does, which flushes the streams of C.
#[unsafe(export_name = "wrap std::process::exit")]
fn exit(status: i32) -> ! {
    libc::exit(status)
}

// The standard library stores both as a duration. It panics when asked for the time.
const _: () = assert!(size_of::<Instant>() == size_of::<Duration>());
const _: () = assert!(size_of::<SystemTime>() == size_of::<Duration>());

#[unsafe(export_name = "wrap <std::time::Instant>::now")]
fn instant_now() -> Instant {
    // SAFETY: an instant is a duration since some start, as the assertion above checks.
    unsafe { std::mem::transmute(time(wasi::MONOTONIC)) }
}

#[unsafe(export_name = "wrap <std::time::SystemTime>::now")]
fn system_time_now() -> SystemTime {
    SystemTime::UNIX_EPOCH + time(wasi::REALTIME)
}

#[unsafe(export_name = "wrap <std::time::Instant>::elapsed")]
fn instant_elapsed(earlier: &Instant) -> Duration {
    instant_now().duration_since(*earlier)
}

#[unsafe(export_name = "wrap <std::time::SystemTime>::elapsed")]
fn system_time_elapsed(earlier: &SystemTime) -> Result<Duration, SystemTimeError> {
    system_time_now().duration_since(*earlier)
}

fn time(clock: i32) -> Duration {
    let mut time = 0;
    // SAFETY: `time` lives until the call returns.
    match unsafe { wasi::clock_time_get(clock, 1, &mut time) } {
        0 => Duration::from_nanos(time),
        number => panic!("the time is not known: WASI's error {number}"),
    }
}

#[unsafe(export_name = "wrap std::thread::functions::sleep")]
fn sleep(duration: Duration) {
    let timeout = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let wait = wasi::Wait { clock: wasi::MONOTONIC as u64, timeout, ..wasi::Wait::default() };
    let (mut event, mut events) = ([0; 4], 0);
    // SAFETY: there is one wait, and space for one event. All live until the call returns.
    if unsafe { wasi::poll_oneoff(&wait, &mut event, 1, &mut events) } != 0 {
        panic!("cannot sleep: there is no clock");
    }
}

mod libc {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(crate) safe fn exit(status: i32) -> !;
    }
}

/// The functions of WASI that are needed, with the types that they have in WebAssembly.
mod wasi {
    pub(crate) const BROKEN_PIPE: i32 = 64;
    pub(crate) const REALTIME: i32 = 0;
    pub(crate) const MONOTONIC: i32 = 1;

    /// A part of what is written.
    #[repr(C)]
    pub(crate) struct Part {
        pub(crate) start: *const u8,
        pub(crate) size: usize,
    }

    /// A wait for a clock.
    #[repr(C)]
    #[derive(Default)]
    pub(crate) struct Wait {
        pub(crate) userdata: u64,
        pub(crate) kind: u64,
        pub(crate) clock: u64,
        pub(crate) timeout: u64,
        pub(crate) precision: u64,
        pub(crate) flags: u64,
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(crate) fn fd_write(
            stream: i32,
            parts: *const Part,
            count: usize,
            written: *mut usize,
        ) -> i32;
        pub(crate) fn clock_time_get(clock: i32, precision: u64, time: *mut u64) -> i32;
        pub(crate) fn poll_oneoff(
            waits: *const Wait,
            events: *mut [u64; 4],
            count: usize,
            happened: *mut usize,
        ) -> i32;
        #[cfg(harness)]
        pub(crate) fn args_sizes_get(count: *mut usize, size: *mut usize) -> i32;
        #[cfg(harness)]
        pub(crate) fn args_get(args: *mut *const std::ffi::c_char, bytes: *mut u8) -> i32;
    }
}
