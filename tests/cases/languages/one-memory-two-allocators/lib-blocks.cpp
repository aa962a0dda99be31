// C++'s allocator: dlmalloc over an `sbrk` that hands out only pages that it grew itself.
#include <emscripten/em_macros.h>
#include <cstddef>
#include <cstdlib>

extern "C" {

EMSCRIPTEN_KEEPALIVE void *cpp_allocate(std::size_t size) {
    return std::malloc(size);
}

EMSCRIPTEN_KEEPALIVE void *cpp_resize(void *block, std::size_t size) {
    return std::realloc(block, size);
}

EMSCRIPTEN_KEEPALIVE void cpp_free(void *block) {
    std::free(block);
}
}
