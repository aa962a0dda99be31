// A library in C++ that Rust calls, and that calls Rust.

#include <cstdint>
#include <set>
#include <sstream>
#include <string>

// Defined in src/lib.rs.
extern "C" std::uint32_t NAME_length(const char *word);

// Returns the number of different words in a text.
extern "C" std::uint32_t count_words(const char *text) {
    std::set<std::string> words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) {
        if (NAME_length(word.c_str()) > 0) {
            words.insert(word);
        }
    }
    return static_cast<std::uint32_t>(words.size());
}
