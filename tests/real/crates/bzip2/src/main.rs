//! Compresses and decompresses by bzip2, and reads a broken stream.

use std::io::Read;

use bzip2::Compression;
use bzip2::read::{BzDecoder, BzEncoder};

fn main() {
    let text: Vec<u8> = (0..300_000u32).map(|n| (n / 7 % 251 * (n % 3)) as u8).collect();
    for level in [1, 6, 9] {
        let mut small = Vec::new();
        BzEncoder::new(&text[..], Compression::new(level)).read_to_end(&mut small).unwrap();
        let mut large = Vec::new();
        BzDecoder::new(&small[..]).read_to_end(&mut large).unwrap();
        println!("level {level}: {} bytes, {}", small.len(), large == text);
        let middle = small.len() / 2;
        small[middle] ^= 0xff;
        println!("{}", BzDecoder::new(&small[..]).read_to_end(&mut Vec::new()).unwrap_err());
    }
}
