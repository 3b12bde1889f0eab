#include "control/server_session.h"

#include <fmt/format.h>

#include "base/check.h"

namespace sallyport::control {
namespace {

Secret refusal(std::string_view reason) {
  Message message;
  message.set("success", false);
  message.set("errmsg", reason);
  auto frame = serialize_frame(PacketType::cmd_response, {}, message);
  ASSERT(frame);
  return std::move(*frame);
}

/// Of a request's message, in words that mean something to who wrote the configuration that became the request.
std::string what_is_wrong(Error error) {
  const auto sentence = [&] {
    switch (error.code) {
      case ErrorCode::unsupported: return "a name has characters other than printable ASCII";
      case ErrorCode::duplicate: return "a section has two elements of the same kind and name";
      case ErrorCode::out_of_range: return "the request has too many elements, or too many levels of sections";
      default: return "the request is not a VICI message";
    }
  }();
  return fmt::format("{} (octet {} of the packet)", sentence, error.where);
}

}  // namespace

void ServerSession::on_bytes(ByteView bytes) {
  while (!bytes.empty() && !closed_ && !end_of_frames_) {
    auto frame = reader_.take(bytes);
    if (!frame) {
      end_of_frames_ = frame.error();
    } else if (*frame) {
      ahead_cost_ += sizeof(Secret) + (*frame)->size();
      ahead_.push_back(std::move(**frame));
    }
    advance();
    if (ahead_cost_ > kMaxAhead) close({ErrorCode::exhausted});
  }
}

/// Takes frames in turn until one is a command, which has to be answered before the next. Registrations are confirmed
/// even when the events that they are to overtake fill the queue, but not without end.
void ServerSession::advance() {
  while (!closed_ && !ready_ && !in_flight_ && output_.cost() < 2 * kMaxWaiting) {
    if (ahead_.empty()) {
      if (end_of_frames_) close(*end_of_frames_);
      return;
    }
    const Secret payload = std::move(ahead_.front());
    ahead_.pop_front();
    ahead_cost_ -= sizeof(Secret) + payload.size();
    auto packet = parse_packet(payload.view());
    if (packet)
      process(*packet);
    else
      close(packet.error());
  }
}

void ServerSession::process(const Packet& packet) {
  switch (packet.type) {
    case PacketType::cmd_request: take_request(packet); return;
    case PacketType::event_register: register_event(packet.name); return;
    case PacketType::event_unregister: unregister_event(packet.name); return;
    default: close({ErrorCode::malformed}); return;  // only a server sends the others
  }
}

void ServerSession::take_request(const Packet& packet) {
  auto message = parse_message(packet.message, packet.message_offset);
  if (message)
    ready_ = Request{std::string(packet.name), std::move(*message)};
  else
    output_.push_reply(refusal(what_is_wrong(message.error())));
}

void ServerSession::register_event(std::string_view event) {
  if (std::ranges::find(events_, event) == events_.end()) {
    output_.push_confirmation(serialize_frame(PacketType::event_unknown));
    return;
  }
  ++registrations_[std::string(event)];
  output_.push_confirmation(serialize_frame(PacketType::event_confirm));
}

void ServerSession::unregister_event(std::string_view event) {
  const auto found = registrations_.find(event);
  if (found == registrations_.end()) {
    output_.push_confirmation(serialize_frame(PacketType::event_unknown));
    return;
  }
  if (--found->second == 0) {
    registrations_.erase(found);
    output_.discard_events(event);
  }
  output_.push_confirmation(serialize_frame(PacketType::event_confirm));
}

std::optional<Request> ServerSession::poll_request() {
  if (!ready_ || !has_room()) return std::nullopt;
  in_flight_ = true;
  return std::exchange(ready_, std::nullopt);
}

void ServerSession::respond(const Message& message) {
  auto frame = serialize_frame(PacketType::cmd_response, {}, message);
  answer(frame ? std::move(*frame) : refusal("the answer does not fit into a VICI message"));
}

void ServerSession::respond_unknown() { answer(serialize_frame(PacketType::cmd_unknown)); }

void ServerSession::answer(Secret frame) {
  if (closed_) return;
  ASSERT(in_flight_);
  in_flight_ = false;
  output_.push_reply(std::move(frame));
  advance();
}

ServerSession::Delivery ServerSession::send_event(std::string_view event, const Message& message) {
  if (closed_ || !registered(event)) return Delivery::not_registered;
  if (!has_room()) {
    ++lost_events_;
    return Delivery::lost;
  }
  return queue_event(event, message);
}

ServerSession::Delivery ServerSession::stream_event(std::string_view event, const Message& message) {
  if (closed_ || !registered(event)) return Delivery::not_registered;
  ASSERT(in_flight_);
  const Delivery delivery = queue_event(event, message);
  if (output_.cost() > kMaxOutput) close({ErrorCode::exhausted});
  return delivery;
}

ServerSession::Delivery ServerSession::queue_event(std::string_view event, const Message& message) {
  auto frame = serialize_frame(PacketType::event, event, message);
  if (!frame) {
    ++lost_events_;
    return Delivery::lost;
  }
  output_.push_event(event, std::move(*frame));
  return Delivery::queued;
}

void ServerSession::consume_output(std::size_t size) {
  output_.consume(size);
  advance();
}

void ServerSession::close(Error error) {
  closed_ = error;
  ready_.reset();
  ahead_.clear();
  ahead_cost_ = 0;
}

}  // namespace sallyport::control
