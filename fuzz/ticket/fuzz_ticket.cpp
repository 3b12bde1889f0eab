// Tickets of session resumption: octets that nobody sealed open to nothing; content that is understood is written and
// read again as the same.
#include "base/check.h"
#include "crypto/openssl/provider_openssl.h"
#include "ike/v2/ticket.h"

namespace {

using namespace sallyport;
using namespace sallyport::ike;

/// What a gateway ever puts into one; longer ones are not written again.
constexpr std::size_t kMostContent = 1024;

void read_and_write_again(ByteView content) {
  auto read = v2::read_resumable(content);
  if (!read || content.size() > kMostContent) return;
  policy::Connection connection;
  connection.name = read->connection;
  read->sa.connection = std::make_shared<const policy::Connection>(std::move(connection));
  const Secret written = v2::write_resumable(read->sa);
  const auto again = v2::read_resumable(written.view());
  ASSERT(again.has_value());
  ASSERT(again->connection == read->connection && again->sa.ike_sa == read->sa.ike_sa);
  ASSERT(again->sa.local_id == read->sa.local_id && again->sa.remote_id == read->sa.remote_id);
  ASSERT(again->sa.suite == read->sa.suite && again->sa.ppk == read->sa.ppk && again->sa.expires == read->sa.expires);
  ASSERT(again->sa.authentication_due == read->sa.authentication_due);
  ASSERT(again->sa.authentication_ends == read->sa.authentication_ends);
  ASSERT(again->sa.sk_d == read->sa.sk_d && again->sa.key_print == read->sa.key_print);
}

/// A gateway that has sealed a ticket of its own: another's is none, and neither is its own with something else in it.
void open_what_nobody_sealed(ByteView input) {
  static const auto crypto = crypto::make_openssl_provider();
  static TicketKeys keys;
  static const Bytes own = [] {
    SeededRandom random(1);
    return keys.seal(Instant{}, *crypto, random, as_bytes("content"));
  }();
  ASSERT(keys.open(Instant{}, *crypto, own).has_value());
  ASSERT(!keys.open(Instant{}, *crypto, input) || std::ranges::equal(input, own));
  Bytes altered(own.begin(), own.begin() + 9);  // its version and number
  append(altered, input);
  ASSERT(!keys.open(Instant{}, *crypto, altered) || std::ranges::equal(altered, own));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  read_and_write_again(input);
  open_what_nobody_sealed(input);
  return 0;
}
