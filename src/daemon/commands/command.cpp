#include "daemon/commands/command.h"

#include <array>
#include <utility>

#include "daemon/commands/command_list.h"

namespace sallyport::daemon {
namespace {

using control::Message;

class Stream final : public Running {
 public:
  Stream(std::string_view event, std::function<std::optional<Message>()> next, Message answer)
      : event_(event), next_(std::move(next)), answer_(std::move(answer)) {}

  std::optional<Message> go_on(Instant, control::ServerSession& client) override {
    while (client.has_room()) {
      const auto message = next_();
      if (!message) return std::move(answer_);
      client.stream_event(event_, *message);
    }
    return std::nullopt;
  }

 private:
  std::string_view event_;
  std::function<std::optional<Message>()> next_;
  Message answer_;
};

constexpr auto kCommands = std::to_array<Command>({
    // VICI
    {"version", version},
    {"stats", stats},
    {"load-conn", load_conn},
    {"unload-conn", unload_conn},
    {"get-conns", get_conns},
    {"list-conns", list_conns},
    {"load-shared", load_shared},
    {"unload-shared", unload_shared},
    {"get-shared", get_shared},
    {"clear-creds", clear_creds},
    {"get-keys", get_keys},
    {"load-cert", no_certificates},
    {"load-key", no_certificates},
    {"load-token", no_certificates},
    {"unload-key", no_certificates},
    {"load-authority", no_certificates},
    {"unload-authority", no_certificates},
    {"get-authorities", get_authorities},
    {"list-authorities", list_nothing},
    {"list-certs", list_nothing},
    {"flush-certs", flush_certs},
    {"load-pool", load_pool},
    {"unload-pool", unload_pool},
    {"get-pools", get_pools},
    {"initiate", initiate},
    {"rekey", rekey},
    {"redirect", redirect},
    {"terminate", terminate},
    {"list-sas", list_sas},
    {"list-policies", list_policies},
    // ours
    {"status", status},
    {"events", events},
    {"reload", reload},
    {"counters", counters},
    {"trace", trace},
    {"capture", capture},
});

constexpr auto kEvents = std::to_array<std::string_view>({
    "log",
    "control-log",
    "list-sa",
    "list-conn",
    "list-policy",
    "list-cert",
    "list-authority",
    "ike-updown",
    "child-updown",
    "ike-rekey",
    "child-rekey",
    "ike-update",
    "alert",
    // ours
    "status",
    "event",
    "counters",
    "capture",
});

}  // namespace

std::span<const Command> commands() { return kCommands; }
std::span<const std::string_view> event_names() { return kEvents; }

Message success() {
  Message answer;
  answer.set("success", true);
  return answer;
}

Message failure(std::string_view reason) {
  Message answer;
  answer.set("success", false);
  answer.set("errmsg", reason.substr(0, control::kMaxValue));
  return answer;
}

Answer stream(std::string_view event, std::function<std::optional<Message>()> next, Message answer) {
  return std::make_unique<Stream>(event, std::move(next), std::move(answer));
}

std::string_view text_of(const control::Section& section, std::string_view key) {
  return section.text(key).value_or(std::string_view());
}

}  // namespace sallyport::daemon
