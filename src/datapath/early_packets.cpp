#include "datapath/early_packets.h"

#include <algorithm>

namespace sallyport::datapath {

void EarlyPackets::offer(policy::Protocol protocol, std::uint32_t spi, const policy::IpAddress& peer) {
  offered_.try_emplace({protocol, spi}, Offered{.peer = peer});
}

std::size_t EarlyPackets::withdraw(policy::Protocol protocol, std::uint32_t spi) {
  const auto offered = offered_.extract({protocol, spi});
  if (offered.empty()) return 0;
  bytes_total_ -= offered.mapped().bytes;
  return offered.mapped().packets.size();
}

void EarlyPackets::release(policy::Protocol protocol, std::uint32_t spi) {
  auto offered = offered_.extract({protocol, spi});
  if (offered.empty()) return;
  bytes_total_ -= offered.mapped().bytes;
  std::ranges::move(offered.mapped().packets, std::back_inserter(released_));
}

std::optional<std::size_t> EarlyPackets::hold(policy::Protocol protocol, std::uint32_t spi, const Datagram& from,
                                              ByteView packet, Instant now) {
  const auto found = offered_.find({protocol, spi});
  if (found == offered_.end() || found->second.peer != from.remote.address) return std::nullopt;
  Offered& offered = found->second;
  std::size_t cost = 0;
  const auto has_room = [&] {
    return offered.packets.size() < limits_.packets && offered.bytes + packet.size() <= limits_.bytes &&
           bytes_total_ + packet.size() <= limits_.bytes_total;
  };
  for (; !has_room() && !offered.packets.empty(); ++cost) drop_oldest(offered);
  if (!has_room()) return cost + 1;
  Held& held = offered.packets.emplace_back(to_bytes(packet), from, now);
  held.from.bytes = {};
  held.from.segment_size = 0;
  offered.bytes += packet.size();
  bytes_total_ += packet.size();
  return cost;
}

std::size_t EarlyPackets::expire(Instant latest) {
  std::size_t dropped = 0;
  for (auto& [spi, offered] : offered_)
    for (; !offered.packets.empty() && offered.packets.front().since <= latest; ++dropped) drop_oldest(offered);
  return dropped;
}

std::optional<Instant> EarlyPackets::since() const {
  std::optional<Instant> oldest;
  const auto note = [&](const Held& held) {
    if (!oldest || held.since < *oldest) oldest = held.since;
  };
  std::ranges::for_each(released_, note);
  for (const auto& [spi, offered] : offered_)
    if (!offered.packets.empty()) note(offered.packets.front());
  return oldest;
}

void EarlyPackets::drop_oldest(Offered& offered) {
  const std::size_t size = offered.packets.front().bytes.size();
  offered.bytes -= size;
  bytes_total_ -= size;
  offered.packets.pop_front();
}

}  // namespace sallyport::datapath
