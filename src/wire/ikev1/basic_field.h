// Reads and writes the basic attributes of a transform that may be there once, for phase1_transform.cpp and
// phase2_transform.cpp.
#pragma once

#include "wire/ikev1/attribute.h"

namespace sallyport::wire::ikev1 {

/// Sets the field to the attribute's value. False when the field is set already, or the attribute is in the variable
/// form, which a basic one must not have (RFC 2409 appendix A).
template <class Field>
bool take_basic(const Attribute& attribute, std::optional<Field>& field) {
  if (field || !attribute.basic) return false;
  field = static_cast<Field>(load_be16(attribute.value.data()));
  return true;
}

template <class Type, class Field>
void append_basic(Attributes& attributes, Type type, const std::optional<Field>& field) {
  if (field) attributes.push_back(basic_attribute(type, *field));
}

}  // namespace sallyport::wire::ikev1
