// The static pointers of each module.
#include <emscripten/em_macros.h>

extern int of_main, of_library;
int are_all_right_in_library(void);
int seen_by_library(void);

#define TEN(a) a, a, a, a, a, a, a, a, a, a
#define THOUSAND(a) TEN(TEN(TEN(a)))
#define COUNT 1000

static int counter;

static int count(void) {
    return ++counter;
}

static int own = 5;
static int (*volatile functions[COUNT])(void) = {THOUSAND(count)};
static int *volatile variables[COUNT] = {THOUSAND(&own)};

static int are_all_right(void) {
    for (int i = 0; i < COUNT; i++) {
        if (functions[i]() != i + 1 || *variables[i] != 5) {
            return 0;
        }
    }
    return 1;
}
