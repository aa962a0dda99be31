// Flags: -fno-exceptions
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" {

void rust_print(const char *text);

char *cpp_join(const char *first, const char *second) {
    std::string joined = std::string(first) + "-" + second;
    bool is_there = std::fopen("nowhere", "r");
    std::string error = is_there ? "it is there" : std::strerror(errno);
    rust_print((joined + ": " + error).c_str());
    return strdup(joined.c_str());
}

void cpp_free(char *text) { std::free(text); }
}
