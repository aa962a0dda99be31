// Has the classes' key functions, and with them their vtables and type information. Gets objects of a class
// that it does not know.
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

Shape::~Shape() = default;
const char *Shape::name() const {
    return "shape";
}
int Square::area() const {
    return side * side;
}
Labelled::~Labelled() = default;
int Labelled::label() const {
    return 0;
}

Shape *make_square(int side) {
    return new Square(side);
}

// A cast across the branches of a class that another module derives from both.
int label_of(const Shape *shape) {
    auto labelled = dynamic_cast<const Labelled *>(shape);
    return labelled ? labelled->label() : -1;
}

bool is_square(const Shape &shape) {
    return typeid(shape) == typeid(Square);
}

const std::type_info &type_of(const Shape &shape) {
    return typeid(shape);
}

bool is_derived(const Inline &object) {
    return dynamic_cast<const Derived *>(&object) != nullptr;
}
