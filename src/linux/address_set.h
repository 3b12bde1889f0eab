// AddressSet: some addresses of one family, as a number of ranges. What routes and packet filters are made from.
#pragma once

#include <vector>

#include "policy/address.h"

namespace sallyport::linux {

class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(const policy::AddressRange& range) : ranges_{range} {}

  /// All of one family: what is of another family than what is there is left out.
  void add(const policy::AddressRange& range) { add(std::vector{range}); }
  void add(std::vector<policy::AddressRange> ranges);
  void add(const AddressSet& other) { add(other.ranges_); }
  void remove(const policy::AddressRange& range);

  bool empty() const { return ranges_.empty(); }
  bool contains(const policy::IpAddress& address) const;
  bool contains(const policy::AddressRange& range) const;
  /// In order; they neither overlap nor touch.
  const std::vector<policy::AddressRange>& ranges() const { return ranges_; }
  /// The fewest that cover just this set.
  std::vector<policy::Prefix> prefixes() const;

  friend auto operator<=>(const AddressSet&, const AddressSet&) = default;

 private:
  std::vector<policy::AddressRange> ranges_;
};

}  // namespace sallyport::linux
