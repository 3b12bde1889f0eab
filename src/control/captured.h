// For the tests: what the unmodified swanctl 5.9.8 writes to its socket, octet by octet, and a few tools.
#pragma once

#include "control/packet.h"

namespace sallyport::control::captured {

inline Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

/// `swanctl --version --daemon`
inline const Bytes version = hex("00000009000776657273696f6e");

/// `swanctl --log`
inline const Bytes register_log = hex("0000000503036c6f67");

/// `swanctl --list-sas`: first the registration, and once that is confirmed the request.
inline const Bytes register_list_sa = hex("0000000903076c6973742d7361");
inline const Bytes list_sas = hex("0000000a00086c6973742d736173");

/// `swanctl --initiate --child lan --ike gw --timeout 5 --loglevel 2`
inline const Bytes initiate =
    hex("0000003b0008696e69746961746503056368696c6400036c616e0303696b65000267770307"
        "74696d656f757400043530303003086c6f676c6576656c000132");

/// `swanctl --load-conns`, the request with this connection:
///   gw { version = 2   local_addrs = 192.0.2.1, 2001:db8::1
///     local { auth = psk }   remote-a { auth = psk   id = sun.example.org }
///     children { lan { remote_ts = 10.2.0.0/16[tcp/443], dynamic   start_action = trap }   empty { } } }
inline const Bytes load_conn =
    hex("000000dc00096c6f61642d636f6e6e01026777030776657273696f6e000132040b6c6f63616c5f616464727305"
        "00093139322e302e322e3105000b323030313a6462383a3a310601056c6f63616c030461757468000370736b0201"
        "0872656d6f74652d61030461757468000370736b03026964000f73756e2e6578616d706c652e6f72670201086368"
        "696c6472656e01036c616e040972656d6f74655f747305001431302e322e302e302f31365b7463702f3434335d05"
        "000764796e616d696306030c73746172745f616374696f6e000474726170020105656d707479020202");

/// The frame without its length field.
inline ByteView payload(const Bytes& frame) { return ByteView(frame).subspan(4); }

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

}  // namespace sallyport::control::captured
