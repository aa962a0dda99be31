// Uses libc++, which the program does not, has a constructor and a destructor, and calls the program.
#include <cstdio>
#include <emscripten/em_macros.h>
#include <map>
#include <string>

extern "C" int step(int);

extern "C" {
EMSCRIPTEN_KEEPALIVE int greeted;
}

namespace {

struct Book {
    std::map<std::string, int> names;
    Book() {
        std::puts("+ book");
    }
    ~Book() {
        std::printf("- book of %zu names\n", names.size());
    }
};

Book book;

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int greet(const char *name) {
    book.names[name] += 1;
    greeted = step(greeted);
    std::string text = "hello, " + std::string(name);
    std::puts(text.c_str());
    return text.size();
}
