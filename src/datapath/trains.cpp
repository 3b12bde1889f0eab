#include "datapath/trains.h"

#include <cstring>

namespace sallyport::datapath {

void TrainBuilder::begin_burst(std::vector<Send>& sends) {
  sends_ = &sends;
  is_open_ = false;
  arena_.reset();
}

bool TrainBuilder::continues(std::size_t size, const OuterFields& fields) const {
  if (!is_open_ || packets_ >= limits_.packets) return false;
  const Send& send = sends_->back();
  return size <= send.segment_size && send.bytes.size() + size <= limits_.bytes && size <= arena_.room() &&
         send.traffic_class == fields.traffic_class && send.hop_limit == fields.hop_limit &&
         send.dont_fragment == fields.dont_fragment;
}

std::uint8_t* TrainBuilder::add(const Sa& sa, std::size_t size, const OuterFields& fields, const HeaderTail& tail,
                                std::size_t more) {
  ASSERT(size <= largest_packet);
  if (!tail.octets.empty() || !continues(size, fields)) {
    start(sa, size, fields, tail);
    arena_.make_room(std::max(size, std::min({more, limits_.bytes, Arena::block_size})));
  }
  Send& send = sends_->back();
  std::uint8_t* packet = arena_.take(size);
  send.bytes = send.bytes.empty() ? ByteView(packet, size) : ByteView(send.bytes.data(), send.bytes.size() + size);
  ++packets_;
  is_open_ = size == send.segment_size && tail.octets.empty();
  return packet;
}

void TrainBuilder::start(const Sa& sa, std::size_t size, const OuterFields& fields, const HeaderTail& tail) {
  packets_ = 0;
  Send& send = sends_->emplace_back();  // where it stays: made elsewhere and moved, it would take twice the time
  send.sa = sa.id;
  send.local = sa.local;
  send.remote = sa.remote;
  send.udp_encap = sa.udp_encap;
  send.traffic_class = fields.traffic_class;
  send.hop_limit = fields.hop_limit;
  send.dont_fragment = fields.dont_fragment;
  send.first_extension_header = tail.first_header;
  send.segment_size = static_cast<std::uint16_t>(size);
  if (tail.octets.empty()) return;
  std::uint8_t* copy = arena_.take(tail.octets.size());
  std::ranges::copy(tail.octets, copy);
  if (tail.protocol_field) copy[*tail.protocol_field] = send.protocol();
  send.extension_headers = {copy, tail.octets.size()};
}

}  // namespace sallyport::datapath
