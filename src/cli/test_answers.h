// Answers of a daemon, for tests.
#pragma once

#include "control/message.h"

namespace sallyport::cli {

/// As the daemon's `status` describes a connection that is up.
inline control::Message office() {
  control::Message message;
  message.set("name", "office");
  message.set("state", "up");
  auto& sa = message.section("ike_sas").section("1");
  sa.set("id", 1);
  sa.set("version", 2);
  sa.set("state", "established");
  sa.set("initiator", true);
  for (const auto& [side, address, id] :
       {std::tuple{"local", "192.0.2.1", "moon.example.org"}, std::tuple{"remote", "2001:db8::2", "sun.example.org"}}) {
    auto& end = sa.section(side);
    end.set("address", address);
    end.set("port", 500);
    end.set("id", id);
  }
  sa.set("spi_initiator", "0123456789abcdef");
  sa.set("spi_responder", "0000000000000001");
  sa.set("proposal", "aes256gcm16-prfsha384-ecp384");
  sa.set("nat_local", false);
  sa.set("nat_remote", true);
  sa.set("established_s", 12);
  auto& child = sa.section("child_sas").section("3");
  child.set("id", 3);
  child.set("name", "lan");
  child.set("state", "installed");
  child.set("mode", "tunnel");
  child.set("protocol", "esp");
  child.set("udp_encap", true);
  child.set("esn", true);
  child.set("spi_in", "c1a2b3c4");
  child.set("spi_out", "00000100");
  child.set("proposal", "aes128gcm16");
  child.set("replay_window", 4096);
  child.list("local_ts").add("10.1.0.0/16");
  child.list("remote_ts").add("10.2.0.0/16");
  child.list("remote_ts").add("10.3.0.0/16");
  child.set("packets_in", 1);
  child.set("bytes_in", 84);
  child.set("packets_out", 2);
  child.set("bytes_out", 1572864);
  auto& drops = child.section("drops");
  drops.set("replay", 4);
  drops.set("integrity", 0);
  drops.set("selector", 0);
  child.set("expires_in_s", 3960);
  return message;
}

/// One that is not.
inline control::Message home() {
  control::Message message;
  message.set("name", "home");
  message.set("state", "down");
  message.set("why", "192.0.2.9 closed it.");
  message.section("ike_sas");
  return message;
}

inline std::vector<control::Message> both() {
  std::vector<control::Message> all;
  all.push_back(office());
  all.push_back(home());
  return all;
}

}  // namespace sallyport::cli
