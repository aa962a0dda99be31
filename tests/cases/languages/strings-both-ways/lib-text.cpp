// Reads Rust's strings in place, and lends its own. The side that allocates a string frees it.
#include <emscripten/em_macros.h>
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

extern "C" {

// From Rust, to be given back to `rust_free`.
char *rust_upper(const char *text, std::size_t size);
void rust_free(char *text);

// Static: nobody frees it.
EMSCRIPTEN_KEEPALIVE const char *greeting() {
    return "grüß dich, 世界";
}

EMSCRIPTEN_KEEPALIVE std::size_t count_spaces(const char *text, std::size_t size) {
    std::string_view view(text, size);
    return std::count(view.begin(), view.end(), ' ');
}

// To be given back to `cpp_free`.
EMSCRIPTEN_KEEPALIVE char *cpp_repeat(const char *text, int times) {
    std::string result;
    for (int i = 0; i < times; i++) {
        result += text;
    }
    return strdup(result.c_str());
}

EMSCRIPTEN_KEEPALIVE void cpp_free(char *text) {
    std::free(text);
}

EMSCRIPTEN_KEEPALIVE bool cpp_asks_rust() {
    std::string text = "straße no. ";
    text += std::to_string(12345);
    char *upper = rust_upper(text.data(), text.size());
    bool right = upper == std::string("STRASSE NO. 12345");
    rust_free(upper);
    return right;
}
}
