//! Blocks and frames of LZ4. Their sizes depend on the size of a pointer.

use std::io::{Read, Write};

use lz4::block::CompressionMode;
use lz4::{Decoder, EncoderBuilder};

fn main() {
    let text: Vec<u8> = (0..200_000u32).map(|n| (n / 5 % 97) as u8).collect();
    let modes =
        [CompressionMode::DEFAULT, CompressionMode::FAST(8), CompressionMode::HIGHCOMPRESSION(9)];
    for mode in modes {
        let small = lz4::block::compress(&text, Some(mode), true).unwrap();
        println!(
            "{}, {}",
            small.len() < 2000,
            lz4::block::decompress(&small, None).unwrap() == text
        );
    }
    let mut encoder = EncoderBuilder::new().level(4).build(Vec::new()).unwrap();
    encoder.write_all(&text).unwrap();
    let (mut frame, result) = encoder.finish();
    result.unwrap();
    let mut large = Vec::new();
    Decoder::new(&frame[..]).unwrap().read_to_end(&mut large).unwrap();
    println!("frame: {}, {}", frame.len() < 2000, large == text);
    frame[0] ^= 1;
    println!(
        "{:?}",
        Decoder::new(&frame[..]).unwrap().read_to_end(&mut Vec::new()).map_err(|e| e.to_string())
    );
}
