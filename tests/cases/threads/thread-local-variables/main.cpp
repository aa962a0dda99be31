// A program uses thread-local variables of another module. With one thread, the code still imports
// their initialisers: weak symbols, defined only if there is something to construct.
#include <emscripten/em_macros.h>
#include <string>

extern thread_local int plain;
extern thread_local std::string constructed;

extern "C" int *address_of_plain();

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    if (plain != 40 || &plain != address_of_plain()) {
        return 1;
    }
    if (constructed != "xxx") {
        return 2;
    }
    constructed += "y";
    plain += 2;
    return constructed.size() == 4 ? *address_of_plain() : 3;
}
