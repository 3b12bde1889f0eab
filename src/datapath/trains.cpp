#include "datapath/trains.h"

#include <cstring>

namespace sallyport::datapath {

void TrainBuilder::begin_burst(std::vector<Send>& sends) {
  sends_ = &sends;
  is_open_ = false;
  arena_.reset();
}

bool TrainBuilder::has_room(std::size_t size) const {
  if (!is_open_ || packets_ >= limits_.packets) return false;
  const Send& send = sends_->back();
  return size <= send.segment_size && send.bytes.size() + size <= limits_.bytes && size <= arena_.room();
}

bool TrainBuilder::continues(std::size_t size, const OuterFields& fields) const {
  if (!has_room(size)) return false;
  const Send& send = sends_->back();
  return send.traffic_class == fields.traffic_class && send.hop_limit == fields.hop_limit &&
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

TrainBuilder::Row TrainBuilder::add_row(const Sa& sa, std::size_t size, const OuterFields& fields, std::size_t wanted,
                                        bool like_last) {
  ASSERT(size <= largest_packet);
  if (!(like_last ? has_room(size) : continues(size, fields))) {
    start(sa, size, fields, {});
    arena_.make_room(std::max(size, std::min({wanted * size, limits_.bytes, Arena::block_size})));
    is_open_ = true;
  }
  Send& send = sends_->back();
  // A shorter packet ends the train.
  std::size_t count = 1;
  if (wanted > 1 && size == send.segment_size)
    count = std::min(
        {wanted, limits_.packets - packets_, (limits_.bytes - send.bytes.size()) / size, arena_.room() / size});
  count = std::max<std::size_t>(count, 1);  // one, however narrow the bounds
  std::uint8_t* first = arena_.take(count * size);
  send.bytes = {send.bytes.empty() ? first : send.bytes.data(), send.bytes.size() + count * size};
  packets_ += count;
  is_open_ = size == send.segment_size;
  return {first, count};
}

void TrainBuilder::start(const Sa& sa, std::size_t size, const OuterFields& fields, const HeaderTail& tail) {
  packets_ = 0;
  // Made where it stays: made elsewhere and moved, or cleared first, it would take twice the time.
  Send& send = sends_->emplace_back(sa.id, sa.local, sa.remote, sa.udp_encap, false, fields.traffic_class,
                                    fields.hop_limit, fields.dont_fragment, ByteView{}, tail.first_header, ByteView{},
                                    static_cast<std::uint16_t>(size));
  if (tail.octets.empty()) return;
  std::uint8_t* copy = arena_.take(tail.octets.size());
  std::ranges::copy(tail.octets, copy);
  if (tail.protocol_field) copy[*tail.protocol_field] = send.protocol();
  send.extension_headers = {copy, tail.octets.size()};
}

}  // namespace sallyport::datapath
