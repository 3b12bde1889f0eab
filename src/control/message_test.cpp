#include "control/message.h"

#include <gmock/gmock.h>

#include "control/captured.h"

namespace sallyport::control {
namespace {

using captured::hex;

/// The message in a captured request, behind type and name.
ByteView message_of(const Bytes& frame) { return parse_packet(captured::payload(frame))->message; }

Error error_of(const Bytes& bytes) {
  const auto message = parse_message(bytes);
  return message ? Error{ErrorCode::mismatch, 9999} : message.error();
}

Bytes serialized(const Message& message) {
  Bytes bytes;
  EXPECT_TRUE(serialize_message(message, bytes));
  return bytes;
}

Bytes section_start(std::string_view name) {
  Bytes bytes{1, static_cast<std::uint8_t>(name.size())};
  append(bytes, as_bytes(name));
  return bytes;
}

Bytes nested(std::size_t depth) {
  Bytes bytes;
  for (std::size_t i = 0; i < depth; ++i) append(bytes, section_start("s"));
  bytes.resize(bytes.size() + depth, 2);
  return bytes;
}

Bytes list_of(std::size_t items) {
  Bytes bytes = hex("04016c");
  for (std::size_t i = 0; i < items; ++i) append(bytes, hex("050000"));
  bytes.push_back(6);
  return bytes;
}

TEST(Message, ReadsWhatSwanctlInitiateSends) {
  const auto message = parse_message(message_of(captured::initiate));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->size(), 4u);
  EXPECT_EQ(message->text("child"), "lan");
  EXPECT_EQ(message->text("ike"), "gw");
  EXPECT_EQ(message->text("timeout"), "5000");
  EXPECT_EQ(message->text("loglevel"), "2");
}

TEST(Message, ReadsWhatSwanctlLoadConnsSends) {
  const auto message = parse_message(message_of(captured::load_conn));
  ASSERT_TRUE(message);
  const Section* gw = message->find_section("gw");
  ASSERT_TRUE(gw);
  EXPECT_EQ(gw->text("version"), "2");
  const List* addresses = gw->find_list("local_addrs");
  ASSERT_TRUE(addresses);
  ASSERT_EQ(addresses->size(), 2u);
  EXPECT_EQ((*addresses)[1].text(), "2001:db8::1");
  EXPECT_EQ(gw->find_section("remote-a")->text("id"), "sun.example.org");
  const Section* children = gw->find_section("children");
  ASSERT_TRUE(children);
  EXPECT_EQ((*children->find_section("lan")->find_list("remote_ts"))[0].text(), "10.2.0.0/16[tcp/443]");
  ASSERT_TRUE(children->find_section("empty"));
  EXPECT_TRUE(children->find_section("empty")->empty());
}

TEST(Message, IteratesInTheOrderOfTheWire) {
  const auto message = parse_message(message_of(captured::load_conn));
  ASSERT_TRUE(message);
  std::vector<std::string> names;
  for (const Element& element : *message->find_section("gw")) names.push_back(element.name());
  EXPECT_THAT(names, testing::ElementsAre("version", "local_addrs", "local", "remote-a", "children"));
}

TEST(Message, SerializesToTheOctetsOfSwanctl) {
  Message message;
  Section& gw = message.section("gw");
  gw.set("version", 2);
  List& addresses = gw.list("local_addrs");
  gw.section("local").set("auth", "psk");
  addresses.add("192.0.2.1");  // what was opened before stays good
  addresses.add("2001:db8::1");
  Section& remote = gw.section("remote-a");
  remote.set("auth", "psk");
  remote.set("id", "sun.example.org");
  Section& lan = gw.section("children").section("lan");
  lan.list("remote_ts").add("10.2.0.0/16[tcp/443]");
  lan.list("remote_ts").add("dynamic");
  lan.set("start_action", "trap");
  gw.section("children").section("empty");
  EXPECT_EQ(to_hex(serialized(message)), to_hex(message_of(captured::load_conn)));
  EXPECT_EQ(serialized_size(message), message_of(captured::load_conn).size());
}

TEST(Message, IsEmptyWithoutOctets) {
  const auto message = parse_message({});
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->empty());
  EXPECT_TRUE(serialized(Message()).empty());
}

TEST(Message, WritesTruthAndNumbersAsWords) {
  Message message;
  message.set("success", true);
  message.set("initiator", false);
  message.set("bytes", std::uint64_t{18446744073709551615u});
  message.set("offset", -1);
  EXPECT_EQ(message.text("success"), "yes");
  EXPECT_EQ(message.text("initiator"), "no");
  EXPECT_EQ(message.text("bytes"), "18446744073709551615");
  EXPECT_EQ(message.text("offset"), "-1");
}

TEST(Message, ReplacesAValueInItsPlace) {
  Message message;
  message.set("a", "1");
  message.set("b", "2");
  message.set("a", "3");
  EXPECT_EQ(to_hex(serialized(message)),
            "030161000133"
            "030162000132");
}

TEST(Message, FindsByKindAndName) {
  // A user's `local = x` beside `local { … }` comes through swanctl as it is.
  const auto message =
      parse_message(hex("03056c6f63616c000178"
                        "01056c6f63616c02"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text("local"), "x");
  EXPECT_TRUE(message->find_section("local"));
  EXPECT_FALSE(message->find_list("local"));
  EXPECT_FALSE(message->text("remote"));
}

TEST(Message, CarriesRawOctetsAndEmptyThings) {
  const auto message =
      parse_message(hex("030164000300ff0a"
                        "03000000"
                        "04016c06"
                        "04016d05000006"));
  ASSERT_TRUE(message);
  EXPECT_EQ(to_hex(message->bytes("d").value()), "00ff0a");
  EXPECT_EQ(message->text(""), "");
  EXPECT_TRUE(message->find_list("l")->empty());
  EXPECT_EQ((*message->find_list("m"))[0].text(), "");
}

TEST(Message, CarriesTheLongestNameAndValue) {
  Message message;
  message.set(std::string(kMaxName, 'n'), Bytes(kMaxValue, 0xa5));
  const auto back = parse_message(serialized(message));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, message);
}

TEST(Message, RefusesToSerializeALongerName) {
  Message message;
  message.section(std::string(kMaxName + 1, 'n'));
  Bytes output{0x55};
  EXPECT_EQ(serialize_message(message, output).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(output, Bytes{0x55});
}

TEST(Message, RefusesToSerializeALongerValue) {
  Message message;
  message.list("l").add(Bytes(kMaxValue + 1));
  EXPECT_EQ(serialized_size(message).error().code, ErrorCode::out_of_range);
}

TEST(Message, RefusesToSerializeANameThatSwanctlWouldNotRead) {
  Message message;
  message.section("b\xc3\xbcro");
  EXPECT_EQ(serialized_size(message).error().code, ErrorCode::unsupported);
}

TEST(Message, RejectsTruncationAtEveryOctet) {
  const ByteView whole = message_of(captured::load_conn);
  // A message may end between two elements of its top level, of which this one has one.
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto message = parse_message(whole.first(size));
    ASSERT_FALSE(message) << size;
    EXPECT_EQ(message.error().code, ErrorCode::truncated) << size;
  }
}

TEST(Message, RejectsUnknownElement) {
  EXPECT_EQ(error_of(hex("00")), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(error_of(hex("030161000131"
                         "07016200")),
            (Error{ErrorCode::malformed, 6}));
}

TEST(Message, RejectsSectionEndWithoutStart) {
  EXPECT_EQ(error_of(hex("02")), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(error_of(hex("01016102"
                         "02")),
            (Error{ErrorCode::malformed, 4}));
}

TEST(Message, RejectsSectionLeftOpen) { EXPECT_EQ(error_of(hex("010161")), (Error{ErrorCode::truncated, 3})); }

TEST(Message, RejectsListLeftOpen) { EXPECT_EQ(error_of(hex("04016105000131")), (Error{ErrorCode::truncated, 7})); }

TEST(Message, RejectsListItemOutsideList) {
  EXPECT_EQ(error_of(hex("05000131")), (Error{ErrorCode::malformed, 0}));
  EXPECT_EQ(error_of(hex("04016106"
                         "05000131")),
            (Error{ErrorCode::malformed, 4}));
}

TEST(Message, RejectsListEndOutsideList) { EXPECT_EQ(error_of(hex("06")), (Error{ErrorCode::malformed, 0})); }

TEST(Message, RejectsAnythingButItemsInList) {
  EXPECT_EQ(error_of(hex("04016c"
                         "01017302"
                         "06")),
            (Error{ErrorCode::malformed, 3}));
  EXPECT_EQ(error_of(hex("04016c"
                         "03016b0000"
                         "06")),
            (Error{ErrorCode::malformed, 3}));
  EXPECT_EQ(error_of(hex("04016c"
                         "04016d06"
                         "06")),
            (Error{ErrorCode::malformed, 3}));
}

TEST(Message, RejectsSectionEndInsideList) {
  EXPECT_EQ(error_of(hex("010173"
                         "04016c"
                         "02"
                         "06")),
            (Error{ErrorCode::malformed, 6}));
}

TEST(Message, RejectsTheSameKeyTwice) {
  EXPECT_EQ(error_of(hex("030161000131"
                         "030161000132")),
            (Error{ErrorCode::duplicate, 8}));
}

TEST(Message, RejectsTheSameSectionTwice) {
  EXPECT_EQ(error_of(hex("01016102"
                         "01016102")),
            (Error{ErrorCode::duplicate, 6}));
}

TEST(Message, RejectsTheSameListTwice) {
  EXPECT_EQ(error_of(hex("04016106"
                         "04016106")),
            (Error{ErrorCode::duplicate, 6}));
}

TEST(Message, AcceptsTheSameKeyInDifferentSections) {
  EXPECT_TRUE(
      parse_message(hex("010161"
                        "0301780000"
                        "02"
                        "010162"
                        "0301780000"
                        "02"
                        "0301780000")));
}

TEST(Message, RejectsNamesThatAreNotPrintableAscii) {
  for (const char* element :
       {"0301000000", "03010a0000", "03017f0000", "0301800000", "0101c302", "01020a6102", "04011f06"})
    EXPECT_EQ(error_of(hex(element)), (Error{ErrorCode::unsupported, 2})) << element;
}

TEST(Message, RejectsLengthsThatRunPastTheEnd) {
  EXPECT_EQ(error_of(hex("03ff61")), (Error{ErrorCode::truncated, 2}));
  EXPECT_EQ(error_of(hex("030161000231")), (Error{ErrorCode::truncated, 5}));
  EXPECT_EQ(error_of(hex("04016105ffff31")), (Error{ErrorCode::truncated, 6}));
}

TEST(Message, CountsErrorOffsetsFromTheBase) {
  EXPECT_EQ(parse_message(hex("0100"
                              "02"
                              "09"),
                          100)
                .error(),
            (Error{ErrorCode::malformed, 103}));
}

TEST(Message, BoundsTheDepth) {
  EXPECT_TRUE(parse_message(nested(kMaxDepth)));
  EXPECT_EQ(error_of(nested(kMaxDepth + 1)).code, ErrorCode::out_of_range);
  EXPECT_EQ(error_of(nested(100'000)).code, ErrorCode::out_of_range);
}

TEST(Message, RefusesToSerializeTooDeep) {
  Message message;
  Section* innermost = &message;
  for (std::size_t i = 0; i < kMaxDepth; ++i) innermost = &innermost->section("s");
  EXPECT_EQ(serialized(message), nested(kMaxDepth));
  innermost->section("s");
  EXPECT_EQ(serialized_size(message).error().code, ErrorCode::out_of_range);
}

TEST(Message, BoundsTheNumberOfElements) {
  EXPECT_TRUE(parse_message(list_of(kMaxElements - 1)));
  EXPECT_EQ(error_of(list_of(kMaxElements)).code, ErrorCode::out_of_range);
}

TEST(Message, RefusesToSerializeTooManyElements) {
  Message message;
  for (std::size_t i = 1; i < kMaxElements; ++i) message.list("l").add("");
  EXPECT_EQ(serialized(message), list_of(kMaxElements - 1));
  message.list("l").add("");
  EXPECT_EQ(serialized_size(message).error().code, ErrorCode::out_of_range);
}

TEST(Message, ReadsAFullFrameOfDistinctKeysInLinearTime) {
  Bytes bytes;
  for (std::size_t i = 0; i < kMaxElements; ++i) {
    append(bytes, hex("0308"));
    append(bytes, as_bytes(std::to_string(10'000'000 + i)));
    append(bytes, hex("0000"));
  }
  const auto message = parse_message(bytes);  // seconds, were each looked for among the others
  ASSERT_TRUE(message);
  EXPECT_EQ(message->size(), kMaxElements);
  EXPECT_EQ(serialized(*message), bytes);
}

}  // namespace
}  // namespace sallyport::control
