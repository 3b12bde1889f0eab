#include "daemon/commands/config_tree.h"

namespace sallyport::daemon {
namespace {

/// Complaints that one answer repeats; who needs more mends these first.
constexpr std::size_t kMostComplaints = 5;

}  // namespace

void copy_into(config::ConfigNode& to, const control::Section& from) {
  for (const control::Element& element : from) {
    if (const auto* value = element.value()) {
      to.add_text(element.name(), value->text());
    } else if (const auto* list = element.list()) {
      auto& items = to.add_list(element.name());
      for (const auto& item : *list) items.add_item(item.text());
    } else {
      copy_into(to.add_section(element.name()), *element.section());
    }
  }
}

std::string errors_of(const config::Diagnostics& diagnostics) {
  std::string text;
  std::size_t count = 0;
  for (const auto& diagnostic : diagnostics.list()) {
    if (diagnostic.severity != config::Severity::error || ++count > kMostComplaints) continue;
    text += (text.empty() ? "" : "; ") + diagnostic.message;
    if (!diagnostic.suggestion.empty()) text += " (" + diagnostic.suggestion + ")";
  }
  if (count > kMostComplaints) text += "; and " + std::to_string(count - kMostComplaints) + " more errors";
  return text;
}

}  // namespace sallyport::daemon
