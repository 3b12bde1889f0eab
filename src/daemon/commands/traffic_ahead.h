// TrafficAhead: what the datapath says of Child SAs that are told of one after the other. It is asked of many at a
// time, because each question waits for the worker that has the SA.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/workers.h"

namespace sallyport::daemon {

class TrafficAhead {
 public:
  /// `in_order`: as they will be asked for.
  TrafficAhead(Workers& workers, std::vector<policy::ChildSaId> in_order)
      : workers_(&workers), in_order_(std::move(in_order)) {}

  /// nullopt: the datapath has it no more.
  std::optional<datapath::SaStatus> operator()(policy::ChildSaId id);

 private:
  Workers* workers_;
  std::vector<policy::ChildSaId> in_order_;
  std::size_t next_ = 0;  // the first of those that were not asked for yet
  std::unordered_map<policy::ChildSaId, datapath::SaStatus> known_;
};

}  // namespace sallyport::daemon
