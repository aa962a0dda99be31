//! Renders glyphs of a font and reads its kerning, and a file that is no font.

use std::ffi::CStr;
use std::ptr;

use freetype_sys::*;

fn main() {
    let font = dejavu::sans::regular();
    // SAFETY: the font's bytes live as long as the program, and a bitmap is read before the next glyph.
    unsafe {
        let mut library = ptr::null_mut();
        println!("{}", FT_Init_FreeType(&mut library));
        let mut face = ptr::null_mut();
        println!("{}", FT_New_Memory_Face(library, font.as_ptr(), font.len() as _, 0, &mut face));
        println!(
            "{}, {} glyphs",
            CStr::from_ptr((*face).family_name).to_str().unwrap(),
            (*face).num_glyphs
        );
        println!("{}", FT_Set_Char_Size(face, 0, 40 * 64, 0, 50));
        for letter in ['g', 'R', 'é'] {
            println!("{letter}: {}", FT_Load_Char(face, letter as _, FT_LOAD_RENDER as _));
            let bitmap = &(*(*face).glyph).bitmap;
            println!("{} x {}, advance {}", bitmap.width, bitmap.rows, (*(*face).glyph).advance.x);
            let pixels = std::slice::from_raw_parts(
                bitmap.buffer,
                bitmap.rows as usize * bitmap.pitch as usize,
            );
            for row in pixels.chunks(bitmap.pitch as usize) {
                println!(
                    "|{}|",
                    row.iter()
                        .map(|grey| char::from(b" .:*#"[*grey as usize / 52]))
                        .collect::<String>()
                );
            }
        }
        let glyph = |letter: char| FT_Get_Char_Index(face, letter as _);
        let mut kerning = FT_Vector { x: 0, y: 0 };
        FT_Get_Kerning(face, glyph('A'), glyph('V'), FT_KERNING_UNSCALED, &mut kerning);
        println!("kerning {}", kerning.x);
        let mut none = ptr::null_mut();
        println!("{}", FT_New_Memory_Face(library, [0; 100].as_ptr(), 100, 0, &mut none));
        FT_Done_Face(face);
        FT_Done_FreeType(library);
    }
}
