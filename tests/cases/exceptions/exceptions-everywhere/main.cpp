// Flags: -fexceptions
// The program, a library, a callback that Rust calls and a constructor each throw and catch.
#include "shared.h"
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstring>

namespace {

Function callback;

void calls_callback() {
    callback();
}

void throws_here() {
    throw Thrown("the program");
}

void throws_in_a_callback() {
    callback = [] { throw Thrown("a callback"); };
    through_rust(calls_callback);
}

void throws_in_a_constructor() {
    Throws throws;
}

Text catches_here(Function function) {
    try {
        function();
    } catch (const std::exception &thrown) {
        return of(thrown);
    }
    return {};
}

Function inner;
Text result;

Text catches_in_a_callback(Function function) {
    inner = function;
    through_rust([] { result = catches_here(inner); });
    return result;
}

Text catches_in_a_constructor(Function function) {
    return Catches(function).text;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    const struct {
        const char *name;
        Function function;
    } throwers[] = {
        {"program", throws_here},
        {"library", throws_in_the_library},
        {"callback", throws_in_a_callback},
        {"constructor", throws_in_a_constructor},
    };
    const struct {
        const char *name;
        Text (*function)(Function);
    } catchers[] = {
        {"program", catches_here},
        {"library", catches_in_the_library},
        {"callback", catches_in_a_callback},
        {"constructor", catches_in_a_constructor},
    };
    for (auto &thrower : throwers) {
        for (auto &catcher : catchers) {
            Text text = catcher.function(thrower.function);
            std::printf("%s to %s: %s\n", thrower.name, catcher.name, text.text);
        }
    }
    return 42;
}
