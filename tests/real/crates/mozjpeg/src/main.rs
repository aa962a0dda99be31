//! Encodes a picture to JPEG and decodes it.

use std::mem::{self, MaybeUninit};
use std::ptr;

use mozjpeg_sys::*;

const WIDTH: usize = 64;
const HEIGHT: usize = 40;

fn picture() -> Vec<u8> {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    pixels.flat_map(|(x, y)| [(x * 4) as u8, (y * 5) as u8, (x * y / 11) as u8]).collect()
}

unsafe fn encode(pixels: &[u8], quality: i32) -> Vec<u8> {
    // SAFETY: the pixels are as many as the size says, and each struct is used until it is destroyed.
    unsafe {
        let mut error: jpeg_error_mgr = mem::zeroed();
        let mut state = MaybeUninit::<jpeg_compress_struct>::zeroed().assume_init();
        state.common.err = jpeg_std_error(&mut error);
        jpeg_create_compress(&mut state);
        let mut file = ptr::null_mut();
        let mut size = 0;
        jpeg_mem_dest(&mut state, &mut file, &mut size);
        state.image_width = WIDTH as u32;
        state.image_height = HEIGHT as u32;
        state.in_color_space = J_COLOR_SPACE::JCS_RGB;
        state.input_components = 3;
        jpeg_set_defaults(&mut state);
        // The Huffman tables and the transform with integers, which are the same everywhere.
        state.dct_method = J_DCT_METHOD::JDCT_ISLOW;
        jpeg_set_quality(&mut state, quality, boolean::from(true));
        jpeg_start_compress(&mut state, boolean::from(true));
        for row in pixels.chunks(WIDTH * 3) {
            let row = row.as_ptr();
            jpeg_write_scanlines(&mut state, &row, 1);
        }
        jpeg_finish_compress(&mut state);
        let bytes = std::slice::from_raw_parts(file, size as usize).to_vec();
        jpeg_destroy_compress(&mut state);
        bytes
    }
}

unsafe fn decode(file: &[u8]) -> Vec<u8> {
    // SAFETY: the row is as long as the decoder says, and each struct is used until it is destroyed.
    unsafe {
        let mut error: jpeg_error_mgr = mem::zeroed();
        let mut state = MaybeUninit::<jpeg_decompress_struct>::zeroed().assume_init();
        state.common.err = jpeg_std_error(&mut error);
        jpeg_create_decompress(&mut state);
        jpeg_mem_src(&mut state, file.as_ptr(), file.len() as _);
        jpeg_read_header(&mut state, boolean::from(true));
        jpeg_start_decompress(&mut state);
        println!("{} x {}", state.output_width, state.output_height);
        let mut pixels = Vec::new();
        while state.output_scanline < state.output_height {
            let mut row = vec![0u8; state.output_width as usize * 3];
            let mut rows = [row.as_mut_ptr()];
            jpeg_read_scanlines(&mut state, rows.as_mut_ptr(), 1);
            pixels.extend(row);
        }
        jpeg_finish_decompress(&mut state);
        jpeg_destroy_decompress(&mut state);
        pixels
    }
}

fn main() {
    let pixels = picture();
    for quality in [30, 75, 95] {
        // SAFETY: the pixels are as many as the size says.
        let file = unsafe { encode(&pixels, quality) };
        // SAFETY: the file is one that `encode` wrote.
        let decoded = unsafe { decode(&file) };
        let difference: u64 =
            decoded.iter().zip(&pixels).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        println!("{quality}: {} bytes, difference {difference}", file.len());
    }
}
