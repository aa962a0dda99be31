// Function pointers pass in both directions, in C: of functions of a module, of another, and of
// libc, at types with floats and 64-bit integers, from code and from static tables.
#include "passed.h"
#include <emscripten/em_macros.h>
#include <stdlib.h>

static int sum;

static void add(int number) {
    sum += number;
}

static void subtract(int number) {
    sum -= number;
}

static void add_twice(int number) {
    sum += 2 * number;
}

static integer_function *const ALL[] = {add, subtract, add_twice};

static float half(float number) {
    return number / 2;
}

static float_function *of_floats = half;

static int64_t next(int64_t number) {
    return number + 1;
}

static int64_t widen(int number) {
    return INT64_C(1) << number;
}

static wide_function *of_wide = next;
static int64_t (*widens)(int) = widen;

EMSCRIPTEN_KEEPALIVE int test(void) {
    integer_function *back = call_and_return(add);
    back(10);
    if (back != add || sum != 11) {
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        call_and_return(ALL[i]);
    }
    if (sum != 13) {
        return 2;
    }
    if (call_with_float(of_floats) != 28.25f || of_floats(3) != 1.5f) {
        return 3;
    }
    if (call_with_wide(of_wide) != 0x123456789abcdef1 || of_wide(42) != 43 || widens(40) != INT64_C(1) << 40) {
        return 4;
    }
    int32_t (*volatile narrow)(int32_t, int32_t, int32_t) = first_of_three;
    int64_t (*volatile wide)(int32_t, int32_t, int32_t) = last_of_three;
    if (narrow(32, 0, 0) != 32 || wide(0, 0, -64) != -64) {
        return 5;
    }
    if (address_of_abs() != abs || address_of_abs()(-5) != 5) {
        return 6;
    }
    return 42;
}
