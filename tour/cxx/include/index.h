#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rust/cxx.h"

// Types of Rust, which the bridge declares.
struct Occurrence;
struct Pages;

// The words of a text, with the pages that have them.
class Index {
  public:
    // Reads all pages. Throws `std::invalid_argument` if there is none.
    explicit Index(Pages &pages);

    // Throws `std::out_of_range` if the text does not have the word.
    rust::Vec<Occurrence> find(rust::Str word) const;

    // The words in the order of the alphabet.
    std::unique_ptr<std::vector<std::string>> words() const;

  private:
    std::map<std::string, std::map<std::uint32_t, std::uint32_t>> counts_;
};

std::unique_ptr<Index> make_index(Pages &pages);
