#include "toolbox.h"

int32_t foo(int32_t x) {
    return add(1, x)
}
