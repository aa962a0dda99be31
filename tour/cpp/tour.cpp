#include "rust.h"
#include "tour.h"

#include <emscripten/em_macros.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

// A base class, a virtual function, and a static object with a destructor, as in any C++ program.
struct Voice {
    virtual ~Voice() = default;
    virtual std::string say(std::string text) const = 0;
};

struct Loud : Voice {
    std::string say(std::string text) const override {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return std::toupper(c); });
        return text + "!";
    }
};

struct Journal {
    std::vector<std::string> lines;
    ~Journal() { std::printf("C++: printed %zu lines\n", lines.size()); }
} journal;

}  // namespace

EMSCRIPTEN_KEEPALIVE void cpp_print(const char* line) {
    journal.lines.emplace_back(line);
    std::cout << line << '\n';
}

EMSCRIPTEN_KEEPALIVE void cpp_split(const char* text, void (*visit)(void*, const char*),
                                    void* context) {
    std::istringstream words(text);
    for (std::string word; words >> word;) visit(context, word.c_str());
}

EMSCRIPTEN_KEEPALIVE Point cpp_centroid(const Point* points, size_t count) {
    Point sum{0, 0};
    std::for_each(points, points + count, [&](const Point& p) { sum.x += p.x, sum.y += p.y; });
    return {sum.x / count, sum.y / count};
}

EMSCRIPTEN_KEEPALIVE char* cpp_shout(const char* text) {
    std::unique_ptr<Voice> voice = std::make_unique<Loud>();
    return strdup(voice->say(text).c_str());
}

EMSCRIPTEN_KEEPALIVE void cpp_free(char* text) { std::free(text); }

EMSCRIPTEN_KEEPALIVE int cpp_hanoi(int disks) {
    return disks == 0 ? 0 : 2 * rust_hanoi(disks - 1) + 1;
}
