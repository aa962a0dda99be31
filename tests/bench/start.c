// The demo as a native program with two shared libraries: start RUST-LIBRARY C++-LIBRARY FUNCTION ARGUMENT

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    // Global, since the C++ library has functions of the Rust one called.
    void *provider = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    void *library = provider ? dlopen(argv[2], RTLD_NOW) : NULL;
    int (*function)(int) = library ? (int (*)(int))dlsym(library, argv[3]) : NULL;
    if (!function) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    printf("FooResult: %d\n", function(atoi(argv[4])));
}
