//! Compresses at several levels, with a dictionary and as a stream, and reads a broken frame.

use std::io::{Read, Write};

fn text() -> Vec<u8> {
    (0..20_000u32)
        .flat_map(|n| format!("{} ", n.wrapping_mul(2_654_435_761) % 997).into_bytes())
        .collect()
}

fn main() {
    let text = text();
    for level in [-3, 1, 3, 9, 19] {
        let compressed = zstd::bulk::compress(&text, level).unwrap();
        let again = zstd::bulk::decompress(&compressed, text.len()).unwrap();
        println!("level {level}: {} bytes, {}", compressed.len(), again == text);
    }
    let samples: Vec<_> = (0..500)
        .map(|n| format!("{{\"name\": \"item {n}\", \"price\": {}}}", n * 7 % 90))
        .collect();
    let dictionary = zstd::dict::from_samples(&samples, 2000).unwrap();
    let mut compressor = zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
    let small = compressor.compress(samples[77].as_bytes()).unwrap();
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(&dictionary).unwrap();
    let large = decompressor.decompress(&small, 1000).unwrap();
    println!("dictionary: {} bytes for {}", small.len(), String::from_utf8(large).unwrap());
    let mut encoder = zstd::Encoder::new(Vec::new(), 5).unwrap();
    encoder.include_checksum(true).unwrap();
    text.chunks(777).for_each(|chunk| encoder.write_all(chunk).unwrap());
    let mut stream = encoder.finish().unwrap();
    let mut decoded = Vec::new();
    zstd::Decoder::new(&stream[..]).unwrap().read_to_end(&mut decoded).unwrap();
    println!("stream: {} bytes, {}", stream.len(), decoded == text);
    let end = stream.len() - 1;
    stream[end] ^= 1;
    println!("{}", zstd::decode_all(&stream[..]).unwrap_err());
}
