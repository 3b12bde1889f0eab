// SAs as sections of VICI's list-sa, ike-updown and child-updown events, under the keys and in the order that its
// clients rely on.
#pragma once

#include <optional>
#include <string>

#include "control/message.h"
#include "datapath/worker.h"
#include "ike/core/status.h"

namespace sallyport::daemon {

/// The connection's name; "unknown" while a responder has not found one.
std::string section_name(const ike::IkeSaStatus& sa);
/// "lan-7"
std::string section_name(const ike::ChildSaStatus& child);

/// All keys of the IKE SA itself. Its children come behind them, in a section of their own.
void write_ike_sa(control::Section& section, const ike::IkeSaStatus& sa, Instant now);
/// `traffic`: nullopt where the datapath does not have it any more; then zeros are counted.
void write_child_sa(control::Section& section, const ike::ChildSaStatus& child,
                    const std::optional<datapath::SaStatus>& traffic, Instant now);

/// Whole seconds between; 0 when `later` is earlier.
std::int64_t seconds_between(Instant earlier, Instant later);
std::string spi_text(std::uint32_t spi);  // 8 hexadecimal digits
std::string spi_text(std::uint64_t spi);  // 16

}  // namespace sallyport::daemon
