//! Shapes text: kerning, a ligature, marks, and Arabic from right to left.

use std::ffi::{CStr, c_char};

use harfbuzz_sys::*;

fn main() {
    let file = dejavu::sans::regular();
    // SAFETY: the font's bytes live as long as the program, and the glyphs are read before the buffer goes.
    unsafe {
        println!("HarfBuzz {}", CStr::from_ptr(hb_version_string()).to_str().unwrap());
        let blob = hb_blob_create(
            file.as_ptr().cast(),
            file.len() as u32,
            HB_MEMORY_MODE_READONLY,
            std::ptr::null_mut(),
            None,
        );
        let face = hb_face_create(blob, 0);
        let font = hb_font_create(face);
        println!("{} glyphs, {} units", hb_face_get_glyph_count(face), hb_face_get_upem(face));
        for text in ["AVATAR To.", "fi ffl", "e\u{301} o\u{308}", "سلام", "שלום"] {
            let buffer = hb_buffer_create();
            hb_buffer_add_utf8(
                buffer,
                text.as_ptr().cast::<c_char>(),
                text.len() as i32,
                0,
                text.len() as i32,
            );
            hb_buffer_guess_segment_properties(buffer);
            hb_shape(font, buffer, std::ptr::null(), 0);
            let mut count = 0;
            let infos = hb_buffer_get_glyph_infos(buffer, &mut count);
            let positions = hb_buffer_get_glyph_positions(buffer, &mut count);
            let glyphs = (0..count as usize).map(|index| {
                let info = &*infos.add(index);
                let position = &*positions.add(index);
                format!("{}={}+{}", info.codepoint, info.cluster, position.x_advance)
            });
            println!("{text}: {}", glyphs.collect::<Vec<_>>().join(" "));
            hb_buffer_destroy(buffer);
        }
        hb_font_destroy(font);
        hb_face_destroy(face);
        hb_blob_destroy(blob);
    }
}
