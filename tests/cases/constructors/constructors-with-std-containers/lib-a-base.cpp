// Depends on nothing but the standard library.
#include <emscripten/em_macros.h>
#include <iostream>
#include <string>
#include <vector>

EMSCRIPTEN_KEEPALIVE std::vector<std::string> base{"made by", "base"};

static const bool said = (std::cout << "base\n", true);
