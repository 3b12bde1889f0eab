// The Provider that OpenSSL 3 backs.
#pragma once

#include <memory>

#include "crypto/provider.h"

namespace sallyport::crypto {

/// One thread at a time may use a Provider: it fetches algorithms once and keeps contexts between calls, though no
/// keys. The key exchanges it starts are independent of it and of each other: each may finish in another thread, or
/// later.
std::unique_ptr<Provider> make_openssl_provider();

}  // namespace sallyport::crypto
