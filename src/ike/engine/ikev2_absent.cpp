// Built without IKEv2 (SALLYPORT_IKEV2).
#include "ike/engine/protocol.h"

namespace sallyport::ike {

std::unique_ptr<Protocol> make_ikev2(RandomSource&) { return nullptr; }

}  // namespace sallyport::ike
