// OnPathAttacker: sits on one link, reads everything, and takes, alters or repeats what it chooses. Also the way in
// which stories lose just the message that they are about.
//
//     OnPathAttacker mallory(link);
//     mallory.take(OnPathAttacker::ike(ExchangeType::ike_auth, response), 1);   // the first answer never arrives
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <vector>

#include "sim/link.h"
#include "sim/sniff.h"

namespace sallyport::sim {

class OnPathAttacker final : public Tap {
 public:
  using Choice = std::function<bool(Direction, const Sniffed&)>;
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  explicit OnPathAttacker(Link& link);
  ~OnPathAttacker() override;
  OnPathAttacker(const OnPathAttacker&) = delete;
  OnPathAttacker& operator=(const OnPathAttacker&) = delete;

  /// The next `count` packets that are chosen never arrive. Rules are asked in the order in which they were made; the
  /// first that chooses a packet decides over it.
  void take(Choice choice, std::size_t count = all);
  /// The next `count` packets that are chosen go through `change`; their checksums are mended afterwards.
  void alter(Choice choice, std::function<void(Bytes&)> change, std::size_t count = all);
  /// Lets everything pass again.
  void forget_rules() { rules_.clear(); }

  struct Recorded {
    Instant at;
    Direction direction;
    Bytes packet;
  };
  /// What went by, whether it was let through or not: the last `limit` packets, none to begin with.
  void record(std::size_t limit) { record_limit_ = limit; }
  const std::deque<Recorded>& recorded() const { return recorded_; }
  /// Sends recorded packets that are chosen once more, in the direction in which they went, as they were.
  std::size_t replay(const Choice& choice);
  void inject(Direction direction, Bytes packet) { link_.inject(direction, std::move(packet)); }
  /// How many packets the rules have taken or altered.
  std::size_t struck() const { return struck_; }

  static Choice everything();
  static Choice esp();
  static Choice ike();
  static Choice ike(wire::ikev2::ExchangeType exchange, bool response);
  static Choice only(Direction direction, Choice choice);

  Verdict on_packet(Link& link, Direction direction, Bytes& packet) override;

 private:
  struct Rule {
    Choice choice;
    std::function<void(Bytes&)> change;  // empty: take
    std::size_t left;
  };

  Link& link_;
  std::vector<Rule> rules_;
  std::size_t record_limit_ = 0;
  std::deque<Recorded> recorded_;
  std::size_t struck_ = 0;
};

}  // namespace sallyport::sim
