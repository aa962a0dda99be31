// Functions that Emscripten's libc leaves out, or to JavaScript, are there.
#define _GNU_SOURCE
#include <emscripten.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static void second(void) { puts("registered second"); }

// The last to run: `quick_exit` leaves streams alone.
static void first(void) {
    puts("registered first");
    fflush(stdout);
}

static int random_bytes(void) {
    static char bytes[1000], zero[1000];
    float number = emscripten_random();
    return getrandom(bytes, sizeof bytes, 0) == sizeof bytes &&
           memcmp(bytes, zero, sizeof bytes) != 0 && getentropy(bytes, 257) == -1 &&
           errno == EIO && number >= 0 && number < 1;
}

static int memory(void) {
    int *numbers = reallocarray(NULL, 10, sizeof *numbers);
    if (!numbers) {
        return 0;
    }
    numbers[9] = 9;
    numbers = reallocarray(numbers, 20, sizeof *numbers);
    return numbers && numbers[9] == 9 && !reallocarray(NULL, SIZE_MAX / 2, 3) && errno == ENOMEM;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    double loads[3];
    sigset_t signals;
    if (!random_bytes() || !memory()) {
        return 1;
    }
    if (dysize(1900) != 365 || dysize(2000) != 366 || dysize(2024) != 366) {
        return 2;
    }
    if (getloadavg(loads, 3) != -1 || getdtablesize() <= 0 || emscripten_has_asyncify()) {
        return 3;
    }
    setenv("NAME", "value", 1);
    if (strcmp(secure_getenv("NAME"), "value") != 0) {
        return 4;
    }
    sigemptyset(&signals);
    if (!sigisemptyset(&signals) || sigaddset(&signals, SIGINT) || sigisemptyset(&signals)) {
        return 5;
    }
    emscripten_log(EM_LOG_CONSOLE, "%d and %s", 42, "text");
    psignal(SIGINT, "signal");
    emscripten_log(EM_LOG_ERROR, "%c", 'e');
    if (at_quick_exit(first) || at_quick_exit(second)) {
        return 6;
    }
    quick_exit(3);
}
