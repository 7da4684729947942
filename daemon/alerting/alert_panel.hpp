#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgewatch {

/// Where Grafana shows what an alert is about: the address of a panel of deploy/grafana below Grafana's own, with the alert's
/// hedge, book, underlying or venue chosen. `labels` are alertname and those of the series. An alert of the desk's own goes to the
/// list of all alerts.
[[nodiscard]] std::string alert_panel(const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace hedgewatch
