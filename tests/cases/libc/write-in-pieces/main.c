// One call writes several buffers. WASI lets a host stop after the first, and Wasmtime does.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    char first[] = "one, ", second[] = "two, ", third[] = "three\n";
    const struct iovec pieces[] = {{first, 5}, {NULL, 0}, {second, 5}, {third, 6}};
    if (writev(STDOUT_FILENO, pieces, 4) != 16) {
        return 1;
    }
    return writev(99, pieces, 4) == -1 && errno == EBADF ? 42 : 2;
}
