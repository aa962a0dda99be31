// Flags: -pthread
// `pthread_exit` in the only thread runs its cleanup handlers, the newest first, then the
// destructors of its values, also of those that a destructor sets, and ends the program.
#include <emscripten/em_macros.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_key_t first, second, without_value;

static void clean(void *name) { printf("clean %s\n", (const char *)name); }

static void destroy(void *value) {
    printf("destroy %s\n", (const char *)value);
    if (!pthread_getspecific(second)) {
        pthread_setspecific(second, "what a destructor sets");
    }
}

static void destroy_last(void *value) { printf("destroy %s\n", (const char *)value); }

static void leave(void) {
    puts("exit handler");
    fflush(NULL);
    _Exit(5);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    atexit(leave);
    pthread_key_create(&second, destroy_last);
    pthread_key_create(&first, destroy);
    pthread_key_create(&without_value, destroy);
    pthread_setspecific(first, "a value");
    pthread_cleanup_push(clean, "outside");
    pthread_cleanup_push(clean, "inside");
    pthread_cleanup_push(clean, "what is popped");
    pthread_cleanup_pop(0);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return 42;
}
