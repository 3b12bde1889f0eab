#include "diagnose/short_proposals.h"

#include <algorithm>
#include <utility>

namespace sallyport::diagnose {

std::vector<policy::Proposal> in_short(std::vector<policy::Proposal> proposals) {
  std::vector<policy::Proposal> merged;
  for (policy::Proposal& each : proposals) {
    auto numbers = each.sequence_numbers;
    if (!merged.empty()) each.sequence_numbers = merged.back().sequence_numbers;
    if (!merged.empty() && merged.back() == each) {
      for (const auto number : numbers)
        if (std::ranges::find(merged.back().sequence_numbers, number) == merged.back().sequence_numbers.end())
          merged.back().sequence_numbers.push_back(number);
    } else {
      each.sequence_numbers = std::move(numbers);
      merged.push_back(std::move(each));
    }
  }
  return merged;
}

}  // namespace sallyport::diagnose
