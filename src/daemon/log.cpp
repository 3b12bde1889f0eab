#include "daemon/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "diagnose/event_text.h"

namespace sallyport::daemon::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("sallyportd");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum level_of(const event::Event& event) {
  switch (diagnose::verbosity_of(event)) {
    case 0: return spdlog::level::warn;
    case 1: return spdlog::level::info;
    case 2: return spdlog::level::debug;
    default: return spdlog::level::trace;
  }
}

}  // namespace

void set_level(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::error: return logger().set_level(spdlog::level::err);
    case config::LogLevel::warning: return logger().set_level(spdlog::level::warn);
    case config::LogLevel::info: return logger().set_level(spdlog::level::info);
    case config::LogLevel::debug: return logger().set_level(spdlog::level::debug);
    case config::LogLevel::trace: return logger().set_level(spdlog::level::trace);
  }
}

void error(std::string_view line) { logger().error("{}", line); }
void warning(std::string_view line) { logger().warn("{}", line); }
void info(std::string_view line) { logger().info("{}", line); }

void event(const event::Event& event, const policy::Connection* connection, const policy::Pad* secrets) {
  const auto level = level_of(event);
  if (!logger().should_log(level)) return;
  const auto name = diagnose::connection_of(event);
  if (name.empty())
    logger().log(level, "{}", diagnose::to_line(event, connection, secrets));
  else
    logger().log(level, "{}: {}", name, diagnose::to_line(event, connection, secrets));
}

}  // namespace sallyport::daemon::log
