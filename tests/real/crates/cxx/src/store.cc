#include "crate-cxx/src/store.h"
#include "crate-cxx/src/main.rs.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>

uint64_t Store::put(Chunks &chunks) {
  std::string data;
  for (;;) {
    auto chunk = next_chunk(chunks);
    if (chunk.empty()) break;
    data.append(reinterpret_cast<const char *>(chunk.data()), chunk.size());
  }
  uint64_t id = (uint64_t{0xabcd} << 32) + blobs.size();
  blobs[id] = {std::move(data), {}};
  return id;
}

void Store::tag(uint64_t id, rust::Str tag) {
  auto found = blobs.find(id);
  if (found == blobs.end()) throw std::out_of_range("no blob " + std::to_string(id));
  found->second.tags.emplace_back(tag);
}

Metadata Store::metadata(uint64_t id) const {
  Metadata result{0, {}, Color::Green};
  auto found = blobs.find(id);
  if (found == blobs.end()) return result;
  result.size = found->second.data.size();
  for (auto &tag : found->second.tags) result.tags.emplace_back(tag);
  result.color = result.size > 12 ? Color::Red : Color::Blue;
  return result;
}

const std::string &Store::last() const { return blobs.rbegin()->second.data; }

std::unique_ptr<std::vector<std::string>> Store::tags() const {
  auto all = std::make_unique<std::vector<std::string>>();
  for (auto &[id, blob] : blobs) all->insert(all->end(), blob.tags.begin(), blob.tags.end());
  return all;
}

size_t Store::each(rust::Fn<bool(rust::Str)> visit) const {
  size_t visited = 0;
  for (auto &[id, blob] : blobs)
    if (visit(blob.data)) ++visited;
  return visited;
}

std::unique_ptr<Store> new_store() { return std::make_unique<Store>(); }
std::shared_ptr<Store> shared_store() { return std::make_shared<Store>(); }

rust::Vec<rust::String> words(rust::Slice<const rust::Str> words) {
  rust::Vec<rust::String> result;
  for (auto word : words) result.push_back(rust::String(word.data(), word.size()));
  std::sort(result.begin(), result.end());
  return result;
}

rust::Box<Chunks> more_chunks(rust::Box<Chunks> chunks) {
  add_chunk(*chunks, "from C++");
  return chunks;
}

rust::String describe(Color color) {
  switch (color) {
  case Color::Red: return "red";
  case Color::Green: return "green";
  case Color::Blue: return "blue";
  }
  return "no color";
}

int32_t checked_divide(int32_t a, int32_t b) {
  if (b == 0) throw std::domain_error("division of " + std::to_string(a) + " by 0");
  return a / b;
}

void throw_what(int32_t what) {
  switch (what) {
  case 0: (void)std::string("abc").at(7); break;
  case 1: throw std::bad_alloc();
  case 2: std::map<int, int>().at(1); break;
  case 3: std::function<void()>()(); break;
  case 4: fail("from Rust"); break;
  }
}

size_t call_back(rust::Vec<Metadata> all) {
  std::ostringstream text;
  for (auto &one : all) text << one.size << ' ' << one.tags.size() << ' ';
  return log_line(text.str());
}

std::unique_ptr<std::vector<double>> squares(rust::Slice<const double> numbers) {
  auto result = std::make_unique<std::vector<double>>();
  for (double number : numbers) result->push_back(number * number);
  return result;
}

void sort(rust::Slice<int32_t> numbers) { std::sort(numbers.begin(), numbers.end()); }
