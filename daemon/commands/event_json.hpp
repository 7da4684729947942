#pragma once

#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace hedgewatch {

/// Gives an instrument its venue's symbol; empty when there is none.
class InstrumentNames {
 public:
  virtual ~InstrumentNames() = default;
  [[nodiscard]] virtual std::string_view name(InstrumentId id) const = 0;
};

/// Appends the event as one JSON object without a line end: `{"event":"quote","instrument":"...","exchange_time_ns":...,...}`.
/// What is absent has no field. Prices and sizes are written exactly, other numbers in their shortest form.
/// `receive_time_ns` is the header's receive time, left out when that is 0.
void append_event_json(std::string& out, const Event& event, const InstrumentNames& names);

}  // namespace hedgewatch
