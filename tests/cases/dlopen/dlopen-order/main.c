// Constructors of libraries run dependencies first, each once, and destructors in reverse.
// `opened-top` needs `left` and `right`, which both need `base`; `even` and `odd` need each other.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE void note(int begins, int letter) {
    printf("%c %c\n", begins ? '+' : '-', letter);
}

static void *open(const char *name) {
    void *library = dlopen(name, RTLD_NOW);
    if (!library) {
        puts(dlerror());
    }
    return library;
}

static int call(void *library, const char *name, int argument) {
    int (*function)(int) = (int (*)(int))dlsym(library, name);
    return function ? function(argument) : -1;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    puts("diamond");
    void *top = open("opened-top.wasm");
    printf("top is %d\n", call(top, "top", 1));
    printf("seen by the program: %d\n", dlsym(RTLD_DEFAULT, "top") || dlsym(RTLD_DEFAULT, "base"));
    puts("right, which is there");
    void *right = open("opened-right.wasm");
    puts("close top");
    dlclose(top);
    printf("right is %d\n", call(right, "right", 1));
    puts("close right");
    dlclose(right);
    puts("cycle");
    void *even = open("opened-even.wasm");
    printf("10 is even: %d\n", call(even, "even", 10));
    puts("close it");
    dlclose(even);
    return 42;
}
