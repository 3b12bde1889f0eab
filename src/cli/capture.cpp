// sallyport capture: what enters and leaves IPsec, into a file for Wireshark, or to standard output. The daemon sends
// blocks of a pcapng file, which are written as they come; keys go into a folder beside the file, as a profile of
// Wireshark's that knows them.
#include <fmt/format.h>

#include <optional>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/print.h"
#include "linux/files.h"

namespace sallyport::cli {
namespace {

using control::Message;

/// What Wireshark needs to be told beside the keys; it does not take a key table without a hint to use it.
constexpr std::string_view kPreferences =
    "esp.enable_encryption_decode: TRUE\n"
    "esp.enable_null_encryption_decode_heuristic: TRUE\n";

/// Where it goes, and the first thing that went wrong. A file that is there is replaced when there is something to
/// write.
class Output {
 public:
  explicit Output(const CaptureOptions& options) : options_(options) {}

  void take(const Message& event) {
    if (!file_ && !trouble_) note(open());
    if (trouble_) return;
    if (const auto* blocks = event.find_list("blocks")) {
      Bytes all;
      for (const auto& block : *blocks) append(all, block.bytes());
      note(file_->append(all));
    }
    const auto* keys = event.find_section("keys");
    if (keys == nullptr || !keys_) return;
    // Only tables that we know: a name becomes part of a path.
    const auto table = keys->text("table").value_or("");
    if (table != "esp_sa" && table != "ikev1_decryption_table" && table != "ikev2_decryption_table") return;
    const std::string path = fmt::format("{}/{}", *keys_, table);
    note(linux::append_private(path, keys->text("lines").value_or("")));
    if (!trouble_) note(linux::append_private(path, "\n"));
  }
  const std::optional<std::string>& trouble() const { return trouble_; }

 private:
  linux::SystemResult<void> open() {
    if (options_.keys) {
      keys_ = options_.file + ".keys";
      TRY(linux::make_private_folder(*keys_));
      auto preferences = TRY(linux::PrivateFile::create(*keys_ + "/preferences"));
      TRY(preferences.append(as_bytes(kPreferences)));
    }
    if (options_.file == "-")
      file_ = linux::PrivateFile::standard_output();
    else
      file_ = TRY(linux::PrivateFile::create(options_.file));
    return {};
  }
  void note(const linux::SystemResult<void>& done) {
    if (!done) trouble_ = done.error().text;
  }

  const CaptureOptions& options_;
  std::optional<linux::PrivateFile> file_;
  std::optional<std::string> keys_;  // the folder
  std::optional<std::string> trouble_;
};

Message request_of(const CaptureOptions& options) {
  Message request;
  const Target target = Target::of(options.target);
  if (!target.connection.empty()) request.set("connection", target.connection);
  if (!target.child.empty()) request.set("child", target.child);
  if (!options.peer.empty()) request.set("peer", options.peer);
  for (const std::string& kind : options.only) request.list("only").add(kind);
  request.set("packets", options.count);
  request.set("octets", options.size_mib * 1024 * 1024);
  request.set("rate", options.rate);
  request.set("packet_octets", options.snap);
  request.set("seconds", options.duration_s);
  request.set("keys", options.keys);
  return request;
}

}  // namespace

int capture(const Global& global, const CaptureOptions& options) {
  if (options.keys && options.file == "-") {
    complain("keys go into a folder beside the capture: --keys wants the name of a file");
    return wrong_words;
  }
  auto daemon = DaemonClient::connect(global.control);
  if (!daemon) return report(daemon.error());
  Output output(options);
  const auto answer = daemon->call(
      "capture", request_of(options), std::nullopt, {"capture"}, [&](const Message& event) { output.take(event); },
      [&] { return output.trouble().has_value(); });
  if (output.trouble()) {
    complain(*output.trouble());
    return did_not_happen;
  }
  if (!answer) return report(answer.error());
  if (!succeeded(*answer)) return report_failure(*answer);
  const auto text = [&](std::string_view key) { return answer->text(key).value_or("?"); };
  const std::string summary =
      fmt::format("captured {} packets, {} octets; {} more were seen, and not taken for want of room", text("packets"),
                  text("octets"), text("missing"));
  if (options.file == "-") {
    complain(summary);
  } else if (global.json) {
    print_line(answer_json(*answer));
  } else {
    print_line(summary);
    if (options.keys)
      print_line(fmt::format("keys are in {0}.keys: WIRESHARK_CONFIG_DIR={0}.keys wireshark {0}", options.file));
  }
  return done;
}

}  // namespace sallyport::cli
