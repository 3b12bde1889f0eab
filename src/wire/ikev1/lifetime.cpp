#include "wire/ikev1/lifetime.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::size_t max_lifetime_attributes = 16;

}  // namespace

bool LifetimeReader::on_type(const Attribute& attribute) {
  type_.reset();
  if (!attribute.basic) return false;
  const LifeType type{load_be16(attribute.value.data())};
  if (type == LifeType::seconds ? lifetimes_.seconds.has_value() : lifetimes_.kilobytes.has_value()) return false;
  if (type != LifeType::seconds && type != LifeType::kilobytes) return false;
  type_ = type;
  return true;
}

bool LifetimeReader::on_duration(const Attribute& attribute) {
  const auto type = std::exchange(type_, std::nullopt);
  const auto duration = attribute.integer();
  if (!type || !duration) return false;
  (*type == LifeType::seconds ? lifetimes_.seconds : lifetimes_.kilobytes) = duration;
  return true;
}

Result<Lifetimes> parse_responder_lifetime(ByteView data) {
  Reader reader(data);
  LifetimeReader lifetimes;
  for (const Attribute& attribute : TRY(parse_attributes(reader, max_lifetime_attributes))) {
    if (attribute.is(Phase2Attribute::life_type))
      lifetimes.on_type(attribute);
    else if (attribute.is(Phase2Attribute::life_duration))
      lifetimes.on_duration(attribute);
  }
  return lifetimes.lifetimes();
}

Bytes serialize_responder_lifetime(const Lifetimes& lifetimes) {
  Attributes attributes;
  append_lifetimes(attributes, Phase2Attribute::life_type, Phase2Attribute::life_duration, lifetimes);
  Bytes data;
  Writer writer(data);
  const auto written = serialize_attributes(writer, attributes, max_lifetime_attributes);
  ASSERT(written);
  return data;
}

}  // namespace sallyport::wire::ikev1
