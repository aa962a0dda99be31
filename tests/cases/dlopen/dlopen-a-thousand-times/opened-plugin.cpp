#include <cstdlib>
#include <emscripten/em_macros.h>
#include <set>

extern "C" {
extern int balance;

EMSCRIPTEN_KEEPALIVE char array[100000];
}

static std::set<int> seen;

static struct Balance {
    Balance() {
        balance++;
    }
    ~Balance() {
        balance--;
    }
} holder;

static void nothing() {}

extern "C" EMSCRIPTEN_KEEPALIVE int count(int x) {
    std::atexit(nothing);
    seen.insert(x);
    return seen.size();
}
