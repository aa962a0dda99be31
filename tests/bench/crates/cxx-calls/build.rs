fn main() {
    cxx_build::bridge("src/main.rs").file("src/calls.cpp").std("c++17").compile("calls");
}
