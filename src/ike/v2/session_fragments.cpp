// Long messages (RFC 7383): how what we say is cut, and how what the peer cut is put together.
#include <algorithm>
#include <numeric>

#include "ike/v2/intermediate.h"
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

using Reason = event::MessageRejected::Reason;
using wire::ikev2::ExchangeType;

std::size_t octets_of(const std::vector<Bytes>& datagrams) {
  return std::transform_reduce(datagrams.begin(), datagrams.end(), std::size_t{0}, std::plus(),
                               [](const Bytes& each) { return each.size(); });
}

}  // namespace

// ---- Ours ----

bool Ikev2Session::sends_fragments() const {
  if (!sa_.fragmentation || !sa_.connection) return false;
  const auto wished = sa_.connection->fragmentation;
  return wished == policy::Fragmentation::yes || wished == policy::Fragmentation::force;
}

std::size_t Ikev2Session::packet_size(const Environment& env) const {
  return sa_.fragmentation ? sa_.fragmentation->packet_size.value_or(env.settings.fragment_size) : 0;
}

/// One datagram, or the fragments of the message; none: it is too long for IKE.
std::vector<Bytes> Ikev2Session::seal(Environment& env, const Plaintext& plain, const policy::Endpoint& local,
                                      const IkeKeys& with) {
  const auto keys = sa_.initiator() ? keys_of_initiator(with) : keys_of_responder(with);
  const std::size_t longest = longest_message(packet_size(env), local);
  if (sends_fragments() && sealed_size(sa_.suite, plain) > longest) {
    auto fragments = seal_in_fragments(env.crypto, env.random, sa_.suite, keys, sa_.sent_messages, plain, longest);
    if (fragments) return std::move(*fragments);
  }
  auto whole = seal_whole(env.crypto, env.random, sa_.suite, keys, ++sa_.sent_messages, plain);
  std::vector<Bytes> datagrams;
  if (whole) datagrams.push_back(std::move(*whole));
  return datagrams;
}

/// Worth to be kept: in smaller packets it might come through where it does not as it is.
bool Ikev2Session::may_be_cut_smaller(const Environment& env, const std::vector<Bytes>& datagrams,
                                      const policy::Endpoint& local) const {
  const auto smaller = smaller_packets(packet_size(env), local.address);
  return sends_fragments() && smaller && std::ranges::any_of(datagrams, [&](const Bytes& each) {
           return each.size() > longest_message(*smaller, local);
         });
}

/// Nothing has answered it, again: from now on in smaller packets (RFC 7383 §2.5.2).
std::vector<Bytes> Ikev2Session::cut_smaller(Environment& env, const Plaintext& plain, const policy::Endpoint& local,
                                             const IkeKeys& with) {
  const auto smaller = smaller_packets(packet_size(env), local.address);
  if (!smaller) return {};
  sa_.fragmentation->packet_size = smaller;
  return seal(env, plain, local, with);
}

void Ikev2Session::send(Instant now, Environment& env, const std::vector<Bytes>& datagrams,
                        const policy::Endpoint& local, const policy::Endpoint& remote) {
  for (const Bytes& each : datagrams) send(now, env, each, local, remote);
}

void Ikev2Session::log_sent(Environment& env, const wire::IkeHeader& header, const wire::ikev2::PayloadChain& payloads,
                            const std::vector<Bytes>& datagrams) {
  log_message(env, event::Direction::sent, header, payloads, true, octets_of(datagrams), datagrams.size());
}

/// A request that was answered has come again.
void Ikev2Session::answer_again(Instant now, Environment& env, std::uint32_t id, const Datagram& datagram) {
  if (sa_.state == State::rekeyed && sa_.timers.is_set(Timer::retirement)) retire(now, env);
  if (Fragmentation* const f = sa_.fragmentation.get(); f && f->long_responses.contains(id)) {
    auto& [plain, repeats] = f->long_responses.at(id);
    if (++repeats >= kRepetitionsBeforeSmaller)
      if (auto smaller = cut_smaller(env, plain, datagram.local, keys_of_answer()); !smaller.empty())
        sa_.window.replace_response(id, std::move(smaller));
  }
  send(now, env, sa_.window.response(id), datagram.local, datagram.remote);
}

// ---- The peer's ----

void Ikev2Session::on_fragment(Instant now, Environment& env, const Received& received,
                               const wire::ikev2::SkfPayload& fragment) {
  const std::uint32_t id = received.header.message_id;
  const bool again = received.request && sa_.window.is_answered(id);
  // Of a request that was answered, the first fragment stands for the whole (RFC 7383 §2.6.1).
  if (again && fragment.fragment_number != 1) return reject(env, Reason::repeated, received.datagram);
  if (!again && sa_.state == State::closed) return reject(env, Reason::unexpected_exchange, received.datagram);
  if (!again && !(received.request ? sa_.window.is_fresh_request(id) : sa_.window.answers_outstanding(id)))
    return reject(env, Reason::unexpected_message_id, received.datagram);

  auto& all = received.request ? sa_.fragmentation->requests : sa_.fragmentation->responses;
  if (!again) {
    const auto begun = all.find(id);
    const auto verdict = (begun == all.end() ? Reassembly() : begun->second).judge(received.header, fragment);
    if (verdict == Reassembly::Verdict::repeated) return reject(env, Reason::repeated, received.datagram);
    if (verdict == Reassembly::Verdict::refused) return reject(env, Reason::malformed, received.datagram);
  }
  // A request comes again as it was, also where its answer has changed the keys (RFC 9370 §2.2.2).
  const IkeKeys& of_then = again ? keys_of_answer() : sa_.keys;
  const auto keys = sa_.initiator() ? keys_of_responder(of_then) : keys_of_initiator(of_then);
  const auto inner = open_fragment(env.crypto, sa_.suite, keys, received.datagram.message, fragment);
  if (!inner)
    return reject(env, inner.error().authentic ? Reason::malformed : Reason::not_authentic, received.datagram);
  if (again) {
    reject(env, Reason::repeated, received.datagram);
    return answer_again(now, env, id, received.datagram);
  }
  Reassembly& whole = all[id];
  const auto complete = whole.take(now, env.settings.max_packet, received.header, fragment, *inner);
  Reassembly::Whole message;
  if (complete && *complete) message = whole.release();
  if (whole.empty()) all.erase(id);
  arm_reassembly(env);
  if (!complete) return reject(env, Reason::malformed, received.datagram);
  if (!*complete) return;
  const bool intermediate = received.header.exchange_type == wire::ikev2::number(ExchangeType::ike_intermediate);
  const Bytes covered = intermediate ? covered_by_int_auth(received.header, message.first, message.inner) : Bytes();
  on_authentic(now, env, {received.datagram, received.header, received.request, covered},
               wire::ikev2::parse_inner_payloads(message.first, message.inner), message.size, message.fragments);
}

void Ikev2Session::arm_reassembly(const Environment& env) {
  sa_.timers.cancel(Timer::reassembly);
  for (const auto* all : {&sa_.fragmentation->requests, &sa_.fragmentation->responses})
    for (const auto& [id, each] : *all) {
      const Instant due = each.began() + env.settings.half_open_timeout;
      if (!sa_.timers.is_set(Timer::reassembly) || due < *sa_.timers.at(Timer::reassembly))
        sa_.timers.set(Timer::reassembly, due);
    }
}

void Ikev2Session::on_reassembly(Instant now, const Environment& env) {
  for (auto* all : {&sa_.fragmentation->requests, &sa_.fragmentation->responses})
    std::erase_if(*all, [&](const auto& each) { return each.second.began() + env.settings.half_open_timeout <= now; });
  arm_reassembly(env);
}

}  // namespace sallyport::ike::v2
