//! Compresses generated input by zstd and says what came of it. As a native program it uses the crate
//! `zstd-sys`; as a WebAssembly main, the same sources as a shared library.

#[path = "../common.rs"]
mod common;

use std::alloc::{self, Layout};
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::sync::atomic::{AtomicIsize, Ordering};

use common::{Random, print, report};
// Brings the native library.
#[cfg(not(target_family = "wasm"))]
use zstd_sys as _;

#[repr(C)]
struct InBuffer {
    source: *const u8,
    size: usize,
    position: usize,
}

#[repr(C)]
struct OutBuffer {
    destination: *mut u8,
    size: usize,
    position: usize,
}

/// Passed by value.
#[repr(C)]
struct CustomMemory {
    allocate: extern "C" fn(*mut c_void, usize) -> *mut c_void,
    free: extern "C" fn(*mut c_void, *mut c_void),
    opaque: *mut c_void,
}

const COMPRESSION_LEVEL: c_int = 100;
const LONG_DISTANCE_MATCHING: c_int = 160;
const CHECKSUM: c_int = 201;

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn ZSTD_versionString() -> *const c_char;
    fn ZSTD_minCLevel() -> c_int;
    fn ZSTD_maxCLevel() -> c_int;
    fn ZSTD_isError(code: usize) -> c_uint;
    fn ZSTD_getErrorName(code: usize) -> *const c_char;
    fn ZSTD_compressBound(size: usize) -> usize;
    fn ZSTD_createCCtx_advanced(memory: CustomMemory) -> *mut c_void;
    fn ZSTD_freeCCtx(context: *mut c_void) -> usize;
    fn ZSTD_CCtx_setParameter(context: *mut c_void, parameter: c_int, value: c_int) -> usize;
    fn ZSTD_compress2(
        context: *mut c_void,
        destination: *mut u8,
        capacity: usize,
        source: *const u8,
        size: usize,
    ) -> usize;
    fn ZSTD_getFrameContentSize(source: *const u8, size: usize) -> c_ulonglong;
    fn ZSTD_decompress(
        destination: *mut u8,
        capacity: usize,
        source: *const u8,
        size: usize,
    ) -> usize;
    fn ZSTD_createDCtx() -> *mut c_void;
    fn ZSTD_freeDCtx(context: *mut c_void) -> usize;
    fn ZSTD_decompressStream(
        context: *mut c_void,
        output: *mut OutBuffer,
        input: *mut InBuffer,
    ) -> usize;
}

type Result<T> = std::result::Result<T, String>;

fn check(code: usize) -> Result<usize> {
    // SAFETY: any code is allowed, and the name is a literal
    unsafe {
        match ZSTD_isError(code) {
            0 => Ok(code),
            _ => Err(CStr::from_ptr(ZSTD_getErrorName(code)).to_string_lossy().into_owned()),
        }
    }
}

/// Bytes that zstd has of Rust's allocator.
static ALLOCATED: AtomicIsize = AtomicIsize::new(0);
/// Each block is preceded by its size.
const HEADER: usize = 16;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size + HEADER, HEADER).expect("a size that fits")
}

extern "C" fn allocate(_: *mut c_void, size: usize) -> *mut c_void {
    ALLOCATED.fetch_add(size as isize, Ordering::Relaxed);
    // SAFETY: the size is not 0, and the block is large enough for its header
    unsafe {
        let block = alloc::alloc(layout(size));
        block.cast::<usize>().write(size);
        block.add(HEADER).cast()
    }
}

extern "C" fn free(_: *mut c_void, block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: the block comes from `allocate`
    unsafe {
        let block = block.cast::<u8>().sub(HEADER);
        let size = block.cast::<usize>().read();
        ALLOCATED.fetch_sub(size as isize, Ordering::Relaxed);
        alloc::dealloc(block, layout(size));
    }
}

fn compress(input: &[u8], level: c_int, long_distance: bool) -> Result<Vec<u8>> {
    let memory = CustomMemory { allocate, free, opaque: std::ptr::null_mut() };
    // SAFETY: the context is used until it is freed, and the buffers are as large as is said
    unsafe {
        let mut output = vec![0; ZSTD_compressBound(input.len())];
        let context = ZSTD_createCCtx_advanced(memory);
        check(ZSTD_CCtx_setParameter(context, COMPRESSION_LEVEL, level))?;
        check(ZSTD_CCtx_setParameter(context, CHECKSUM, 1))?;
        check(ZSTD_CCtx_setParameter(context, LONG_DISTANCE_MATCHING, long_distance.into()))?;
        let (destination, capacity) = (output.as_mut_ptr(), output.len());
        let code = ZSTD_compress2(context, destination, capacity, input.as_ptr(), input.len());
        check(ZSTD_freeCCtx(context))?;
        output.truncate(check(code)?);
        Ok(output)
    }
}

fn decompress(compressed: &[u8]) -> Result<Vec<u8>> {
    // SAFETY: the buffers are as large as is said
    unsafe {
        let size = ZSTD_getFrameContentSize(compressed.as_ptr(), compressed.len());
        let mut output = vec![0; usize::try_from(size).map_err(|e| e.to_string())?];
        let (destination, capacity) = (output.as_mut_ptr(), output.len());
        let size = ZSTD_decompress(destination, capacity, compressed.as_ptr(), compressed.len());
        output.truncate(check(size)?);
        Ok(output)
    }
}

/// In pieces of a size that fits nothing.
fn decompress_stream(compressed: &[u8]) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    let mut buffer = [0; 997];
    let mut input = InBuffer { source: compressed.as_ptr(), size: 0, position: 0 };
    // SAFETY: the context is used until it is freed, and the buffers are as large as is said
    unsafe {
        let context = ZSTD_createDCtx();
        loop {
            input.size = compressed.len().min(input.position + 331);
            let mut out =
                OutBuffer { destination: buffer.as_mut_ptr(), size: buffer.len(), position: 0 };
            let rest = check(ZSTD_decompressStream(context, &mut out, &mut input))?;
            output.extend_from_slice(&buffer[..out.position]);
            if rest == 0 {
                check(ZSTD_freeDCtx(context))?;
                return Ok(output);
            }
        }
    }
}

/// Words, some more frequent than others.
fn text(size: usize) -> Vec<u8> {
    let mut random = Random(1);
    let words: Vec<Vec<u8>> = (0..500)
        .map(|_| (0..2 + random.below(9)).map(|_| b'a' + random.below(26) as u8).collect())
        .collect();
    let mut text = Vec::new();
    while text.len() < size {
        let word = random.below(words.len());
        text.extend_from_slice(&words[random.below(word + 1)]);
        text.push(if random.below(12) == 0 { b'\n' } else { b' ' });
    }
    text.truncate(size);
    text
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random(2);
    let noise: Vec<_> = (0..100_000).map(|_| random.below(256) as u8).collect();
    let few: Vec<_> = (0..50_000).map(|_| b"acgt"[random.below(4)]).collect();
    let mixed = [text(60_000), noise[..20_000].to_vec(), vec![0; 30_000], text(90_000)].concat();
    vec![
        ("empty", Vec::new()),
        ("one byte", vec![7]),
        ("text", text(400_000)),
        ("random", noise),
        ("zeros", vec![0; 300_000]),
        ("four letters", few),
        ("mixed", mixed),
    ]
}

fn round_trip(name: &str, input: &[u8], level: c_int, long_distance: bool) -> Result<()> {
    let compressed = compress(input, level, long_distance)?;
    let long = if long_distance { ", long distance" } else { "" };
    report(&format!("{name}, level {level}{long}"), &compressed);
    let same = decompress(&compressed)? == input && decompress_stream(&compressed)? == input;
    if same { Ok(()) } else { Err(format!("{name}, level {level}: another after decompression")) }
}

fn run() -> Result<()> {
    // SAFETY: the version is a literal
    let version = unsafe { CStr::from_ptr(ZSTD_versionString()) };
    // SAFETY: they have no conditions
    let levels = unsafe { (ZSTD_minCLevel(), ZSTD_maxCLevel()) };
    print(format!("zstd {}, levels {levels:?}", version.to_string_lossy()));
    for (name, input) in inputs() {
        report(name, &input);
        for level in [-5, 1, 3, 6, 9, 13, 16, 19, 22] {
            round_trip(name, &input, level, false)?;
        }
        round_trip(name, &input, 3, true)?;
    }
    let mut broken = compress(&text(1000), 3, false)?;
    let end = broken.len();
    broken[end - 1] ^= 1;
    print(format!("{:?}", decompress(&broken)));
    print(format!("{:?}", decompress(&broken[..end / 2])));
    print(format!("{} bytes not freed", ALLOCATED.load(Ordering::Relaxed)));
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    match run() {
        Ok(()) => 42,
        Err(message) => {
            print(message);
            1
        }
    }
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    print(test().to_string());
}
