#include "crypto/openssl/modp.h"

#include "crypto/openssl/owned.h"

namespace sallyport::crypto::openssl {
namespace {

struct ModpFacts {
  BIGNUM* (*prime)(BIGNUM*);
  // At least twice the strength of the group, as RFC 7919 §5.2 counts it, and never below 256.
  std::size_t exponent_bits;
};

constexpr ModpFacts kFacts[] = {
    {BN_get_rfc2409_prime_768, 256},  {BN_get_rfc2409_prime_1024, 256}, {BN_get_rfc3526_prime_1536, 256},
    {BN_get_rfc3526_prime_2048, 256}, {BN_get_rfc3526_prime_3072, 288}, {BN_get_rfc3526_prime_4096, 336},
    {BN_get_rfc3526_prime_6144, 384}, {BN_get_rfc3526_prime_8192, 400},
};

}  // namespace

struct ModpGroup {
  explicit ModpGroup(const ModpFacts& facts) : prime(must(facts.prime(nullptr))), exponent_bits(facts.exponent_bits) {
    const BigNumberScratch scratch(must(BN_CTX_new()));
    must(BN_set_word(generator.get(), 2));
    must(BN_sub(largest_public_value.get(), prime.get(), BN_value_one()));
    must(BN_sub_word(largest_public_value.get(), 1));
    must(BN_MONT_CTX_set(montgomery.get(), prime.get(), scratch.get()));
  }
  std::size_t size() const { return static_cast<std::size_t>(BN_num_bytes(prime.get())); }

  BigNumber prime;
  std::size_t exponent_bits;
  BigNumber generator{must(BN_new())};
  BigNumber largest_public_value{must(BN_new())};  // p - 2
  MontgomeryForm montgomery{must(BN_MONT_CTX_new())};
};

namespace {

class ModpExchange final : public KeyExchange {
 public:
  ModpExchange(KeyExchangeMethod method, std::shared_ptr<const ModpGroup> group, ByteView exponent)
      : method_(method),
        group_(std::move(group)),
        exponent_(must(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr))) {
    BN_set_flags(exponent_.get(), BN_FLG_CONSTTIME);
    public_value_.resize(group_->size());
    raise(group_->generator.get(), public_value_);
  }

  KeyExchangeMethod method() const override { return method_; }
  ByteView public_value() const override { return public_value_; }

  Result<Secret> shared_secret(ByteView peer_public_value) override {
    // The size is fixed (RFC 7296 §3.4), and with these safe primes the range is all there is to check (RFC 6989 §2.1).
    if (peer_public_value.size() != group_->size()) return fail(ErrorCode::out_of_range);
    const BigNumber peer(
        must(BN_bin2bn(peer_public_value.data(), static_cast<int>(peer_public_value.size()), nullptr)));
    if (BN_cmp(peer.get(), BN_value_one()) <= 0 || BN_cmp(peer.get(), group_->largest_public_value.get()) > 0)
      return fail(ErrorCode::out_of_range);
    Secret shared(group_->size());
    raise(peer.get(), shared.span());
    return shared;
  }

 private:
  /// base ^ exponent mod p, padded at the left to the size of the prime (RFC 7296 §2.14).
  void raise(const BIGNUM* base, ByteSpan out) const {
    const BigNumberScratch scratch(must(BN_CTX_new()));
    const BigNumber power(must(BN_new()));
    must(BN_mod_exp_mont_consttime(power.get(), base, exponent_.get(), group_->prime.get(), scratch.get(),
                                   group_->montgomery.get()));
    ASSERT(BN_bn2binpad(power.get(), out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size()));
  }

  KeyExchangeMethod method_;
  std::shared_ptr<const ModpGroup> group_;
  BigNumber exponent_;
  Bytes public_value_;
};

}  // namespace

const std::shared_ptr<ModpGroup>& ModpGroups::group(KeyExchangeMethod method) {
  ASSERT(is_modp(method));
  const auto index = static_cast<std::size_t>(method) - static_cast<std::size_t>(KeyExchangeMethod::modp768);
  auto& group = groups_[index];
  if (!group) group = std::make_shared<ModpGroup>(kFacts[index]);
  return group;
}

std::unique_ptr<KeyExchange> ModpGroups::start(KeyExchangeMethod method, RandomSource& random) {
  Secret exponent(group(method)->exponent_bits / 8);
  random.fill(exponent.span());
  exponent.span()[0] |= 0x80;  // never zero, and always as long, so that its length shows nothing
  return start_with(method, exponent.view());
}

std::unique_ptr<KeyExchange> ModpGroups::start_with(KeyExchangeMethod method, ByteView exponent) {
  return std::make_unique<ModpExchange>(method, group(method), exponent);
}

}  // namespace sallyport::crypto::openssl
