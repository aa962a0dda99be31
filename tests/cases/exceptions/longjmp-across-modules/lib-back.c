// Calls what it is given.
#include <setjmp.h>

jmp_buf of_library;

int calls_back(int (*callback)(int), int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += callback(i);
    }
    return sum;
}

int protects(void (*function)(void)) {
    int value = setjmp(of_library);
    if (value == 0) {
        function();
    }
    return value;
}
