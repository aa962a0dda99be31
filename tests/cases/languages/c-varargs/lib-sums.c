// Reads arguments whose number and types only the caller knows. They are on the one stack that all
// modules share: with its own stack pointer, this module would read something else.
#include <emscripten/em_macros.h>
#include <stdarg.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE double sum(const char *types, ...) {
    va_list arguments;
    va_start(arguments, types);
    double result = 0;
    for (; *types; types++) {
        switch (*types) {
        case 'i':
            result += va_arg(arguments, int);
            break;
        case 'l':
            result += va_arg(arguments, long long);
            break;
        case 'd':
            result += va_arg(arguments, double);
            break;
        case 'D':
            result += va_arg(arguments, long double);
            break;
        }
    }
    va_end(arguments);
    return result;
}

EMSCRIPTEN_KEEPALIVE int format(char *out, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}
