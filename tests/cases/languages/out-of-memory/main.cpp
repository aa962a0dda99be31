// Flags: -fexceptions
// Out of memory, `malloc` returns null and `operator new` throws; freed memory can be used again.
#include <emscripten/em_macros.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

static const size_t BLOCK = 256u << 20;

// Whether a block was had. Of one that nothing uses the compiler believes it.
static bool is_there(void *block) {
    static void *volatile kept;
    kept = block;
    return kept != nullptr;
}

// The blocks are never written to, so the machine need not have that much.
static int use_up(void **blocks, int count) {
    int used = 0;
    while (used < count && is_there(blocks[used] = malloc(BLOCK))) {
        used++;
    }
    return used;
}

EMSCRIPTEN_KEEPALIVE extern "C" int test() {
    void *blocks[16];
    int used = use_up(blocks, 16);
    std::printf("%s blocks, errno is %s\n", used > 3 ? "several" : "few", errno == ENOMEM ? "ENOMEM" : "another");
    std::printf("realloc: %d\n", is_there(realloc(nullptr, BLOCK)));
    std::printf("calloc of more than there are addresses: %d\n", is_there(calloc(1 << 20, 1 << 20)));
    std::printf("new (nothrow): %d\n", is_there(new (std::nothrow) char[BLOCK]));
    int caught = 0;
    for (int i = 0; i < 100; i++) {
        try {
            std::vector<char> vector(BLOCK);
        } catch (const std::bad_alloc &) {
            caught++;
        }
    }
    std::printf("bad_alloc: %d\n", caught);
    // Small blocks come from what is left, and a large one again when one was given back.
    std::vector<int> small(1000, 42);
    free(blocks[0]);
    void *again = malloc(BLOCK);
    std::printf("again: %d\n", is_there(again));
    free(again);
    while (--used > 0) {
        free(blocks[used]);
    }
    return small.back();
}
