#![no_main]

use arbitrary::Unstructured;
use fuzz::modules::{HEAD, Input};
use fuzz::{differential, smith};
use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|data: &[u8]| -> Corpus {
    let input = match data.starts_with(HEAD) {
        true => Input::read(data),
        false => smith::input(&mut Unstructured::new(data)).unwrap_or_default(),
    };
    // So that what is found can be kept as a set of modules, whatever a later `wasm-smith` makes of
    // the bytes.
    if let Some(file) = std::env::var_os("FUZZ_WRITE_SET") {
        std::fs::write(file, input.write()).expect("the file can be written");
    }
    match differential::compare(&input) {
        true => Corpus::Keep,
        false => Corpus::Reject,
    }
});
