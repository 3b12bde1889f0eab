// ConfigNode: a tree of named values, as every source of configuration has, whatever its syntax: TOML files, and the
// load-conn command of the control protocol. It knows where each value was written; what the names mean is not known
// here.
//
// Any text may be a secret, so all of them are wiped when they go, and a tree can be moved but not copied.
//
// Building:  auto office = ConfigNode::section("office", Typing::text_only);
//            office.add_text("version", "2");
//            office.add_list("local_addrs").add_item("192.0.2.1");
//            office.add_section("local").add_text("auth", "psk");
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "policy/connection.h"

namespace sallyport::config {

using policy::Origin;

/// Whether the source tells numbers and booleans from text.
enum class Typing : std::uint8_t {
  typed,
  text_only
};

class ConfigNode {
 public:
  enum class Kind : std::uint8_t {
    text,
    integer,
    decimal,
    boolean,
    list,
    section,
    other
  };

  /// The top of a tree: a section. Without a name, it stands for a whole file.
  static ConfigNode section(std::string_view name, Typing typing, const Origin& origin = {});

  // Building. The origin is that of the value; `key` in a section is that of its name. References stay good while the
  // tree lives, whatever is added.
  ConfigNode& add_section(std::string_view name, const Origin& key = {}, const Origin& value = {});
  ConfigNode& add_list(std::string_view name, const Origin& key = {}, const Origin& value = {});
  ConfigNode& add_text(std::string_view name, std::string_view text, const Origin& key = {}, const Origin& value = {});
  ConfigNode& add_integer(std::string_view name, std::int64_t number, const Origin& key, const Origin& value);
  ConfigNode& add_decimal(std::string_view name, double number, const Origin& key, const Origin& value);
  ConfigNode& add_boolean(std::string_view name, bool truth, const Origin& key, const Origin& value);
  /// What no key takes (a date), so that it can be complained about.
  ConfigNode& add_other(std::string_view name, const Origin& key, const Origin& value);
  /// In a list.
  ConfigNode& add_item(std::string_view text) { return add_text("", text); }
  /// Says that the text stands as it is between quotes at its origin, so that places inside it can be named.
  void mark_literal() { literal_ = true; }
  /// Moves the children of `other` to the end of this section's.
  void adopt_children(ConfigNode& other) { children_.splice(children_.end(), other.children_); }

  Kind kind() const { return kind_; }
  bool is_section() const { return kind_ == Kind::section; }
  bool is_text_only() const { return typing_ == Typing::text_only; }
  const std::string& name() const { return name_; }
  /// All names from the top, with dots between them. An item bears its list's.
  std::string path() const;
  const Origin& key_origin() const { return key_origin_; }
  const Origin& origin() const { return origin_; }
  /// Where the octet at `offset` of the text was written, or the whole text when that is not known.
  Origin origin_at(std::size_t offset) const;

  /// Of a text; otherwise empty. Lives as long as the node.
  std::string_view text() const;
  std::int64_t integer() const;
  double decimal() const;
  bool boolean() const;

  /// Of a section or list, in the order of their writing.
  const std::list<ConfigNode>& children() const { return children_; }
  std::list<ConfigNode>& children() { return children_; }
  const ConfigNode* find(std::string_view name) const;

 private:
  ConfigNode(Kind kind, std::string_view name, Typing typing) : kind_(kind), typing_(typing), name_(name) {}
  ConfigNode& add(Kind kind, std::string_view name, const Origin& key, const Origin& value);

  Kind kind_;
  Typing typing_;
  bool literal_ = false;
  std::string name_;
  std::shared_ptr<const std::string> prefix_;       // the path of what holds this; null: nothing, or the top of a file
  std::shared_ptr<const std::string> shared_path_;  // this one's own, made once there are children to share it
  Origin key_origin_;
  Origin origin_;
  std::variant<std::monostate, Secret, std::int64_t, double, bool> value_;
  std::list<ConfigNode> children_;
};

/// As diagnostics call it: "a string", "an integer", "a table" …
std::string_view to_string(ConfigNode::Kind kind);

}  // namespace sallyport::config
