// interop_bundle OWN PEER OWN-SELECTOR PEER-SELECTOR MODE ESP AH: our datapath with a bundle of AH around ESP whose
// keys are fixed, because no peer at hand negotiates one. Prints the commands that give the other half to a Linux
// kernel, and then moves packets of the TUN device until it is killed.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "datapath/test_support.h"
#include "linux/footprint.h"
#include "linux/kernel_random.h"
#include "linux/packet_pump.h"

namespace {

using namespace sallyport;
using policy::Protocol;

policy::ChildSaSpec make_bundle(const std::vector<std::string>& words) {
  datapath::test::ChildSa sa{.here = words[0],
                             .there = words[1],
                             .local_ts = words[2],
                             .remote_ts = words[3],
                             .proposal = words[5],
                             .mode = words[4] == "tunnel" ? policy::Mode::tunnel : policy::Mode::transport,
                             .udp_encap = false};
  policy::ChildSaSpec spec = datapath::test::spec_here(sa);
  sa.protocol = Protocol::ah;
  sa.proposal = words[6];
  sa.number += 100;
  policy::ChildSaSpec ah = datapath::test::spec_here(sa);
  spec.bundled_ah = policy::BundledAh{ah.suite, std::move(ah.inbound), std::move(ah.outbound)};
  return spec;
}

std::string hex(const Secret& key) { return "0x" + to_hex(key.view()); }

std::string integrity_words(crypto::Integrity integrity, const Secret& key) {
  switch (integrity) {
    case crypto::Integrity::hmac_sha1_96: return "auth-trunc 'hmac(sha1)' " + hex(key) + " 96";
    case crypto::Integrity::hmac_sha2_256_128: return "auth-trunc 'hmac(sha256)' " + hex(key) + " 128";
    case crypto::Integrity::hmac_sha2_512_256: return "auth-trunc 'hmac(sha512)' " + hex(key) + " 256";
    default: return {};
  }
}
std::string cipher_words(const policy::Suite& suite, const policy::SaKeys& keys) {
  if (suite.encryption.cipher == crypto::Cipher::aes_gcm_16)
    return "aead 'rfc4106(gcm(aes))' " + hex(keys.encryption_key) + " 128";
  return "enc 'cbc(aes)' " + hex(keys.encryption_key) + " " + integrity_words(suite.integrity, keys.integrity_key);
}

/// In a bundle of tunnel mode it is ESP that has the tunnel.
void print_states(const policy::ChildSaSpec& spec, const std::string& from, const std::string& to,
                  const policy::SaKeys& esp, const policy::SaKeys& ah, const std::string& mode) {
  fmt::print("ip xfrm state add src {} dst {} proto esp spi {:#x} reqid 1 mode {} replay-window 32 {}\n", from, to,
             esp.spi, mode, cipher_words(spec.suite, esp));
  // Over IPv4 AH's header is a multiple of 4 octets (RFC 4302 §3.3.3.2.1), and Linux has to be told.
  fmt::print("ip xfrm state add src {} dst {} proto ah spi {:#x} reqid 2 mode transport replay-window 32{} {}\n", from,
             to, ah.spi, spec.local.address.is_v6() ? "" : " flag align4",
             integrity_words(spec.bundled_ah->suite.integrity, ah.integrity_key));
}
void print_policy(const std::string& direction, const std::string& from, const std::string& to,
                  const std::string& from_ts, const std::string& to_ts, const std::string& mode) {
  fmt::print(
      "ip xfrm policy add src {} dst {} dir {} tmpl src {} dst {} proto esp reqid 1 mode {} "
      "tmpl src {} dst {} proto ah reqid 2 mode transport\n",
      from_ts, to_ts, direction, from, to, mode, from, to);
}
void print_other_half(const policy::ChildSaSpec& spec, const std::vector<std::string>& words) {
  const std::string &own = words[0], &peer = words[1], &mode = words[4];
  print_states(spec, own, peer, spec.outbound, spec.bundled_ah->outbound, mode);
  print_states(spec, peer, own, spec.inbound, spec.bundled_ah->inbound, mode);
  print_policy("out", peer, own, words[3], words[2], mode);
  print_policy("in", own, peer, words[2], words[3], mode);
  if (mode == "tunnel") print_policy("fwd", own, peer, words[2], words[3], mode);
  std::fflush(stdout);
}

template <class T>
T must(linux::SystemResult<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "interop_bundle: {}\n", result.error().text);
  std::exit(1);
}

int run(const std::vector<std::string>& words) {
  const policy::ChildSaSpec spec = make_bundle(words);
  const linux::Footprint footprint;
  const auto loop = must(linux::EventLoop::create());
  auto tun = must(linux::TunDevice::create({.name = "bundle0"}));
  const auto ciphers = datapath::test::best_packet_ciphers();
  linux::KernelRandom random;
  datapath::Worker worker(*ciphers, random);
  worker.set_policy(datapath::test::spd_for(spec));
  if (!worker.install(spec)) return 1;
  std::vector<linux::PacketSocket> sockets;
  sockets.push_back(must(linux::PacketSocket::open_ah(spec.local.address.family(), footprint.own_mark)));
  const auto pump = must(linux::PacketPump::start(*loop, tun, std::move(sockets), worker, {}));
  print_other_half(spec, words);
  return loop->run() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    fmt::print(stderr, "interop_bundle OWN PEER OWN-SELECTOR PEER-SELECTOR tunnel|transport ESP AH\n");
    return 2;
  }
  return run({argv + 1, argv + argc});
}
