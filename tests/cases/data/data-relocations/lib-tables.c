// Static pointers to data and functions, its own and those of other modules. The file cannot hold
// their values, which are unknown until all modules are placed: the linker must call a function
// that writes them before any other code reads them.
#include <emscripten/em_macros.h>

struct node {
    int value;
    const struct node *next;
    int (*call)(int);
};

extern int numbers_of_main[4];
extern const struct node node_of_main;
int increment(int);

static int hidden[3] = {10, 11, 12};
static int twice(int x) {
    return 2 * x;
}

EMSCRIPTEN_KEEPALIVE int exported[3] = {20, 21, 22};
EMSCRIPTEN_KEEPALIVE const struct node second = {2, &node_of_main, increment};
EMSCRIPTEN_KEEPALIVE const struct node first = {1, &second, twice};

EMSCRIPTEN_KEEPALIVE int *into_hidden = &hidden[2];
EMSCRIPTEN_KEEPALIVE int *into_exported = &exported[1];
EMSCRIPTEN_KEEPALIVE int *into_main = &numbers_of_main[3];
EMSCRIPTEN_KEEPALIVE int **pointer_to_pointer = &into_main;
EMSCRIPTEN_KEEPALIVE const char *words[] = {"zero", "one", "two"};
EMSCRIPTEN_KEEPALIVE int (*functions[])(int) = {twice, increment};
