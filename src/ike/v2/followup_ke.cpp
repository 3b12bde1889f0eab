#include "ike/v2/followup_ke.h"

#include <algorithm>

#include "ike/v2/child_negotiation.h"
#include "ike/v2/create_child_sa.h"
#include "ike/v2/key_agreement.h"
#include "ike/v2/rekey_ike_sa.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;

constexpr std::size_t kLinkSize = 8;

Step refuse_follow_up(const IkeSa& sa, w::NotifyType type) {
  Step step{.next = sa.state};
  step.reply.emplace().add(w::NotifyPayload{.type = type});
  return step;
}

void give_keys(const IkeSa& sa, const FollowUp& done, NewChild& child, Environment& env) {
  // The peers may have moved meanwhile.
  child.spec.local = sa.local;
  child.spec.remote = sa.remote;
  child.spec.udp_encap = sa.udp_encap();
  derive_keys(sa, child,
              {.shared_secret = done.first_secret.view(),
               .nonce_i = done.nonce_i,
               .nonce_r = done.nonce_r,
               .further_secrets = done.further_secrets.view()},
              env);
}

void give_keys(const IkeSa& sa, const FollowUp& done, NewIkeSa& made, Environment& env) {
  made.keys = derive_rekeyed_ike_keys(env.crypto, sa.suite.prf, sa.keys.sk_d, made.suite,
                                      {.shared_secret = done.first_secret.view(),
                                       .nonce_i = done.nonce_i,
                                       .nonce_r = done.nonce_r,
                                       .spi_i = made.spi_i,
                                       .spi_r = made.spi_r,
                                       .further_secrets = done.further_secrets.view()});
}

/// Where the last step leads: an IKE SA that is made takes over, unless our own is still under way.
State state_after(const IkeSa& sa, const FollowUp& done, bool ours) {
  const bool rekeyed = std::holds_alternative<NewIkeSa>(done.made) && (ours || !sa.pending_ike_sa);
  return rekeyed ? State::rekeyed : sa.state;
}

}  // namespace

Bytes random_link(RandomSource& random) {
  Bytes link(kLinkSize);
  random.fill(link);
  return link;
}
void add_link(w::PayloadChain& payloads, Bytes link) {
  payloads.add(w::NotifyPayload{.type = w::NotifyType::additional_key_exchange, .data = std::move(link)});
}
Bytes read_link(const w::PayloadChain& payloads) {
  const auto* notify = payloads.find_notify(w::NotifyType::additional_key_exchange);
  return notify ? notify->data : Bytes();
}

FollowUp begin_follow_up(const policy::Suite& suite, Bytes link, Secret first_secret, Bytes nonce_i, Bytes nonce_r,
                         std::variant<NewChild, NewIkeSa> made) {
  return {.link = std::move(link),
          .place = suite.next_additional(),
          .suite = suite,
          .first_secret = std::move(first_secret),
          .further_secrets = {},
          .nonce_i = std::move(nonce_i),
          .nonce_r = std::move(nonce_r),
          .key_exchange = nullptr,
          .made = std::move(made)};
}

void complete(const IkeSa& sa, FollowUp& follow_up, Environment& env) {
  std::visit([&](auto& made) { give_keys(sa, follow_up, made, env); }, follow_up.made);
}

w::PayloadChain build_followup_request(const IkeSa& sa) {
  w::PayloadChain payloads;
  add_key_exchange(payloads, *sa.follow_up->key_exchange);
  add_link(payloads, sa.follow_up->link);
  return payloads;
}

Step process_followup_response(const IkeSa& sa, const Inbound& in, Environment&) {
  if (!sa.follow_up) return {.next = sa.state};
  const FollowUp& ours = *sa.follow_up;
  if (const auto* error = in.payloads.find_error())
    return sa.pending_ike_sa ? read_rekeying_error(sa, *error) : read_create_child_error(sa, *error);
  const std::size_t due = ours.suite.next_additional(ours.place + 1);
  Bytes link = read_link(in.payloads);
  auto secret =
      read_key(ours.suite.additional[ours.place - 1], in.payloads.find<w::KePayload>(), ours.key_exchange.get());
  if (!secret || (due != 0 && link.empty()))
    return sa.pending_ike_sa ? break_off_rekeying(sa, due == 0) : break_off_child(sa, due == 0);
  if (due == 0 && sa.pending_child)
    if (auto overtaken = overtaken_by_delete(sa, std::get<NewChild>(ours.made).spec.outbound.spi))
      return std::move(*overtaken);
  return {.next = due == 0 ? state_after(sa, ours, true) : sa.state,
          .further = FurtherSecret{.link = {}, .secret = std::move(*secret), .due = due, .next_link = std::move(link)}};
}

Step process_followup_request(const IkeSa& sa, const Inbound& in, Environment& env) {
  const Bytes link = read_link(in.payloads);
  const auto found = std::ranges::find(sa.promised, link, &FollowUp::link);
  if (sa.state != State::established || found == sa.promised.end())
    return refuse_follow_up(sa, w::NotifyType::state_not_found);
  const auto* ke = in.payloads.find<w::KePayload>();
  auto answer = answer_key(found->suite.additional[found->place - 1], ke, env);
  if (!answer) return refuse_follow_up(sa, w::NotifyType::invalid_syntax);
  const std::size_t due = found->suite.next_additional(found->place + 1);
  Step step{.next = due == 0 ? state_after(sa, *found, false) : sa.state};
  step.reply.emplace();
  add_key_exchange(*step.reply, ke->method, std::move(answer->public_value));
  step.further = FurtherSecret{.link = link, .secret = std::move(answer->shared_secret), .due = due, .next_link = {}};
  if (due != 0) {
    step.further->next_link = random_link(env.random);
    add_link(*step.reply, step.further->next_link);
  }
  return step;
}

}  // namespace sallyport::ike::v2
