// Libraries that are opened while the program runs: what of it is C's. The work is done by the host that
// runs the program, by functions of its own. Only programs that use these functions need that host.

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
// Writes the end of the last error's text, and forgets it once there is room for all. Returns its length.
HOST(dlerror) size_t host_dlerror(char *text, size_t size);
// Writes the base of the library and the address of the symbol that an address belongs to, and the names of
// both, each with its zero, if there is room. Returns how much these need; 0 if it belongs to no library.
HOST(dladdr) size_t host_dladdr(uintptr_t address, uintptr_t found[2], char *names, size_t size);

void *dlopen(const char *name, int flags) {
    char path[PATH_MAX];
    // The host knows of no working directory.
    if (name && *name != '/' && strchr(name, '/') && getcwd(path, sizeof path)) {
        // Only the root's name ends with a slash.
        size_t length = strlen(path) == 1 ? 0 : strlen(path);
        if (length + strlen(name) + 2 <= sizeof path) {
            path[length] = '/';
            strcpy(path + length + 1, name);
            name = path;
        }
    }
    return (void *)host_dlopen(name, flags);
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

// Names stay where they are, for callers keep them.
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
