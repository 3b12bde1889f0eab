#include "ike/v2/ticket.h"

#include <algorithm>

#include "base/check.h"
#include "base/reader.h"
#include "base/writer.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

constexpr std::size_t kLongestTicket = 4096;
constexpr std::size_t kLifetimeSize = 4;
constexpr std::size_t kLongestName = 256, kLongestId = 512;
/// Two identities, a name, two keys of a PRF's size, and some numbers.
constexpr std::size_t kMostContent = 2048;

void write_id(Writer& writer, const policy::Identity& identity) {
  const Bytes body = write_identity(identity).body();
  writer.u16(static_cast<std::uint16_t>(body.size()));
  writer.bytes(body);
}
Result<policy::Identity> read_id(Reader& reader) {
  const std::uint16_t size = TRY(reader.u16());
  Reader body = TRY(reader.sub(size));
  const auto payload = TRY(w::IdiPayload::parse_body(body));
  auto identity = read_identity(payload.id);
  if (!identity) return fail(ErrorCode::malformed);
  return std::move(*identity);
}

/// 0: none.
void write_time(Writer& writer, const std::optional<Instant>& time) {
  writer.u64(time ? static_cast<std::uint64_t>(time->time_since_epoch().count()) : 0);
}
Result<std::optional<Instant>> read_time(Reader& reader) {
  const std::uint64_t count = TRY(reader.u64());
  if (count == 0) return std::optional<Instant>();
  return std::optional(Instant(Duration(static_cast<Duration::rep>(count))));
}

void write_suite(Writer& writer, const policy::Suite& suite) {
  writer.u8(static_cast<std::uint8_t>(suite.encryption.cipher));
  writer.u16(suite.encryption.key_bits);
  writer.u8(static_cast<std::uint8_t>(suite.integrity));
  writer.u8(static_cast<std::uint8_t>(suite.prf));
  writer.u8(static_cast<std::uint8_t>(suite.key_exchange));
  for (const auto method : suite.additional) writer.u8(static_cast<std::uint8_t>(method));
}
Result<policy::Suite> read_suite(Reader& reader) {
  policy::Suite suite;
  suite.encryption.cipher = static_cast<crypto::Cipher>(TRY(reader.u8()));
  suite.encryption.key_bits = TRY(reader.u16());
  suite.integrity = static_cast<crypto::Integrity>(TRY(reader.u8()));
  suite.prf = static_cast<crypto::Prf>(TRY(reader.u8()));
  suite.key_exchange = static_cast<crypto::KeyExchangeMethod>(TRY(reader.u8()));
  for (auto& method : suite.additional) method = static_cast<crypto::KeyExchangeMethod>(TRY(reader.u8()));
  return suite;
}

}  // namespace

bool wants_tickets(const policy::Connection& connection) {
  return connection.resumption && connection.local.method == policy::AuthMethod::psk &&
         connection.remote.method == policy::AuthMethod::psk;
}

Secret print_of_key(const policy::Identity& local_id, const policy::Identity& remote_id, Environment& env) {
  const auto* key = env.pad.find(local_id, remote_id);
  if (!key) return {};
  const ByteView what[] = {as_bytes("key of a ticket")};
  return env.crypto.prf(crypto::Prf::hmac_sha2_256, key->secret.view(), what);
}

ResumableSa resumable(const IkeSa& sa, const policy::ConnectionPtr& connection, const Secret& sk_d, Instant now,
                      Environment& env) {
  const policy::Connection& config = *connection;
  ResumableSa left{.connection = connection,
                   .ike_sa = sa.id,
                   .local_id = sa.local_id,
                   .remote_id = sa.remote_id,
                   .suite = sa.suite,
                   .sk_d = sk_d.clone(),
                   .ppk = sa.ppk,
                   .authentication_due = sa.authentication.due,
                   .authentication_ends = sa.authentication.ends,
                   .expires = now + TicketKeys::longest_life,
                   .key_print = {}};
  // No longer than the IKE SA itself would have lasted (RFC 5723 §6.2).
  if (config.rekey_time.count() > 0) left.expires = std::min(left.expires, now + config.rekey_time + config.over_time);
  for (const auto& end : {left.authentication_due, left.authentication_ends})
    if (end) left.expires = std::min(left.expires, *end);
  left.key_print = print_of_key(left.local_id, left.remote_id, env);
  return left;
}

Secret write_resumable(const ResumableSa& sa) {
  const auto& name = sa.connection->name;
  Bytes content;
  content.reserve(kMostContent);  // never moved by growth
  Writer writer(content);
  writer.u16(static_cast<std::uint16_t>(name.size()));
  writer.bytes(as_bytes(name));
  writer.u32(sa.ike_sa.value);
  write_id(writer, sa.local_id);
  write_id(writer, sa.remote_id);
  write_suite(writer, sa.suite);
  writer.u8(sa.ppk ? 1 : 0);
  for (const auto& time : {sa.authentication_due, sa.authentication_ends, std::optional(sa.expires)})
    write_time(writer, time);
  for (const Secret* secret : {&sa.sk_d, &sa.key_print}) {
    writer.u8(static_cast<std::uint8_t>(secret->size()));
    writer.bytes(secret->view());
  }
  ASSERT(content.size() <= kMostContent);
  return Secret::adopt(std::move(content));
}

Result<ReadSa> read_resumable(ByteView content) {
  Reader reader(content);
  ReadSa read;
  const std::uint16_t name_size = TRY(reader.u16());
  read.connection = as_text(TRY(reader.bytes(name_size)));
  read.sa.ike_sa.value = TRY(reader.u32());
  read.sa.local_id = TRY(read_id(reader));
  read.sa.remote_id = TRY(read_id(reader));
  read.sa.suite = TRY(read_suite(reader));
  read.sa.ppk = TRY(reader.u8()) != 0;
  read.sa.authentication_due = TRY(read_time(reader));
  read.sa.authentication_ends = TRY(read_time(reader));
  read.sa.expires = TRY(read_time(reader)).value_or(Instant());
  for (Secret* secret : {&read.sa.sk_d, &read.sa.key_print}) {
    const std::uint8_t size = TRY(reader.u8());
    *secret = Secret::copy_of(TRY(reader.bytes(size)));
  }
  TRY(reader.finish());
  return read;
}

void add_ticket_request(w::PayloadChain& payloads) {
  payloads.add(w::NotifyPayload{.type = w::NotifyType::ticket_request});
}
bool requests_ticket(const w::PayloadChain& payloads) {
  return payloads.find_notify(w::NotifyType::ticket_request) != nullptr;
}

w::NotifyPayload make_ticket(const ResumableSa& sa, Instant now, Environment& env) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(sa.expires - now).count();
  const bool fits = sa.connection->name.size() <= kLongestName &&
                    write_identity(sa.local_id).data.size() <= kLongestId &&
                    write_identity(sa.remote_id).data.size() <= kLongestId;
  if (seconds <= 0 || !fits) return refuse_ticket();
  Bytes data(kLifetimeSize);
  store_be32(data.data(), static_cast<std::uint32_t>(seconds));
  append(data, env.tickets.seal(now, env.crypto, env.random, write_resumable(sa).view()));
  return {.type = w::NotifyType::ticket_lt_opaque, .data = std::move(data)};
}
w::NotifyPayload refuse_ticket() { return {.type = w::NotifyType::ticket_nack}; }

std::optional<GrantedTicket> read_ticket(const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::ticket_lt_opaque);
  if (!notify || notify->data.size() <= kLifetimeSize || notify->data.size() > kLifetimeSize + kLongestTicket)
    return std::nullopt;
  const auto life = std::chrono::seconds(load_be32(notify->data.data()));
  if (life.count() == 0) return std::nullopt;
  return GrantedTicket{to_bytes(ByteView(notify->data).subspan(kLifetimeSize)),
                       std::min<Duration>(life, TicketKeys::longest_life)};
}

}  // namespace sallyport::ike::v2
