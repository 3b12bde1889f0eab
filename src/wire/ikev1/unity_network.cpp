#include "wire/ikev1/unity_network.h"

namespace sallyport::wire::ikev1 {

Result<std::vector<UnityNetwork>> parse_unity_networks(ByteView value) {
  Reader reader(value);
  std::vector<UnityNetwork> networks;
  while (!reader.empty()) {
    UnityNetwork network;
    network.address = TRY(reader.array<4>());
    network.mask = TRY(reader.array<4>());
    network.protocol = TRY(reader.u16());
    network.source_port = TRY(reader.u16());
    network.destination_port = TRY(reader.u16());
    networks.push_back(network);
  }
  return networks;
}

Bytes serialize_unity_networks(const std::vector<UnityNetwork>& networks) {
  Bytes value;
  Writer writer(value);
  for (const UnityNetwork& network : networks) {
    writer.bytes(network.address);
    writer.bytes(network.mask);
    writer.u16(network.protocol);
    writer.u16(network.source_port);
    writer.u16(network.destination_port);
  }
  return value;
}

}  // namespace sallyport::wire::ikev1
