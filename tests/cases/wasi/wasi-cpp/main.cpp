// Target: wasm32-wasi
// Flags: -std=c++17 -fno-exceptions
// C++ for wasi-libc: containers, streams, virtual functions, static objects, across libraries.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "shape.h"

struct Loud {
    ~Loud() { std::cout << "destroyed\n"; }
};
static Loud loud;
static std::map<std::string, int> counts = {{"static", 1}};

extern "C" int test() {
    std::vector<std::unique_ptr<Shape>> shapes;
    shapes.push_back(make_square(3));
    shapes.push_back(make_square(5));
    std::ostringstream text;
    for (const auto &shape : shapes) {
        text << shape->name() << ' ' << shape->area() << "; ";
    }
    std::cout << text.str() << counts["static"] << std::endl;
    std::string sorted = "wasm";
    std::sort(sorted.begin(), sorted.end());
    printf("%s\n", sorted.c_str());
    auto circle = dynamic_cast<Square *>(shapes[0].get());
    return circle ? 8 + shapes[0]->area() + shapes[1]->area() : 0;
}
