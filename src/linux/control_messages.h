// Control messages: what a socket says beside a packet, and is told beside one (RFC 3542 §4 for IPv6, ip(7) for IPv4).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace sallyport::linux {

/// Room for all control messages of one packet.
struct ControlRoom {
  alignas(cmsghdr) std::array<std::uint8_t, 512> bytes;
};

/// Appends control messages to one message.
class ControlWriter {
 public:
  /// Both outlive the writer; the room outlives the message's use.
  ControlWriter(msghdr& message, ControlRoom& room) : message_(message), room_(room) {
    message_.msg_control = room_.bytes.data();
    message_.msg_controllen = 0;
  }
  template <class T>
  void add(int level, int type, const T& value) {
    add(level, type, &value, sizeof value);
  }
  /// False: it does not fit.
  bool add(int level, int type, const void* value, std::size_t size) {
    if (message_.msg_controllen + CMSG_SPACE(size) > room_.bytes.size()) return false;
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::uint8_t* at = room_.bytes.data() + message_.msg_controllen;
    std::memset(at, 0, CMSG_SPACE(size));
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), value, size);
    message_.msg_controllen += CMSG_SPACE(size);
    return true;
  }

 private:
  msghdr& message_;
  ControlRoom& room_;
};

/// The value of a control message; nullopt when it is too short for one.
template <class T>
std::optional<T> control_value(const cmsghdr& header) {
  T value;
  if (header.cmsg_len < CMSG_LEN(sizeof value)) return std::nullopt;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

}  // namespace sallyport::linux
