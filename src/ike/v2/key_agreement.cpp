#include "ike/v2/key_agreement.h"

#include "ike/v2/ike_sa_init.h"
#include "ike/v2/numbers_map.h"

namespace sallyport::ike::v2 {

namespace w = wire::ikev2;
using crypto::KeyExchangeMethod;

void add_key_exchange(w::PayloadChain& payloads, const crypto::KeyExchange& exchange) {
  add_key_exchange(payloads, exchange.method(), to_bytes(exchange.public_value()));
}
void add_key_exchange(w::PayloadChain& payloads, w::KeyExchangeId method, Bytes public_value) {
  payloads.add(w::KePayload{method, std::move(public_value)});
}

std::expected<crypto::KeyExchangeAnswer, w::NotifyPayload> agree_on_key(const policy::Suite& suite,
                                                                        const w::KePayload* ke, Environment& env) {
  if (suite.key_exchange == KeyExchangeMethod::none) return crypto::KeyExchangeAnswer{};
  if (!ke || read_method(ke->method) != suite.key_exchange) {
    Bytes wanted(2);
    store_be16(wanted.data(), w::number(write_method(suite.key_exchange)));
    return std::unexpected(w::NotifyPayload{.type = w::NotifyType::invalid_ke_payload, .data = std::move(wanted)});
  }
  auto answer = env.crypto.answer_key_exchange(suite.key_exchange, ke->data, env.random);
  if (answer) return std::move(*answer);
  const bool lacking = answer.error().code == ErrorCode::unsupported;
  return std::unexpected(
      w::NotifyPayload{.type = lacking ? w::NotifyType::no_proposal_chosen : w::NotifyType::invalid_syntax});
}

std::optional<crypto::KeyExchangeAnswer> answer_key(KeyExchangeMethod method, const w::KePayload* ke,
                                                    Environment& env) {
  if (!ke || read_method(ke->method) != method) return std::nullopt;
  auto answer = env.crypto.answer_key_exchange(method, ke->data, env.random);
  if (!answer) return std::nullopt;
  return std::move(*answer);
}

std::optional<Secret> read_key(KeyExchangeMethod method, const w::KePayload* ke, crypto::KeyExchange* exchange) {
  if (method == KeyExchangeMethod::none) return Secret();
  if (!ke || !exchange || exchange->method() != method || read_method(ke->method) != method) return std::nullopt;
  auto secret = exchange->shared_secret(ke->data);
  if (!secret) return std::nullopt;
  return std::move(*secret);
}

std::optional<KeyExchangeMethod> read_wanted_method(const w::NotifyPayload& error) {
  if (error.data.size() != 2) return std::nullopt;
  return read_method(static_cast<w::KeyExchangeId>(load_be16(error.data.data())));
}

bool may_try(std::optional<KeyExchangeMethod> wanted, const std::vector<policy::Proposal>& offered,
             const crypto::KeyExchange* tried) {
  return wanted && (!tried || tried->method() != *wanted) && offers_method(offered, *wanted);
}

}  // namespace sallyport::ike::v2
