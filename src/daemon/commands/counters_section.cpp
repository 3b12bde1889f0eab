#include "daemon/commands/counters_section.h"

#include <fmt/format.h>

#include "daemon/commands/sa_section.h"

namespace sallyport::daemon {
namespace {

using control::Section;

void write_traffic(Section& section, const datapath::Traffic& traffic) {
  section.set("packets", traffic.packets);
  section.set("bytes", traffic.bytes);
}

void write_drops(Section& section, const datapath::DropCounters& drops) {
  for (std::size_t i = 0; i < datapath::drop_reasons; ++i) {
    const auto reason = static_cast<datapath::DropReason>(i);
    section.set(to_string(reason), drops[reason]);
  }
}

void write_times(Section& section, const linux::BurstTimes& times) {
  write_histogram(section.section("whole"), times.whole);
  write_histogram(section.section("read"), times.read);
  write_histogram(section.section("work"), times.work);
  write_histogram(section.section("write"), times.written);
}

}  // namespace

void write_packets(Section& section, const datapath::Counters& counters) {
  write_traffic(section.section("inbound"), counters.inbound);
  section.section("inbound").set("dummies", counters.dummies);
  section.section("inbound").set("compressed", counters.compressed_in);
  write_traffic(section.section("outbound"), counters.outbound);
  section.section("outbound").set("compressed", counters.compressed_out);
  write_drops(section.section("drops"), counters.drops);
}

void write_child_counters(Section& section, const ike::ChildSaStatus& child, const datapath::SaStatus& traffic) {
  section.set("id", child.id.value);
  section.set("name", child.name);
  section.set("spi_in", spi_text(child.spi_in));
  section.set("spi_out", spi_text(child.spi_out));
  write_packets(section, traffic.counters);
  if (traffic.bundled_ah) write_drops(section.section("ah_drops"), traffic.bundled_ah->counters.drops);
}

void write_system(Section& section, const Workers::Totals& totals) {
  const linux::PumpCounters& counters = totals.pump;
  auto& system = section.section("system");
  system.set("keepalives", counters.keepalives);
  system.set("malformed", counters.malformed);
  system.set("too_big", counters.too_big);
  system.set("send_failed", counters.send_failed);
  system.set("no_socket", counters.no_socket);
  system.set("tun_refused", counters.tun_refused);
  system.set("extension_headers", counters.extension_headers);
  system.set("handed_over", counters.handed_over);
  system.set("handover_full", counters.handover_full);
  system.set("ike_overflow", counters.ike_overflow);
  write_times(section.section("latency").section("outbound"), totals.times_out);
  write_times(section.section("latency").section("inbound"), totals.times_in);
}

void write_histogram(Section& section, const Histogram& histogram) {
  section.set("bursts", histogram.total());
  section.set("median_ns", histogram.quantile(0.5).count());
  section.set("p99_ns", histogram.quantile(0.99).count());
  section.set("p999_ns", histogram.quantile(0.999).count());
  section.set("longest_ns", histogram.longest().count());
  auto& buckets = section.list("buckets");
  for (std::size_t i = 0; i < Histogram::bucket_count; ++i)
    if (histogram[i] != 0)
      buckets.add(fmt::format("{} {} {}", Histogram::from(i).count(), Histogram::below(i).count(), histogram[i]));
}

}  // namespace sallyport::daemon
