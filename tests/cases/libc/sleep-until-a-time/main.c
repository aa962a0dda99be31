// `clock_nanosleep` sleeps until a time as well as for a duration.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

static const long long SECOND = 1000000000;

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

// Sleeps until a time, or for it, and returns how long that takes.
static long long sleep_time(clockid_t clock, int flags, long long nanoseconds) {
    struct timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
    long long start = now(clock);
    return clock_nanosleep(clock, flags, &time, NULL) ? -1 : now(clock) - start;
}

static bool sleeps(clockid_t clock) {
    long long end = now(clock) + 3000000;
    return sleep_time(clock, TIMER_ABSTIME, end) >= 0 && now(clock) >= end &&
           sleep_time(clock, 0, 3000000) >= 2000000;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    // Three seconds after the start of 1970.
    if (sleep_time(CLOCK_REALTIME, TIMER_ABSTIME, 3 * SECOND) >= 3 * SECOND) {
        return 1;
    }
    if (!sleeps(CLOCK_REALTIME) || !sleeps(CLOCK_MONOTONIC)) {
        return 2;
    }
    struct timespec wrong = {0, SECOND}, negative = {-1, 0};
    return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &wrong, NULL) == EINVAL &&
                   clock_nanosleep(CLOCK_REALTIME, 0, &negative, NULL) == EINVAL
               ? 42
               : 3;
}
