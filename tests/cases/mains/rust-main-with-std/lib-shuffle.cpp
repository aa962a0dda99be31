// A library with data, bss and a constructor, all of which must be placed next to main's.
#include <emscripten/em_macros.h>
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

static std::vector<int> primes{2, 3, 5, 7};
static char bss[200000];

extern "C" {

EMSCRIPTEN_KEEPALIVE const int *cpp_primes(std::size_t *count) {
    *count = primes.size();
    return primes.data();
}

EMSCRIPTEN_KEEPALIVE void cpp_add_prime(int prime) {
    primes.push_back(prime);
}

EMSCRIPTEN_KEEPALIVE int cpp_bss() {
    int sum = std::accumulate(std::begin(bss), std::end(bss), 0);
    std::fill(std::begin(bss), std::end(bss), 1);
    return sum;
}
}
