// The functions that run when the program ends or a library is unloaded.
//
// musl never unloads a library, so it does not record which library registered a function. This
// file does.

#include <stdint.h>
#include <stdlib.h>

#include "runtime.h"

struct handler {
    struct handler *older;
    void (*function)(void *);
    void *argument;
    void *dso;
};

// The standard guarantees that at least 32 functions can be registered, even without free memory.
static struct handler reserve[32];
static size_t reserved;
static struct handler *newest, *unused;
// The destructors of `thread_local` objects. They run before every other handler.
static struct handler *newest_of_thread;

static struct handler *allocate(void) {
    struct handler *handler = unused;
    if (handler) {
        unused = handler->older;
    } else if (reserved < sizeof reserve / sizeof *reserve) {
        handler = &reserve[reserved++];
    } else {
        handler = malloc(sizeof *handler);
    }
    return handler;
}

// Removes a handler from the list. This happens before the handler is called, because it may
// register others or end the program.
static struct handler take(struct handler **link) {
    struct handler *handler = *link, copy = *handler;
    *link = handler->older;
    handler->older = unused;
    unused = handler;
    return copy;
}

static void call(struct handler **link) {
    struct handler handler = take(link);
    handler.function(handler.argument);
}

static int add(struct handler **list, void (*function)(void *), void *argument, void *dso) {
    struct handler *handler = allocate();
    if (!handler) {
        return -1;
    }
    *handler = (struct handler){*list, function, argument, dso};
    *list = handler;
    return 0;
}

int __cxa_atexit(void (*function)(void *), void *argument, void *dso) {
    return add(&newest, function, argument, dso);
}

// C++ calls this for each `thread_local` object with a destructor. The only thread ends when the
// program does.
int __cxa_thread_atexit(void (*function)(void *), void *argument, void *dso) {
    return add(&newest_of_thread, function, argument, dso);
}

static void call_plain(void *function) {
    ((void (*)(void))(uintptr_t)function)();
}

int atexit(void (*function)(void)) {
    return __cxa_atexit(call_plain, (void *)(uintptr_t)function, NULL);
}

// If a later handler constructs a `thread_local` object, that object is not destroyed. glibc does
// the same.
void __funcs_on_exit(void) {
    while (newest_of_thread) {
        call(&newest_of_thread);
    }
    while (newest) {
        call(&newest);
    }
}

// Runs the handlers of one library.
static void finalize(struct handler **list, void *dso) {
    // A handler may change the list, so each search starts at the beginning.
    for (struct handler **link = list; *link;) {
        if ((*link)->dso == dso) {
            call(link);
            link = list;
        } else {
            link = &(*link)->older;
        }
    }
}

void __cxa_finalize(void *dso) {
    if (!dso) {
        __funcs_on_exit();
        return;
    }
    finalize(&newest_of_thread, dso);
    finalize(&newest, dso);
}

// `atexit` has no argument for the library. The table slot of the function identifies the library.
static bool belongs(const struct handler *handler, uintptr_t dso, uintptr_t slots,
                    uintptr_t slots_end) {
    uintptr_t function = (uintptr_t)(handler->function == call_plain ? handler->argument
                                                                     : handler->function);
    return (uintptr_t)handler->dso == dso || (slots <= function && function < slots_end);
}

static void leave(struct handler **list, uintptr_t dso, uintptr_t slots, uintptr_t slots_end,
                  bool runs) {
    for (struct handler **link = list; *link;) {
        if (!belongs(*link, dso, slots, slots_end)) {
            link = &(*link)->older;
        } else if (runs) {
            call(link);
            link = list;
        } else {
            take(link);
        }
    }
}

// The host calls this when it unloads a library: the one whose data starts at `dso` and whose
// functions have these slots of the table. Runs the handlers of the library, or only removes them.
void __leave_library(uintptr_t dso, uintptr_t slots, uintptr_t slots_end, bool runs) {
    leave(&newest_of_thread, dso, slots, slots_end, runs);
    leave(&newest, dso, slots, slots_end, runs);
}

// The names that musl uses internally.
int ___cxa_atexit(void (*)(void *), void *, void *) __attribute__((alias("__cxa_atexit")));
int __atexit(void (*)(void)) __attribute__((alias("atexit")));
void ___cxa_finalize(void *) __attribute__((alias("__cxa_finalize")));
