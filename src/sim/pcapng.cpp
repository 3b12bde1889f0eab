#include "sim/pcapng.h"

#include <fmt/format.h>

#include "base/writer.h"
#include "sim/schedule.h"

namespace sallyport::sim {
namespace {

constexpr std::uint32_t section_header_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_description_block = 1;
constexpr std::uint32_t enhanced_packet_block = 6;
constexpr std::uint16_t linktype_raw = 101;

constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t option_interface_name = 2;
constexpr std::uint16_t option_time_resolution = 9;
constexpr std::uint8_t nanoseconds = 9;  // negative power of ten

// The byte order is the writer's choice, said by the magic number of the section header; ours is the network's.
class Block {
 public:
  Block(Bytes& file, std::uint32_t type) : file_(file), out_(file), start_(file.size()) {
    out_.u32(type);
    out_.u32(0);
  }
  ~Block() {
    const auto length = static_cast<std::uint32_t>(file_.size() + 4 - start_);
    out_.patch_u32(start_ + 4, length);
    out_.u32(length);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  Writer& out() { return out_; }
  void padded(ByteView bytes) {
    out_.bytes(bytes);
    out_.zeros((4 - bytes.size() % 4) % 4);
  }
  void option(std::uint16_t code, ByteView value) {
    out_.u16(code);
    out_.u16(static_cast<std::uint16_t>(value.size()));
    padded(value);
  }
  void end_of_options() { out_.u32(option_end); }

 private:
  Bytes& file_;
  Writer out_;
  std::size_t start_;
};

void write_section(Bytes& file) {
  Block block(file, section_header_block);
  block.out().u32(0x1a2b3c4d);
  block.out().u16(1);  // version 1.0
  block.out().u16(0);
  block.out().u64(~0ULL);  // length of the section: not said
}

void write_interface(Bytes& file, const Trace::LinkName& link) {
  Block block(file, interface_description_block);
  block.out().u16(linktype_raw);
  block.out().u16(0);
  block.out().u32(0);  // no limit to what is captured of a packet
  block.option(option_interface_name, as_bytes(fmt::format("{} - {}", link.a, link.b)));
  block.option(option_time_resolution, {&nanoseconds, 1});
  block.end_of_options();
}

void write_packet(Bytes& file, const Trace::Packet& packet) {
  const auto at = static_cast<std::uint64_t>((packet.at - Schedule::start_of_time).count());
  const auto size = static_cast<std::uint32_t>(packet.bytes.size());
  Block block(file, enhanced_packet_block);
  block.out().u32(packet.link.value);
  block.out().u32(static_cast<std::uint32_t>(at >> 32));
  block.out().u32(static_cast<std::uint32_t>(at));
  block.out().u32(size);
  block.out().u32(size);
  block.padded(packet.bytes);
  if (packet.fate != Fate::delivered) {
    block.option(option_comment, as_bytes(to_string(packet.fate)));
    block.end_of_options();
  }
}

}  // namespace

Bytes to_pcapng(const Trace& trace) {
  Bytes file;
  write_section(file);
  for (const Trace::LinkName& link : trace.links()) write_interface(file, link);
  for (const Trace::Packet& packet : trace.packets()) write_packet(file, packet);
  return file;
}

}  // namespace sallyport::sim
