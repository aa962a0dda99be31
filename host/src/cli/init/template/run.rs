//! Builds both sides, links them and calls the program, with the commands of README.md.

use std::path::Path;
use std::process::Command;

#[test]
fn rust_and_cpp_call_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cpp = root.join("cpp");
    let target = ["--target", "wasm32-unknown-unknown", "--target-dir", "target"];
    run(root, env!("CARGO"), &[&["build", "--release"], &target[..]].concat());
    if !cpp.join("build").exists() {
        let emcmake = if cfg!(windows) { "emcmake.bat" } else { "emcmake" };
        run(&cpp, emcmake, &["cmake", "--preset", "wasm"]);
    }
    run(&cpp, "cmake", &["--build", "--preset", "wasm"]);
    let module = "target/wasm32-unknown-unknown/release/IDENTIFIER.wasm";
    let link = ["host", "run", "--link", "cpp/build/words.wasm"];
    // The program `host` itself, if it is not installed as a command of cargo.
    let host = std::env::var("HOST_PROGRAM").unwrap_or_else(|_| "cargo-host".to_owned());
    let link = if host == "cargo-host" { &link[..] } else { &link[1..] };
    let printed = run(root, &host, &[link, &["--invoke", "NAME_answer", module]].concat());
    assert_eq!(printed, "3\n");
}

/// Runs a command that must succeed, and returns what it prints.
fn run(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run `{program}`: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, messages) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "`{program} {}`: {printed}{messages}", args.join(" "));
    printed
}
