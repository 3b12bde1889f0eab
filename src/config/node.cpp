#include "config/node.h"

#include <algorithm>

namespace sallyport::config {

ConfigNode ConfigNode::section(std::string_view name, Typing typing, const Origin& origin) {
  ConfigNode node(Kind::section, name, typing);
  node.key_origin_ = node.origin_ = origin;
  return node;
}

ConfigNode& ConfigNode::add(Kind kind, std::string_view name, const Origin& key, const Origin& value) {
  if (shared_path_ == nullptr) shared_path_ = std::make_shared<const std::string>(path());
  children_.push_back(ConfigNode(kind, name, typing_));
  ConfigNode& child = children_.back();
  child.prefix_ = shared_path_;
  child.key_origin_ = key;
  child.origin_ = value;
  return child;
}

ConfigNode& ConfigNode::add_section(std::string_view name, const Origin& key, const Origin& value) {
  return add(Kind::section, name, key, value);
}

ConfigNode& ConfigNode::add_list(std::string_view name, const Origin& key, const Origin& value) {
  return add(Kind::list, name, key, value);
}

ConfigNode& ConfigNode::add_text(std::string_view name, std::string_view text, const Origin& key, const Origin& value) {
  ConfigNode& child = add(Kind::text, name, key, value);
  child.value_ = Secret::copy_of(as_bytes(text));
  return child;
}

ConfigNode& ConfigNode::add_integer(std::string_view name, std::int64_t number, const Origin& key,
                                    const Origin& value) {
  ConfigNode& child = add(Kind::integer, name, key, value);
  child.value_ = number;
  return child;
}

ConfigNode& ConfigNode::add_decimal(std::string_view name, double number, const Origin& key, const Origin& value) {
  ConfigNode& child = add(Kind::decimal, name, key, value);
  child.value_ = number;
  return child;
}

ConfigNode& ConfigNode::add_boolean(std::string_view name, bool truth, const Origin& key, const Origin& value) {
  ConfigNode& child = add(Kind::boolean, name, key, value);
  child.value_ = truth;
  return child;
}

ConfigNode& ConfigNode::add_other(std::string_view name, const Origin& key, const Origin& value) {
  return add(Kind::other, name, key, value);
}

std::string ConfigNode::path() const {
  if (prefix_ == nullptr || prefix_->empty()) return name_;
  return name_.empty() ? *prefix_ : *prefix_ + "." + name_;
}

Origin ConfigNode::origin_at(std::size_t offset) const {
  if (!literal_) return origin_;
  // Columns count characters, not octets: those that continue a UTF-8 sequence are passed over.
  const std::string_view before = text().substr(0, offset);
  const auto characters = std::ranges::count_if(before, [](char c) { return (c & 0xc0) != 0x80; });
  Origin inside = origin_;
  inside.column += 1 + static_cast<int>(characters);
  return inside;
}

std::string_view ConfigNode::text() const {
  const auto* text = std::get_if<Secret>(&value_);
  return text == nullptr ? std::string_view() : as_text(text->view());
}

std::int64_t ConfigNode::integer() const {
  const auto* number = std::get_if<std::int64_t>(&value_);
  return number == nullptr ? 0 : *number;
}

double ConfigNode::decimal() const {
  const auto* number = std::get_if<double>(&value_);
  return number == nullptr ? 0 : *number;
}

bool ConfigNode::boolean() const {
  const auto* truth = std::get_if<bool>(&value_);
  return truth != nullptr && *truth;
}

const ConfigNode* ConfigNode::find(std::string_view name) const {
  const auto found = std::ranges::find(children_, name, &ConfigNode::name);
  return found == children_.end() ? nullptr : &*found;
}

std::string_view to_string(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::text: return "a string";
    case ConfigNode::Kind::integer: return "an integer";
    case ConfigNode::Kind::decimal: return "a number with a fraction";
    case ConfigNode::Kind::boolean: return "a boolean";
    case ConfigNode::Kind::list: return "an array";
    case ConfigNode::Kind::section: return "a table";
    case ConfigNode::Kind::other: return "a date or time";
  }
  return "?";
}

}  // namespace sallyport::config
