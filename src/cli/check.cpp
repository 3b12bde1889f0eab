// sallyport check: whether configuration files are right, without a daemon: file, line, column, what is wrong, and what
// was probably meant.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/print.h"
#include "config/config.h"
#include "linux/files.h"

namespace sallyport::cli {
namespace {

constexpr std::string_view kUsualFile = "/etc/sallyport/sallyport.toml";

std::expected<Secret, std::string> read_secret(const std::string& path, const std::string& file) {
  const auto beside = (std::filesystem::path(file).parent_path() / path).string();
  auto content = linux::read_file(beside);
  if (!content) return std::unexpected(content.error().text);
  if (content->exposed) return std::unexpected(beside + " can be read by everybody on this machine; chmod 600 it");
  return std::move(content->bytes);
}

/// The files that are named, or those that the daemon would read.
std::expected<std::vector<std::string>, std::string> files_to_read(const std::vector<std::string>& named) {
  if (!named.empty()) return named;
  auto usual = linux::config_files(std::string(kUsualFile));
  if (!usual) return std::unexpected(usual.error().text);
  return std::move(*usual);
}

std::expected<std::vector<config::SourceFile>, std::string> read_all(const std::vector<std::string>& names) {
  std::vector<config::SourceFile> files;
  for (const auto& name : names) {
    const auto content = linux::read_file(name);
    if (!content) return std::unexpected(content.error().text);
    files.push_back({name, std::string(content->text())});
  }
  return files;
}

void show(const config::Loaded& loaded) {
  for (const auto& diagnostic : loaded.diagnostics) print_line(to_string(diagnostic));
  const auto count = loaded.config.connections.size();
  if (loaded.ok()) print_line(fmt::format("{} connection{}, no errors", count, count == 1 ? "" : "s"));
}

}  // namespace

int check(const Global& global, const std::vector<std::string>& named) {
  const auto names = files_to_read(named);
  auto files = names ? read_all(*names) : std::unexpected(names.error());
  if (!files) {
    complain(files.error());
    return did_not_happen;
  }
  const auto loaded = config::parse(*files, read_secret);
  for (auto& file : *files) wipe({reinterpret_cast<std::uint8_t*>(file.text.data()), file.text.size()});
  if (global.json)
    print_line(check_json(loaded.config.connections.size(), loaded.diagnostics));
  else
    show(loaded);
  if (loaded.ok()) return done;
  const auto errors = std::ranges::count(loaded.diagnostics, config::Severity::error, &config::Diagnostic::severity);
  complain(fmt::format("{} error{}", errors, errors == 1 ? "" : "s"));
  return did_not_happen;
}

}  // namespace sallyport::cli
