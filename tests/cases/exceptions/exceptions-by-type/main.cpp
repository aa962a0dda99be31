// Flags: -fexceptions
// An exception finds the first matching handler, by the rules for classes and pointers, and the
// handler gets the base object that it asks for.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

struct Left {
    int left = 1;
    virtual ~Left() = default;
};
struct Right {
    int right = 2;
    virtual ~Right() = default;
};
struct Both : Left, Right {
    int both = 3;
};
struct Top {
    int top = 4;
};
struct First : virtual Top {
    int first = 5;
};
struct Second : virtual Top {
    int second = 6;
};
struct Diamond : First, Second {
    int diamond = 7;
};
struct Twice : First, Left {};
class Hidden : Right {};
enum class Colour { RED = 9 };

// Says what came out of a call.
template <class Thrown>
__attribute__((noinline)) void raise(const Thrown &thrown) {
    throw thrown;
}

template <class Thrown>
void tell(const Thrown &thrown) {
    try {
        raise(thrown);
    } catch (int number) {
        std::printf("int %d\n", number);
    } catch (const char *text) {
        std::printf("text %s\n", text);
    } catch (void *pointer) {
        std::printf("void *, null: %d\n", pointer == nullptr);
    } catch (const Right &right) {
        std::printf("Right %d\n", right.right);
    } catch (Left &left) {
        std::printf("Left %d\n", left.left);
    } catch (const Top &top) {
        std::printf("Top %d\n", top.top);
    } catch (Right *right) {
        std::printf("Right * %d\n", right->right);
    } catch (const std::logic_error &error) {
        std::printf("logic_error %s\n", error.what());
    } catch (const std::exception &error) {
        std::printf("exception %s\n", error.what());
    } catch (Colour colour) {
        std::printf("Colour %d\n", static_cast<int>(colour));
    } catch (void (*function)()) {
        std::printf("function, null: %d\n", function == nullptr);
    } catch (int Left::*member) {
        std::printf("member, left: %d\n", member == &Left::left);
    } catch (...) {
        std::puts("something else");
    }
}

void function() {}

// Handlers that take the object, or its copy.
void tell_identity() {
    try {
        try {
            throw Both();
        } catch (Left copy) {
            copy.left = 10;
            throw;
        }
    } catch (Left &left) {
        std::printf("the copy was changed, not the object: %d\n", left.left);
    }
    try {
        try {
            throw Both();
        } catch (Right &right) {
            right.right = 20;
            throw;
        }
    } catch (Both &both) {
        std::printf("the object was changed: %d\n", both.right);
    }
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    static Both both;
    static Diamond diamond;
    tell(1);
    tell(static_cast<const char *>("one"));
    tell(static_cast<void *>(nullptr));
    tell(both);
    tell(Left());
    tell(diamond);
    tell(Twice());
    tell(Hidden());
    tell(&both);
    tell(static_cast<const Both *>(&both));
    tell(std::out_of_range("range"));
    tell(std::runtime_error("runtime"));
    tell(std::bad_alloc());
    tell(Colour::RED);
    tell(&function);
    tell(&Left::left);
    tell(1u);
    tell_identity();
    return 42;
}
