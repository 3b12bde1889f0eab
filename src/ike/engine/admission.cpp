#include "ike/engine/admission.h"

#include <algorithm>

namespace sallyport::ike {
namespace {

namespace w = wire::ikev2;
using Reason = event::MessageRejected::Reason;

/// Where there is most room, puzzles are easier by so many zero bits.
constexpr std::uint8_t kEasier = 6;
/// What is worth as much as a puzzle's solution where the initiator chooses its difficulty.
constexpr std::uint8_t kUsualDifficulty = 16;
/// Of those who solve no puzzle, one in so many is served, as long as so much of the room is free: there are clients
/// that cannot (RFC 8019 §7.1).
constexpr std::uint64_t kUnsolvedServed = 4;
constexpr std::size_t kLeftForSolvers = 4;

/// Of the usual difficulty, as much as the load makes due.
std::uint8_t eased(std::uint8_t most, const Unfinished& unfinished, const Settings& settings) {
  const std::size_t from = settings.puzzle_threshold, to = std::max<std::size_t>(settings.half_open_limit, from + 1);
  const std::size_t above = std::clamp(unfinished.weighed, from, to) - from;
  const std::size_t easier = kEasier - kEasier * above / (to - from);
  return static_cast<std::uint8_t>(most > easier ? most - easier : 1);
}

/// The one that is due; nullopt: none.
std::optional<v2::Puzzle> puzzle_for(const v2::Inbound& in, const Environment& env, const Unfinished& unfinished) {
  const Settings& settings = env.settings;
  const auto* offered = in.payloads.find<w::SaPayload>();
  if (unfinished.weighed < settings.puzzle_threshold || !offered) return std::nullopt;
  const auto prf = v2::puzzle_prf(env.crypto, *offered);
  if (!prf) return std::nullopt;  // its offer will be refused
  const std::uint8_t most = settings.puzzle_difficulty;
  return v2::Puzzle{*prf, most == 0 ? std::uint8_t{0} : eased(most, unfinished, settings)};
}

/// Zero bits that this request is worth: of the puzzle that it was given, if it has solved that, those that were asked
/// for, or that it chose; else none.
unsigned worth(const v2::Inbound& in, Environment& env, const v2::Puzzle& given, ByteView cookie) {
  const auto* solution = in.payloads.find<w::PuzzleSolutionPayload>();
  if (!solution) return 0;
  const unsigned reached = v2::zero_bits_reached(env.crypto, given.prf, cookie, *solution).value_or(0);
  if (given.difficulty == 0) return reached;
  return reached < given.difficulty ? 0 : given.difficulty;
}

/// Who works more is served sooner (RFC 8019 §7.1.4, §7.1.5): always with what was asked for; with a puzzle of its own
/// choice, for each zero bit that it falls short, half as often; and without any, now and then.
bool is_served(unsigned zero_bits, const v2::Puzzle& given, const Unfinished& unfinished, Environment& env) {
  if (zero_bits != 0 && given.difficulty != 0) return true;
  if (zero_bits != 0) {
    const unsigned due = eased(kUsualDifficulty, unfinished, env.settings);
    if (zero_bits >= due || env.random.below(std::uint64_t{1} << (due - zero_bits)) == 0) return true;
  }
  const std::size_t limit = env.settings.half_open_limit;
  return unfinished.all < limit - limit / kLeftForSolvers && env.random.below(kUnsolvedServed) == 0;
}

}  // namespace

w::PayloadChain Admission::challenge(const v2::Inbound& in, Environment& env, const w::NoncePayload& nonce,
                                     const std::optional<v2::Puzzle>& puzzle) {
  w::PayloadChain reply;
  reply.add(w::NotifyPayload{.type = w::NotifyType::cookie,
                             .data = cookies_.make(in.now, env.crypto, env.random, in.datagram.remote,
                                                   in.header.initiator_spi, nonce.data, puzzle)});
  if (puzzle) reply.add(v2::write_puzzle(*puzzle));
  return reply;
}

Admission::Verdict Admission::judge(const v2::Inbound& in, Environment& env, const Unfinished& unfinished) {
  const Settings& settings = env.settings;
  if (crowds_others(unfinished, settings)) return Reason::source_limit;
  if (unfinished.all >= settings.half_open_limit) return Reason::half_open_limit;
  if (unfinished.weighed < settings.cookie_threshold && unfinished.of_source < settings.cookie_threshold_ip)
    return Admitted{};
  const auto* nonce = in.payloads.find<w::NoncePayload>();
  if (!nonce) return Reason::missing_payload;

  const auto puzzle = puzzle_for(in, env, unfinished);
  const auto demand = [&](Reason reason) {
    env.emit(event::MessageRejected{reason, in.datagram.remote, {}});
    return challenge(in, env, *nonce, puzzle);
  };
  const auto* cookie = in.payloads.find_notify(w::NotifyType::cookie);
  const auto returned =
      cookie ? cookies_.verify(env.crypto, cookie->data, in.datagram.remote, in.header.initiator_spi, nonce->data)
             : std::nullopt;
  if (!returned) {
    if (cookie) return demand(Reason::cookie_invalid);
    return demand(puzzle ? Reason::puzzle_demanded : Reason::cookie_demanded);
  }
  if (!puzzle) return Admitted{};
  if (!returned->puzzle) return demand(Reason::puzzle_demanded);  // when it got that cookie, there was more room
  const unsigned zero_bits = worth(in, env, *returned->puzzle, cookie->data);
  if (!is_served(zero_bits, *returned->puzzle, unfinished, env)) return Reason::puzzle_unsolved;
  return Admitted{static_cast<std::uint8_t>(std::min(zero_bits, 0xffU))};
}

}  // namespace sallyport::ike
