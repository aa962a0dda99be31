//! Encodes a sound by Opus and decodes it, and gets errors.

use std::ffi::CStr;

use audiopus_sys::*;

fn main() {
    let sound: Vec<i16> = (0..960 * 4).map(|n: i32| ((n * 37 % 400 - 200) * 60) as i16).collect();
    // SAFETY: the buffers are as large as is said, and the coders are used until they are destroyed.
    unsafe {
        println!("{}", CStr::from_ptr(opus_get_version_string()).to_str().unwrap());
        let mut error = 0;
        let encoder = opus_encoder_create(48_000, 1, OPUS_APPLICATION_AUDIO, &mut error);
        let decoder = opus_decoder_create(48_000, 1, &mut error);
        for frame in sound.chunks(960) {
            let mut packet = [0u8; 1500];
            let size = opus_encode(encoder, frame.as_ptr(), 960, packet.as_mut_ptr(), 1500);
            let mut decoded = [0i16; 960];
            let samples = opus_decode(decoder, packet.as_ptr(), size, decoded.as_mut_ptr(), 960, 0);
            println!(
                "{}, {samples} samples, {}",
                size > 50,
                decoded.iter().any(|sample| *sample != 0)
            );
        }
        let wrong = opus_decode(
            decoder,
            [0xffu8, 0xff, 0xff].as_ptr(),
            3,
            [0i16; 960].as_mut_ptr(),
            960,
            0,
        );
        println!("{}", CStr::from_ptr(opus_strerror(wrong)).to_str().unwrap());
        opus_encoder_create(12_345, 1, OPUS_APPLICATION_AUDIO, &mut error);
        println!("{}", CStr::from_ptr(opus_strerror(error)).to_str().unwrap());
        opus_encoder_destroy(encoder);
        opus_decoder_destroy(decoder);
    }
}
