// The JSON forms of what commands print: for `status` the one that docs/cli.md promises, for the others the answer's
// own tree with its numbers and truths as such. Pure, text out, one document each, without a newline.
#pragma once

#include <string>
#include <vector>

#include "cli/bench_report.h"
#include "config/diagnostic.h"
#include "control/message.h"

namespace sallyport::cli {

/// From the events of the daemon's `status` command.
std::string status_json(const std::vector<control::Message>& connections);
/// From one event of the daemon's `events` command; on one line.
std::string event_json(const control::Message& event);
/// From the daemon's `counters`.
std::string counters_json(const control::Message& totals, const std::vector<control::Message>& connections);
/// An answer as it is: success, encrypted, message_id, octets, packets, missing, matches and terminated typed, all else
/// text.
std::string answer_json(const control::Message& answer);
std::string check_json(std::size_t connections, const std::vector<config::Diagnostic>& diagnostics);
std::string bench_json(const BenchReport& report);
/// {"KEY": "TEXT"}
std::string text_json(std::string_view key, std::string_view text);

}  // namespace sallyport::cli
