// Playing a plan: the world is built, its script runs, calm returns, and all the way the invariants are checked.
#pragma once

#include <string>

#include "sim/invariants.h"
#include "tests/seeded/plan.h"

namespace sallyport::seeded {

struct Outcome {
  sim::Violations violations;
  std::uint64_t digest = 0;
  // What became of it, over all worlds a measure of how much was tested.
  std::uint64_t packets = 0;
  std::size_t ike_sas = 0;    // established, over both hosts
  std::size_t rekeyed = 0;    // IKE SAs and Child SAs, likewise
  std::size_t delivered = 0;  // messages of the applications
  bool up_at_the_end = false;
  // Only when asked for.
  std::string timeline;
  Bytes capture;  // pcapng
};

Outcome play(const Plan& plan, sim::Cryptography cryptography, bool record = false);

}  // namespace sallyport::seeded
