#include "wire/ikev1/phase2_transform.h"

#include "wire/ikev1/basic_field.h"

namespace sallyport::wire::ikev1 {
namespace {

constexpr std::uint16_t sequence_numbers_of_64_bits = 1;  // RFC 4304, the attribute's only value

bool take_esn(const Attribute& attribute, Phase2Transform& content) {
  const bool is_well_formed = attribute.basic && attribute.integer() == sequence_numbers_of_64_bits;
  if (content.extended_sequence_numbers || !is_well_formed) return false;
  content.extended_sequence_numbers = true;
  return true;
}

bool take_phase2(const Attribute& attribute, Phase2Transform& content, LifetimeReader& lifetimes) {
  switch (Phase2Attribute{attribute.type}) {
    case Phase2Attribute::life_type: return lifetimes.on_type(attribute);
    case Phase2Attribute::life_duration: return lifetimes.on_duration(attribute);
    case Phase2Attribute::group_description: return take_basic(attribute, content.group);
    case Phase2Attribute::encapsulation_mode: return take_basic(attribute, content.encapsulation);
    case Phase2Attribute::authentication_algorithm: return take_basic(attribute, content.authentication);
    case Phase2Attribute::key_length: return take_basic(attribute, content.key_length);
    case Phase2Attribute::extended_sequence_numbers: return take_esn(attribute, content);
    default: return false;
  }
}

std::string transform_name(ProtocolId protocol, std::uint8_t id) {
  switch (protocol) {
    case ProtocolId::ah: return name_of(AhTransformId{id}) ? to_string(AhTransformId{id}) : "AH_" + std::to_string(id);
    case ProtocolId::esp:
      return name_of(EspTransformId{id}) ? to_string(EspTransformId{id}) : "ESP_" + std::to_string(id);
    case ProtocolId::ipcomp:
      return name_of(IpcompTransformId{id}) ? to_string(IpcompTransformId{id}) : "IPCOMP_" + std::to_string(id);
    default: return to_string(protocol) + "/" + std::to_string(id);
  }
}

}  // namespace

Phase2Transform read_phase2(const Transform& transform) {
  Phase2Transform content{.id = transform.id};
  LifetimeReader lifetimes;
  for (const Attribute& attribute : transform.attributes)
    if (!take_phase2(attribute, content, lifetimes)) content.unrecognized.push_back(attribute);
  content.lifetimes = lifetimes.lifetimes();
  return content;
}

Transform write_phase2(std::uint8_t transform_number, const Phase2Transform& content) {
  Transform transform{transform_number, content.id, {}};
  Attributes& attributes = transform.attributes;
  append_basic(attributes, Phase2Attribute::key_length, content.key_length);
  append_basic(attributes, Phase2Attribute::authentication_algorithm, content.authentication);
  append_basic(attributes, Phase2Attribute::encapsulation_mode, content.encapsulation);
  append_basic(attributes, Phase2Attribute::group_description, content.group);
  if (content.extended_sequence_numbers)
    attributes.push_back(basic_attribute(Phase2Attribute::extended_sequence_numbers, sequence_numbers_of_64_bits));
  append_lifetimes(attributes, Phase2Attribute::life_type, Phase2Attribute::life_duration, content.lifetimes);
  attributes.insert(attributes.end(), content.unrecognized.begin(), content.unrecognized.end());
  return transform;
}

std::string to_string(ProtocolId protocol, const Phase2Transform& transform) {
  std::string text = transform_name(protocol, transform.id);
  if (transform.key_length) text += "-" + std::to_string(*transform.key_length);
  if (transform.authentication) text += ", " + to_string(*transform.authentication);
  if (transform.encapsulation) text += ", " + to_string(*transform.encapsulation);
  if (transform.group) text += ", " + to_string(*transform.group);
  if (transform.extended_sequence_numbers) text += ", ESN";
  for (const Attribute& attribute : transform.unrecognized)
    text += ", attribute " + to_string(Phase2Attribute{attribute.type});
  return text;
}

}  // namespace sallyport::wire::ikev1
