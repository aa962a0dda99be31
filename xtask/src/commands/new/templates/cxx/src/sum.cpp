#include "NAME/include/sum.h"

#include <numeric>
#include <stdexcept>

std::int32_t NAME_sum(rust::Slice<const std::int32_t> numbers) {
    if (numbers.empty()) {
        throw std::invalid_argument("there are no numbers");
    }
    return std::accumulate(numbers.begin(), numbers.end(), std::int32_t{0});
}
