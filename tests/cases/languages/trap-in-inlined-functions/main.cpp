// Small functions are inlined where they are called, into other modules too. A backtrace shows
// each of them with its line, as if it was called.

extern "C" int rust_second(const int *pair);

extern "C" __attribute__((noinline)) int cpp_value(const int *place) {
    return *place;
}

extern "C" int test() {
    const int pair[] = {1, 41};
    int sum = rust_second(pair) + cpp_value(pair);
    if (sum != 42) return sum;
    const int *wild = reinterpret_cast<const int *>(0xfffffff0);
    return rust_second(wild);
}
