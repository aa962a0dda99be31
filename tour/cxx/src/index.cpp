#include "tour-cxx/include/index.h"

#include <sstream>
#include <stdexcept>

#include "tour-cxx/src/lib.rs.h"

Index::Index(Pages &pages) {
    // `next` is Rust, and so is the string that it returns.
    std::uint32_t page = 0;
    for (rust::String text = pages.next(); !text.empty(); text = pages.next()) {
        ++page;
        std::istringstream words{std::string(text)};
        for (std::string word; words >> word;) {
            ++counts_[word][page];
        }
    }
    if (page == 0) {
        throw std::invalid_argument("there are no pages");
    }
}

rust::Vec<Occurrence> Index::find(rust::Str word) const {
    auto found = counts_.find(std::string(word));
    if (found == counts_.end()) {
        throw std::out_of_range("no page has the word " + std::string(word));
    }
    rust::Vec<Occurrence> occurrences;
    for (auto [page, count] : found->second) {
        occurrences.push_back({page, count});
    }
    return occurrences;
}

std::unique_ptr<std::vector<std::string>> Index::words() const {
    auto words = std::make_unique<std::vector<std::string>>();
    for (const auto &[word, pages] : counts_) {
        words->push_back(word);
    }
    return words;
}

std::unique_ptr<Index> make_index(Pages &pages) { return std::make_unique<Index>(pages); }
