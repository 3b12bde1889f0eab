// Printing: results to stdout, reasons to stderr, and the exit statuses that go with them.
#pragma once

#include <string_view>

#include "cli/daemon_client.h"

namespace sallyport::cli {

void print(std::string_view text);
void print_line(std::string_view text);

/// "sallyport: REASON" on stderr.
void complain(std::string_view reason);

/// Complains, and returns the exit status.
int report(const NoAnswer& no_answer);
/// The same for an answer that says no.
int report_failure(const control::Message& answer);

/// The lines of a list, one a line.
void print_lines(const control::Message& answer, std::string_view list);

/// Columns of the terminal; 96 where stdout is none.
unsigned terminal_width();

}  // namespace sallyport::cli
