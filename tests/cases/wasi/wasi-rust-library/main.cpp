// Target: wasm32-wasi
// Flags: -fno-exceptions
// C++ for wasi-libc with a Rust library, which calls back.
#include <cstdio>
#include <string>

extern "C" {

int rust_apply(int (*callback)(void *, int), void *context, int number);

static int append(void *context, int number) {
    auto text = static_cast<std::string *>(context);
    *text += std::to_string(number) + " ";
    return text->size();
}

int test() {
    std::string text;
    int length = rust_apply(append, &text, 1234567890);
    std::printf("%s\n", text.c_str());
    return length + 20;
}
}
