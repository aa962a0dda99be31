fn main() {
    cxx_build::bridge("src/bin/cxx-calls.rs").file("src/bin/calls.cpp").std("c++17").compile("calls");
}
