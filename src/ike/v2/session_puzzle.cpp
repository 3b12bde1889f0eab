// Client puzzles (RFC 8019): as the initiator, the search for a solution, a little at a time; as the responder, no keys
// before there is one.
#include "ike/v2/session.h"

namespace sallyport::ike::v2 {
namespace {

namespace w = wire::ikev2;
using event::FailureKind;
using event::Side;
using Reason = event::MessageRejected::Reason;

/// Between two parts of the search, so that others get their turn.
constexpr Duration kBreath = std::chrono::milliseconds(1);
/// Of a puzzle whose difficulty is left to us.
constexpr std::uint8_t kOwnDifficulty = 14;

}  // namespace

// ---- Initiator ----

/// The responder wants IKE_SA_INIT again, with this cookie, and perhaps with the solution of a puzzle. One that is too
/// hard is passed over: some are let in without (RFC 8019 §7.1.2).
void Ikev2Session::restart_init(Instant now, Environment& env, Step::Restart restart) {
  Setup& setup = *sa_.setup;
  Puzzles& puzzles = setup.puzzles;
  const auto method = restart.method.value_or(preferred_method(*sa_.connection));
  ++setup.restarts;
  const bool same = setup.cookie == restart.cookie;
  setup.cookie = std::move(restart.cookie);
  if (!same) puzzles.solution.clear();
  if (!puzzles.solution.empty()) restart.puzzle.reset();  // said twice, and solved already
  if (restart.puzzle && restart.puzzle->difficulty == 0)
    restart.puzzle->difficulty = std::min(kOwnDifficulty, env.settings.puzzle_limit);
  if (restart.puzzle && is_worth_it(*restart.puzzle, env.settings)) {
    puzzles.method = method;
    return begin_search(now, *restart.puzzle, setup.cookie);
  }
  if (restart.puzzle) puzzles.declined = restart.puzzle->difficulty;
  if (!send_first(now, env, method)) close_now(now, env, failure(FailureKind::system_refused, Side::local));
}

void Ikev2Session::begin_search(Instant now, const Puzzle& puzzle, Bytes string) {
  sa_.setup->puzzles.solution.clear();
  sa_.setup->puzzles.search.emplace(puzzle, std::move(string));
  sa_.timers.set(Timer::puzzle, now);
}

void Ikev2Session::go_on_with_search(Instant now, Environment& env) {
  if (!sa_.setup || !sa_.setup->puzzles.search) return;
  Puzzles& puzzles = sa_.setup->puzzles;
  switch (puzzles.search->go_on(env.crypto, kTriesAtOnce)) {
    case PuzzleSearch::State::open: return sa_.timers.set(Timer::puzzle, now + kBreath);
    case PuzzleSearch::State::solved: puzzles.solution = puzzles.search->take_solution(); break;
    case PuzzleSearch::State::hopeless: break;  // luck of one in thousands of millions: without it
  }
  puzzles.search.reset();
  if (sa_.state != State::init_sent) {
    puzzles.due.reset();
    return go_on_with_setup(now, env);
  }
  if (!send_first(now, env, puzzles.method)) close_now(now, env, failure(FailureKind::system_refused, Side::local));
}

// ---- Responder ----

/// True: there are keys. A message that does not bring them has cost four hashes at most (RFC 8019 §7.2.4).
bool Ikev2Session::takes_solution(Instant now, Environment& env, const Received& received,
                                  const w::PayloadChain& payloads) {
  if (sa_.initiator() || !sa_.setup || !sa_.setup->puzzles.due) return true;
  Puzzles& puzzles = sa_.setup->puzzles;
  const auto* solution = payloads.find<w::PuzzleSolutionPayload>();
  const Puzzle puzzle = *puzzles.due;
  const auto reached =
      solution ? zero_bits_reached(env.crypto, puzzle.prf, puzzle_string(sa_.setup->nonce_r, sa_.spi_r), *solution)
               : std::nullopt;
  if (!reached || *reached < puzzle.difficulty) {
    reject(env, Reason::puzzle_unsolved, received.datagram);
    return false;
  }
  // Once is enough: whatever becomes of this message, the keys stay for the next one.
  puzzles.due.reset();
  const auto secret = sa_.setup->key_exchange->shared_secret(puzzles.peer_value);
  sa_.setup->key_exchange.reset();
  puzzles.peer_value.clear();
  if (!secret) {
    reject(env, Reason::malformed, received.datagram);
    close_now(now, env, failure(FailureKind::protocol_violation, Side::local));
    return false;
  }
  derive_setup_keys(sa_, *secret, env);
  log_keys(env);
  return true;
}

}  // namespace sallyport::ike::v2
