#include "control/message.h"

#include <unordered_set>

#include "base/check.h"
#include "base/reader.h"
#include "base/writer.h"

namespace sallyport::control {

Section::Section() = default;
Section::Section(Section&&) noexcept = default;
Section& Section::operator=(Section&&) noexcept = default;
Section::~Section() = default;

template <class Kind>
const Kind* Section::find(std::string_view name) const {
  for (const Element& element : elements_)
    if (element.name_ == name)
      if (const Kind* content = std::get_if<Kind>(&element.content_)) return content;
  return nullptr;
}

template <class Kind>
Kind& Section::add(std::string_view name, Kind content) {
  return std::get<Kind>(elements_.emplace_back(name, std::move(content)).content_);
}

std::optional<ByteView> Section::bytes(std::string_view name) const {
  const Value* value = find<Value>(name);
  if (!value) return std::nullopt;
  return value->bytes();
}

std::optional<std::string_view> Section::text(std::string_view name) const {
  const Value* value = find<Value>(name);
  if (!value) return std::nullopt;
  return value->text();
}

const List* Section::find_list(std::string_view name) const { return find<List>(name); }
const Section* Section::find_section(std::string_view name) const { return find<Section>(name); }

void Section::set(std::string_view name, ByteView bytes) {
  Value value(bytes);
  if (Value* present = find<Value>(name))
    *present = std::move(value);
  else
    add(name, std::move(value));
}

List& Section::list(std::string_view name) {
  List* present = find<List>(name);
  return present ? *present : add(name, List());
}

Section& Section::section(std::string_view name) {
  Section* present = find<Section>(name);
  return present ? *present : add(name, Section());
}

bool operator==(const Section& a, const Section& b) { return a.elements_ == b.elements_; }

bool is_name(std::string_view name) {
  return name.size() <= kMaxName && std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

namespace {

/// The byte that each element begins with.
enum ElementType : std::uint8_t {
  section_start = 1,
  section_end = 2,
  key_value = 3,
  list_start = 4,
  list_item = 5,
  list_end = 6,
};

}  // namespace

/// Walks the elements once, with the open sections on a stack of its own, so that no input can exhaust the program's.
class MessageParser {
 public:
  MessageParser(ByteView bytes, std::size_t base_offset) : reader_(bytes, base_offset) {
    open_.push_back({&root_, {}});
  }

  Result<Message> parse() {
    while (!reader_.empty()) TRY(element());
    if (list_ || open_.size() > 1) return fail(ErrorCode::truncated, reader_.offset());
    return std::move(root_);
  }

 private:
  struct OpenSection {
    Section* section;
    // What its elements begin with, type and name: looking through the section would be quadratic. Views of the input.
    std::unordered_set<std::string_view> starts;
  };

  Result<void> element() {
    const std::size_t at = reader_.offset();
    const std::uint8_t type = TRY(reader_.u8());
    const bool may_stand = list_ ? type == list_item || type == list_end : type != list_item && type != list_end;
    if (!may_stand) return fail(ErrorCode::malformed, at);
    switch (type) {
      case section_start: {
        if (open_.size() > kMaxDepth) return fail(ErrorCode::out_of_range, at);
        const std::string_view key = TRY(name());
        open_.push_back({&innermost().add(key, Section()), {}});
        return count(at);
      }
      case section_end:
        if (open_.size() == 1) return fail(ErrorCode::malformed, at);
        open_.pop_back();
        return {};
      case key_value: {
        const std::string_view key = TRY(name());
        innermost().add(key, Value(TRY(value())));
        return count(at);
      }
      case list_start: {
        list_ = &innermost().add(TRY(name()), List());
        return count(at);
      }
      case list_item: list_->add(TRY(value())); return count(at);
      case list_end: list_ = nullptr; return {};
      default: return fail(ErrorCode::malformed, at);
    }
  }

  Result<std::string_view> name() {
    const std::size_t size = TRY(reader_.u8());
    const std::size_t at = reader_.offset();
    const std::string_view name = as_text(TRY(reader_.bytes(size)));
    if (!is_name(name)) return fail(ErrorCode::unsupported, at);
    const std::string_view start(name.data() - 2, name.size() + 2);
    if (!open_.back().starts.insert(start).second) return fail(ErrorCode::duplicate, at);
    return name;
  }

  Result<ByteView> value() {
    const std::size_t size = TRY(reader_.u16());
    return reader_.bytes(size);
  }

  Section& innermost() { return *open_.back().section; }

  Result<void> count(std::size_t at) {
    if (++elements_ > kMaxElements) return fail(ErrorCode::out_of_range, at);
    return {};
  }

  Reader reader_;
  Message root_;
  std::vector<OpenSection> open_;  // innermost last; the first is the message itself
  List* list_ = nullptr;           // the open list
  std::size_t elements_ = 0;
};

Result<Message> parse_message(ByteView bytes, std::size_t base_offset) {
  return MessageParser(bytes, base_offset).parse();
}

namespace {

/// Adds up the octets, and refuses what the format or our own bounds cannot carry.
class Measure {
 public:
  Result<std::size_t> message(const Section& section, std::size_t depth = 0) {
    if (depth > kMaxDepth) return fail(ErrorCode::out_of_range);
    std::size_t size = 0;
    for (const Element& element : section) {
      if (element.name().size() > kMaxName || ++elements_ > kMaxElements) return fail(ErrorCode::out_of_range);
      if (!is_name(element.name())) return fail(ErrorCode::unsupported);
      size += 1 + 1 + element.name().size() + TRY(content(element, depth));
    }
    return size;
  }

 private:
  Result<std::size_t> content(const Element& element, std::size_t depth) {
    if (element.value()) return value(*element.value());
    if (element.section()) return TRY(message(*element.section(), depth + 1)) + 1;
    std::size_t size = 1;
    for (const Value& item : *element.list()) {
      if (++elements_ > kMaxElements) return fail(ErrorCode::out_of_range);
      size += 1 + TRY(value(item));
    }
    return size;
  }

  static Result<std::size_t> value(const Value& value) {
    if (value.bytes().size() > kMaxValue) return fail(ErrorCode::out_of_range);
    return 2 + value.bytes().size();
  }

  std::size_t elements_ = 0;
};

void write_value(Writer& writer, const Value& value) {
  writer.u16(static_cast<std::uint16_t>(value.bytes().size()));
  writer.bytes(value.bytes());
}

void write_start(Writer& writer, ElementType type, const std::string& name) {
  writer.u8(type);
  writer.u8(static_cast<std::uint8_t>(name.size()));
  writer.bytes(as_bytes(name));
}

void write_elements(Writer& writer, const Section& section) {
  for (const Element& element : section) {
    if (const Value* value = element.value()) {
      write_start(writer, key_value, element.name());
      write_value(writer, *value);
    } else if (const List* list = element.list()) {
      write_start(writer, list_start, element.name());
      for (const Value& item : *list) {
        writer.u8(list_item);
        write_value(writer, item);
      }
      writer.u8(list_end);
    } else {
      write_start(writer, section_start, element.name());
      write_elements(writer, *element.section());
      writer.u8(section_end);
    }
  }
}

}  // namespace

Result<std::size_t> serialized_size(const Message& message) { return Measure().message(message); }

Result<void> serialize_message(const Message& message, Bytes& output) {
  const std::size_t size = TRY(serialized_size(message));
  output.reserve(output.size() + size);  // in one piece: growing would leave copies of secrets behind
  Writer writer(output);
  write_elements(writer, message);
  return {};
}

}  // namespace sallyport::control
