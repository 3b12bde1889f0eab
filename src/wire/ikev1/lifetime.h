// Lifetimes of SAs: a life type, and behind it a life duration of as many octets as it takes (RFC 2407 §4.5, RFC 2409
// appendix A). An SA may have one in seconds and one in kilobytes.
#pragma once

#include "wire/ikev1/algorithm.h"
#include "wire/ikev1/attribute.h"

namespace sallyport::wire::ikev1 {

struct Lifetimes {
  std::optional<std::uint64_t> seconds{};
  std::optional<std::uint64_t> kilobytes{};

  friend bool operator==(const Lifetimes&, const Lifetimes&) = default;
};

/// Puts types and durations together while attributes are read in their order.
class LifetimeReader {
 public:
  /// False for a life type that is not one of ours or was there before; the duration behind it then counts for nothing.
  bool on_type(const Attribute& attribute);
  /// False for a duration that follows no type of ours, or that is no number of 64 bits.
  bool on_duration(const Attribute& attribute);
  const Lifetimes& lifetimes() const { return lifetimes_; }

 private:
  Lifetimes lifetimes_;
  std::optional<LifeType> type_;  // whose duration is awaited
};

/// Appends a pair of attributes for each lifetime that is set.
template <class Type>
void append_lifetimes(Attributes& attributes, Type type, Type duration, const Lifetimes& lifetimes) {
  const auto append_one = [&](LifeType unit, std::uint64_t value) {
    attributes.push_back(basic_attribute(type, unit));
    attributes.push_back(integer_attribute(duration, value));
  };
  if (lifetimes.seconds) append_one(LifeType::seconds, *lifetimes.seconds);
  if (lifetimes.kilobytes) append_one(LifeType::kilobytes, *lifetimes.kilobytes);
}

/// A RESPONDER-LIFETIME notify's data, which is a list of phase 2's attributes (RFC 2407 §4.6.3.1); others are passed
/// over. Errors are those of parse_attributes(); offsets count from the data's first octet.
Result<Lifetimes> parse_responder_lifetime(ByteView data);
Bytes serialize_responder_lifetime(const Lifetimes& lifetimes);

}  // namespace sallyport::wire::ikev1
