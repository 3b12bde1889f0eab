#include "linux/spi_steering.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace sallyport::linux {
namespace {

constexpr std::uint32_t kAll = 0xffffffff;  // octets of a packet that pass
constexpr std::uint32_t kSpiInAh = 4;       // where AH has it; ESP begins with it

constexpr int kAddConstant = BPF_ALU;  // | BPF_ADD | BPF_K, both of which are zero

sock_filter statement(int code, std::uint32_t value) { return BPF_STMT(static_cast<std::uint16_t>(code), value); }
sock_filter jump(int code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  return BPF_JUMP(static_cast<std::uint16_t>(code), value, if_true, if_false);
}

bool attach(int fd, int option, std::vector<sock_filter> program) {
  const sock_fprog all{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return setsockopt(fd, SOL_SOCKET, option, &all, sizeof all) == 0;
}

}  // namespace

SystemResult<void> steer_by_spi(int fd, std::uint32_t workers) {
  // A packet that is too short for the load is none of a worker's either: then the program's answer is 0, too.
  const bool attached = attach(fd, SO_ATTACH_REUSEPORT_CBPF,
                               {statement(BPF_LD | BPF_W | BPF_ABS, 0),         // the SPI, or the non-ESP marker
                                jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),       //
                                statement(BPF_ALU | BPF_MOD | BPF_K, workers),  // policy::share_of
                                statement(kAddConstant, 1),                     // behind IKE's socket
                                statement(BPF_RET | BPF_A, 0)});
  if (!attached) return refused(errno, "cannot share a UDP port among threads");
  return {};
}

SystemResult<void> take_share(int fd, policy::Family family, std::uint8_t protocol, const policy::Share& share) {
  const std::uint32_t at = protocol == IPPROTO_AH ? kSpiInAh : 0;
  std::vector<sock_filter> program;
  if (family == policy::Family::ipv4) {  // the header is in front
    program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, 0));
    program.push_back(statement(BPF_LD | BPF_W | BPF_IND, at));
  } else {
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, at));
  }
  program.push_back(statement(BPF_ALU | BPF_MOD | BPF_K, share.count));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, share.index, 0, 1));
  program.push_back(statement(BPF_RET | BPF_K, kAll));
  program.push_back(statement(BPF_RET | BPF_K, 0));
  if (!attach(fd, SO_ATTACH_FILTER, std::move(program)))
    return refused(errno, "cannot share packets of IP protocols 50 and 51 among threads");
  return {};
}

}  // namespace sallyport::linux
