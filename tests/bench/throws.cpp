// Exceptions, each thrown and caught.

#include "bench.h"

__attribute__((noinline)) static void fail(uint32_t number) { throw number; }

BENCH throw_catch(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t number = 0; number < count; number++) {
        try {
            fail(number);
        } catch (uint32_t caught) {
            sum += caught;
        }
    }
    return sum;
}
