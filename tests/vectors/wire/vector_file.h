// Reads this folder's vector files: blocks of lines "key value", a blank line between blocks, # for comments.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sallyport::vectors {

struct Block {
  std::vector<std::pair<std::string, std::string>> lines;

  /// The value of the first line with the key; throws when there is none, which fails the test.
  const std::string& at(const std::string& key) const {
    for (const auto& [name, value] : lines)
      if (name == key) return value;
    throw std::runtime_error("a block of vectors lacks " + key);
  }
  /// The values of all lines with the key, in order.
  std::vector<std::string> all(const std::string& key) const {
    std::vector<std::string> values;
    for (const auto& [name, value] : lines)
      if (name == key) values.push_back(value);
    return values;
  }
  bool is(const std::string& kind) const { return lines.front().first == kind; }
  const std::string& name() const { return lines.front().second; }
  Bytes hex(const std::string& key) const {
    auto bytes = from_hex(at(key));
    if (!bytes) throw std::runtime_error("not hexadecimal: " + key + " of " + name());
    return *bytes;
  }
};

/// All blocks of a file; throws when it holds none.
inline std::vector<Block> read_blocks(const std::string& path) {
  std::ifstream file(path);
  std::vector<Block> blocks;
  bool is_open = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      is_open = false;
      continue;
    }
    if (!is_open) blocks.emplace_back();
    is_open = true;
    const std::size_t space = std::min(line.find(' '), line.size());
    blocks.back().lines.emplace_back(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
  }
  if (blocks.empty()) throw std::runtime_error("no vectors in " + path);
  return blocks;
}

}  // namespace sallyport::vectors
