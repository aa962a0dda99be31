//! Whole-buffer deflate, zlib and gzip by libdeflate.

use libdeflater::{CompressionLvl, Compressor, Decompressor};

fn main() {
    let text: Vec<u8> = (0..100_000u32).map(|n| (n / 11 % 211 * (n % 2)) as u8).collect();
    for level in [1, 6, 12] {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut small = vec![0; compressor.gzip_compress_bound(text.len())];
        let size = compressor.gzip_compress(&text, &mut small).unwrap();
        small.truncate(size);
        let mut large = vec![0; text.len()];
        let size = Decompressor::new().gzip_decompress(&small, &mut large).unwrap();
        println!("level {level}: {} bytes, {}", small.len(), large[..size] == text[..]);
        println!("{:?}", Decompressor::new().gzip_decompress(&small, &mut large[1..]));
        small[30] ^= 0x55;
        println!("{:?}", Decompressor::new().gzip_decompress(&small, &mut large));
    }
    println!("crc {:08x}, adler {:08x}", libdeflater::crc32(&text), libdeflater::adler32(&text));
}
