// Static pointers of a program and of a library point into each other.
#include <emscripten/em_macros.h>
#include <string.h>

struct node {
    int value;
    const struct node *next;
    int (*call)(int);
};

extern int exported[3];
extern const struct node first;
extern int *into_hidden, *into_exported, *into_main, **pointer_to_pointer;
extern const char *words[];
extern int (*functions[])(int);

EMSCRIPTEN_KEEPALIVE int increment(int x) {
    return x + 1;
}

EMSCRIPTEN_KEEPALIVE int numbers_of_main[4] = {30, 31, 32, 33};
EMSCRIPTEN_KEEPALIVE const struct node node_of_main = {3, &first, increment};
static int *volatile end_of_exported = exported + 3;

EMSCRIPTEN_KEEPALIVE int test(void) {
    if (*into_hidden != 12) {
        return 1;
    }
    if (*into_exported != 21 || into_exported != exported + 1 || end_of_exported[-1] != 22) {
        return 2;
    }
    if (*into_main != 33 || into_main != numbers_of_main + 3) {
        return 3;
    }
    if (pointer_to_pointer != &into_main || **pointer_to_pointer != 33) {
        return 4;
    }
    if (strcmp(words[0], "zero") || strcmp(words[2], "two")) {
        return 5;
    }
    if (functions[0](5) != 10 || functions[1](5) != 6 || functions[1] != increment) {
        return 6;
    }
    const struct node *third = first.next->next;
    if (third != &node_of_main || third->next != &first || third->next->value != 1) {
        return 7;
    }
    if (first.call(4) != 8 || first.next->call(4) != 5 || first.next->call != third->call) {
        return 8;
    }
    return 42;
}
