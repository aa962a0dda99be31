// Functions for what a sandbox does not have, some of which Emscripten leaves to JavaScript, return
// an error, and the program goes on.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    if (system(NULL) != 0) {
        return 1;
    }
    if (system("exit 3") != -1 || errno != ENOSYS) {
        return 2;
    }
    if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != ENOSYS) {
        return 3;
    }
    struct addrinfo *address;
    if (getaddrinfo("localhost", NULL, NULL, &address) == 0) {
        return 4;
    }
    if (gethostbyname("localhost") || h_errno != NO_RECOVERY) {
        return 5;
    }
    // What needs no network is there.
    struct protoent *protocol = getprotobyname("tcp");
    return protocol && protocol->p_proto == 6 ? 42 : 6;
}
