// Parts of pages that the code prints. When one is stale, print them all again:
//
//     SALLYPORT_PRINT_PAGES=1 build/dev/bin/docs_tests
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "config/config.h"
#include "ike/v1/transitions.h"
#include "ike/v2/transitions.h"
#include "policy/proposal.h"
#include "policy/proposal_words.h"
#include "tests/docs/page.h"

namespace sallyport::docs {
namespace {

std::string default_proposals() {
  std::string text;
  for (const auto& [key, protocol] :
       {std::pair{"proposals", policy::Protocol::ike}, {"esp_proposals", policy::Protocol::esp}}) {
    text += fmt::format("`{}`:\n\n", key);
    for (const policy::Proposal& proposal : policy::default_proposals(protocol))
      text += fmt::format("    {}\n", to_string(proposal));
    text += "\n";
  }
  text.pop_back();
  return text;
}

/// A row for each algorithm with all words for it, AES's key lengths together; in the order of the parser's table.
struct AlgorithmRow {
  std::string algorithm, words, places, weakness;
};
struct DescribedAlgorithm {
  AlgorithmRow operator()(crypto::Encryption e) const {
    const bool ike = is_confidential(e.cipher) && !has_implicit_iv(e.cipher);
    const bool ah = e.cipher == crypto::Cipher::aes_gmac;
    return {std::string(to_string(e.cipher)), {}, ah ? "ESP, AH" : ike ? "IKE, ESP" : "ESP", why(weakness(e))};
  }
  AlgorithmRow operator()(crypto::Integrity i) const {
    return {"integrity " + std::string(to_string(i)), {}, "IKE, ESP, AH", why(weakness(i))};
  }
  AlgorithmRow operator()(crypto::Prf p) const {
    return {"PRF " + std::string(to_string(p).substr(3)), {}, "IKE", why(weakness(p))};
  }
  AlgorithmRow operator()(crypto::KeyExchangeMethod m) const {
    const bool none = m == crypto::KeyExchangeMethod::none;
    return {none ? "no forward secrecy" : "key exchange " + std::string(to_string(m)),
            {},
            none ? "ESP, AH" : "IKE, ESP, AH",
            why(weakness(m))};
  }
  AlgorithmRow operator()(policy::SequenceNumbers numbers) const {
    return {
        numbers == policy::SequenceNumbers::bits64 ? "sequence numbers of 64 bits" : "of 32 bits", {}, "ESP, AH", {}};
  }
  static std::string why(std::optional<std::string_view> reason) { return std::string(reason.value_or("")); }
};

std::string algorithm_words() {
  std::vector<AlgorithmRow> rows;
  for (const policy::ProposalWord& each : policy::proposal_words()) {
    AlgorithmRow row = std::visit(DescribedAlgorithm{}, each.transform);
    auto found = std::ranges::find(rows, row.algorithm, &AlgorithmRow::algorithm);
    if (found == rows.end()) found = rows.insert(rows.end(), std::move(row));
    found->words += fmt::format("{}`{}`", found->words.empty() ? "" : ", ", each.word);
  }
  std::string text = "| algorithm | words | may stand in | weak, because |\n| --- | --- | --- | --- |\n";
  for (const AlgorithmRow& row : rows)
    text += fmt::format("| {} | {} | {} | {} |\n", row.algorithm, row.words, row.places, row.weakness);
  return text;
}

std::string ikev2_diagram() { return "```mermaid\n" + ike::v2::transitions_diagram() + "```\n"; }

std::string ikev2_rows() {
  std::string text = "| state | we are the | message | may lead to |\n| --- | --- | --- | --- |\n";
  for (const ike::v2::Transition& row : ike::v2::transitions()) {
    std::string next;
    for (const ike::v2::State state : row.next) next += (next.empty() ? "" : ", ") + std::string(to_string(state));
    text += fmt::format("| {} | {} | {} {} | {} |\n", to_string(row.state),
                        row.role == ike::Role::initiator ? "initiator" : "responder",
                        wire::ikev2::to_string(row.exchange), row.request ? "request" : "response", next);
  }
  return text;
}

std::string ikev1_diagram() { return "```mermaid\n" + ike::v1::transitions_diagram() + "```\n"; }

std::string ikev1_rows() {
  const auto names = [](const auto& states) {
    std::string text;
    for (const auto state : states) text += (text.empty() ? "" : ", ") + std::string(to_string(state));
    return text;
  };
  std::string text = "| state | message | may lead to |\n| --- | --- | --- |\n";
  for (const ike::v1::Transition& row : ike::v1::transitions())
    text += fmt::format("| {} | {} {} | {} |\n", to_string(row.state), wire::ikev1::to_string(row.exchange),
                        row.message, names(row.next));
  for (const ike::v1::ExchangeTransition& row : ike::v1::exchange_transitions())
    text += fmt::format("| {} | {} {} | {} |\n", row.state ? to_string(*row.state) : "(none yet)",
                        wire::ikev1::to_string(row.exchange), row.message, names(row.next));
  return text;
}

struct Printed {
  const char* page;
  const char* name;
  std::string (*print)();
};

constexpr Printed kPrinted[] = {
    {"docs/configuration.md", "default proposals", default_proposals},
    {"docs/configuration.md", "words of algorithms", algorithm_words},
    {"docs/configuration.md", "keys", config::key_reference_markdown},
    {"docs/state-machines.md", "diagram of IKEv2", ikev2_diagram},
    {"docs/state-machines.md", "rows of IKEv2", ikev2_rows},
    {"docs/state-machines.md", "diagram of IKEv1", ikev1_diagram},
    {"docs/state-machines.md", "rows of IKEv1", ikev1_rows},
};

TEST(Pages, SayWhatTheCodePrints) {
  for (const Printed& printed : kPrinted) {
    const std::string page = read_page(printed.page);
    const auto fresh = with_printed_part(page, printed.name, printed.print());
    ASSERT_TRUE(fresh) << printed.page << " has no part `" << printed.name << "`";
    if (page == *fresh) continue;
    if (std::getenv("SALLYPORT_PRINT_PAGES"))
      write_page(printed.page, *fresh);
    else
      ADD_FAILURE() << printed.page << ", `" << printed.name
                    << "`: stale; SALLYPORT_PRINT_PAGES=1 docs_tests renews it";
  }
}

TEST(Pages, AreStaleWhenAnythingInAPartDiffers) {
  const std::string page = "# A page\n<!-- printed: keys -->\n\nold\n\n<!-- end -->\nand so on\n";
  EXPECT_EQ(with_printed_part(page, "keys", "old\n"), page);
  EXPECT_EQ(with_printed_part(page, "keys", "new\n"),
            "# A page\n<!-- printed: keys -->\n\nnew\n\n<!-- end -->\nand so on\n");
  EXPECT_FALSE(with_printed_part(page, "rows", "old\n"));
  EXPECT_FALSE(with_printed_part("<!-- printed: keys -->\n", "keys", "old\n"));
}

}  // namespace
}  // namespace sallyport::docs
