//! zlib by `flate2`: deflate, gzip, and a checksum that is wrong.

use std::ffi::CStr;
use std::io::{Read, Write};

use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc};

fn main() {
    // SAFETY: the version is a literal.
    println!("zlib {}", unsafe { CStr::from_ptr(libz_sys::zlibVersion()) }.to_str().unwrap());
    let text: Vec<u8> = (0..50_000u32).map(|n| (n * n / 77 % 200) as u8).collect();
    for level in 0..=9 {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&text).unwrap();
        let small = encoder.finish().unwrap();
        let mut large = Vec::new();
        ZlibDecoder::new(&small[..]).read_to_end(&mut large).unwrap();
        println!("level {level}: {} bytes, {}", small.len(), large == text);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"hello, gzip").unwrap();
    let mut file = encoder.finish().unwrap();
    println!("{file:02x?}");
    let mut line = String::new();
    GzDecoder::new(&file[..]).read_to_string(&mut line).unwrap();
    println!("{line}");
    let checksum = file.len() - 8;
    file[checksum] ^= 1;
    println!("{}", GzDecoder::new(&file[..]).read_to_end(&mut Vec::new()).unwrap_err());
    let mut crc = Crc::new();
    crc.update(&text);
    println!("crc {:08x} of {} bytes", crc.sum(), crc.amount());
}
