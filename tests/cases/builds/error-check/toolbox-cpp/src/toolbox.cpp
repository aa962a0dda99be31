#include "toolbox.h"

int32_t fooo(int32_t x) {
    return static_cast<int32_t>(add(x));
}
