// Virtual calls work in both directions, as do `dynamic_cast` and `typeid` of classes that another
// module defines. A vtable is data with pointers to functions and to type information. Types are
// equal if their information has one address, so all modules must use the first definition.
#include <emscripten/em_macros.h>
#include <cstring>
#include <memory>
#include <typeinfo>

struct Shape {
    virtual ~Shape();
    virtual int area() const = 0;
    virtual const char *name() const;
};
struct Square : Shape {
    explicit Square(int side) : side(side) {}
    int area() const override;
    int side;
};
struct Labelled {
    virtual ~Labelled();
    virtual int label() const;
};

// Each module has the vtables and the type information of these.
struct Inline {
    virtual ~Inline() {}
};
struct Derived : Inline {
    ~Derived() override {}
};

Shape *make_square(int side);
int label_of(const Shape *shape);
bool is_square(const Shape &shape);
bool is_derived(const Inline &object);
const std::type_info &type_of(const Shape &shape);

namespace {

struct Circle : Shape, Labelled {
    int area() const override {
        return 28;
    }
    int label() const override {
        return 7;
    }
};

struct BigSquare final : Square {
    using Square::Square;
    const char *name() const override {
        return "big";
    }
};

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::unique_ptr<Shape> owner(make_square(5));
    Shape &square = *owner;
    Circle circle;
    BigSquare big(10);
    if (square.area() != 25 || std::strcmp(square.name(), "shape")) {
        return 1;
    }
    if (big.area() != 100 || std::strcmp(static_cast<Shape &>(big).name(), "big")) {
        return 2;
    }
    if (label_of(&circle) != 7 || label_of(&square) != -1) {
        return 3;
    }
    if (!is_square(square) || is_square(big) || is_square(circle)) {
        return 4;
    }
    if (typeid(square) != typeid(Square) || type_of(circle) != typeid(Circle)) {
        return 5;
    }
    if (&type_of(square) != &typeid(Square)) {
        return 6;
    }
    auto found = dynamic_cast<Square *>(&square);
    if (!found || found->side != 5 || dynamic_cast<Circle *>(&square)) {
        return 7;
    }
    if (!dynamic_cast<Square *>(static_cast<Shape *>(&big))) {
        return 8;
    }
    if (!is_derived(Derived()) || is_derived(Inline())) {
        return 9;
    }
    return 42;
}
