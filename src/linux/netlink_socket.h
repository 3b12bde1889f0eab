// NetlinkSocket: asks the kernel's routing subsystem (NETLINK_ROUTE) for what it knows, and tells it what to change.
// NetlinkRequest: one message under construction. What the messages mean is for others to know.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "linux/file_descriptor.h"
#include "linux/system_error.h"
#include "policy/address.h"

struct nlmsghdr;  // NOLINT(readability-identifier-naming): the kernel's

namespace sallyport::linux {

class NetlinkRequest {
 public:
  /// RTM_*, and NLM_F_* beyond NLM_F_REQUEST.
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  /// Appends the fixed header that belongs to the message's type, all zero but for what the caller puts in; before any
  /// attribute. The reference lives until the next call.
  template <class Header>
  Header& header() {
    return *reinterpret_cast<Header*>(grow(sizeof(Header)));
  }
  void put_u8(std::uint16_t attribute, std::uint8_t value) { put(attribute, {&value, 1}); }
  void put_u32(std::uint16_t attribute, std::uint32_t value);
  void put_address(std::uint16_t attribute, const policy::IpAddress& address) { put(attribute, address.bytes()); }
  void put(std::uint16_t attribute, ByteView value);
  /// Attributes within an attribute: begin returns what end wants.
  std::size_t begin_nested(std::uint16_t attribute);
  void end_nested(std::size_t begin);

  ByteView bytes() const { return bytes_; }

 private:
  friend class NetlinkSocket;
  std::uint8_t* grow(std::size_t size);
  nlmsghdr& message();

  Bytes bytes_;
};

/// The attributes of a message or of an attribute, by number.
class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(ByteView bytes);

  bool has(std::uint16_t attribute) const { return find(attribute).has_value(); }
  /// Zero where it is missing or has another size.
  std::uint8_t u8(std::uint16_t attribute) const;
  std::uint32_t u32(std::uint16_t attribute) const;
  std::optional<policy::IpAddress> address(std::uint16_t attribute) const;
  std::optional<ByteView> find(std::uint16_t attribute) const;

 private:
  std::vector<std::pair<std::uint16_t, ByteView>> attributes_;
};

/// One message of the kernel's. Views live for the call.
struct NetlinkMessage {
  std::uint16_t type;
  ByteView payload;

  /// The fixed header of its type; zeros when the message is too short for one.
  template <class Header>
  Header header() const {
    Header header{};
    if (payload.size() >= sizeof header)
      std::copy_n(payload.data(), sizeof header, reinterpret_cast<std::uint8_t*>(&header));
    return header;
  }
  template <class Header>
  NetlinkAttributes attributes() const {
    constexpr std::size_t aligned = (sizeof(Header) + 3) & ~std::size_t{3};
    return NetlinkAttributes(payload.size() >= aligned ? payload.subspan(aligned) : ByteView{});
  }
};

class NetlinkSocket {
 public:
  static SystemResult<NetlinkSocket> open();

  /// Carries all requests out, in order, whether or not those before succeed. The errno of each; 0: done.
  Result<std::vector<int>> apply(std::span<NetlinkRequest> requests);
  /// Carries one out.
  Result<void> apply(NetlinkRequest request);
  /// The kernel's answer to one request that has one (RTM_GETROUTE for one address).
  Result<void> ask(NetlinkRequest request, const std::function<void(const NetlinkMessage&)>& on_answer);
  /// All there is of a kind; the request bears NLM_F_DUMP. Begins anew when something changed meanwhile, so that
  /// `on_start` is called before the first message, perhaps more than once.
  Result<void> dump(NetlinkRequest request, const std::function<void()>& on_start,
                    const std::function<void(const NetlinkMessage&)>& on_message);

 private:
  explicit NetlinkSocket(FileDescriptor socket) : socket_(std::move(socket)) {}
  Result<ByteView> receive();
  Result<void> send(ByteView bytes) const;

  FileDescriptor socket_;
  std::uint32_t sequence_ = 0;
  Bytes buffer_ = Bytes(64 * 1024);
};

}  // namespace sallyport::linux
