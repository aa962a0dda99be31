// Flags: -pthread
// Relocated pointers and thread-local variables in C, compiled for threads. Data is copied once,
// and before its relocations.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

extern _Thread_local int other;
int *address_of_other(void);
extern int numbers[2];

static int own = 5;
_Thread_local int first = 1;
static _Thread_local int zero;
static int *pointer = &own;
static int *pointer_of_other = &numbers[1];
static int (*function)(void) = 0;
static atomic_int count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int five(void) { return *pointer; }
static void run(void) { function = five; }
static void *nothing(void *argument) { return argument; }

__attribute__((constructor)) static void constructor(void) { count++; zero = 3; }

EMSCRIPTEN_KEEPALIVE int test(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) != EAGAIN) {
        return 1;
    }
    pthread_once(&once, run);
    other++;
    if (&other != address_of_other() || other != 21 || count != 1) {
        return 2;
    }
    // 1 + 3 + 5 + 12 + 21 = 42
    return first + zero + function() + *pointer_of_other + other;
}
