// Constants of libc that Emscripten has in another archive are there.
#include <emscripten/em_macros.h>
#include <netinet/in.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    int is_loopback = IN6_IS_ADDR_LOOPBACK(&in6addr_loopback);
    int is_unspecified = IN6_IS_ADDR_UNSPECIFIED(&in6addr_any);
    return is_loopback && is_unspecified ? 42 : 1;
}
