#include "wire/pcapng.h"

#include <algorithm>

#include "base/writer.h"

namespace sallyport::wire {
namespace {

constexpr std::uint32_t section_header_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_description_block = 1;
constexpr std::uint32_t interface_statistics_block = 5;
constexpr std::uint32_t enhanced_packet_block = 6;
constexpr std::uint16_t linktype_raw = 101;

// Options are numbered per kind of block, but for the first two.
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t section_application = 4;
constexpr std::uint16_t interface_name = 2;
constexpr std::uint16_t interface_time_resolution = 9;
constexpr std::uint16_t packet_flags = 2;
constexpr std::uint16_t statistics_seen = 4;
constexpr std::uint16_t statistics_missing = 5;
constexpr std::uint8_t nanoseconds = 9;  // negative power of ten
constexpr std::size_t most_option_octets = 65535;

// The byte order is the writer's choice, said by the magic number of the section header; ours is the network's.
class CaptureBlock {
 public:
  CaptureBlock(Bytes& file, std::uint32_t type) : file_(file), out_(file), start_(file.size()) {
    out_.u32(type);
    out_.u32(0);
  }
  ~CaptureBlock() {
    if (has_options_) out_.u32(option_end);
    const auto length = static_cast<std::uint32_t>(file_.size() + 4 - start_);
    out_.patch_u32(start_ + 4, length);
    out_.u32(length);
  }
  CaptureBlock(const CaptureBlock&) = delete;
  CaptureBlock& operator=(const CaptureBlock&) = delete;

  Writer& out() { return out_; }
  void padded(ByteView bytes) {
    out_.bytes(bytes);
    out_.zeros((4 - bytes.size() % 4) % 4);
  }
  void option(std::uint16_t code, ByteView value) {
    const ByteView fits = value.first(std::min(value.size(), most_option_octets));
    out_.u16(code);
    out_.u16(static_cast<std::uint16_t>(fits.size()));
    padded(fits);
    has_options_ = true;
  }
  void option_u32(std::uint16_t code, std::uint32_t value) {
    out_.u16(code);
    out_.u16(4);
    out_.u32(value);
    has_options_ = true;
  }
  void option_u64(std::uint16_t code, std::uint64_t value) {
    out_.u16(code);
    out_.u16(8);
    out_.u64(value);
    has_options_ = true;
  }
  void time(std::uint64_t at) { out_.u64(at); }  // two words, the high one first

 private:
  Bytes& file_;
  Writer out_;
  std::size_t start_;
  bool has_options_ = false;
};

}  // namespace

void write_capture_section(Bytes& file, std::string_view application) {
  CaptureBlock block(file, section_header_block);
  block.out().u32(0x1a2b3c4d);
  block.out().u16(1);  // version 1.0
  block.out().u16(0);
  block.out().u64(~0ULL);  // length of the section: not said
  if (!application.empty()) block.option(section_application, as_bytes(application));
}

void write_capture_interface(Bytes& file, std::string_view name, std::uint32_t most) {
  CaptureBlock block(file, interface_description_block);
  block.out().u16(linktype_raw);
  block.out().u16(0);
  block.out().u32(most);
  block.option(interface_name, as_bytes(name));
  block.option(interface_time_resolution, {&nanoseconds, 1});
}

void write_captured_packet(Bytes& file, const CapturedPacket& packet) {
  CaptureBlock block(file, enhanced_packet_block);
  block.out().u32(packet.interface);
  block.time(packet.time);
  block.out().u32(static_cast<std::uint32_t>(packet.bytes.size()));
  block.out().u32(static_cast<std::uint32_t>(std::max(packet.size, packet.bytes.size())));
  block.padded(packet.bytes);
  if (packet.direction != CapturedPacket::Direction::unknown)
    block.option_u32(packet_flags, static_cast<std::uint32_t>(packet.direction));
  if (!packet.comment.empty()) block.option(option_comment, as_bytes(packet.comment));
}

void write_capture_statistics(Bytes& file, std::uint32_t interface, std::uint64_t time, std::uint64_t seen,
                              std::uint64_t missing) {
  CaptureBlock block(file, interface_statistics_block);
  block.out().u32(interface);
  block.time(time);
  block.option_u64(statistics_seen, seen);
  block.option_u64(statistics_missing, missing);
}

}  // namespace sallyport::wire
