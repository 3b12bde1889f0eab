// MultiBuffer: the library's manager with its lanes, which complete the jobs of a burst side by side. Internal to this
// folder.
#pragma once

#define NO_COMPAT_IMB_API_053  // or the header defines macros called NULL_HASH, SHA1, ENCRYPT …
#include <intel-ipsec-mb.h>

#include <array>
#include <memory>

#include "crypto/ipsec_mb/packet_cipher_ipsec_mb.h"

namespace sallyport::crypto::ipsec_mb {

class MultiBuffer {
 public:
  /// Packets that go through the lanes together: several times as many as there are lanes.
  static constexpr std::size_t burst_size = 64;
  using Jobs = std::array<IMB_JOB*, burst_size>;

  /// As make_ipsec_mb_factory().
  static std::shared_ptr<MultiBuffer> create(InstructionSet widest);

  InstructionSet instruction_set() const { return instruction_set_; }
  /// For what keeps no state: key schedules and single calls.
  IMB_MGR* get() const { return manager_.get(); }

  /// `count` jobs to fill, at most burst_size; their user_data points to a bool.
  void take(std::size_t count, Jobs& jobs);
  /// Runs them to their ends, and sets the bool of each that was done.
  void complete(std::size_t count, Jobs& jobs);

 private:
  explicit MultiBuffer(IMB_MGR* manager) : manager_(manager) {}

  struct Freed {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  std::unique_ptr<IMB_MGR, Freed> manager_;
  InstructionSet instruction_set_{};
};

/// Since 1.4 the library looks a job's algorithms up once, not with every packet.
inline void register_algorithms([[maybe_unused]] IMB_MGR* manager, [[maybe_unused]] IMB_JOB& prototype) {
#if IMB_VERSION_NUM >= IMB_VERSION(1, 4, 0)
  imb_set_session(manager, &prototype);
#endif
}

}  // namespace sallyport::crypto::ipsec_mb
