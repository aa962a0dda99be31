// A thread cannot be started, which the program learns; a wait for one would never end.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <pthread.h>

static void *nothing(void *argument) { return argument; }

EMSCRIPTEN_KEEPALIVE int test(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) != EAGAIN) {
        return 1;
    }
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_cond_wait(&condition, &mutex);
    return 2;
}
