#include "policy/proposal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "policy/proposal_words.h"

namespace sallyport::policy {
namespace {

using crypto::Cipher;
using crypto::Encryption;
using crypto::Integrity;
using crypto::KeyExchangeMethod;
using crypto::Prf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Proposal make(Protocol protocol, std::string_view text) {
  auto proposal = parse_proposal(protocol, text);
  EXPECT_TRUE(proposal) << text << ": " << (proposal ? "" : proposal.error().message);
  return proposal.value_or(Proposal{});
}

ProposalError refusal(Protocol protocol, std::string_view text) {
  const auto proposal = parse_proposal(protocol, text);
  EXPECT_FALSE(proposal) << text;
  return proposal ? ProposalError{} : proposal.error();
}

TEST(Proposal, PrintsWhatItParses) {
  for (const char* text :
       {"aes256gcm16-prfsha384-ecp384", "aes128-sha256-modp2048", "chacha20poly1305-prfsha256-x25519-x448",
        "3des-md5-sha1-modp1024", "aes128ctr-sha512-prfsha256-ecp256bp"})
    EXPECT_EQ(to_string(make(Protocol::ike, text)), text);
  for (const char* text :
       {"aes128gcm16", "null-sha1", "aes256gcm8-esn", "aes128-sha256-modp2048-none-noesn", "3des-md5-noesn-esn"})
    EXPECT_EQ(to_string(make(Protocol::esp, text)), text);
  for (const char* text : {"sha256", "sha512-sha384-x25519-esn"}) EXPECT_EQ(to_string(make(Protocol::ah, text)), text);
}

struct Synonym {
  const char* word;
  const char* usual;
};

TEST(Proposal, KnowsSwanctlsSynonyms) {
  for (const Synonym& each :
       std::initializer_list<Synonym>{{"aes-sha256-x25519", "aes128-sha256-x25519"},
                                      {"aes128gcm-prfsha256-x25519", "aes128gcm16-prfsha256-x25519"},
                                      {"aes192gcm128-prfsha256-x25519", "aes192gcm16-prfsha256-x25519"},
                                      {"aes256gcm96-prfsha256-x25519", "aes256gcm12-prfsha256-x25519"},
                                      {"aes256gcm64-prfsha256-x25519", "aes256gcm8-prfsha256-x25519"},
                                      {"aes128-sha-curve25519", "aes128-sha1-x25519"},
                                      {"aes128-sha2_256-curve448", "aes128-sha256-x448"},
                                      {"aes128-sha2_384-x448", "aes128-sha384-x448"},
                                      {"aes128-sha2_512-x448", "aes128-sha512-x448"},
                                      {"AES128-SHA256-MODP2048", "aes128-sha256-modp2048"},
                                      {"modp2048-sha256-aes128", "aes128-sha256-modp2048"}})
    EXPECT_EQ(to_string(make(Protocol::ike, each.word)), each.usual);
}

TEST(Proposal, ReadsEveryAlgorithmsOwnWord) {
  for (const ProposalWord& each : proposal_words()) {
    const std::string printed = std::visit([](auto value) { return std::string(to_string(value)); }, each.transform);
    const auto same_meaning = [&](const ProposalWord& other) {
      return other.word == printed && other.transform == each.transform;
    };
    EXPECT_TRUE(std::ranges::any_of(proposal_words(), same_meaning)) << each.word << " prints as " << printed;
  }
}

TEST(Proposal, DerivesThePrfFromTheIntegrity) {
  EXPECT_THAT(make(Protocol::ike, "aes128-sha256-sha512-x25519").prf,
              ElementsAre(Prf::hmac_sha2_256, Prf::hmac_sha2_512));
  EXPECT_THAT(make(Protocol::ike, "aes128-sha256-prfsha384-x25519").prf, ElementsAre(Prf::hmac_sha2_384));
  EXPECT_THAT(make(Protocol::ike, "aes128-sha1-x25519").prf, ElementsAre(Prf::hmac_sha1));
  EXPECT_THAT(make(Protocol::ike, "aes128-md5-x25519").prf, ElementsAre(Prf::hmac_md5));
  EXPECT_THAT(make(Protocol::esp, "aes128-sha256").prf, IsEmpty());
}

TEST(Proposal, TakesGmacForACipherOfEspAndForIntegrityOfAh) {
  EXPECT_THAT(make(Protocol::esp, "aes192gmac").encryption, ElementsAre(Encryption{Cipher::aes_gmac, 192}));
  EXPECT_THAT(make(Protocol::esp, "aes192gmac").integrity, IsEmpty());
  EXPECT_THAT(make(Protocol::ah, "aes192gmac-sha256").integrity,
              ElementsAre(Integrity::aes_192_gmac, Integrity::hmac_sha2_256_128));
  EXPECT_EQ(to_string(make(Protocol::ah, "aes256gmac-esn")), "aes256gmac-esn");
}

TEST(Proposal, DerivesThePrfFromTheMacsOfAes) {
  EXPECT_THAT(make(Protocol::ike, "aes128-aesxcbc-aescmac-x25519").prf,
              ElementsAre(Prf::aes128_xcbc, Prf::aes128_cmac));
  EXPECT_EQ(to_string(make(Protocol::ike, "aes128-aescmac-x25519")), "aes128-aescmac-x25519");
}

TEST(Proposal, TakesIntegrityBesideACombinedModeForThePrf) {
  const Proposal proposal = make(Protocol::ike, "aes256gcm16-sha384-ecp384");
  EXPECT_THAT(proposal.integrity, IsEmpty());
  EXPECT_THAT(proposal.prf, ElementsAre(Prf::hmac_sha2_384));
  EXPECT_EQ(to_string(proposal), "aes256gcm16-prfsha384-ecp384");
}

TEST(Proposal, OffersBothKindsOfSequenceNumbersUnlessToldOtherwise) {
  using enum SequenceNumbers;
  EXPECT_THAT(make(Protocol::esp, "aes128gcm16").sequence_numbers, ElementsAre(bits64, bits32));
  EXPECT_THAT(make(Protocol::esp, "aes128gcm16-noesn").sequence_numbers, ElementsAre(bits32));
  EXPECT_THAT(make(Protocol::ah, "sha256-esn").sequence_numbers, ElementsAre(bits64));
  EXPECT_THAT(make(Protocol::ike, "aes128-sha256-x25519").sequence_numbers, IsEmpty());
}

TEST(Proposal, NamesAnAlgorithmOnce) {
  EXPECT_THAT(make(Protocol::esp, "aes-aes128-aes128-sha256-sha2_256").encryption,
              ElementsAre(Encryption{Cipher::aes_cbc, 128}));
}

struct BadProposal {
  Protocol protocol;
  const char* text;
  const char* word;
  std::size_t offset;
  const char* message;
};

TEST(Proposal, RefusesWhatCannotBe) {
  using enum Protocol;
  for (const BadProposal& bad : std::initializer_list<BadProposal>{
           {ike, "", "-", 0, "a word is missing"},
           {ike, "aes128--x25519", "-", 7, "a word is missing"},
           {ike, "aes128-", "-", 7, "a word is missing"},
           {ike, "aes128-sha256-x25519!", "x25519!", 14, "is no algorithm"},
           {ike, "aes128 -sha256", "aes128 ", 0, "is no algorithm"},
           {ike, "default", "default", 0, "stands alone"},
           {ike, "aes128-sha256", "", 0, "a key exchange is missing"},
           {ike, "aes128-x25519", "", 0, "an integrity algorithm is missing"},
           {ike, "sha256-x25519", "", 0, "an encryption algorithm is missing"},
           {ike, "aes128gcm16-x25519", "", 0, "a PRF is missing"},
           {ike, "aes128gcm16-sha256-prfsha256-x25519", "", 0, "brings its own integrity"},
           {ike, "aes128gcm16-aes128-sha256-x25519", "", 0, "need proposals of their own"},
           {ike, "null-sha256-x25519", "null", 0, "does not belong here"},
           {ike, "aes128gmac-prfsha256-x25519", "aes128gmac", 0, "always encrypted"},
           {ike, "aes256gcm16iiv-prfsha256-x25519", "aes256gcm16iiv", 0, "carry their IVs"},
           {esp, "aes128gmac-sha256", "", 0, "brings its own integrity"},
           {esp, "aes128ccm16-aescmac", "", 0, "brings its own integrity"},
           {esp, "null-esn", "", 0, "an integrity algorithm is missing"},
           {ah, "aes128gcm16", "aes128gcm16", 0, "does not belong here"},
           {ah, "null-sha256", "null", 0, "does not belong here"},
           {ike, "aes128-sha256-none", "none", 14, "does not belong here"},
           {ike, "aes128-sha256-x25519-esn", "esn", 21, "does not belong here"},
           {esp, "aes128", "", 0, "an integrity algorithm is missing"},
           {esp, "null", "", 0, "an integrity algorithm is missing"},
           {esp, "x25519", "", 0, "an encryption algorithm is missing"},
           {esp, "aes128gcm16-sha256", "", 0, "brings its own integrity"},
           {esp, "aes128gcm16-prfsha256", "prfsha256", 12, "does not belong here"},
           {ah, "aes128-sha256", "aes128", 0, "does not belong here"},
           {ah, "x25519", "", 0, "an integrity algorithm is missing"},
           {ike, "aes128-sha256-x25519-ke0_ecp256", "ke0_ecp256", 21, "is no algorithm"},
           {ike, "aes128-sha256-x25519-ke8_ecp256", "ke8_ecp256", 21, "is no algorithm"},
           {ike, "aes128-sha256-x25519-ke1_sha256", "ke1_sha256", 21, "is no key exchange"},
           {ike, "aes128-sha256-x25519-ke1_", "ke1_", 21, "is no key exchange"},
           {ike, "aes128-sha256-x25519-ke1_kyber3", "kyber3", 21, "is not supported yet"},
           {ike, "aes128-sha256-ke1_ecp256", "", 0, "a key exchange is missing"},
           {ike, "aes128-sha256-x25519-ke1_x25519", "", 0, "no method may serve for two"},
           {ike, "aes128-sha256-x25519-ke1_ecp256-ke2_ecp256", "", 0, "no method may serve for two"},
           {esp, "aes128gcm16-ke1_ecp256", "", 0, "needs a first one"},
           {esp, "aes128gcm16-none-ke1_ecp256", "", 0, "needs a first one"}}) {
    const ProposalError error = refusal(bad.protocol, bad.text);
    EXPECT_EQ(error.word, bad.word) << bad.text;
    EXPECT_EQ(error.offset, bad.offset) << bad.text;
    EXPECT_THAT(error.message, HasSubstr(bad.message)) << bad.text;
  }
}

TEST(Proposal, SaysWhatIsKnownButNotSupported) {
  for (const char* word :
       {"des", "camellia256", "camellia128ccm16", "cast128", "blowfish256", "sha256_96", "camelliaxcbc",
        "prfcamelliaxcbc", "chacha20poly1305compat", "modp1024s160", "modp2048s256", "ecp192"}) {
    const ProposalError error = refusal(Protocol::esp, std::string("aes128-") + word);
    EXPECT_EQ(error.message, "\"" + std::string(word) + "\" is not supported yet");
    EXPECT_EQ(error.suggestion, "");
    EXPECT_EQ(error.offset, 7u);
  }
}

TEST(Proposal, GuessesWhatWasMeant) {
  for (const Synonym& each : std::initializer_list<Synonym>{{"aes265", "aes256"},
                                                            {"sah256", "sha256"},
                                                            {"modp20448", "modp2048"},
                                                            {"ecp348", "ecp384"},
                                                            {"x2519", "x25519"},
                                                            {"chacha20poly1306", "chacha20poly1305"},
                                                            {"aes128gcm61", "aes128gcm16"},
                                                            {"aes128ccm61", "aes128ccm16"},
                                                            {"prfsha265", "prfsha256"}})
    EXPECT_EQ(refusal(Protocol::ike, each.word).suggestion, "did you mean \"" + std::string(each.usual) + "\"?");
  EXPECT_EQ(refusal(Protocol::ike, "quantumfoam").suggestion, "");
}

TEST(Proposal, EscapesWhatItQuotes) {
  EXPECT_EQ(refusal(Protocol::ike, "a\x1b\xff\n").message, "\"a\\x1b\\xff\\x0a\" is no algorithm");
}

TEST(DefaultProposals, HoldNothingWeakAndBeginWithCombinedModes) {
  for (const Protocol protocol : {Protocol::ike, Protocol::esp, Protocol::ah}) {
    ASSERT_FALSE(default_proposals(protocol).empty());
    for (const Proposal& each : default_proposals(protocol)) {
      EXPECT_THAT(weaknesses(each), IsEmpty());
      EXPECT_EQ(each.protocol, protocol);
      EXPECT_EQ(make(protocol, to_string(each)), each);
    }
  }
  for (const Protocol protocol : {Protocol::ike, Protocol::esp}) {
    EXPECT_TRUE(is_combined(default_proposals(protocol).front().encryption.front().cipher));
    EXPECT_FALSE(is_combined(default_proposals(protocol).back().encryption.front().cipher));
  }
  using enum KeyExchangeMethod;
  EXPECT_THAT(default_proposals(Protocol::ike).front().key_exchange,
              ElementsAre(x25519, ecp384, ecp256, modp3072, modp2048));
  EXPECT_THAT(default_proposals(Protocol::esp).front().key_exchange, IsEmpty());
}

TEST(Weaknesses, NameWhatDoesNotEncrypt) {
  EXPECT_THAT(weaknesses(make(Protocol::esp, "null-sha256")), ElementsAre(testing::StartsWith("null: ")));
  EXPECT_THAT(weaknesses(make(Protocol::esp, "aes128gmac")), ElementsAre(testing::StartsWith("aes128gmac: ")));
  EXPECT_THAT(weaknesses(make(Protocol::ah, "aes128gmac")), IsEmpty()) << "AH never does";
}

TEST(Weaknesses, NameEachWeakWordWithItsReason) {
  const auto found = weaknesses(make(Protocol::ike, "aes128-3des-sha256-sha1-modp2048-modp1024"));
  EXPECT_THAT(found, ElementsAre(testing::StartsWith("3des: "), testing::StartsWith("sha1: "),
                                 testing::StartsWith("modp1024: ")));
  EXPECT_THAT(weaknesses(make(Protocol::ike, "aes128gcm16-prfmd5-x25519")),
              ElementsAre(testing::StartsWith("prfmd5: ")));
  EXPECT_THAT(weaknesses(make(Protocol::ike, "aes128-sha256-modp2048")), IsEmpty());
}

TEST(Suite, PrintsAsAProposalDoes) {
  const Suite ike{.protocol = Protocol::ike,
                  .encryption = {Cipher::aes_gcm_16, 256},
                  .prf = Prf::hmac_sha2_384,
                  .key_exchange = KeyExchangeMethod::ecp384};
  EXPECT_EQ(to_string(ike), "aes256gcm16-prfsha384-ecp384");
  const Suite cbc{.protocol = Protocol::ike,
                  .encryption = {Cipher::aes_cbc, 128},
                  .integrity = Integrity::hmac_sha2_256_128,
                  .prf = Prf::hmac_sha2_256,
                  .key_exchange = KeyExchangeMethod::modp2048};
  EXPECT_EQ(to_string(cbc), "aes128-sha256-modp2048");
  const Suite esp{
      .protocol = Protocol::esp, .encryption = {Cipher::aes_gcm_16, 128}, .sequence_numbers = SequenceNumbers::bits64};
  EXPECT_EQ(to_string(esp), "aes128gcm16");
  const Suite ah{.protocol = Protocol::ah, .integrity = Integrity::hmac_sha2_256_128};
  EXPECT_EQ(to_string(ah), "sha256");
}

/// Any proposal that the words can say.
Proposal random_proposal(SeededRandom& random) {
  const auto protocol = static_cast<Protocol>(random.below(3));
  const bool combined = random.below(2) == 0;
  std::vector<std::string_view> ciphers, integrities, prfs, methods;
  for (const ProposalWord& each : proposal_words()) {
    if (const auto* e = std::get_if<Encryption>(&each.transform)) {
      const bool fits_ike = is_confidential(e->cipher) && !has_implicit_iv(e->cipher);
      if (is_combined(e->cipher) == combined && (protocol == Protocol::esp || fits_ike)) ciphers.push_back(each.word);
    } else if (std::holds_alternative<Integrity>(each.transform)) {
      integrities.push_back(each.word);
    } else if (std::holds_alternative<Prf>(each.transform)) {
      prfs.push_back(each.word);
    } else if (const auto* m = std::get_if<KeyExchangeMethod>(&each.transform)) {
      if (protocol != Protocol::ike || *m != KeyExchangeMethod::none) methods.push_back(each.word);
    }
  }
  std::string text;
  const auto add = [&](const std::vector<std::string_view>& words, std::size_t least, std::size_t most) {
    for (auto count = least + random.below(most - least + 1); count > 0; --count)
      text += (text.empty() ? "" : "-") + std::string(words[random.below(words.size())]);
  };
  if (protocol != Protocol::ah) add(ciphers, 1, 3);
  if (protocol == Protocol::ah || !combined) add(integrities, 1, 3);
  if (protocol == Protocol::ike) add(prfs, combined ? 1 : 0, 2);
  add(methods, protocol == Protocol::ike ? 1 : 0, 3);
  if (protocol != Protocol::ike) add({"esn", "noesn"}, 0, 2);
  return make(protocol, text);
}

TEST(Proposal, ComesBackFromItsOwnWords) {
  SeededRandom random(3);
  for (int round = 0; round < 3000; ++round) {
    const Proposal proposal = random_proposal(random);
    ASSERT_EQ(make(proposal.protocol, to_string(proposal)), proposal) << to_string(proposal);
  }
}

std::string chosen(Protocol protocol, std::initializer_list<const char*> configured,
                   std::initializer_list<const char*> offered, bool ignore_key_exchange = false) {
  std::vector<Proposal> ours, theirs;
  for (const char* text : configured) ours.push_back(make(protocol, text));
  for (const char* text : offered) theirs.push_back(make(protocol, text));
  const auto choice = choose(ours, theirs, ignore_key_exchange);
  return choice ? std::to_string(choice->offered_index) + ":" + to_string(choice->suite) : "none";
}

TEST(Choose, LetsOurOrderDecide) {
  using enum Protocol;
  EXPECT_EQ(chosen(ike, {"aes256-aes128-sha512-sha256-ecp384-x25519"}, {"aes128-aes256-sha256-sha512-x25519-ecp384"}),
            "0:aes256-sha512-ecp384");
  EXPECT_EQ(chosen(ike, {"aes256gcm16-prfsha384-x25519", "aes128-sha256-x25519"},
                   {"aes128-sha256-x25519", "aes256gcm16-prfsha384-x25519"}),
            "1:aes256gcm16-prfsha384-x25519");
  EXPECT_EQ(chosen(esp, {"aes128gcm16", "aes128-sha256"}, {"aes128-sha256"}), "0:aes128-sha256");
}

TEST(Choose, NeedsEveryKindToAgree) {
  using enum Protocol;
  EXPECT_EQ(chosen(ike, {"aes128-sha256-x25519"}, {"aes256-sha256-x25519"}), "none");
  EXPECT_EQ(chosen(ike, {"aes128-sha256-prfsha256-x25519"}, {"aes128-sha512-prfsha256-x25519"}), "none");
  EXPECT_EQ(chosen(ike, {"aes128-sha256-x25519"}, {"aes128-sha256-prfsha512-x25519"}), "none");
  EXPECT_EQ(chosen(ike, {"aes128-sha256-x25519"}, {"aes128-sha256-ecp256"}), "none");
  EXPECT_EQ(chosen(esp, {"aes128gcm16-esn"}, {"aes128gcm16-noesn"}), "none");
  EXPECT_EQ(chosen(ike, {"aes128-sha256-x25519"}, {}), "none");
  EXPECT_EQ(chosen(ike, {}, {"aes128-sha256-x25519"}), "none");
}

TEST(Choose, NeverMixesTwoProposals) {
  EXPECT_EQ(chosen(Protocol::ike, {"aes128-sha256-x25519"}, {"aes128-sha256-ecp256", "aes256-sha256-x25519"}), "none");
}

TEST(Choose, KeepsProtocolsApart) {
  EXPECT_FALSE(choose({make(Protocol::esp, "null-sha256")}, {make(Protocol::ah, "sha256")}));
}

TEST(Choose, TakesForwardSecrecyAsSeriouslyAsBothSidesDo) {
  using enum Protocol;
  EXPECT_EQ(chosen(esp, {"aes128gcm16-x25519"}, {"aes128gcm16"}), "none");
  EXPECT_EQ(chosen(esp, {"aes128gcm16"}, {"aes128gcm16-x25519"}), "none");
  EXPECT_EQ(chosen(esp, {"aes128gcm16-x25519-none"}, {"aes128gcm16"}), "0:aes128gcm16");
  EXPECT_EQ(chosen(esp, {"aes128gcm16"}, {"aes128gcm16-x25519-none"}), "0:aes128gcm16");
  EXPECT_EQ(chosen(esp, {"aes128gcm16-x25519-none"}, {"aes128gcm16-none-x25519"}), "0:aes128gcm16-x25519");
}

TEST(Choose, PassesKeyExchangesOverInIkeAuth) {
  EXPECT_EQ(chosen(Protocol::esp, {"aes128gcm16-x25519"}, {"aes128gcm16"}, true), "0:aes128gcm16");
  EXPECT_EQ(chosen(Protocol::esp, {"aes128gcm16-x25519"}, {"aes128gcm16-ecp256"}, true), "0:aes128gcm16");
}

TEST(Choose, TakesMissingSequenceNumbersForShortOnes) {
  Proposal bare = make(Protocol::esp, "aes128gcm16");
  bare.sequence_numbers.clear();
  const auto both = choose({make(Protocol::esp, "aes128gcm16")}, {bare});
  ASSERT_TRUE(both);
  EXPECT_FALSE(both->suite.extended_sequence_numbers());
  EXPECT_FALSE(choose({make(Protocol::esp, "aes128gcm16-esn")}, {bare}));
  EXPECT_TRUE(choose({bare}, {bare}));
}

TEST(Choose, PairsEachCipherWithItsOwnIntegrity) {
  // A peer that puts both modes into one proposal, with "none" among the integrity algorithms or without.
  Proposal mixed = make(Protocol::esp, "aes128-sha256");
  mixed.encryption.insert(mixed.encryption.begin(), {Cipher::aes_gcm_16, 128});
  EXPECT_FALSE(choose({make(Protocol::esp, "aes128gcm16")}, {mixed}));
  EXPECT_EQ(to_string(choose({make(Protocol::esp, "aes128-sha256")}, {mixed})->suite), "aes128-sha256");
  mixed.integrity.push_back(Integrity::none);
  EXPECT_EQ(to_string(choose({make(Protocol::esp, "aes128gcm16")}, {mixed})->suite), "aes128gcm16");
  EXPECT_EQ(to_string(choose({make(Protocol::esp, "aes128-sha256")}, {mixed})->suite), "aes128-sha256");
  mixed.integrity = {Integrity::none};
  EXPECT_FALSE(choose({make(Protocol::esp, "aes128-sha256")}, {mixed})) << "encryption without integrity";
  Proposal bare = make(Protocol::esp, "aes128-sha256");
  bare.integrity.clear();
  EXPECT_FALSE(choose({bare}, {bare})) << "encryption without integrity";
}

TEST(Choose, RefusesAnIkeSaWithoutKeyExchangeOrPrf) {
  Proposal bare = make(Protocol::ike, "aes128-sha256-x25519");
  bare.key_exchange.clear();
  EXPECT_FALSE(choose({bare}, {bare}));
  bare = make(Protocol::ike, "aes128-sha256-x25519");
  bare.prf.clear();
  EXPECT_FALSE(choose({bare}, {bare}));
}

template <class T>
bool has(const std::vector<T>& listed, T value, T absent) {
  return listed.empty() ? value == absent : std::ranges::find(listed, value) != listed.end();
}

bool is_within(const Suite& suite, const Proposal& proposal) {
  return suite.protocol == proposal.protocol &&
         (suite.protocol == Protocol::ah || has(proposal.encryption, suite.encryption, Encryption{})) &&
         has(proposal.integrity, suite.integrity, Integrity::none) &&
         (suite.protocol != Protocol::ike || has(proposal.prf, suite.prf, Prf{})) &&
         has(proposal.key_exchange, suite.key_exchange, KeyExchangeMethod::none) &&
         (suite.protocol == Protocol::ike ||
          has(proposal.sequence_numbers, suite.sequence_numbers, SequenceNumbers::bits32));
}

TEST(Choose, FindsASuiteWhicheverSideLooksAndOnlyOneThatBothHave) {
  SeededRandom random(5);
  int found = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::vector<Proposal> a = {random_proposal(random), random_proposal(random)};
    const std::vector<Proposal> b = {random_proposal(random), random_proposal(random)};
    const auto ours = choose(a, b), theirs = choose(b, a);
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << to_string(a) << " | " << to_string(b);
    ASSERT_EQ(nearest_miss(a, b).has_value() || ours.has_value(), nearest_miss(b, a).has_value() || theirs.has_value());
    if (!ours) continue;
    ++found;
    ASSERT_TRUE(is_within(ours->suite, b[ours->offered_index])) << to_string(ours->suite);
    ASSERT_TRUE(is_within(ours->suite, a[0]) || is_within(ours->suite, a[1])) << to_string(ours->suite);
    // An initiator that checks this answer accepts it.
    Proposal answer{.protocol = ours->suite.protocol};
    if (answer.protocol != Protocol::ah) answer.encryption = {ours->suite.encryption};
    if (ours->suite.integrity != Integrity::none) answer.integrity = {ours->suite.integrity};
    if (answer.protocol == Protocol::ike) answer.prf = {ours->suite.prf};
    if (ours->suite.key_exchange != KeyExchangeMethod::none) answer.key_exchange = {ours->suite.key_exchange};
    if (answer.protocol != Protocol::ike) answer.sequence_numbers = {ours->suite.sequence_numbers};
    ASSERT_EQ(choose(b, {answer})->suite, ours->suite);
  }
  EXPECT_GT(found, 100);
}

std::string missed(Protocol protocol, std::initializer_list<const char*> configured,
                   std::initializer_list<const char*> offered) {
  std::vector<Proposal> ours, theirs;
  for (const char* text : configured) ours.push_back(make(protocol, text));
  for (const char* text : offered) theirs.push_back(make(protocol, text));
  const auto miss = nearest_miss(ours, theirs);
  if (!miss) return "none";
  std::string text = std::to_string(miss->configured_index) + "/" + std::to_string(miss->offered_index);
  for (const Difference& each : miss->differences)
    text += "; " + std::string(to_string(each.kind)) + ": " + each.ours + " | " + each.theirs;
  return text;
}

// ---- Additional key exchanges (RFC 9370) ----

TEST(AdditionalKeyExchanges, ArePrintedAsTheyAreWritten) {
  for (const char* text :
       {"aes256gcm16-prfsha384-x25519-ke1_mlkem768", "aes128-sha256-ecp256-ke1_x25519-ke1_none-ke7_x448"})
    EXPECT_EQ(to_string(make(Protocol::ike, text)), text);
  EXPECT_EQ(to_string(make(Protocol::ike, "aes128-sha256-KE2_X448-ke1_ecp384-x25519")),
            "aes128-sha256-x25519-ke1_ecp384-ke2_x448");
  EXPECT_EQ(to_string(make(Protocol::esp, "aes128gcm16-x25519-none-ke1_ecp256-ke1_none-esn")),
            "aes128gcm16-x25519-none-ke1_ecp256-ke1_none-esn");
  EXPECT_EQ(refusal(Protocol::ike, "aes128-sha256-x25519-ke1_mlkem786").suggestion, "did you mean \"mlkem768\"?");
}

/// What of `ours` meets `theirs`, in words; "none" where nothing does.
std::string chosen(const char* ours, const char* theirs, Protocol protocol = Protocol::ike) {
  const auto choice = choose({make(protocol, ours)}, {make(protocol, theirs)});
  return choice ? to_string(choice->suite) : "none";
}

TEST(AdditionalKeyExchanges, AreChosenPlaceByPlaceInOurOrder) {
  EXPECT_EQ(chosen("aes128-sha256-x25519-ke1_ecp256-ke1_ecp384-ke3_x448",
                   "aes128-sha256-x25519-ke1_ecp384-ke1_ecp256-ke3_x448"),
            "aes128-sha256-x25519-ke1_ecp256-ke3_x448");
  EXPECT_EQ(chosen("aes128-sha256-x25519-ke1_ecp256", "aes128-sha256-x25519"), "none");
  EXPECT_EQ(chosen("aes128-sha256-x25519", "aes128-sha256-x25519-ke1_ecp256"), "none");
  EXPECT_EQ(chosen("aes128-sha256-x25519-ke1_ecp256-ke1_none", "aes128-sha256-x25519"), "aes128-sha256-x25519");
  EXPECT_EQ(chosen("aes128-sha256-x25519", "aes128-sha256-x25519-ke5_none-ke5_ecp256"), "aes128-sha256-x25519");
  EXPECT_EQ(chosen("aes128-sha256-x25519-ke1_ecp256", "aes128-sha256-x25519-ke2_ecp256"), "none");
}

TEST(AdditionalKeyExchanges, NoMethodServesTwice) {
  EXPECT_EQ(
      chosen("aes128-sha256-x25519-ecp256-ke1_x25519-ke1_x448", "aes128-sha256-x25519-ecp256-ke1_x25519-ke1_ecp256"),
      "aes128-sha256-ecp256-ke1_x25519");
  // The first of each would leave nothing for the last.
  EXPECT_EQ(chosen("aes128-sha256-x25519-ke1_ecp256-ke1_ecp384-ke2_ecp384-ke2_x448-ke3_ecp256",
                   "aes128-sha256-x25519-ke1_ecp256-ke1_ecp384-ke2_ecp384-ke2_x448-ke3_ecp256"),
            "aes128-sha256-x25519-ke1_ecp384-ke2_x448-ke3_ecp256");
  const auto two = make(Protocol::ike, "aes128-sha256-x25519-ke1_ecp256-ke1_ecp384-ke2_ecp256-ke2_ecp384");
  Proposal one = two;
  for (auto& each : one.additional) each.methods = {KeyExchangeMethod::ecp256};
  EXPECT_FALSE(choose({two}, {one}));
  EXPECT_FALSE(choose({one}, {two}));
}

TEST(AdditionalKeyExchanges, GoWithAFirstOneAlone) {
  EXPECT_EQ(chosen("aes128gcm16-none-x25519-ke1_ecp256-ke1_none", "aes128gcm16-x25519-none-ke1_ecp256-ke1_none",
                   Protocol::esp),
            "aes128gcm16");
  EXPECT_EQ(chosen("aes128gcm16-none-x25519-ke1_ecp256", "aes128gcm16-x25519-none-ke1_ecp256", Protocol::esp),
            "aes128gcm16-x25519-ke1_ecp256");
}

TEST(AdditionalKeyExchanges, OfWhichWeKnowNoAlternativeAreNotLeftOut) {
  const auto ours = make(Protocol::ike, "aes128-sha256-x25519-ke1_ecp256-ke1_none");
  Proposal theirs = make(Protocol::ike, "aes128-sha256-x25519");
  theirs.additional = {{1, {}}};
  EXPECT_FALSE(choose({ours}, {theirs}));
}

TEST(AdditionalKeyExchanges, CostLittleHoweverManyAreOffered) {
  std::string words = "aes128-sha256-x25519";
  for (const char* place : {"1", "2", "3", "4", "5", "6", "7"})
    for (const char* method : {"modp2048", "modp3072", "modp4096", "ecp256", "ecp384", "ecp521", "x448"})
      words += std::string("-ke") + place + "_" + method;
  const Proposal ours = make(Protocol::ike, words);
  Proposal theirs = ours;
  for (auto& each : theirs.additional) each.methods.pop_back();  // six methods for seven places
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(choose({ours}, {theirs}));
}

TEST(NearestMiss, NamesAdditionalKeyExchanges) {
  const auto miss = nearest_miss({make(Protocol::ike, "aes128-sha256-x25519-ke1_ecp256-ke2_x448")},
                                 {make(Protocol::ike, "aes128-sha256-x25519-ke1_ecp384-ke2_x448")});
  ASSERT_TRUE(miss);
  ASSERT_EQ(miss->differences.size(), 1U);
  EXPECT_EQ(to_string(miss->differences[0].kind), "additional key exchange");
  EXPECT_EQ(miss->differences[0].ours, "ke1_ecp256");
  EXPECT_EQ(miss->differences[0].theirs, "ke1_ecp384");
}

TEST(NearestMiss, IsThePairWithTheFewestDifferences) {
  using enum Protocol;
  EXPECT_EQ(missed(ike, {"aes256gcm16-prfsha384-ecp384", "aes128-sha256-modp2048"},
                   {"3des-md5-modp1024", "aes128-sha256-ecp256-x25519"}),
            "1/1; key exchange: modp2048 | ecp256 x25519");
  EXPECT_EQ(missed(esp, {"aes128gcm16"}, {"aes256gcm16-noesn"}), "0/0; encryption: aes128gcm16 | aes256gcm16");
  EXPECT_EQ(missed(esp, {"aes128gcm16-esn"}, {"aes128gcm16-noesn"}), "0/0; sequence numbers: esn | noesn");
  EXPECT_EQ(missed(esp, {"aes128gcm16-x25519"}, {"aes128gcm16"}), "0/0; key exchange: x25519 | ");
  EXPECT_EQ(missed(esp, {"aes128-sha256"}, {"aes128gcm16"}),
            "0/0; encryption: aes128 | aes128gcm16; integrity: sha256 | ");
  EXPECT_EQ(missed(ike, {"aes128-sha256-x25519"}, {"aes128-sha512-x25519"}),
            "0/0; integrity: sha256 | sha512; PRF: prfsha256 | prfsha512");
}

TEST(NearestMiss, IsNoneWithoutAPairToCompare) {
  EXPECT_EQ(missed(Protocol::esp, {"aes128gcm16"}, {}), "none");
  EXPECT_FALSE(nearest_miss({make(Protocol::esp, "null-sha256")}, {make(Protocol::ah, "sha256")}));
}

TEST(NearestMiss, SaysSomethingEvenWhenOnlyThePairingFails) {
  Proposal mixed = make(Protocol::esp, "aes128-sha256");
  mixed.encryption.push_back({Cipher::aes_gcm_16, 128});
  const auto miss = nearest_miss({make(Protocol::esp, "aes128gcm16")}, {mixed});
  ASSERT_TRUE(miss);
  ASSERT_EQ(miss->differences.size(), 1u);
  EXPECT_EQ(miss->differences[0].kind, Difference::Kind::integrity);
}

}  // namespace
}  // namespace sallyport::policy
