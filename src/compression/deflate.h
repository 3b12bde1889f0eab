// DEFLATE (RFC 1951) of single packets, without any header or trailer (RFC 2394). The only place that sees zlib.
// Nothing is remembered from packet to packet: they may be lost, and belong to different SAs.
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"

namespace sallyport::compression {

/// Takes its memory, some 150 KiB, when it is first used.
class Deflater {
 public:
  Deflater();
  ~Deflater();

  /// How many octets of `to` it takes; nullopt: more than there are.
  std::optional<std::size_t> deflate(ByteView from, ByteSpan to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Takes its memory, some 40 KiB, when it is first used.
class Inflater {
 public:
  Inflater();
  ~Inflater();

  /// How many octets of `to` it takes; nullopt: more than there are, or `from` is damaged or incomplete. What stands
  /// behind the end of the compressed octets is not looked at.
  std::optional<std::size_t> inflate(ByteView from, ByteSpan to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport::compression
