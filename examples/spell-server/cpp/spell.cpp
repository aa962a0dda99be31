#include "spell.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The most frequent words of English.
const std::set<std::string, std::less<>>& dictionary() {
    static const std::set<std::string, std::less<>> words = {
#include "words.inc"
    };
    return words;
}

const std::size_t longest_word = 64;

// Returns the number of letters to insert, remove or replace to make one word of the other.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < other.size(); ++j) {
            std::size_t replaced = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

// Returns the nearest known words, the nearest first, separated by commas.
std::string suggestions(std::string_view word) {
    std::multimap<std::size_t, std::string_view> near;
    for (const std::string& known : dictionary()) {
        std::size_t edits = distance(word, known);
        if (edits <= 1 + word.size() / 4) {
            near.emplace(edits, known);
        }
    }
    std::string found;
    std::size_t count = 0;
    for (auto it = near.begin(); it != near.end() && count < 3; ++it, ++count) {
        found += found.empty() ? "" : ", ";
        found += it->second;
    }
    return found;
}

template <typename Visit>
void check(std::string_view text, Visit visit) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = at;
        std::string word;
        while (end < text.size() && (std::isalpha(static_cast<unsigned char>(text[end])) || text[end] == '\'')) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[end++])));
        }
        if (end == at) {
            if (static_cast<unsigned char>(text[at]) >= 0x80) {
                throw std::invalid_argument("byte " + std::to_string(at) + " is not ASCII");
            }
            ++at;
            continue;
        }
        if (word.size() > longest_word) {
            throw std::length_error("the word at byte " + std::to_string(at) + " has "
                                    + std::to_string(word.size()) + " letters");
        }
        if (dictionary().find(word) == dictionary().end()) {
            visit(at, end - at, suggestions(word));
        }
        at = end;
    }
}

}  // namespace

const char* spell_check(const uint8_t* text, size_t size,
                        void (*visit)(void* context, const SpellMistake* mistake), void* context) {
    // No exception may reach Rust, which has its own way to report errors.
    static std::string message;
    try {
        std::string_view all(reinterpret_cast<const char*>(text), size);
        check(all, [&](std::size_t offset, std::size_t length, const std::string& found) {
            SpellMistake mistake{offset, length, found.c_str()};
            visit(context, &mistake);
        });
        return nullptr;
    } catch (const std::exception& error) {
        message = error.what();
        return message.c_str();
    }
}
