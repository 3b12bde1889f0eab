// ISAKMP data attributes (RFC 2408 §3.3): a type and a value, of transforms, of the Configuration Method, and of some
// notifies. What the types mean depends on where they stand; here they are numbers, and the form is kept, because a
// responder has to send a chosen transform back as it came (RFC 2408 §4.2).
//
//   basic     [ 1 | type ][ value ]                 two octets of value
//   variable  [ 0 | type ][ length ][ value … ]
#pragma once

#include "wire/ikev1/payload_format.h"

namespace sallyport::wire::ikev1 {

struct Attribute {
  std::uint16_t type = 0;  // 15 bits
  bool basic = false;
  Bytes value;  // two octets in the basic form

  /// The value as a number in network byte order, in either form; nullopt when it is empty or exceeds 64 bits.
  std::optional<std::uint64_t> integer() const;
  template <class Type>
  bool is(Type wanted) const {
    return type == number(wanted);
  }
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Attributes = std::vector<Attribute>;

/// Makers. `Type` is one of the enumerations of attribute types, such as Phase1Attribute.
template <class Type>
Attribute basic_attribute(Type type, std::uint16_t value) {
  return {number(type), true, {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}};
}
template <class Type, class Value>
  requires std::is_enum_v<Value>
Attribute basic_attribute(Type type, Value value) {
  return basic_attribute(type, static_cast<std::uint16_t>(number(value)));
}
template <class Type>
Attribute variable_attribute(Type type, ByteView value) {
  return {number(type), false, to_bytes(value)};
}
/// A number in the shortest form that RFC 2409 appendix A allows it: basic, or four or eight octets.
Attribute integer_attribute(std::uint16_t type, std::uint64_t value);
template <class Type>
  requires std::is_enum_v<Type>
Attribute integer_attribute(Type type, std::uint64_t value) {
  return integer_attribute(number(type), value);
}

/// The first attribute of the type, or nullptr.
template <class Type>
const Attribute* find(const Attributes& attributes, Type type) {
  for (const Attribute& attribute : attributes)
    if (attribute.is(type)) return &attribute;
  return nullptr;
}

/// Reads attributes to the end; ErrorCode::exhausted beyond `bound` of them.
Result<Attributes> parse_attributes(Reader& reader, std::size_t bound);
/// ErrorCode::out_of_range for a type of more than 15 bits, a basic value of other than two octets, and more than
/// `bound` attributes.
Result<void> serialize_attributes(Writer& writer, const Attributes& attributes, std::size_t bound);

}  // namespace sallyport::wire::ikev1
