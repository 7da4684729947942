#include "daemon/alerting/alert_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "daemon/alerting/alert_panel.hpp"

namespace hedgewatch {

namespace {

std::string number_text(double value) {
  constexpr int kDigits = 6;
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, kDigits).ptr;
  return {buffer.data(), end};
}

void append_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

/// `{label}` gives its place to the label's value.
std::string with_labels(std::string_view text, const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string out{text};
  for (const auto& [name, value] : labels) {
    const std::string mark = '{' + name + '}';
    for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at + value.size()))
      out.replace(at, mark.size(), value);
  }
  return out;
}

std::string limit_words(const AlertRule& rule, const std::optional<double>& overridden) {
  if (overridden) return "limit overridden to " + number_text(*overridden);
  switch (rule.condition) {
    case AlertCondition::Above:
      return "limit " + number_text(rule.upper);
    case AlertCondition::Below:
      return "limit " + number_text(rule.lower);
    case AlertCondition::Outside:
      return "limits " + number_text(rule.lower) + " and " + number_text(rule.upper);
    case AlertCondition::Change:
      return "limit " + number_text(rule.upper) + " within " +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(rule.change_within).count()) + " s";
    case AlertCondition::Unknown:
      break;
  }
  return "must be known";
}

std::string value_words(const AlertRule& rule, const FigureValue& value) {
  if (value.state == FigureState::Ok)
    return (rule.condition == AlertCondition::Change ? "has changed by " : "is ") + number_text(value.value);
  return "is " + std::string{label(value.state)} + " (" + std::string{label(value.reason)} + ")";
}

/// Labels and annotations.
void append_identity(std::string& body, const AlertMessage& alert) {
  body += R"("labels":{)";
  bool first = true;
  for (const auto& [name, value] : alert.labels) {
    if (value.empty()) continue;  // to Alertmanager an empty label is none
    if (!first) body += ',';
    first = false;
    append_json_text(body, name);
    body += ':';
    append_json_text(body, value);
  }
  body += R"(},"annotations":{"summary":)";
  append_json_text(body, alert.summary);
  body += R"(,"description":)";
  append_json_text(body, alert.description);
  body += R"(,"runbook":)";
  append_json_text(body, alert.runbook);
  body += R"(,"panel":)";
  append_json_text(body, alert_panel(alert.labels));
  body += '}';
}

}  // namespace

std::string AlertMessage::key() const {
  std::string text;
  for (const auto& [name, value] : labels) text.append(name).append("=").append(value).append("\n");
  return text;
}

std::vector<std::pair<std::string, std::string>> parse_row_labels(std::string_view row_labels) {
  std::vector<std::pair<std::string, std::string>> labels;
  while (!row_labels.empty()) {
    const std::size_t equals = row_labels.find("=\"");
    if (equals == std::string_view::npos) break;
    std::string value;
    std::size_t at = equals + 2;
    for (; at < row_labels.size() && row_labels[at] != '"'; ++at) {
      if (row_labels[at] != '\\' || at + 1 == row_labels.size()) {
        value += row_labels[at];
        continue;
      }
      ++at;
      value += row_labels[at] == 'n' ? '\n' : row_labels[at];
    }
    labels.emplace_back(std::string{row_labels.substr(0, equals)}, std::move(value));
    row_labels.remove_prefix(std::min(row_labels.size(), at + 2));
  }
  return labels;
}

AlertMessage message_of(const AlertRule& rule, std::string_view row_labels, const AlertTransition& transition,
                        std::chrono::nanoseconds wall_offset, std::string_view runbooks) {
  const auto wall = [wall_offset](MonoTime time) { return from_nanoseconds<WallTime>(nanoseconds_of(time) + wall_offset.count()); };
  AlertMessage message;
  message.labels = {{"alertname", rule.name}, {"severity", std::string{label(rule.severity)}}};
  for (auto& pair : parse_row_labels(row_labels)) message.labels.push_back(std::move(pair));
  message.summary = with_labels(rule.summary, message.labels);
  message.description = std::string{definition_of(rule.figure).name} + '{' + std::string{row_labels} + "} " +
                        value_words(rule, transition.value) + ", " + limit_words(rule, transition.overridden) + ", since " +
                        utc_text(wall(transition.since));
  if (transition.to == AlertState::Acknowledged)
    message.description += ", acknowledged until " + utc_text(wall(transition.at + kAcknowledgedFor));
  message.runbook = rule.runbook.empty() ? runbook_of(runbooks, rule.name) : rule.runbook;
  message.starts = wall(transition.since);
  if (!is_raised(transition.to)) message.ended = wall(transition.at);
  return message;
}

std::string utc_text(WallTime time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  constexpr std::int64_t kPerMillisecond = 1'000'000;
  const std::int64_t since_epoch = nanoseconds_of(time);
  const std::int64_t within_second = (since_epoch % kPerSecond + kPerSecond) % kPerSecond;
  const std::time_t seconds = since_epoch / kPerSecond - (since_epoch % kPerSecond < 0 ? 1 : 0);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string milliseconds = std::to_string(within_second / kPerMillisecond);
  milliseconds.insert(0, 3 - milliseconds.size(), '0');
  return std::string{text.data(), length} + '.' + milliseconds + 'Z';
}

std::string alertmanager_body(const std::vector<AlertMessage>& alerts, WallTime valid_until) {
  std::string body = "[";
  for (const AlertMessage& alert : alerts) {
    if (body.size() > 1) body += ',';
    body += '{';
    append_identity(body, alert);
    body += R"(,"startsAt":)";
    append_json_text(body, utc_text(alert.starts));
    body += R"(,"endsAt":)";
    append_json_text(body, utc_text(alert.ended.value_or(valid_until)));
    body += '}';
  }
  body += ']';
  return body;
}

std::string webhook_body(const std::vector<AlertMessage>& alerts) {
  const bool fires = std::any_of(alerts.begin(), alerts.end(), [](const AlertMessage& alert) { return !alert.ended; });
  std::string body = R"({"version":"4","receiver":"hedgewatch","status":)";
  append_json_text(body, fires ? "firing" : "resolved");
  body += R"(,"alerts":[)";
  bool first = true;
  for (const AlertMessage& alert : alerts) {
    body += first ? R"({"status":)" : R"(,{"status":)";
    first = false;
    append_json_text(body, alert.ended ? "resolved" : "firing");
    body += ',';
    append_identity(body, alert);
    body += R"(,"startsAt":)";
    append_json_text(body, utc_text(alert.starts));
    // As Alertmanager writes an end that is not known.
    body += R"(,"endsAt":)";
    append_json_text(body, alert.ended ? utc_text(*alert.ended) : "0001-01-01T00:00:00Z");
    body += '}';
  }
  body += "]}";
  return body;
}

std::string runbook_of(std::string_view runbooks, std::string_view alert) {
  std::string page{runbooks};
  if (!page.empty() && page.back() != '/') page += '/';
  return page.append(alert).append(".md");
}

}  // namespace hedgewatch
