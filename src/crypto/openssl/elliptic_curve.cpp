#include "crypto/openssl/elliptic_curve.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "crypto/openssl/owned.h"

namespace sallyport::crypto::openssl {

struct Curve {
  Group group;
  std::size_t field_size;  // octets of a coordinate
};

namespace {

constexpr int kCurveNames[] = {NID_X9_62_prime256v1, NID_secp384r1,       NID_secp521r1,      NID_brainpoolP224r1,
                               NID_brainpoolP256r1,  NID_brainpoolP384r1, NID_brainpoolP512r1};
constexpr std::uint8_t kUncompressed = 4;  // the octet before x and y in SEC 1's encoding of a point

class CurveExchange final : public KeyExchange {
 public:
  CurveExchange(KeyExchangeMethod method, std::shared_ptr<const Curve> curve, RandomSource& random)
      : method_(method), curve_(std::move(curve)), scalar_(random_scalar(random)) {
    const BigNumberScratch scratch(must(BN_CTX_new()));
    const Point point(must(EC_POINT_new(group())));
    must(EC_POINT_mul(group(), point.get(), scalar_.get(), nullptr, nullptr, scratch.get()));
    encoded_.resize(1 + 2 * curve_->field_size);
    ASSERT(EC_POINT_point2oct(group(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded_.data(), encoded_.size(),
                              scratch.get()) == encoded_.size());
  }

  KeyExchangeMethod method() const override { return method_; }
  ByteView public_value() const override { return ByteView(encoded_).subspan(1); }

  Result<Secret> shared_secret(ByteView peer_public_value) override {
    const BigNumberScratch scratch(must(BN_CTX_new()));
    const Point peer = parse(peer_public_value, scratch.get());
    if (!peer) return fail(ErrorCode::out_of_range);
    const Point shared(must(EC_POINT_new(group())));
    must(EC_POINT_mul(group(), shared.get(), nullptr, peer.get(), scalar_.get(), scratch.get()));
    if (EC_POINT_is_at_infinity(group(), shared.get())) return fail(ErrorCode::out_of_range);
    const BigNumber x(must(BN_new()));
    must(EC_POINT_get_affine_coordinates(group(), shared.get(), x.get(), nullptr, scratch.get()));
    Secret secret(curve_->field_size);  // x alone (RFC 5903 §9)
    ASSERT(BN_bn2binpad(x.get(), secret.span().data(), static_cast<int>(secret.size())) > 0);
    return secret;
  }

 private:
  const EC_GROUP* group() const { return curve_->group.get(); }

  /// Uniform in [1, n-1]: 64 more bits than needed make the bias of the reduction negligible (FIPS 186-4 §B.4.1), and
  /// unlike rejection it takes the same amount from the source each time.
  BigNumber random_scalar(RandomSource& random) const {
    const BigNumberScratch scratch(must(BN_CTX_new()));
    const BIGNUM* order = must(EC_GROUP_get0_order(group()));
    Secret bytes(static_cast<std::size_t>(BN_num_bytes(order)) + 8);
    random.fill(bytes.span());
    BigNumber scalar(must(BN_bin2bn(bytes.view().data(), static_cast<int>(bytes.size()), nullptr)));
    const BigNumber below(must(BN_dup(order)));
    must(BN_sub_word(below.get(), 1));
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    must(BN_mod(scalar.get(), scalar.get(), below.get(), scratch.get()));
    must(BN_add_word(scalar.get(), 1));
    return scalar;
  }

  /// Checks coordinates against the field and the point against the curve (RFC 6989 §2.3). The point at infinity has
  /// no encoding of this form, and as these curves have cofactor 1 there are no small subgroups.
  Point parse(ByteView public_value, BN_CTX* scratch) const {
    if (public_value.size() != 2 * curve_->field_size) return nullptr;
    Bytes encoded = {kUncompressed};
    append(encoded, public_value);
    Point point(must(EC_POINT_new(group())));
    if (EC_POINT_oct2point(group(), point.get(), encoded.data(), encoded.size(), scratch) == 1) return point;
    ERR_clear_error();
    return nullptr;
  }

  KeyExchangeMethod method_;
  std::shared_ptr<const Curve> curve_;
  BigNumber scalar_;
  Bytes encoded_;  // the public value after kUncompressed
};

}  // namespace

std::shared_ptr<const Curve> EllipticCurves::curve(KeyExchangeMethod method) {
  if (!is_elliptic_curve(method)) return nullptr;
  const auto index = static_cast<std::size_t>(method) - static_cast<std::size_t>(KeyExchangeMethod::ecp256);
  auto& slot = curves_[index];
  if (!slot) {
    if (Group group{EC_GROUP_new_by_curve_name(kCurveNames[index])})
      slot = std::make_shared<const Curve>(std::move(group), public_value_size(method) / 2);
    else
      ERR_clear_error();
  }
  return slot;
}

std::unique_ptr<KeyExchange> EllipticCurves::start(KeyExchangeMethod method, RandomSource& random) {
  auto found = curve(method);
  ASSERT(found != nullptr);
  return std::make_unique<CurveExchange>(method, std::move(found), random);
}

}  // namespace sallyport::crypto::openssl
