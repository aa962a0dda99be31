//! Compiles the C++ of the bridge, for this machine or for WebAssembly: cargo names the compiler.

fn main() {
    cxx_build::bridge("src/lib.rs").file("src/index.cpp").std("c++17").compile("index");
    println!("cargo::rerun-if-changed=src/index.cpp");
    println!("cargo::rerun-if-changed=include/index.h");
}
