#include "linux/pump_counters.h"

namespace sallyport::linux {

PumpCounters& PumpCounters::operator+=(const PumpCounters& other) {
  malformed += other.malformed;
  keepalives += other.keepalives;
  too_big += other.too_big;
  send_failed += other.send_failed;
  no_socket += other.no_socket;
  tun_refused += other.tun_refused;
  extension_headers += other.extension_headers;
  handed_over += other.handed_over;
  handover_full += other.handover_full;
  ike_overflow += other.ike_overflow;
  return *this;
}

BurstTimes& BurstTimes::operator+=(const BurstTimes& other) {
  read += other.read;
  work += other.work;
  written += other.written;
  whole += other.whole;
  return *this;
}

}  // namespace sallyport::linux
