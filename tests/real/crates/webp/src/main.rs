//! Encodes a picture to WebP, with and without loss, and decodes it.

use std::ptr;

use libwebp_sys::*;

const WIDTH: i32 = 61;
const HEIGHT: i32 = 47;

fn picture() -> Vec<u8> {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    pixels.flat_map(|(x, y)| [(x * 4) as u8, (y * 5) as u8, (x * y / 9) as u8]).collect()
}

/// Decodes a file and returns the largest difference from the picture.
fn difference(file: &[u8]) -> Option<u8> {
    let mut width = 0;
    let mut height = 0;
    // SAFETY: the bytes are as many as is said, and the pixels as many as was asked.
    unsafe {
        let pixels = WebPDecodeRGB(file.as_ptr(), file.len(), &mut width, &mut height);
        if pixels.is_null() {
            return None;
        }
        let decoded = std::slice::from_raw_parts(pixels, (width * height * 3) as usize);
        let differences = decoded.iter().zip(picture()).map(|(a, b)| a.abs_diff(b));
        let largest = differences.max();
        WebPFree(pixels.cast());
        println!("{width} x {height}");
        largest
    }
}

fn encode(quality: Option<f32>) -> Vec<u8> {
    let pixels = picture();
    let mut file = ptr::null_mut();
    // SAFETY: the pixels are as many as is said.
    unsafe {
        let size = match quality {
            Some(quality) => {
                WebPEncodeRGB(pixels.as_ptr(), WIDTH, HEIGHT, WIDTH * 3, quality, &mut file)
            }
            None => WebPEncodeLosslessRGB(pixels.as_ptr(), WIDTH, HEIGHT, WIDTH * 3, &mut file),
        };
        let bytes = std::slice::from_raw_parts(file, size).to_vec();
        WebPFree(file.cast());
        bytes
    }
}

fn main() {
    // SAFETY: it has no conditions.
    println!("WebP {:x}", unsafe { WebPGetEncoderVersion() });
    for quality in [None, Some(90.0), Some(20.0)] {
        let file = encode(quality);
        println!("{quality:?}: {} bytes, difference {:?}", file.len(), difference(&file));
        println!("cut: {:?}", difference(&file[..file.len() / 2]).is_some());
    }
}
