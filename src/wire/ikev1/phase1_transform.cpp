#include "wire/ikev1/phase1_transform.h"

#include "wire/ikev1/basic_field.h"

namespace sallyport::wire::ikev1 {
namespace {

bool take_phase1(const Attribute& attribute, Phase1Transform& content, LifetimeReader& lifetimes) {
  switch (Phase1Attribute{attribute.type}) {
    case Phase1Attribute::encryption_algorithm: return take_basic(attribute, content.encryption);
    case Phase1Attribute::hash_algorithm: return take_basic(attribute, content.hash);
    case Phase1Attribute::authentication_method: return take_basic(attribute, content.authentication);
    case Phase1Attribute::group_description: return take_basic(attribute, content.group);
    case Phase1Attribute::key_length: return take_basic(attribute, content.key_length);
    case Phase1Attribute::life_type: return lifetimes.on_type(attribute);
    case Phase1Attribute::life_duration: return lifetimes.on_duration(attribute);
    default: return false;
  }
}

}  // namespace

Phase1Transform read_phase1(const Transform& transform) {
  Phase1Transform content;
  LifetimeReader lifetimes;
  for (const Attribute& attribute : transform.attributes)
    if (!take_phase1(attribute, content, lifetimes)) content.unrecognized.push_back(attribute);
  content.lifetimes = lifetimes.lifetimes();
  return content;
}

Transform write_phase1(std::uint8_t transform_number, const Phase1Transform& content) {
  Transform transform{transform_number, key_ike, {}};
  Attributes& attributes = transform.attributes;
  append_basic(attributes, Phase1Attribute::encryption_algorithm, content.encryption);
  append_basic(attributes, Phase1Attribute::key_length, content.key_length);
  append_basic(attributes, Phase1Attribute::hash_algorithm, content.hash);
  append_basic(attributes, Phase1Attribute::authentication_method, content.authentication);
  append_basic(attributes, Phase1Attribute::group_description, content.group);
  append_lifetimes(attributes, Phase1Attribute::life_type, Phase1Attribute::life_duration, content.lifetimes);
  attributes.insert(attributes.end(), content.unrecognized.begin(), content.unrecognized.end());
  return transform;
}

std::string to_string(const Phase1Transform& transform) {
  std::string text = transform.encryption ? to_string(*transform.encryption) : "no cipher";
  if (transform.key_length) text += "-" + std::to_string(*transform.key_length);
  text += ", " + (transform.hash ? to_string(*transform.hash) : "no hash");
  text += ", " + (transform.group ? to_string(*transform.group) : "no group");
  text += ", " + (transform.authentication ? to_string(*transform.authentication) : "no authentication method");
  for (const Attribute& attribute : transform.unrecognized)
    text += ", attribute " + to_string(Phase1Attribute{attribute.type});
  return text;
}

}  // namespace sallyport::wire::ikev1
