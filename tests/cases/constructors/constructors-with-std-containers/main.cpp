// Modules that use the same templates define the same inline functions, and all of them, libc++
// too, use main's definition. That must not count as a dependency: otherwise all modules would be
// in one cycle, in which no order is right.
#include <emscripten/em_macros.h>
#include <iostream>
#include <map>
#include <string>
#include <vector>

extern std::map<std::string, int> middle;

static const std::map<std::string, int> top{middle.begin(), middle.end()};
static const std::vector<std::string> words{"one", "two"};

static const bool said = (std::cout << "main\n", true);

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    auto found = top.find("base");
    return found == top.end() ? 1 : found->second;
}
