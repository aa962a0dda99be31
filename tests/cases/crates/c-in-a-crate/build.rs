//! Does by hand what the crate `cc` does, with everything that build scripts ask of a compiler.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let folder = PathBuf::from(env::var("OUT_DIR").unwrap());
    probe(&folder);
    for (library, source, compiler, option) in [
        ("c", "parts.c", "CC", "-Wall"),
        ("registered", "registered.c", "CC", "-Wall"),
        ("throws", "throws.cpp", "CXX", "-Wall"),
        ("calls", "calls.cpp", "CXX", "-fno-exceptions"),
    ] {
        let object = folder.join(source).with_extension("o");
        let options = ["-O2", "--target=wasm32-unknown-unknown", "-march=native", "-pthread"];
        run(tool(compiler).args(options).args([option, "-c", source, "-o"]).arg(&object));
        let archive = folder.join(format!("libpart_{library}.a"));
        let _ = std::fs::remove_file(&archive);
        run(tool("AR").arg("cq").arg(&archive).arg(&object));
        run(tool("RANLIB").arg(&archive));
    }
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!("cargo::rustc-link-lib=static=part_c");
    // Twice, as when two crates name it.
    println!("cargo::rustc-link-lib=static=part_c");
    println!("cargo::rustc-link-lib=static=part_throws");
    println!("cargo::rustc-link-lib=static=part_calls");
    println!("cargo::rustc-link-lib=static:+whole-archive=part_registered");
    for system in ["stdc++", "m", "pthread"] {
        println!("cargo::rustc-link-lib={system}");
    }
    println!("cargo::rustc-link-arg=--export=c_exported");
}

/// Asks what `cc`, CMake and `configure` ask.
fn probe(folder: &PathBuf) {
    let source = folder.join("probe.c");
    std::fs::write(&source, "#include <math.h>\nint main(void) { return (int)floor(0.5); }\n").unwrap();
    run(tool("CC").arg("-E").arg(&source));
    run(tool("CC").arg("--version"));
    run(tool("CC").args(["-v", "-c"]).arg(&source).arg("-o").arg(folder.join("probe.o")));
    run(tool("CC").arg(&source).arg("-lm").arg("-o").arg(folder.join("probe.js")));
    let missing = "int not_there(void);\nint main(void) { return not_there(); }\n";
    std::fs::write(&source, missing).unwrap();
    let status = tool("CC").arg(&source).arg("-o").arg(folder.join("probe.js")).output().unwrap();
    assert!(!status.status.success(), "a function that is not there was found");
}

fn tool(name: &str) -> Command {
    Command::new(env::var(format!("{name}_wasm32_unknown_unknown")).unwrap())
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
}
