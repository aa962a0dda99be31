// Standard library types pass between modules: string, vector, map, sort, function, unique_ptr.
#include <emscripten/em_macros.h>
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

struct Resource {
    ~Resource();
    int &alive;
};

std::map<std::string, int> count_words(const std::string &text);
std::vector<std::string> filter(const std::map<std::string, int> &counts,
                                const std::function<bool(const std::string &, int)> &accepts);
std::unique_ptr<Resource> make_resource(int &alive);

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    auto counts = count_words("the cat and the rather long-winded dog and the cat");
    if (counts.size() != 6 || counts["the"] != 3 || counts["long-winded"] != 1) {
        return 1;
    }
    std::size_t longest = 0;
    auto words = filter(counts, [&longest](const std::string &word, int count) {
        longest = std::max(longest, word.size());
        return count > 1;
    });
    if (words != std::vector<std::string>{"and", "cat", "the"} || longest != 11) {
        return 2;
    }
    std::sort(words.begin(), words.end(), std::greater<>());
    words.insert(words.begin(), 100, std::string(30, 'x'));
    if (words.size() != 103 || words[100] != "the" || words.back() != "and") {
        return 3;
    }
    int alive = 0;
    {
        auto first = make_resource(alive);
        auto second = std::move(first);
        if (alive != 1 || first || !second) {
            return 4;
        }
    }
    if (alive != 0) {
        return 5;
    }
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::stable_sort(numbers.begin(), numbers.end(), [](int a, int b) { return a % 7 < b % 7; });
    if (numbers.front() != 0 || numbers[1] != 7 || numbers.back() != 993) {
        return 6;
    }
    return 42;
}
