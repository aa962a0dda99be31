#include "shared.h"

Leaves::Leaves() {
    std::longjmp(place, 4);
}

Arrives::Arrives(Function function) : value(setjmp(place)) {
    if (value == 0) {
        function();
    }
}

void leaves_the_library() {
    std::longjmp(place, 2);
}

int arrives_in_the_library(Function function) {
    int value = setjmp(place);
    if (value == 0) {
        function();
    }
    return value;
}
