//! Any words as a command line, and any text as `guests.toml`: an answer or an error with a text.
//!
//! The first byte says which. Words are apart by NUL, as no argument can have one.

#![no_main]
#![allow(dead_code, reason = "the parsers are those of the programs, which use more of them")]

#[path = "../../../xtask/src/flags.rs"]
mod flags;
#[path = "../../../host/src/cli/flags.rs"]
mod host_flags;
#[path = "../../../xtask/src/build/manifest.rs"]
mod manifest;

use std::fmt::Display;
use std::path::Path;

use clap::Parser;
use fuzz::modules::check_text;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match kind {
        b'h' => host(&text),
        b'x' => drop(check(flags::Flags::try_parse_from(words("xtask", &text)))),
        _ => guests(&text),
    }
});

fn words<'a>(program: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
    [program].into_iter().chain(text.split('\0'))
}

fn host(text: &str) {
    let Some(flags) = check(host_flags::Flags::try_parse_from(words("host", text))) else { return };
    if let host_flags::Command::Run(run) = flags.command {
        let _ = (run.module(), run.args(), run.settings(), run.limits(), run.link.search());
        let types = [linker::ValType::I32, linker::ValType::F64, linker::ValType::V128];
        let ty = linker::FuncType { params: types.to_vec(), results: Vec::new() };
        if let Err(error) = host::parse_arguments("f", &ty, run.args()) {
            check_text(&error.to_string());
        }
    }
}

/// The folder of this very workspace, so that paths may exist.
fn guests(text: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Some(manifest) = check(manifest::Manifest::parse(text, &root)) {
        assert!(manifest.demo_guest().is_some(), "a demo without its guest");
    }
}

fn check<T, E: Display>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| assert!(!error.to_string().trim().is_empty())).ok()
}
