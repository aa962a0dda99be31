//! Compiles what the variable FAULT names, and reports the compiler's messages.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=FAULT");
    let fault = env::var("FAULT").unwrap_or_default();
    let sources: &[&str] = match fault.as_str() {
        "assembly" => &["add.S"],
        "header" => &["header.c"],
        "type" => &["long.c"],
        "duplicate" => &["one.c", "two.c"],
        _ => &["one.c"],
    };
    let folder = PathBuf::from(env::var("OUT_DIR").unwrap());
    for (index, source) in sources.iter().enumerate() {
        let object = folder.join(format!("{index}.o"));
        let mut compiler = match fault.as_str() {
            "foreign" => Command::new("cc"),
            _ => Command::new(env::var("CC_wasm32_unknown_unknown").unwrap()),
        };
        if fault == "emscripten" {
            compiler.env("PATH", "").env("HOME", "").env_remove("EMSDK");
        }
        let output = compiler.arg("-c").arg(source).arg("-o").arg(&object).output().unwrap();
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            println!("cargo::error={line}");
        }
        println!("cargo::rustc-link-arg={}", object.display());
    }
}
