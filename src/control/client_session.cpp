#include "control/client_session.h"

#include "base/check.h"

namespace sallyport::control {

Result<void> ClientSession::ask(PacketType type, std::string_view name, const Message& message) {
  Secret frame = TRY(serialize_frame(type, name, message));
  questions_.push_back({type, std::string(name), std::move(frame)});
  return {};
}

Result<void> ClientSession::request(std::string_view command, const Message& message) {
  return ask(PacketType::cmd_request, command, message);
}
Result<void> ClientSession::register_event(std::string_view event) {
  return ask(PacketType::event_register, event, {});
}
Result<void> ClientSession::unregister_event(std::string_view event) {
  return ask(PacketType::event_unregister, event, {});
}

ByteView ClientSession::output() const {
  if (closed_ || questions_.empty()) return {};
  return questions_.front().frame.view().subspan(sent_);
}

void ClientSession::consume_output(std::size_t size) {
  ASSERT(size <= output().size());
  sent_ += size;
}

void ClientSession::on_bytes(ByteView bytes) {
  while (!bytes.empty() && !closed_) {
    auto frame = reader_.take(bytes);
    if (!frame) {
      closed_ = frame.error();
      return;
    }
    if (!*frame) return;
    auto packet = parse_packet((*frame)->view());
    auto reply = packet ? understand(*packet) : std::unexpected(packet.error());
    if (reply)
      replies_.push_back(std::move(*reply));
    else
      closed_ = reply.error();
  }
}

/// An answer must be to the first question, whole on its way, and of a kind that answers it.
Result<Reply> ClientSession::understand(const Packet& packet) {
  using Kind = Reply::Kind;
  Message message = TRY(parse_message(packet.message, packet.message_offset));
  if (packet.type == PacketType::event) return Reply{Kind::event, std::string(packet.name), std::move(message)};

  if (questions_.empty() || sent_ < questions_.front().frame.size()) return fail(ErrorCode::mismatch);
  const bool command = questions_.front().type == PacketType::cmd_request;
  Kind kind{};
  switch (packet.type) {
    case PacketType::cmd_response: kind = Kind::response; break;
    case PacketType::cmd_unknown: kind = Kind::unknown_command; break;
    case PacketType::event_confirm: kind = Kind::confirmed; break;
    case PacketType::event_unknown: kind = Kind::unknown_event; break;
    default: return fail(ErrorCode::malformed);  // only a client sends the others
  }
  if (command != (kind == Kind::response || kind == Kind::unknown_command)) return fail(ErrorCode::mismatch);

  Reply reply{kind, std::move(questions_.front().name), std::move(message)};
  questions_.pop_front();
  sent_ = 0;
  return reply;
}

std::optional<Reply> ClientSession::poll_reply() {
  if (replies_.empty()) return std::nullopt;
  Reply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

}  // namespace sallyport::control
