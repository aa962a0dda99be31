// Flags: -fexceptions
#include "shared.h"

Throws::Throws() {
    throw Thrown("a constructor");
}

Catches::Catches(Function function) {
    try {
        function();
    } catch (const std::exception &thrown) {
        text = of(thrown);
    }
}

void throws_in_the_library() {
    throw Thrown("the library");
}

Text catches_in_the_library(Function function) {
    try {
        function();
    } catch (const Thrown &thrown) {
        return of(thrown);
    }
    return {};
}
