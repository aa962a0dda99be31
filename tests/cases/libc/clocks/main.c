// All clocks of WASI and C work. WASI has four, of which a host may refuse two: those for the time
// that the program itself uses. C has more, and programs rely on them.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const time_t YEAR_2020 = 1577836800;

static bool advances(clockid_t clock) {
    struct timespec before, after;
    if (clock_gettime(clock, &before)) {
        return false;
    }
    usleep(2000);
    if (clock_gettime(clock, &after)) {
        return false;
    }
    long long seconds = after.tv_sec - before.tv_sec;
    return seconds * 1000000000 + after.tv_nsec - before.tv_nsec > 0;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    const clockid_t clocks[] = {CLOCK_REALTIME,           CLOCK_REALTIME_COARSE,
                                CLOCK_MONOTONIC,          CLOCK_MONOTONIC_COARSE,
                                CLOCK_MONOTONIC_RAW,      CLOCK_BOOTTIME,
                                CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct timespec resolution;
        if (!advances(clocks[i]) || clock_getres(clocks[i], &resolution)) {
            return i;
        }
    }
    struct timespec time_of_day;
    if (clock_gettime(1234, &time_of_day) != -1 || errno != EINVAL) {
        return 10;
    }
    clock_t before = clock();
    usleep(2000);
    if (before < 0 || clock() <= before) {
        return 11;
    }
    struct timeval now;
    if (gettimeofday(&now, NULL) || now.tv_sec < YEAR_2020 || now.tv_sec > time(NULL)) {
        return 12;
    }
    clock_gettime(CLOCK_REALTIME, &time_of_day);
    return time_of_day.tv_sec < now.tv_sec ? 13 : 42;
}
