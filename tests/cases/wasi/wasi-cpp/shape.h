#pragma once

#include <memory>
#include <string>

struct Shape {
    virtual ~Shape() = default;
    virtual std::string name() const = 0;
    virtual int area() const = 0;
};

struct Square : Shape {
    explicit Square(int side) : side(side) {}
    std::string name() const override;
    int area() const override { return side * side; }
    int side;
};

std::unique_ptr<Shape> make_square(int side);
