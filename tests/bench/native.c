// The native side of a comparison: for each number on the standard input it calls FUNCTION with it, and prints the
// result and the nanoseconds that it took. So rounds of it alternate with rounds of WebAssembly. It is compiled as
// C or C++, like what it calls.

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#ifdef __cplusplus
extern "C"
#endif
uint32_t FUNCTION(uint32_t);

static double nanoseconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

int main(void) {
    unsigned argument;
    while (scanf("%u", &argument) == 1) {
        double start = nanoseconds();
        uint32_t result = FUNCTION(argument);
        printf("%u %.0f\n", (unsigned)result, nanoseconds() - start);
        fflush(stdout);
    }
    return 0;
}
