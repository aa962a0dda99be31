//! Compiles the C++ of the bridge, for this machine or for WebAssembly: cargo names the compiler.

fn main() {
    cxx_build::bridge("src/lib.rs").file("src/sum.cpp").std("c++17").compile("sum");
    println!("cargo::rerun-if-changed=src/sum.cpp");
    println!("cargo::rerun-if-changed=include/sum.h");
}
