// Threads, of which there is one. None can be started.
//
// Emscripten's libc without threads lets every lock and every wait succeed. Here a lock knows that
// it is locked, and a semaphore counts. A wait for another thread lasts until its time is over. If
// it has no time, it ends the program with a message, since it would never end.

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#include <emscripten/stack.h>
#include <emscripten/threading.h>

__attribute__((noinline)) static _Noreturn void never_ends(void) {
    fputs("threads are not supported: a wait for another thread would never end\n", stderr);
    abort();
}

static int wait_until(clockid_t clock, const struct timespec *end) {
    int error = clock_nanosleep(clock, TIMER_ABSTIME, end, NULL);
    return error ? error : ETIMEDOUT;
}

int emscripten_futex_wait(volatile void *address, uint32_t value, double milliseconds) {
    if (!address || (uintptr_t)address % sizeof value) {
        return -EINVAL;
    }
    if (*(volatile uint32_t *)address != value) {
        return -EWOULDBLOCK;
    }
    if (isinf(milliseconds)) {
        never_ends();
    }
    if (milliseconds > 0) {
        emscripten_thread_sleep(milliseconds);
    }
    return -ETIMEDOUT;
}

int emscripten_futex_wake(volatile void *address, int count) {
    return !address || (uintptr_t)address % sizeof(uint32_t) || count < 0 ? -EINVAL : 0;
}

// The thread

// Prints that no thread can be started: a C++ program without exceptions would end without a
// message.
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) {
    static bool is_said;
    if (!is_said) {
        fputs("threads are not supported: none can be started\n", stderr);
    }
    is_said = true;
    return EAGAIN;
}

int pthread_getattr_np(pthread_t, pthread_attr_t *attributes) {
    uintptr_t low = emscripten_stack_get_end();
    pthread_attr_init(attributes);
    return pthread_attr_setstack(attributes, (void *)low, emscripten_stack_get_base() - low);
}

int pthread_getschedparam(pthread_t, int *restrict policy, struct sched_param *restrict parameters) {
    *policy = SCHED_OTHER;
    parameters->sched_priority = 0;
    return 0;
}

// Nothing shows the name.
int pthread_setname_np(pthread_t, const char *name) {
    return strlen(name) < 16 ? 0 : ERANGE;
}

int pthread_kill(pthread_t, int signal) {
    return signal && raise(signal) ? errno : 0;
}

// The only thread waits for itself here.
int pthread_tryjoin_np(pthread_t, void **) {
    return EBUSY;
}

int pthread_timedjoin_np(pthread_t, void **, const struct timespec *) {
    return EDEADLK;
}

#undef thrd_equal
int thrd_equal(thrd_t one, thrd_t other) {
    return one == other;
}

// It returns `int`, and `bool` in newer versions of Emscripten.
typeof(emscripten_is_main_browser_thread()) emscripten_is_main_browser_thread(void) {
    return 1;
}

// The end of the thread, which is that of the program

static struct __ptcb *newest_cleanup;

void __do_cleanup_push(struct __ptcb *cleanup) {
    cleanup->__next = newest_cleanup;
    newest_cleanup = cleanup;
}

void __do_cleanup_pop(struct __ptcb *cleanup) {
    newest_cleanup = cleanup->__next;
}

struct key {
    bool is_used;
    void *value;
    void (*destructor)(void *);
};

static struct key keys[PTHREAD_KEYS_MAX];

static struct key *find_key(pthread_key_t key) {
    return key < PTHREAD_KEYS_MAX && keys[key].is_used ? &keys[key] : NULL;
}

int __pthread_key_create(pthread_key_t *out, void (*destructor)(void *)) {
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
        if (!keys[key].is_used) {
            keys[key] = (struct key){true, NULL, destructor};
            *out = key;
            return 0;
        }
    }
    return EAGAIN;
}

int __pthread_key_delete(pthread_key_t key) {
    struct key *found = find_key(key);
    if (!found) {
        return EINVAL;
    }
    found->is_used = false;
    return 0;
}

void *pthread_getspecific(pthread_key_t key) {
    struct key *found = find_key(key);
    return found ? found->value : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value) {
    struct key *found = find_key(key);
    if (!found) {
        return EINVAL;
    }
    found->value = (void *)value;
    return 0;
}

// musl's would store it where only a thread that was started has room.
int tss_set(tss_t key, void *value) {
    return pthread_setspecific(key, value) ? thrd_error : thrd_success;
}

int pthread_key_create(pthread_key_t *, void (*)(void *))
    __attribute__((alias("__pthread_key_create")));
int pthread_key_delete(pthread_key_t) __attribute__((alias("__pthread_key_delete")));
void *tss_get(tss_t) __attribute__((alias("pthread_getspecific")));

// Calls the destructor of each value once. Returns whether it has called any.
static bool destroy_values(void) {
    bool has_called = false;
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
        struct key *found = find_key(key);
        if (found && found->value && found->destructor) {
            void *value = found->value;
            found->value = NULL;
            found->destructor(value);
            has_called = true;
        }
    }
    return has_called;
}

_Noreturn void __pthread_exit(void *) {
    while (newest_cleanup) {
        struct __ptcb *cleanup = newest_cleanup;
        newest_cleanup = cleanup->__next;
        cleanup->__f(cleanup->__x);
    }
    // A destructor may set other values.
    for (int i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_values(); i++) {
    }
    exit(0);
}

_Noreturn void pthread_exit(void *) __attribute__((alias("__pthread_exit")));

// Mutexes

// Where musl keeps the fields of a mutex.
enum { MUTEX_TYPE = 0, MUTEX_LOCK = 1, MUTEX_COUNT = 5 };

static int mutex_type(const pthread_mutex_t *mutex) {
    return mutex->__u.__i[MUTEX_TYPE] & 3;
}

int __pthread_mutex_trylock(pthread_mutex_t *mutex) {
    if (!mutex->__u.__vi[MUTEX_LOCK]) {
        mutex->__u.__vi[MUTEX_LOCK] = EBUSY;
        return 0;
    }
    if (mutex_type(mutex) != PTHREAD_MUTEX_RECURSIVE) {
        return EBUSY;
    }
    if (mutex->__u.__i[MUTEX_COUNT] == INT_MAX) {
        return EAGAIN;
    }
    mutex->__u.__i[MUTEX_COUNT]++;
    return 0;
}

// Returns what `lock` returns if it does not wait.
static int lock_at_once(pthread_mutex_t *mutex) {
    int error = __pthread_mutex_trylock(mutex);
    bool is_checked = mutex_type(mutex) == PTHREAD_MUTEX_ERRORCHECK;
    return error == EBUSY && is_checked ? EDEADLK : error;
}

int __pthread_mutex_lock(pthread_mutex_t *mutex) {
    int error = lock_at_once(mutex);
    if (error == EBUSY) {
        never_ends();
    }
    return error;
}

int __pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                              const struct timespec *restrict end) {
    // C's `mtx_lock` gives no time.
    if (!end) {
        return __pthread_mutex_lock(mutex);
    }
    int error = lock_at_once(mutex);
    return error == EBUSY ? wait_until(CLOCK_REALTIME, end) : error;
}

int __pthread_mutex_unlock(pthread_mutex_t *mutex) {
    if (mutex_type(mutex) != PTHREAD_MUTEX_NORMAL && !mutex->__u.__vi[MUTEX_LOCK]) {
        return EPERM;
    }
    if (mutex->__u.__i[MUTEX_COUNT]) {
        mutex->__u.__i[MUTEX_COUNT]--;
    } else {
        mutex->__u.__vi[MUTEX_LOCK] = 0;
    }
    return 0;
}

// No thread can have ended with a lock.
int pthread_mutex_consistent(pthread_mutex_t *) {
    return EINVAL;
}

int pthread_mutex_lock(pthread_mutex_t *) __attribute__((alias("__pthread_mutex_lock")));
int pthread_mutex_trylock(pthread_mutex_t *) __attribute__((alias("__pthread_mutex_trylock")));
int pthread_mutex_timedlock(pthread_mutex_t *restrict, const struct timespec *restrict)
    __attribute__((alias("__pthread_mutex_timedlock")));
int pthread_mutex_unlock(pthread_mutex_t *) __attribute__((alias("__pthread_mutex_unlock")));

// There are no priorities.
int pthread_mutexattr_getprioceiling(const pthread_mutexattr_t *restrict, int *restrict) {
    return EINVAL;
}

int pthread_mutexattr_setprioceiling(pthread_mutexattr_t *, int) {
    return EINVAL;
}

// Read-write locks

// Where musl keeps how many readers there are, and how many stand for a writer.
enum { READERS = 0, WRITER = INT_MAX };

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock) {
    switch (lock->__u.__vi[READERS]) {
    case WRITER:
        return EBUSY;
    case WRITER - 1:
        return EAGAIN;
    default:
        lock->__u.__vi[READERS]++;
        return 0;
    }
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock) {
    if (lock->__u.__vi[READERS]) {
        return EBUSY;
    }
    lock->__u.__vi[READERS] = WRITER;
    return 0;
}

// Only this thread can be the writer.
int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    int error = pthread_rwlock_tryrdlock(lock);
    return error == EBUSY ? EDEADLK : error;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    if (!pthread_rwlock_trywrlock(lock)) {
        return 0;
    }
    if (lock->__u.__vi[READERS] != WRITER) {
        never_ends();
    }
    return EDEADLK;
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict end) {
    int error = pthread_rwlock_tryrdlock(lock);
    return error == EBUSY ? wait_until(CLOCK_REALTIME, end) : error;
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict end) {
    return pthread_rwlock_trywrlock(lock) ? wait_until(CLOCK_REALTIME, end) : 0;
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
    switch (lock->__u.__vi[READERS]) {
    case 0:
        return EPERM;
    case WRITER:
        lock->__u.__vi[READERS] = 0;
        return 0;
    default:
        lock->__u.__vi[READERS]--;
        return 0;
    }
}

// Other locks and waits

int pthread_spin_lock(pthread_spinlock_t *lock) {
    if (pthread_spin_trylock(lock)) {
        never_ends();
    }
    return 0;
}

// No other thread can end this wait, and callers repeat it until their condition holds.
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *) {
    never_ends();
}

int __pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict,
                             const struct timespec *restrict end) {
    // Where musl keeps the clock of a condition.
    enum { CONDITION_CLOCK = 4 };
    // C's `cnd_wait` gives no time.
    if (!end) {
        never_ends();
    }
    return wait_until(condition->__u.__i[CONDITION_CLOCK], end);
}

int pthread_cond_timedwait(pthread_cond_t *restrict, pthread_mutex_t *restrict,
                           const struct timespec *restrict)
    __attribute__((alias("__pthread_cond_timedwait")));

int pthread_barrier_wait(pthread_barrier_t *barrier) {
    // Where musl keeps how many threads a barrier waits for, in addition to one.
    enum { BARRIER_OTHERS = 2 };
    if (barrier->__u.__i[BARRIER_OTHERS] & INT_MAX) {
        never_ends();
    }
    return PTHREAD_BARRIER_SERIAL_THREAD;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end) {
    if (!sem_trywait(semaphore)) {
        return 0;
    }
    errno = wait_until(CLOCK_REALTIME, end);
    return -1;
}

int sem_wait(sem_t *semaphore) {
    if (sem_trywait(semaphore)) {
        never_ends();
    }
    return 0;
}

// Scheduling. The numbers are those of Linux.

static int priority(int policy, int of_real_time) {
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR:
        return of_real_time;
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return 0;
    default:
        errno = EINVAL;
        return -1;
    }
}

int sched_get_priority_min(int policy) {
    return priority(policy, 1);
}

int sched_get_priority_max(int policy) {
    return priority(policy, 99);
}
