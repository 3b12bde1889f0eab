// Built without IKEv1 (SALLYPORT_IKEV1).
#include "ike/engine/protocol.h"

namespace sallyport::ike {

std::unique_ptr<Protocol> make_ikev1() { return nullptr; }

}  // namespace sallyport::ike
