//! The newer fork of `xz2`: a round trip and a filter for x86 code.

use std::io::Read;

use liblzma::read::{XzDecoder, XzEncoder};
use liblzma::stream::{Check, Filters, LzmaOptions, Stream};

fn main() {
    let text: Vec<u8> = (0..100_000u32).map(|n| (n / 9 % 151 + n % 4) as u8).collect();
    for level in [0, 4] {
        let mut small = Vec::new();
        XzEncoder::new(&text[..], level).read_to_end(&mut small).unwrap();
        let mut large = Vec::new();
        XzDecoder::new(&small[..]).read_to_end(&mut large).unwrap();
        println!("level {level}: {} bytes, {}", small.len(), large == text);
    }
    let options = LzmaOptions::new_preset(1).unwrap();
    let mut filters = Filters::new();
    filters.x86().lzma2(&options);
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
    let mut small = Vec::new();
    XzEncoder::new_stream(&text[..], stream).read_to_end(&mut small).unwrap();
    let mut large = Vec::new();
    XzDecoder::new(&small[..]).read_to_end(&mut large).unwrap();
    println!("x86: {} bytes, {}", small.len(), large == text);
    let end = small.len() / 3;
    println!("{}", XzDecoder::new(&small[..end]).read_to_end(&mut Vec::new()).unwrap_err());
}
