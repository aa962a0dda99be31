// The C++ of a backtrace with Rust above and below it.

extern "C" int rust_inner(int x);

namespace tests {
// Nobody calls it, so a fused program does not have it.
__attribute__((noinline)) int needless(int x) {
    return rust_inner(x) * 3;
}

template <typename T>
__attribute__((noinline)) int middle(T x) {
    int inner = rust_inner(x + 1);
    return inner * 2;
}
} // namespace tests

extern "C" int cpp_needless(int x) {
    return tests::needless(x) + 1;
}

extern "C" int cpp_middle(int x) {
    int middle = tests::middle<int>(x);
    return middle + 1;
}

// Small enough to be inlined where it is called.
extern "C" int cpp_triple(int x) {
    return 3 * x;
}
