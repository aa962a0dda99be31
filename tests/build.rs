//! Builds `toolbox` as a native library: the oracle that the tests compare WebAssembly with.

fn main() {
    println!("cargo::rerun-if-changed=../toolbox-cpp");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rustc-check-cfg=cfg(native_toolbox)");
    let compilers = ["c++", "g++", "clang++", "cl"];
    let compiler = compilers.iter().any(|program| which::which(program).is_ok());
    if !compiler || which::which("cmake").is_err() {
        // The tests that need the oracle show as ignored.
        println!("cargo::warning=no native toolbox: CMake or a C++ compiler is missing");
        return;
    }
    let built = cmake::Config::new("../toolbox-cpp").build_target("toolbox").build();
    println!("cargo::rustc-link-search=native={}", built.join("build").display());
    println!("cargo::rustc-link-lib=static=toolbox");
    println!("cargo::rustc-cfg=native_toolbox");
}
