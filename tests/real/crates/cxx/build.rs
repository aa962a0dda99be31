fn main() {
    cxx_build::bridge("src/main.rs").file("src/store.cc").std("c++17").compile("store");
    for file in ["src/main.rs", "src/store.cc", "src/store.h"] {
        println!("cargo:rerun-if-changed={file}");
    }
}
