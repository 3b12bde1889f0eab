// BurstPacketCipher: a PacketCipher whose packets go through the lanes. What is done to a packet is the Protection's:
//
//   std::size_t iv_size() const, icv_size() const, block() const, alignment() const;
//   void prepare_seal(IMB_JOB&, const PacketJob&, Slot&) const;   // fills the job, and the packet's IV
//   void prepare_open(IMB_JOB&, const PacketJob&, Slot&) const;   // fills the job
//   static constexpr bool seals_from_elsewhere;                   // if it is true
//
// Internal to this folder.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/ipsec_mb/multi_buffer.h"
#include "crypto/packet_layout.h"

namespace sallyport::crypto::ipsec_mb {

/// What a job needs beside the packet, until it is done.
struct Slot {
  Nonce nonce;
  std::array<std::uint8_t, 12> additional_data;
  std::array<std::uint8_t, 64> computed_icv;  // to open
  std::array<std::uint8_t, 32> received_icv;  // to open
  bool done;
};

template <class Protection>
class BurstPacketCipher final : public PacketCipher {
 public:
  BurstPacketCipher(std::shared_ptr<MultiBuffer> lanes, const PacketKeys& keys)
      : lanes_(std::move(lanes)), protection_(lanes_->get(), keys) {}

  std::size_t iv_size() const override { return protection_.iv_size(); }
  std::size_t icv_size() const override { return protection_.icv_size(); }
  std::size_t alignment() const override { return protection_.alignment(); }
  std::size_t lanes() const override { return 16; }  // of the widest registers
  bool seals_from_elsewhere() const override {
    if constexpr (requires { Protection::seals_from_elsewhere; })
      return Protection::seals_from_elsewhere;
    else
      return false;
  }

  void seal(std::span<PacketJob> burst) override {
    for (std::size_t at = 0; at < burst.size(); at += MultiBuffer::burst_size)
      seal_some(burst.subspan(at, std::min(MultiBuffer::burst_size, burst.size() - at)));
  }
  void open(std::span<PacketJob> burst) override {
    for (std::size_t at = 0; at < burst.size(); at += MultiBuffer::burst_size)
      open_some(burst.subspan(at, std::min(MultiBuffer::burst_size, burst.size() - at)));
  }

 private:
  void seal_some(std::span<const PacketJob> packets) {
    MultiBuffer::Jobs jobs;
    std::array<Slot, MultiBuffer::burst_size> slots;
    lanes_->take(packets.size(), jobs);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT(has_valid_size(packets[i], protection_.block()));
      protection_.prepare_seal(*jobs[i], packets[i], slots[i]);
      track(*jobs[i], slots[i]);
    }
    lanes_->complete(packets.size(), jobs);
    for (std::size_t i = 0; i < packets.size(); ++i) ASSERT(slots[i].done);
  }

  void open_some(std::span<PacketJob> packets) {
    std::array<PacketJob*, MultiBuffer::burst_size> valid;
    std::size_t count = 0;
    for (PacketJob& packet : packets) {
      packet.ok = false;
      if (has_valid_size(packet, protection_.block())) valid[count++] = &packet;
    }
    MultiBuffer::Jobs jobs;
    std::array<Slot, MultiBuffer::burst_size> slots;
    lanes_->take(count, jobs);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(slots[i].received_icv.data(), valid[i]->icv, icv_size());
      protection_.prepare_open(*jobs[i], *valid[i], slots[i]);
      jobs[i]->auth_tag_output = slots[i].computed_icv.data();
      track(*jobs[i], slots[i]);
    }
    lanes_->complete(count, jobs);
    for (std::size_t i = 0; i < count; ++i) {
      const Slot& slot = slots[i];
      valid[i]->ok = slot.done && equal_icv(slot.computed_icv.data(), slot.received_icv.data(), icv_size());
    }
  }

  static void track(IMB_JOB& job, Slot& slot) {
    slot.done = false;
    job.user_data = &slot.done;
  }

  std::shared_ptr<MultiBuffer> lanes_;
  Protection protection_;
};

}  // namespace sallyport::crypto::ipsec_mb
