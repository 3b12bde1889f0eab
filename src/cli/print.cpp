#include "cli/print.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "cli/command.h"

namespace sallyport::cli {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_line(std::string_view text) {
  print(text);
  print("\n");
}

void complain(std::string_view reason) {
  std::fflush(stdout);
  std::fprintf(stderr, "sallyport: %.*s\n", static_cast<int>(reason.size()), reason.data());
}

int report(const NoAnswer& no_answer) {
  complain(no_answer.text);
  return no_answer.unreachable ? no_daemon : did_not_happen;
}

int report_failure(const control::Message& answer) {
  complain(answer.text("errmsg").value_or("the daemon refused, and does not say why"));
  return did_not_happen;
}

void print_lines(const control::Message& answer, std::string_view list) {
  if (const auto* lines = answer.find_list(list))
    for (const auto& line : *lines) print_line(line.text());
}

unsigned terminal_width() {
  constexpr unsigned kUsual = 96;
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

}  // namespace sallyport::cli
