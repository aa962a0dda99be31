// The guest `NAME`, in C++.

#include <cstdint>
#include <string>
#include <vector>

// Returns 42, the sum of the numbers in a list. Other modules can call it, in any language.
extern "C" std::int32_t NAME_answer() {
    std::int32_t sum = 0;
    for (const std::string& number : std::vector<std::string>{"20", "22"}) {
        sum += std::stoi(number);
    }
    return sum;
}
