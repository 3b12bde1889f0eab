#include "daemon/commands/config_tree.h"

namespace sallyport::daemon {

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

}  // namespace sallyport::daemon
