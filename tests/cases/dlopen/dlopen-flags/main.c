// Each flag of `dlopen` decides which symbols are visible and which libraries are unloaded.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

static int sees(const char *symbol) {
    int found = dlsym(RTLD_DEFAULT, symbol) != NULL;
    if (!found) {
        puts(dlerror());
    }
    return found;
}

EMSCRIPTEN_KEEPALIVE int of_program = 7;

EMSCRIPTEN_KEEPALIVE int test(void) {
    printf("not open: %p\n", dlopen("opened-plugin.wasm", RTLD_NOW | RTLD_NOLOAD));
    puts(dlerror());

    puts("local");
    void *local = dlopen("opened-plugin.wasm", RTLD_LAZY | RTLD_LOCAL);
    printf("sees it: %d\n", sees("answer"));
    printf("the same again: %d\n", dlopen("opened-plugin.wasm", RTLD_NOW) == local);
    printf("the same if it is open: %d\n", dlopen("opened-plugin.wasm", RTLD_NOW | RTLD_NOLOAD) == local);
    dlclose(local);
    dlclose(local);
    puts("two closed, one to go");
    dlclose(local);
    printf("once more: %d\n", dlclose(local));
    puts(dlerror() ? "which is an error" : "?");

    puts("global");
    void *global = dlopen("opened-plugin.wasm", RTLD_NOW);
    dlopen("opened-plugin.wasm", RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
    printf("sees it: %d\n", sees("answer"));
    dlclose(global);
    printf("sees it: %d\n", sees("answer"));
    dlclose(global);
    printf("sees it: %d\n", sees("answer"));

    puts("no delete");
    void *kept = dlopen("opened-plugin.wasm", RTLD_NOW | RTLD_NODELETE);
    int (*answer)(void) = (int (*)(void))dlsym(kept, "answer");
    dlclose(kept);
    printf("works after that: %d\n", answer());
    printf("runs its constructors again: %d\n", dlopen("opened-plugin.wasm", RTLD_NOW) != NULL);

    puts("the program");
    void *program = dlopen(NULL, RTLD_NOW);
    printf("has test: %d\n", dlsym(program, "test") == (void *)test);
    printf("has answer: %d\n", dlsym(program, "answer") != NULL);
    puts(dlerror());
    printf("has its variable: %d\n", dlsym(program, "of_program") == &of_program);
    printf("closed: %d\n", dlclose(program));
    printf("the same again: %d\n", dlopen(NULL, RTLD_LAZY) == program && dlsym(program, "of_program"));

    printf("without a flag: %p\n", dlopen("opened-plugin.wasm", 0));
    puts(dlerror());
    printf("told once: %d\n", dlerror() == NULL);
    return 42;
}
