//! Compresses and decompresses by brotli's C library.

use std::io::{Read, Write};

use brotlic::{
    BlockSize, BrotliEncoderOptions, CompressorWriter, DecompressorReader, Quality, WindowSize,
};

fn main() {
    let words = ["the ", "of ", "and ", "compression ", "brotli ", "\n"];
    let text: String = (0..20_000usize).map(|n| words[n * n / 3 % words.len()]).collect();
    for quality in [0, 5, 9, 11] {
        let encoder = BrotliEncoderOptions::new()
            .quality(Quality::new(quality).unwrap())
            .window_size(WindowSize::new(20).unwrap())
            .block_size(BlockSize::best())
            .build()
            .unwrap();
        let mut writer = CompressorWriter::with_encoder(encoder, Vec::new());
        writer.write_all(text.as_bytes()).unwrap();
        let small = writer.into_inner().unwrap();
        let mut large = String::new();
        DecompressorReader::new(&small[..]).read_to_string(&mut large).unwrap();
        println!("quality {quality}: {} bytes, {}", small.len(), large == text);
    }
    println!(
        "{}",
        DecompressorReader::new(&[0xff; 40][..]).read_to_end(&mut Vec::new()).unwrap_err()
    );
}
