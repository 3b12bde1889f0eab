// Playing a mesh: its mishaps, calm, and then what users count on: all ties are up within a bound, each just once, and
// carry everything that is sent, through all renewals of keys.
#pragma once

#include "tests/seeded/mesh_plan.h"
#include "tests/seeded/play.h"

namespace sallyport::seeded {

Outcome play(const MeshPlan& plan, sim::Cryptography cryptography, bool record = false);

}  // namespace sallyport::seeded
