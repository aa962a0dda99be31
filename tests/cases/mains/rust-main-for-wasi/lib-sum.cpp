// Flags: -fexceptions
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <vector>

static int checked(int result) {
    if (result < 0) {
        throw std::range_error("negative");
    }
    return result;
}

extern "C" int cpp_sum(int last, int (*function)(int)) {
    std::vector<int> results;
    try {
        for (int number = 1; number <= last; number++) {
            results.push_back(checked(function(number)));
        }
    } catch (const std::range_error &error) {
        std::puts(error.what());
        return 0;
    }
    int sum = std::accumulate(results.begin(), results.end(), 0);
    std::printf("%d\n", sum);
    std::fflush(stdout);
    return sum;
}
