// The data of opened libraries is aligned, has its values, and is zero elsewhere, although memory
// was in use before: by the program's own blocks, and by libraries that have left. Pointers are
// right when constructors run.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Returns 0 if the variables are as they should be, and overwrites them.
static int check(const char *name, void **library) {
    *library = dlopen(name, RTLD_NOW);
    if (!*library) {
        puts(dlerror());
        return 1;
    }
    int *before = dlsym(*library, "before");
    int *aligned = dlsym(*library, "aligned");
    char *after = dlsym(*library, "after");
    if (!before || !aligned || !after) {
        return 2;
    }
    if ((uintptr_t)aligned % 1024 != 0 || *aligned != 12345) {
        return 3;
    }
    for (int i = 0; i < 20000; i++) {
        if (after[i]) {
            return 4;
        }
    }
    if (*before) {
        return 5;
    }
    int *relocated = dlsym(*library, "relocated");
    if (!*relocated) {
        return 6;
    }
    *before = *aligned = 1;
    memset(after, 1, 20000);
    return 0;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    const char *names[] = {"opened-a.wasm", "opened-b.wasm", "opened-c.wasm"};
    size_t size = 20 << 20;
    char *volatile block = malloc(size);
    if (!block) {
        return 7;
    }
    memset(block, 1, size);
    free(block);
    for (int round = 0; round < 3; round++) {
        void *libraries[3];
        for (int i = 0; i < 3; i++) {
            int wrong = check(names[i], &libraries[i]);
            if (wrong) {
                printf("%s in round %d\n", names[i], round);
                return wrong;
            }
        }
        for (int i = 0; i < 3; i++) {
            dlclose(libraries[(round + i) % 3]);
        }
    }
    return 42;
}
