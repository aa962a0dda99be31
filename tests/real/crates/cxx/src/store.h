#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rust/cxx.h"

struct Chunks;
struct Metadata;
enum class Color : uint8_t;

// Keeps blobs and their tags, as in the tutorial of cxx.
class Store {
public:
  uint64_t put(Chunks &chunks);
  void tag(uint64_t id, rust::Str tag);
  Metadata metadata(uint64_t id) const;
  const std::string &last() const;
  std::unique_ptr<std::vector<std::string>> tags() const;
  size_t each(rust::Fn<bool(rust::Str)> visit) const;

private:
  struct Blob {
    std::string data;
    std::vector<std::string> tags;
  };
  std::map<uint64_t, Blob> blobs;
};

std::unique_ptr<Store> new_store();
std::shared_ptr<Store> shared_store();
rust::Vec<rust::String> words(rust::Slice<const rust::Str> words);
rust::Box<Chunks> more_chunks(rust::Box<Chunks> chunks);
rust::String describe(Color color);
int32_t checked_divide(int32_t a, int32_t b);
void throw_what(int32_t what);
size_t call_back(rust::Vec<Metadata> all);
std::unique_ptr<std::vector<double>> squares(rust::Slice<const double> numbers);
void sort(rust::Slice<int32_t> numbers);
