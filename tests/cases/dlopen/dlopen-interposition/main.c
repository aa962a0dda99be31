// For a weak definition, as C++ makes of inline functions, a library gets the program's, else that
// of a library opened with RTLD_GLOBAL, else its own. A definition that is in use stays, even after
// `dlclose` by the side that opened it.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE const char *of_all(void) {
    return "the program's";
}

static void tell(const char *when, void *library) {
    const char *(*ask)(int) = (const char *(*)(int))dlsym(library, "ask");
    printf("%s: %s, %s, own %s\n", when, ask(0), ask(1), ask(2));
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *user = dlopen("opened-user.wasm", RTLD_NOW);
    tell("alone", user);
    dlclose(user);

    void *local = dlopen("opened-other.wasm", RTLD_NOW | RTLD_LOCAL);
    user = dlopen("opened-user.wasm", RTLD_NOW);
    tell("beside a local one", user);
    dlclose(user);
    dlclose(local);

    void *global = dlopen("opened-other.wasm", RTLD_NOW | RTLD_GLOBAL);
    user = dlopen("opened-user.wasm", RTLD_NOW);
    tell("after a global one", user);
    puts("close the global one");
    dlclose(global);
    tell("which stays", user);
    puts("close its user");
    dlclose(user);

    user = dlopen("opened-user.wasm", RTLD_NOW);
    tell("alone again", user);
    return 42;
}
