// The functions that Emscripten's libc expects from JavaScript, in C on top of WASI: memory, time,
// signals, messages. The names are Emscripten's. Definitions in this file take precedence over
// those in the archives.

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <emscripten.h>
#include <wasi/wasi-helpers.h>

#include "runtime.h"

// Memory

static const uintptr_t PAGE = 65536;

static uintptr_t memory_end(void) {
    return __builtin_wasm_memory_size(0) * PAGE;
}

// Adds pages at the end of memory. Returns whether that was possible.
static bool grow(uintptr_t bytes) {
    return __builtin_wasm_memory_grow(0, bytes / PAGE + (bytes % PAGE != 0)) != SIZE_MAX;
}

static uintptr_t start, end, limit; // our last range of pages, in use up to `end`

// Other allocators grow the same memory, for example Rust's. So this function returns only pages
// that it has added itself. If another allocator has added pages since, the heap continues after
// them. dlmalloc, the caller, notices that the heap is not contiguous: it compares the addresses of
// the pieces, even when it is compiled for a contiguous heap.
void *sbrk(intptr_t increment) {
    if (increment > 0 && (uintptr_t)increment > limit - end) {
        uintptr_t top = memory_end();
        uintptr_t unused = limit == top ? limit - end : 0;
        if (!grow((uintptr_t)increment - unused)) {
            errno = ENOMEM;
            return (void *)-1;
        }
        if (limit != top) {
            start = end = top;
        }
        limit = memory_end();
    } else if (increment < 0 && -(uintptr_t)increment > end - start) {
        errno = ENOMEM;
        return (void *)-1;
    }
    uintptr_t before = end;
    end += increment;
    return (void *)before;
}

// The program cannot set the end of the heap. musl refuses this too.
int brk(void *) {
    errno = ENOMEM;
    return -1;
}

uintptr_t *emscripten_get_sbrk_ptr(void) {
    return &end;
}

size_t emscripten_get_heap_max(void) {
    return UINT32_MAX - UINT32_MAX % PAGE;
}

int emscripten_resize_heap(size_t size) {
    return size <= memory_end() || grow(size - memory_end());
}

// Emscripten leaves long copies to JavaScript, which is faster than a loop. Here they become
// `memory.copy`.
#if EMSCRIPTEN_BEFORE(3, 1, 34)
void *emscripten_memcpy_big(void *restrict to, const void *restrict from, size_t size) {
    return __builtin_memcpy(to, from, size);
}
#else
void _emscripten_memcpy_js(void *restrict to, const void *restrict from, size_t size) {
    __builtin_memcpy(to, from, size);
}
#endif

void *reallocarray(void *memory, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

// The stack belongs to the whole program. The linker, which lays out memory, provides its bounds.
// Emscripten would use the end of its data and the start of its heap.
extern char __stack_low, __stack_high;

void emscripten_stack_init(void) {}

uintptr_t emscripten_stack_get_base(void) {
    return (uintptr_t)&__stack_high;
}

uintptr_t emscripten_stack_get_end(void) {
    return (uintptr_t)&__stack_low;
}

uintptr_t emscripten_stack_get_free(void) {
    return (uintptr_t)__builtin_frame_address(0) - (uintptr_t)&__stack_low;
}

// The upper half of a 64-bit result, for a caller that takes it in two halves.
static int upper_half;

void setTempRet0(int value) {
    upper_half = value;
}

int getTempRet0(void) {
    return upper_half;
}

// Time. Dates are handled by musl: in UTC, unless the variable TZ in the environment says
// otherwise.

static double milliseconds(__wasi_clockid_t clock) {
    __wasi_timestamp_t now;
    return __wasi_clock_time_get(clock, 1, &now) ? 0 : (double)now / 1e6;
}

double emscripten_get_now(void) {
    return milliseconds(__WASI_CLOCKID_MONOTONIC);
}

double emscripten_date_now(void) {
    return milliseconds(__WASI_CLOCKID_REALTIME);
}

struct timespec __wasi_timestamp_to_timespec(__wasi_timestamp_t nanoseconds) {
    const long second = 1000000000;
    return (struct timespec){.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
}

// Finds the WASI clock for a C clock. C has several for each purpose. A WASI host may not have a
// clock for the processor time of the program, and Wasmtime has none. Elapsed time counts instead.
static bool find_clock(clockid_t clock, __wasi_clockid_t *out) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *out = __WASI_CLOCKID_REALTIME;
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *out = __WASI_CLOCKID_MONOTONIC;
        return true;
    default:
        return false;
    }
}

// musl's internal name of the function, which other parts of musl call.
int __clock_gettime(clockid_t clock, struct timespec *time) {
    static __wasi_timestamp_t start;
    __wasi_clockid_t id;
    __wasi_timestamp_t now;
    __wasi_errno_t error = find_clock(clock, &id) ? __wasi_clock_time_get(id, 1, &now) : EINVAL;
    if (error) {
        errno = error;
        return -1;
    }
    // Start at zero: `clock` has only 32 bits for microseconds.
    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID) {
        start = start ? start : now;
        now -= start;
    }
    *time = __wasi_timestamp_to_timespec(now);
    return 0;
}

int clock_gettime(clockid_t, struct timespec *) __attribute__((alias("__clock_gettime")));

int __clock_getres(clockid_t clock, struct timespec *resolution) {
    __wasi_clockid_t id;
    __wasi_timestamp_t nanoseconds;
    __wasi_errno_t error = find_clock(clock, &id) ? __wasi_clock_res_get(id, &nanoseconds) : EINVAL;
    if (error) {
        errno = error;
        return -1;
    }
    if (resolution) {
        *resolution = __wasi_timestamp_to_timespec(nanoseconds);
    }
    return 0;
}

int clock_getres(clockid_t, struct timespec *) __attribute__((alias("__clock_getres")));

void emscripten_thread_sleep(double milliseconds) {
    __wasi_subscription_t timer = {
        .type = __WASI_EVENTTYPE_CLOCK,
        .u.clock = {.id = __WASI_CLOCKID_MONOTONIC, .timeout = milliseconds * 1e6},
    };
    __wasi_event_t event;
    size_t count;
    (void)__wasi_poll_oneoff(&timer, &event, 1, &count);
}

static double milliseconds_between(const struct timespec *from, const struct timespec *to) {
    double seconds = (double)(to->tv_sec - from->tv_sec);
    return seconds * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

// Some hosts end a wait a little early.
static int sleep_until(clockid_t clock, const struct timespec *time) {
    for (;;) {
        struct timespec now;
        if (__clock_gettime(clock, &now)) {
            return EINVAL;
        }
        double left = milliseconds_between(&now, time);
        if (left <= 0) {
            return 0;
        }
        emscripten_thread_sleep(left);
    }
}

// musl's internal name of the function, which other parts of musl call. Emscripten's takes every
// time for a duration. No signal interrupts this one, so nothing is ever left.
int __clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *) {
    if (clock == CLOCK_THREAD_CPUTIME_ID || time->tv_nsec < 0 || time->tv_nsec >= 1000000000) {
        return EINVAL;
    }
    if (flags & TIMER_ABSTIME) {
        return sleep_until(clock, time);
    }
    if (time->tv_sec < 0) {
        return EINVAL;
    }
    emscripten_thread_sleep(milliseconds_between(&(struct timespec){0}, time));
    return 0;
}

int clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *)
    __attribute__((alias("__clock_nanosleep")));

int dysize(int year) {
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return is_leap ? 366 : 365;
}

// Time zones come from files, and there are none.
const unsigned char *__map_file(const char *, size_t *) {
    return NULL;
}

// Process

// Traps, so that the host can show where. The signal is raised only for a handler of the program:
// the default handler may call `abort` again.
_Noreturn void abort(void) {
    struct sigaction action;
    if (!sigaction(SIGABRT, NULL, &action) && action.sa_handler != SIG_DFL) {
        raise(SIGABRT);
    }
    __builtin_trap();
}

void __call_sighandler(sighandler_t handler, int signal) {
    handler(signal);
}

// The arguments of a `longjmp`. Compilers rely on the order of the fields.
struct longjmp_args {
    void *env;
    int value;
};

static struct longjmp_args longjmp_args;

// Throws the address of the arguments. If the program calls `setjmp`, the linker defines another
// `__throw_longjmp`.
__attribute__((weak)) _Noreturn void __throw_longjmp(struct longjmp_args *) {
    fputs("longjmp to where no setjmp was called\n", stderr);
    abort();
}

_Noreturn void _emscripten_throw_longjmp(void) {
    __throw_longjmp(&longjmp_args);
}

extern uintptr_t __THREW__;
extern int __threwValue;

// Compilers replace `longjmp` by this in code that catches exceptions with WebAssembly
// instructions. The standard does not let `setjmp` return 0 the second time. Code that catches with
// `invoke_*` reads the two variables, so both kinds of code may be mixed.
_Noreturn void __wasm_longjmp(void *env, int value) {
    longjmp_args.env = env;
    longjmp_args.value = value ? value : 1;
    __THREW__ = (uintptr_t)env;
    __threwValue = longjmp_args.value;
    __throw_longjmp(&longjmp_args);
}

// Compilers replace `longjmp` by this in other code.
_Noreturn void emscripten_longjmp(uintptr_t env, int value) {
    __wasm_longjmp((void *)env, value);
}

ssize_t getrandom(void *buffer, size_t length, unsigned) {
    __wasi_errno_t error = __wasi_random_get(buffer, length);
    if (error) {
        errno = error;
        return -1;
    }
    return length;
}

int getentropy(void *buffer, size_t length) {
    if (length > 256) {
        errno = EIO;
        return -1;
    }
    return getrandom(buffer, length, 0) < 0 ? -1 : 0;
}

// Returns a number from 0 to 1, without 1. A `float` has 24 bits.
float emscripten_random(void) {
    uint32_t bits = 0;
    getrandom(&bits, sizeof bits, 0);
    return (float)(bits >> 8) / (1 << 24);
}

int emscripten_has_asyncify(void) {
    return 0;
}

// JavaScript can keep a program alive. Here, nothing does.
void emscripten_force_exit(int status) {
    exit(status);
}

// libc++ calls this to name the type of an exception. Writes the name in source notation if it is
// known and fits, and returns whether it has. `host` defines this function in place of this one;
// other hosts know no such names.
bool __host_demangle(const char *, char *, size_t) {
    return false;
}

// A constructor in the compiler's library calls this to write a profile when the program ends. A
// program that is profiled defines its own.
__attribute__((visibility("hidden"))) void __llvm_profile_initialize(void) {}

// Messages

void emscripten_console_log(const char *text) {
    puts(text);
}

void emscripten_console_warn(const char *text) {
    fprintf(stderr, "%s\n", text);
}

void emscripten_console_error(const char *text) {
    emscripten_console_warn(text);
}

void emscripten_console_trace(const char *text) {
    emscripten_console_warn(text);
}

static FILE *log_stream(int flags) {
    return flags & (EM_LOG_ERROR | EM_LOG_WARN) ? stderr : stdout;
}

void emscripten_log(int flags, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(log_stream(flags), format, arguments);
    fputc('\n', log_stream(flags));
    va_end(arguments);
}

// Newer versions call this to print.
void _emscripten_log_formatted(int flags, const char *text) {
    fprintf(log_stream(flags), "%s\n", text);
}

#if EMSCRIPTEN_BEFORE(3, 1, 42)
#define emscripten_out _emscripten_out
#define emscripten_err _emscripten_err
#endif

void emscripten_out(const char *text) {
    emscripten_console_log(text);
}

void emscripten_err(const char *text) {
    emscripten_console_warn(text);
}
