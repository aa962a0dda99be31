// Its constructor copies from lib-a-base, so that must be constructed before.
#include <emscripten/em_macros.h>
#include <iostream>
#include <map>
#include <string>
#include <vector>

extern std::vector<std::string> base;

EMSCRIPTEN_KEEPALIVE std::map<std::string, int> middle{{base.empty() ? "nothing" : base.back(), 42}};

static const bool said = (std::cout << "middle\n", true);
