// What a program in C++ commonly uses: strings, containers, streams, `printf` and a virtual function.
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

struct Square : Shape {
    explicit Square(double side) : side(side) {}
    double area() const override {
        return side * side;
    }
    double side;
};

extern "C" int test() {
    std::map<std::string, std::unique_ptr<Shape>> shapes;
    for (int side = 1; side < 5; ++side) {
        shapes["square " + std::to_string(side)] = std::make_unique<Square>(side);
    }
    for (const auto &[name, shape] : shapes) {
        std::printf("%s: %f\n", name.c_str(), shape->area());
        std::cout << name << std::endl;
    }
    return 42;
}
