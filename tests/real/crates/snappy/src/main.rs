//! Snappy, in C++ without exceptions, by its C functions.

use snappy_src::*;

fn main() {
    let text: Vec<u8> = (0..100_000u32).map(|n| (n / 11 % 211 * (n % 2)) as u8).collect();
    // SAFETY: the buffers are as large as is said.
    unsafe {
        let mut size = snappy_max_compressed_length(text.len());
        let mut small = vec![0u8; size];
        println!(
            "{}",
            snappy_compress(text.as_ptr().cast(), text.len(), small.as_mut_ptr().cast(), &mut size)
                as u32
        );
        small.truncate(size);
        let mut length = 0;
        snappy_uncompressed_length(small.as_ptr().cast(), small.len(), &mut length);
        let mut large = vec![0u8; length];
        let status =
            snappy_uncompress(small.as_ptr().cast(), size, large.as_mut_ptr().cast(), &mut length);
        println!("{size} of {length} bytes, {}, {}", status as u32, large == text);
        small[60] ^= 0xff;
        println!("{}", snappy_validate_compressed_buffer(small.as_ptr().cast(), size / 2) as u32);
    }
}
