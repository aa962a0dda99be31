// `dlopen` and its companions. The host that runs the program does the work, in functions that this
// file imports. Only programs that use these functions need such a host.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST(name) __attribute__((import_module("wasm_host"), import_name(#name)))

HOST(dlopen) uintptr_t host_dlopen(const char *name, int flags);
HOST(dlsym) uintptr_t host_dlsym(uintptr_t library, const char *name);
HOST(dlclose) int host_dlclose(uintptr_t library);
// Writes the text of the last error, or only its end if `size` is too small. Clears the error once
// the whole text fits. Returns the length of the text.
HOST(dlerror) size_t host_dlerror(char *text, size_t size);
// Finds the library and the symbol to which an address belongs. Writes the base of the library and
// the address of the symbol to `found`, and the names of both to `names` if they fit, each with a
// terminating zero. Returns the size of the names, or 0 if the address belongs to no library.
HOST(dladdr) size_t host_dladdr(uintptr_t address, uintptr_t found[2], char *names, size_t size);

void *dlopen(const char *name, int flags) {
    char path[PATH_MAX];
    // The host does not know the working directory.
    if (name && *name != '/' && strchr(name, '/') && getcwd(path, sizeof path)) {
        // Only the name of the root ends with a slash.
        size_t length = strlen(path) == 1 ? 0 : strlen(path);
        if (length + strlen(name) + 2 <= sizeof path) {
            path[length] = '/';
            strcpy(path + length + 1, name);
            name = path;
        }
    }
    // It is the default. In wasi-libc it nevertheless has a value, which Emscripten's lacks.
    return (void *)host_dlopen(name, flags & ~RTLD_LOCAL);
}

void *dlsym(void *restrict library, const char *restrict name) {
    return (void *)host_dlsym((uintptr_t)library, name);
}

int dlclose(void *library) {
    return host_dlclose((uintptr_t)library);
}

// The text is valid until the next call.
char *dlerror(void) {
    static char *text;
    free(text);
    text = NULL;
    size_t length = host_dlerror(NULL, 0);
    if (!length) {
        return NULL;
    }
    text = malloc(length + 1);
    if (!text) {
        return "there is no memory left for what is wrong";
    }
    host_dlerror(text, length + 1);
    return text;
}

// The headers of wasi-libc do not declare it.
#ifndef __wasi__

// Returns a copy of a name that stays valid forever, since callers keep the pointer.
static const char *keep(const char *name) {
    static struct kept {
        struct kept *next;
        char name[];
    } *all;
    for (const struct kept *kept = all; kept; kept = kept->next) {
        if (strcmp(kept->name, name) == 0) {
            return kept->name;
        }
    }
    struct kept *kept = malloc(sizeof *kept + strlen(name) + 1);
    if (!kept) {
        return NULL;
    }
    kept->next = all;
    all = kept;
    return strcpy(kept->name, name);
}

int dladdr(const void *address, Dl_info *info) {
    uintptr_t found[2];
    size_t size = host_dladdr((uintptr_t)address, found, NULL, 0);
    char *names = size ? malloc(size) : NULL;
    if (!names) {
        return 0;
    }
    host_dladdr((uintptr_t)address, found, names, size);
    const char *symbol = names + strlen(names) + 1;
    info->dli_fname = keep(names);
    info->dli_fbase = (void *)found[0];
    info->dli_sname = *symbol ? keep(symbol) : NULL;
    info->dli_saddr = (void *)found[1];
    free(names);
    return info->dli_fname != NULL;
}

#endif
