#include "ike/v1/xauth.h"

#include <algorithm>

#include "ike/v1/phase1.h"

namespace sallyport::ike::v1 {
namespace {

namespace w = wire::ikev1;
using event::FailureKind;
using event::Side;
using w::CfgAttribute;

constexpr std::size_t kLongestName = 256;

w::AttributesPayload failed(const w::AttributesPayload& request) {
  w::AttributesPayload reply{.type = w::CfgType::reply, .identifier = request.identifier, .attributes = {}};
  reply.attributes.push_back(w::basic_attribute(CfgAttribute::xauth_status, w::XauthStatus::fail));
  return reply;
}

/// Only what Generic has may be asked for (§6.2).
bool asks_for_name_and_password(const w::AttributesPayload& request) {
  const auto* type = w::find(request.attributes, CfgAttribute::xauth_type);
  const auto has = [&](CfgAttribute attribute) { return w::find(request.attributes, attribute) != nullptr; };
  return (!type || type->integer() == w::number(w::XauthType::generic)) && has(CfgAttribute::xauth_user_password) &&
         !has(CfgAttribute::xauth_challenge) && !has(CfgAttribute::xauth_next_pin) &&
         !has(CfgAttribute::xauth_passcode) && !has(CfgAttribute::xauth_answer);
}

std::string text_of(const w::AttributesPayload& message, CfgAttribute attribute) {
  const auto* found = w::find(message.attributes, attribute);
  if (!found) return {};
  return std::string(as_text(ByteView(found->value).first(std::min(found->value.size(), kLongestName))));
}

/// Some send the NUL behind a string, too.
ByteView without_nul(ByteView text) { return !text.empty() && text.back() == 0 ? text.first(text.size() - 1) : text; }

bool is_password_of(const std::string& user, ByteView password, const Environment& env) {
  const auto* known = env.pad.find_user(user);
  const Secret nobodys(password.size());  // so that an unknown user takes as long
  const bool same = equal_constant_time(password, known ? known->secret.view() : nobodys.view());
  return known && same;
}

event::Failure user_failure(const IsakmpSa& sa, Side side, std::string user) {
  auto failure = phase1_failure(sa, FailureKind::user_refused, side);
  failure.our_proposals.clear();
  failure.user = std::move(user);
  return failure;
}

}  // namespace

bool is_xauth(const w::AttributesPayload& message) {
  return std::ranges::any_of(message.attributes, [](const w::Attribute& attribute) {
    return attribute.type >= w::number(CfgAttribute::xauth_type) &&
           attribute.type <= w::number(CfgAttribute::xauth_answer);
  });
}

w::AttributesPayload build_user_request(std::uint16_t identifier) {
  w::AttributesPayload request{.type = w::CfgType::request, .identifier = identifier, .attributes = {}};
  request.attributes.push_back(w::variable_attribute(CfgAttribute::xauth_user_name, {}));
  request.attributes.push_back(w::variable_attribute(CfgAttribute::xauth_user_password, {}));
  return request;
}

w::AttributesPayload build_verdict(std::uint16_t identifier, bool accepted) {
  w::AttributesPayload set{.type = w::CfgType::set, .identifier = identifier, .attributes = {}};
  set.attributes.push_back(
      w::basic_attribute(CfgAttribute::xauth_status, accepted ? w::XauthStatus::ok : w::XauthStatus::fail));
  return set;
}

const Secret* own_password(const policy::Connection& connection, const Environment& env) {
  const auto* configured = env.pad.find_user(policy::user_name(connection.local_user()));
  return configured ? &configured->secret : env.memory.password(connection.name);
}

ExchangeStep process_user_request(const IsakmpSa& sa, const w::AttributesPayload& request, Environment& env) {
  ExchangeStep step;
  const Secret* password = sa.connection->local_xauth() ? own_password(*sa.connection, env) : nullptr;
  const bool said_already = sa.access.user_said && sa.access.user_pending;
  if (!password || said_already || !asks_for_name_and_password(request)) {
    step.attributes = failed(request);
    return step;
  }
  w::AttributesPayload reply{.type = w::CfgType::reply, .identifier = request.identifier, .attributes = {}};
  if (const auto* type = w::find(request.attributes, CfgAttribute::xauth_type)) reply.attributes.push_back(*type);
  const std::string user = policy::user_name(sa.connection->local_user());
  reply.attributes.push_back(w::variable_attribute(CfgAttribute::xauth_user_name, as_bytes(user)));
  reply.attributes.push_back(w::variable_attribute(CfgAttribute::xauth_user_password, password->view()));
  step.attributes = std::move(reply);
  step.user_said = true;
  return step;
}

ExchangeStep process_verdict(const IsakmpSa& sa, const w::AttributesPayload& set) {
  ExchangeStep step;
  step.attributes = w::AttributesPayload{.type = w::CfgType::ack, .identifier = set.identifier, .attributes = {}};
  if (!sa.connection->local_xauth()) return step;
  const std::string user = policy::user_name(sa.connection->local_user());
  const auto* status = w::find(set.attributes, CfgAttribute::xauth_status);
  if (status && status->integer() == w::number(w::XauthStatus::ok)) {
    step.local_user = user;
    return step;
  }
  step.failure = user_failure(sa, Side::remote, user);
  step.failure->message = text_of(set, CfgAttribute::xauth_message);
  step.forget_password = true;
  step.close = true;
  return step;
}

ExchangeStep process_user_reply(const IsakmpSa& sa, const w::AttributesPayload& reply, Environment& env) {
  ExchangeStep step;
  const auto* status = w::find(reply.attributes, CfgAttribute::xauth_status);
  const auto* name = w::find(reply.attributes, CfgAttribute::xauth_user_name);
  const auto* password = w::find(reply.attributes, CfgAttribute::xauth_user_password);
  const std::string user(name ? as_text(without_nul(name->value)).substr(0, kLongestName) : std::string_view());
  const bool gives_up = status || !name || !password;
  if (!gives_up && is_password_of(user, without_nul(password->value), env)) {
    step.remote_user = user;
    step.begin = Transaction{.topic = Topic::user, .message = build_verdict(reply.identifier, true)};
    return step;
  }
  if (!gives_up) step.refused_user = user;
  if (!gives_up && sa.access.questions < kMostQuestions) {
    step.begin = Transaction{.topic = Topic::user, .message = build_user_request(reply.identifier)};
    return step;
  }
  step.begin = Transaction{.topic = Topic::user,
                           .message = build_verdict(reply.identifier, false),
                           .farewell = user_failure(sa, Side::local, gives_up ? sa.access.refused_user : user)};
  return step;
}

}  // namespace sallyport::ike::v1
