// Implements the world of sums.wit with the bindings of `wit-bindgen c`.

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "sums.h"

namespace {

uint64_t sum(const std::vector<uint32_t> &numbers) {
    if (numbers.size() > 1000) {
        throw std::length_error("more than 1000 numbers");
    }
    return std::accumulate(numbers.begin(), numbers.end(), uint64_t{0});
}

} // namespace

bool exports_docs_sums_lists_summarize(sums_list_u32_t *list,
                                       exports_docs_sums_lists_summary_t *summary,
                                       sums_string_t *error) {
    std::vector<uint32_t> numbers(list->ptr, list->ptr + list->len);
    sums_list_u32_free(list);
    try {
        summary->sum = sum(numbers);
        auto largest = std::max_element(numbers.begin(), numbers.end());
        summary->largest.is_some = largest != numbers.end();
        summary->largest.val = summary->largest.is_some ? *largest : 0;
        return true;
    } catch (const std::exception &thrown) {
        // A copy, because the message ends with the exception.
        sums_string_dup(error, thrown.what());
        return false;
    }
}
