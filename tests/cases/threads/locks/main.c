// Flags: -pthread
// Locks know that they are locked, semaphores count, attributes keep their values, and waits last
// until their time is over, also with one thread.
#define _GNU_SOURCE
#include <emscripten/em_macros.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>

// Returns the time in 2 ms.
static struct timespec soon(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += 2000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static bool is_over(clockid_t clock, struct timespec time) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec > time.tv_sec ||
           (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec);
}

static bool mutex(int type, int again, int unlocked_again) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    int kept;
    pthread_mutexattr_init(&attributes);
    if (pthread_mutexattr_settype(&attributes, type) ||
        pthread_mutexattr_gettype(&attributes, &kept) || kept != type ||
        pthread_mutex_init(&mutex, &attributes)) {
        return false;
    }
    if (pthread_mutex_lock(&mutex) || pthread_mutex_trylock(&mutex) != again) {
        return false;
    }
    if (!again && pthread_mutex_unlock(&mutex)) {
        return false;
    }
    return !pthread_mutex_unlock(&mutex) && pthread_mutex_unlock(&mutex) == unlocked_again &&
           !pthread_mutex_trylock(&mutex) && !pthread_mutex_unlock(&mutex);
}

static bool mutexes(void) {
    return mutex(PTHREAD_MUTEX_NORMAL, EBUSY, 0) && mutex(PTHREAD_MUTEX_RECURSIVE, 0, EPERM) &&
           mutex(PTHREAD_MUTEX_ERRORCHECK, EBUSY, EPERM);
}

static bool deadlock_is_noticed(void) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &attributes);
    return !pthread_mutex_lock(&mutex) && pthread_mutex_lock(&mutex) == EDEADLK;
}

static bool mutexes_of_c11(void) {
    mtx_t mutex;
    mtx_init(&mutex, mtx_timed);
    struct timespec end = soon(CLOCK_REALTIME);
    if (mtx_lock(&mutex) != thrd_success || mtx_trylock(&mutex) != thrd_busy ||
        mtx_timedlock(&mutex, &end) != thrd_timedout || !is_over(CLOCK_REALTIME, end)) {
        return false;
    }
    mtx_unlock(&mutex);
    return mtx_trylock(&mutex) == thrd_success;
}

static bool read_write_locks(void) {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    struct timespec end = soon(CLOCK_REALTIME);
    if (pthread_rwlock_rdlock(&lock) || pthread_rwlock_rdlock(&lock) ||
        pthread_rwlock_trywrlock(&lock) != EBUSY || pthread_rwlock_unlock(&lock) ||
        pthread_rwlock_trywrlock(&lock) != EBUSY || pthread_rwlock_unlock(&lock)) {
        return false;
    }
    return !pthread_rwlock_wrlock(&lock) && pthread_rwlock_tryrdlock(&lock) == EBUSY &&
           pthread_rwlock_rdlock(&lock) == EDEADLK && pthread_rwlock_wrlock(&lock) == EDEADLK &&
           pthread_rwlock_timedrdlock(&lock, &end) == ETIMEDOUT && is_over(CLOCK_REALTIME, end);
}

static bool spin_locks(void) {
    pthread_spinlock_t lock;
    return !pthread_spin_init(&lock, 0) && !pthread_spin_lock(&lock) &&
           pthread_spin_trylock(&lock) == EBUSY && !pthread_spin_unlock(&lock) &&
           !pthread_spin_trylock(&lock);
}

static bool semaphores(void) {
    sem_t semaphore;
    int value;
    if (sem_init(&semaphore, 0, 1) || sem_post(&semaphore) ||
        sem_getvalue(&semaphore, &value) || value != 2 || sem_wait(&semaphore) ||
        sem_trywait(&semaphore) || sem_trywait(&semaphore) != -1 || errno != EAGAIN) {
        return false;
    }
    struct timespec end = soon(CLOCK_REALTIME);
    errno = 0;
    if (sem_timedwait(&semaphore, &end) != -1 || errno != ETIMEDOUT) {
        return false;
    }
    errno = 0;
    return is_over(CLOCK_REALTIME, end) && sem_open("/name", O_CREAT, 0600, 1) == SEM_FAILED &&
           errno == ENOSYS;
}

static bool conditions(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attributes;
    pthread_cond_t condition;
    clockid_t kept;
    pthread_condattr_init(&attributes);
    if (pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) ||
        pthread_condattr_getclock(&attributes, &kept) || kept != CLOCK_MONOTONIC ||
        pthread_cond_init(&condition, &attributes)) {
        return false;
    }
    struct timespec end = soon(CLOCK_MONOTONIC);
    pthread_mutex_lock(&mutex);
    return pthread_cond_timedwait(&condition, &mutex, &end) == ETIMEDOUT &&
           is_over(CLOCK_MONOTONIC, end) && !pthread_mutex_unlock(&mutex);
}

static bool conditions_of_c11(void) {
    mtx_t mutex;
    cnd_t condition;
    mtx_init(&mutex, mtx_plain);
    cnd_init(&condition);
    struct timespec end = soon(CLOCK_REALTIME);
    mtx_lock(&mutex);
    return cnd_timedwait(&condition, &mutex, &end) == thrd_timedout &&
           is_over(CLOCK_REALTIME, end);
}

static bool barriers(void) {
    pthread_barrierattr_t attributes;
    pthread_barrier_t barrier;
    return !pthread_barrierattr_init(&attributes) &&
           !pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_PRIVATE) &&
           pthread_barrier_init(&barrier, &attributes, 0) == EINVAL &&
           !pthread_barrier_init(&barrier, &attributes, 1) &&
           pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD &&
           pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
}

static bool attributes(void) {
    pthread_attr_t attributes;
    size_t size;
    int state, policy;
    return !pthread_attr_init(&attributes) && !pthread_attr_setstacksize(&attributes, 1 << 20) &&
           !pthread_attr_getstacksize(&attributes, &size) && size == 1 << 20 &&
           !pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) &&
           !pthread_attr_getdetachstate(&attributes, &state) &&
           state == PTHREAD_CREATE_DETACHED && !pthread_attr_setguardsize(&attributes, 4096) &&
           !pthread_attr_setschedpolicy(&attributes, SCHED_RR) &&
           !pthread_attr_getschedpolicy(&attributes, &policy) && policy == SCHED_RR;
}

static bool stack_of_the_thread(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    char local;
    return !pthread_getattr_np(pthread_self(), &attributes) &&
           !pthread_attr_getstack(&attributes, &low, &size) && size > 0 &&
           (uintptr_t)low < (uintptr_t)&local && (uintptr_t)&local - (uintptr_t)low < size;
}

static bool scheduling(void) {
    struct sched_param parameters;
    int policy;
    return sched_get_priority_min(SCHED_FIFO) == 1 && sched_get_priority_max(SCHED_RR) == 99 &&
           sched_get_priority_max(SCHED_OTHER) == 0 && sched_get_priority_max(1234) == -1 &&
           !pthread_getschedparam(pthread_self(), &policy, &parameters) &&
           policy == SCHED_OTHER && parameters.sched_priority == 0;
}

static bool threads(void) {
    tss_t key;
    int value;
    return thrd_equal(thrd_current(), thrd_current()) &&
           tss_create(&key, NULL) == thrd_success && tss_get(key) == NULL &&
           tss_set(key, &value) == thrd_success && tss_get(key) == &value &&
           !pthread_setname_np(pthread_self(), "only one") &&
           pthread_tryjoin_np(pthread_self(), NULL) == EBUSY;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    static const struct {
        const char *name;
        bool (*holds)(void);
    } checks[] = {
        {"mutexes", mutexes},
        {"a deadlock that is noticed", deadlock_is_noticed},
        {"C's mutexes", mutexes_of_c11},
        {"read-write locks", read_write_locks},
        {"spin locks", spin_locks},
        {"semaphores", semaphores},
        {"conditions", conditions},
        {"C's conditions", conditions_of_c11},
        {"barriers", barriers},
        {"attributes", attributes},
        {"the stack", stack_of_the_thread},
        {"scheduling", scheduling},
        {"the thread", threads},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i].holds()) {
            printf("failed: %s\n", checks[i].name);
            failed++;
        }
    }
    return failed ? failed : 42;
}
