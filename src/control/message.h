// The VICI message: an ordered tree of sections, key/values and lists, the language in which clients such as swanctl
// and our own command line speak to the daemon. Here are the tree and its byte form; what commands mean is not known
// here.
//
// Values are raw bytes, by convention text. The protocol does not mark the ones that are keys or passwords, so all of
// them are wiped when they go, and a message can be moved but not copied.
//
// Reading:   if (auto name = message.text("ike")) …        for (const Element& e : message) …
// Building:  Message m;  m.set("success", true);  m.section("children").section("lan").set("mode", "TUNNEL");
#pragma once

#include <concepts>
#include <list>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::control {

/// A whole packet with its type and name, without the length in front; either direction.
inline constexpr std::size_t kMaxFrame = 512 * 1024;
/// The format's own bounds, in octets: the lengths stand in one and in two.
inline constexpr std::size_t kMaxName = 255;
inline constexpr std::size_t kMaxValue = 65535;
/// Ours, since the format has none. The deepest message in use is four sections deep.
inline constexpr std::size_t kMaxDepth = 16;
/// Sections, key/values, lists and their items together. One to every 16 octets of the largest frame: 20,000 connection
/// names, or as many counters as a frame holds, still pass, and a message being parsed stays below 8 MiB.
inline constexpr std::size_t kMaxElements = kMaxFrame / 16;

/// One value, of a key or in a list.
class Value {
 public:
  explicit Value(ByteView bytes) : octets_(Secret::copy_of(bytes)) {}

  ByteView bytes() const { return octets_.view(); }
  /// The same bytes as text, unchecked. Lives as long as the value stays in its message.
  std::string_view text() const { return as_text(octets_.view()); }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Secret octets_;
};

/// A named sequence of values.
class List {
 public:
  void add(ByteView bytes) { values_.emplace_back(bytes); }
  void add(std::string_view text) { add(as_bytes(text)); }

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  const Value& operator[](std::size_t i) const { return values_[i]; }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  friend bool operator==(const List&, const List&) = default;

 private:
  std::vector<Value> values_;
};

class Element;

/// Elements in order. Key/values have names of their own, so have lists, so have sections; a key/value and a section
/// may share one. A message is a section without a name.
class Section {
 public:
  Section();
  Section(Section&&) noexcept;
  Section& operator=(Section&&) noexcept;
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section();

  // Reading, by kind and name: nullptr or nullopt when there is none.
  std::optional<ByteView> bytes(std::string_view name) const;
  std::optional<std::string_view> text(std::string_view name) const;
  const List* find_list(std::string_view name) const;
  const Section* find_section(std::string_view name) const;

  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }

  // Building. A name that is there already keeps its place; its content is replaced when the kind differs, and by
  // set(). References stay good while the section lives, whatever is added beside them.
  void set(std::string_view name, ByteView bytes);
  void set(std::string_view name, std::string_view text) { set(name, as_bytes(text)); }
  /// "yes" or "no".
  void set(std::string_view name, std::same_as<bool> auto truth) { set(name, std::string_view(truth ? "yes" : "no")); }
  /// In decimal.
  void set(std::string_view name, std::integral auto number)
    requires(!std::same_as<decltype(number), bool> && !std::same_as<decltype(number), char>)
  {
    set(name, std::string_view(std::to_string(number)));
  }
  List& list(std::string_view name);
  Section& section(std::string_view name);

  friend bool operator==(const Section& a, const Section& b);

 private:
  friend class MessageParser;
  template <class Kind>
  const Kind* find(std::string_view name) const;
  template <class Kind>
  Kind* find(std::string_view name) {
    return const_cast<Kind*>(std::as_const(*this).template find<Kind>(name));
  }
  template <class Kind>
  Kind& add(std::string_view name, Kind content);

  std::list<Element> elements_;
};

/// A name with a value, a list or a section.
class Element {
 public:
  using Content = std::variant<Value, List, Section>;

  Element(std::string_view name, Content content) : name_(name), content_(std::move(content)) {}

  const std::string& name() const { return name_; }
  /// Just one of the three is not null.
  const Value* value() const { return std::get_if<Value>(&content_); }
  const List* list() const { return std::get_if<List>(&content_); }
  const Section* section() const { return std::get_if<Section>(&content_); }

  friend bool operator==(const Element&, const Element&) = default;

 private:
  friend class Section;
  std::string name_;
  Content content_;
};

using Message = Section;

/// All of `bytes` as one message; no bytes are an empty one. Offsets in errors count from `base_offset`.
///   truncated     a length or an open section or list runs past the end
///   malformed     an element of an unknown type, or where it may not stand
///   unsupported   a name that is_name() does not take
///   duplicate     a name that another element of that kind in that section has
///   out_of_range  deeper than kMaxDepth, or more than kMaxElements
Result<Message> parse_message(ByteView bytes, std::size_t base_offset = 0);

/// Octets that serialize_message() will append; out_of_range or unsupported for what parse_message() would not take
/// back.
Result<std::size_t> serialized_size(const Message& message);
/// Appends the byte form. Nothing is appended on error (those of serialized_size()).
Result<void> serialize_message(const Message& message, Bytes& output);

/// A name that elements, commands and events can bear: at most kMaxName octets of printable ASCII, as swanctl wants it.
bool is_name(std::string_view name);

}  // namespace sallyport::control
