#include "sim/on_path_attacker.h"

#include "sim/world.h"

namespace sallyport::sim {

OnPathAttacker::OnPathAttacker(Link& link) : link_(link) { link_.add_tap(*this); }
OnPathAttacker::~OnPathAttacker() { link_.remove_tap(*this); }

void OnPathAttacker::take(Choice choice, std::size_t count) { rules_.push_back({std::move(choice), {}, count}); }

void OnPathAttacker::alter(Choice choice, std::function<void(Bytes&)> change, std::size_t count) {
  rules_.push_back({std::move(choice), std::move(change), count});
}

std::size_t OnPathAttacker::replay(const Choice& choice) {
  std::size_t count = 0;
  for (const Recorded& recorded : recorded_) {
    if (!choice(recorded.direction, sniff(recorded.packet))) continue;
    inject(recorded.direction, recorded.packet);
    ++count;
  }
  return count;
}

OnPathAttacker::Choice OnPathAttacker::everything() {
  return [](Direction, const Sniffed&) { return true; };
}
OnPathAttacker::Choice OnPathAttacker::esp() {
  return [](Direction, const Sniffed& packet) { return packet.kind == Sniffed::Kind::esp; };
}
OnPathAttacker::Choice OnPathAttacker::ike() {
  return [](Direction, const Sniffed& packet) { return packet.kind == Sniffed::Kind::ike; };
}
OnPathAttacker::Choice OnPathAttacker::ike(wire::ikev2::ExchangeType exchange, bool response) {
  return [exchange, response](Direction, const Sniffed& packet) { return packet.is_ike(exchange, response); };
}
OnPathAttacker::Choice OnPathAttacker::only(Direction direction, Choice choice) {
  return [direction, choice = std::move(choice)](Direction way, const Sniffed& packet) {
    return way == direction && choice(way, packet);
  };
}

Tap::Verdict OnPathAttacker::on_packet(Link& link, Direction direction, Bytes& packet) {
  if (record_limit_ > 0) {
    if (recorded_.size() == record_limit_) recorded_.pop_front();
    recorded_.push_back({link.now(), direction, packet});
  }
  if (rules_.empty()) return Verdict::pass;
  const Sniffed sniffed = sniff(packet);
  for (Rule& rule : rules_) {
    if (rule.left == 0 || !rule.choice(direction, sniffed)) continue;
    if (rule.left != all) --rule.left;
    ++struck_;
    if (!rule.change) return Verdict::take;
    rule.change(packet);
    mend(packet);
    return Verdict::altered;
  }
  return Verdict::pass;
}

}  // namespace sallyport::sim
