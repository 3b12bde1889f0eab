#include "control/packet.h"

#include <gmock/gmock.h>

#include "control/captured.h"
#include "control/frame.h"

namespace sallyport::control {
namespace {

using captured::hex;

Error error_of(const Bytes& payload) {
  const auto packet = parse_packet(payload);
  return packet ? Error{ErrorCode::mismatch, 9999} : packet.error();
}

std::string frame_hex(PacketType type, std::string_view name = {}, const Message& message = {}) {
  const auto frame = serialize_frame(type, name, message);
  return frame ? to_hex(frame->view()) : "error";
}

/// All the payloads that come out of `stream`, fed in pieces of `step` octets; their hex digits, and "error" at its
/// end.
std::vector<std::string> frames_in(ByteView stream, std::size_t step) {
  FrameReader reader;
  std::vector<std::string> frames;
  while (!stream.empty()) {
    ByteView piece = stream.first(std::min(step, stream.size()));
    stream = stream.subspan(piece.size());
    while (!piece.empty()) {
      auto frame = reader.take(piece);
      if (!frame) {
        frames.push_back("error");
        return frames;
      }
      if (*frame) frames.push_back(to_hex((*frame)->view()));
    }
  }
  return frames;
}

TEST(Packet, ReadsARequestOfSwanctl) {
  const auto packet = parse_packet(captured::payload(captured::initiate));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->type, PacketType::cmd_request);
  EXPECT_EQ(packet->name, "initiate");
  EXPECT_EQ(packet->message_offset, 10u);
  EXPECT_EQ(parse_message(packet->message, packet->message_offset)->text("child"), "lan");
}

TEST(Packet, ReadsARegistrationOfSwanctl) {
  const auto packet = parse_packet(captured::payload(captured::register_log));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->type, PacketType::event_register);
  EXPECT_EQ(packet->name, "log");
  EXPECT_TRUE(packet->message.empty());
}

TEST(Packet, SerializesToTheOctetsOfSwanctl) {
  Message message;
  message.set("child", "lan");
  message.set("ike", "gw");
  message.set("timeout", 5000);
  message.set("loglevel", 2);
  EXPECT_EQ(frame_hex(PacketType::cmd_request, "initiate", message), to_hex(captured::initiate));
  EXPECT_EQ(frame_hex(PacketType::event_register, "log"), to_hex(captured::register_log));
}

TEST(Packet, SerializesEachTypeWithWhatItHas) {
  Message message;
  message.set("a", "1");
  EXPECT_EQ(frame_hex(PacketType::cmd_response, "ignored", message),
            "0000000701"
            "030161000131");
  EXPECT_EQ(frame_hex(PacketType::event, "log", message),
            "0000000b07"
            "036c6f67"
            "030161000131");
  EXPECT_EQ(frame_hex(PacketType::event_unregister, "log", message),
            "0000000504"
            "036c6f67");
  EXPECT_EQ(to_hex(serialize_frame(PacketType::cmd_unknown).view()), "0000000102");
  EXPECT_EQ(to_hex(serialize_frame(PacketType::event_confirm).view()), "0000000105");
  EXPECT_EQ(to_hex(serialize_frame(PacketType::event_unknown).view()), "0000000106");
}

TEST(Packet, RejectsAnEmptyFrame) { EXPECT_EQ(error_of({}), (Error{ErrorCode::truncated, 0})); }

TEST(Packet, RejectsUnknownTypes) {
  EXPECT_EQ(error_of(hex("08")).code, ErrorCode::malformed);
  EXPECT_EQ(error_of(hex("ff036c6f67")).code, ErrorCode::malformed);
}

TEST(Packet, RejectsANameThatRunsPastTheEnd) {
  for (const char* type : {"00", "03", "04", "07"}) {
    EXPECT_EQ(error_of(hex(type)), (Error{ErrorCode::truncated, 1}));
    EXPECT_EQ(error_of(hex(std::string(type) + "036c6f")), (Error{ErrorCode::truncated, 2}));
  }
}

TEST(Packet, RejectsANameThatIsNotPrintableAscii) {
  EXPECT_EQ(error_of(hex("00036c000a")), (Error{ErrorCode::unsupported, 2}));
}

TEST(Packet, RejectsBytesBehindWhatHasNoMessage) {
  EXPECT_EQ(error_of(hex("02030161000131")), (Error{ErrorCode::trailing, 1}));
  EXPECT_EQ(error_of(hex("0500")), (Error{ErrorCode::trailing, 1}));
  EXPECT_EQ(error_of(hex("0600")), (Error{ErrorCode::trailing, 1}));
  EXPECT_EQ(error_of(hex("03036c6f6700")), (Error{ErrorCode::trailing, 5}));
}

TEST(Packet, RefusesToSerializeWhatNoFrameHolds) {
  Message message;
  for (char c = 'a'; c < 'a' + 7; ++c) message.set(std::string_view(&c, 1), Bytes(kMaxValue));
  message.set("last", Bytes(kMaxValue - 200));
  const std::size_t without_name = serialized_size(message).value() + 2;
  ASSERT_LT(without_name, kMaxFrame);
  EXPECT_EQ(serialize_frame(PacketType::event, std::string(kMaxFrame - without_name, 'e'), message)->size(),
            4 + kMaxFrame);
  EXPECT_EQ(serialize_frame(PacketType::event, std::string(kMaxFrame - without_name + 1, 'e'), message).error().code,
            ErrorCode::out_of_range);
}

TEST(Packet, RefusesToSerializeImpossibleNames) {
  EXPECT_EQ(serialize_frame(PacketType::cmd_request, std::string(256, 'c'), {}).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(serialize_frame(PacketType::event, "new\nline", {}).error().code, ErrorCode::unsupported);
}

TEST(FrameReader, FindsTheSameFramesHoweverTheStreamIsChopped) {
  const Bytes stream = captured::joined(
      {captured::register_list_sa, captured::list_sas, hex("00000000"), captured::load_conn, captured::initiate});
  const auto whole = frames_in(stream, stream.size());
  EXPECT_THAT(whole, testing::ElementsAre(to_hex(captured::payload(captured::register_list_sa)),
                                          to_hex(captured::payload(captured::list_sas)), "",
                                          to_hex(captured::payload(captured::load_conn)),
                                          to_hex(captured::payload(captured::initiate))));
  for (std::size_t step = 1; step < stream.size(); ++step) EXPECT_EQ(frames_in(stream, step), whole) << step;
}

TEST(FrameReader, WaitsForTheLastOctet) {
  EXPECT_TRUE(frames_in(ByteView(captured::list_sas).first(captured::list_sas.size() - 1), 3).empty());
}

TEST(FrameReader, AcceptsTheLargestFrameAndNoLarger) {
  Bytes stream = hex("00080000");
  stream.resize(4 + kMaxFrame, 0x41);
  EXPECT_EQ(frames_in(stream, 4096), std::vector<std::string>{to_hex(ByteView(stream).subspan(4))});
  EXPECT_EQ(frames_in(hex("00080001"), 4), std::vector<std::string>{"error"});
  EXPECT_EQ(frames_in(hex("ffffffff"), 1), std::vector<std::string>{"error"});
}

}  // namespace
}  // namespace sallyport::control
