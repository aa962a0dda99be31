// A program and the library that it opens again and again share one heap: each frees what the other
// has allocated, also after the library has left, and memory does not grow.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 10

static const size_t SIZE = 1 << 20;
static void *library;
static void *(*allocate)(size_t);
static void (*release)(void *);

static int is_open(void) {
    library = dlopen("opened-allocates.wasm", RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 0;
    }
    allocate = (void *(*)(size_t))dlsym(library, "allocate");
    release = (void (*)(void *))dlsym(library, "release");
    return allocate && release;
}

// Every block is filled by a number of its own, and still has it when it is freed.
static int take_and_free(int round) {
    char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = (i + round) % 2 ? malloc(SIZE) : allocate(SIZE);
        if (!blocks[i]) {
            return 0;
        }
        memset(blocks[i], i + 1, SIZE);
    }
    for (int i = 0; i < BLOCKS / 2; i++) {
        if (blocks[i][0] != i + 1 || blocks[i][SIZE - 1] != i + 1) {
            return 0;
        }
        release(blocks[i]);
    }
    dlclose(library);
    for (int i = BLOCKS / 2; i < BLOCKS; i++) {
        if (blocks[i][0] != i + 1 || blocks[i][SIZE - 1] != i + 1) {
            return 0;
        }
        free(blocks[i]);
    }
    return 1;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    size_t pages = 0;
    for (int round = 0; round < 20; round++) {
        if (!is_open() || !take_and_free(round)) {
            printf("in round %d\n", round);
            return 1;
        }
        if (round == 0) {
            pages = __builtin_wasm_memory_size(0);
        }
    }
    return __builtin_wasm_memory_size(0) == pages ? 42 : 2;
}
