// Flags: -fexceptions
// A comparator throws out of `std::sort`, whose code for some types is in libc++, out of
// `std::map`, and out of libc's `qsort`.
#include <emscripten/em_macros.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Key {
    int value;
    bool operator<(const Key &other) const {
        if (value == 13 || other.value == 13) {
            throw std::domain_error("thirteen");
        }
        return value < other.value;
    }
};

int compare(const void *left, const void *right) {
    if (*static_cast<const int *>(left) == 13) {
        throw std::domain_error("thirteen in qsort");
    }
    return *static_cast<const int *>(left) - *static_cast<const int *>(right);
}

bool throws_at_three(int left, int right) {
    if (left == 3 || right == 3) {
        throw std::domain_error("three");
    }
    return left < right;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::vector<std::string> words{"delta", "alpha", "charlie", "bravo"};
    int calls = 0;
    try {
        std::sort(words.begin(), words.end(), [&](const std::string &left, const std::string &right) {
            if (++calls == 4) {
                throw calls;
            }
            return left < right;
        });
    } catch (int thrown) {
        std::printf("after %d calls, of %zu words\n", thrown, words.size());
    }
    std::vector<int> numbers{5, 4, 3, 2, 1};
    try {
        std::sort(numbers.begin(), numbers.end(), throws_at_three);
    } catch (const std::domain_error &error) {
        std::printf("%s\n", error.what());
    }
    std::map<Key, int> map;
    try {
        for (int i = 10; i < 20; i++) {
            map[Key{i}] = i;
        }
    } catch (const std::domain_error &error) {
        std::printf("%s, after %zu\n", error.what(), map.size());
    }
    int array[] = {14, 3, 13, 15};
    try {
        std::qsort(array, 4, sizeof *array, compare);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
    }
    return 42;
}
