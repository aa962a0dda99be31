#include <iostream>
#include <stdexcept>
#include <string>

struct Shape {
    virtual ~Shape() = default;
    virtual std::string name() const { return "shape"; }
};

struct Circle : Shape {
    std::string name() const override { return "circle"; }
};

// Compiled without exceptions.
void calls(void (*function)());

extern "C" int cpp_catches(int x) {
    try {
        calls([] {
            const Shape &shape = Circle();
            throw std::runtime_error(shape.name());
        });
    } catch (const std::exception &error) {
        std::cout << "C++: " << error.what() << std::endl;
        return x;
    }
    return 0;
}
