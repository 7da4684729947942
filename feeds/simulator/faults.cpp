#include "feeds/simulator/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace hedgewatch::simulator {
namespace {

using std::chrono::nanoseconds;

constexpr std::array kEveryFault{
    FaultKind::Disconnect, FaultKind::Silence,    FaultKind::Gap,         FaultKind::Duplicate,      FaultKind::Reorder,
    FaultKind::Slow,       FaultKind::Malformed,  FaultKind::Maintenance, FaultKind::Liquidation,    FaultKind::AutoDeleveraging,
    FaultKind::Lock,       FaultKind::MarketLock, FaultKind::TokenExpiry, FaultKind::RefusedChannel, FaultKind::RateLimit,
    FaultKind::Upgrade};

/// Faults that spoil a number of frames, instead of holding for a time.
bool counts_frames(FaultKind kind) {
  return kind == FaultKind::Gap || kind == FaultKind::Duplicate || kind == FaultKind::Reorder || kind == FaultKind::Malformed;
}

/// Faults that happen once and are over.
bool is_instant(FaultKind kind) {
  return kind == FaultKind::Liquidation || kind == FaultKind::AutoDeleveraging || kind == FaultKind::TokenExpiry ||
         kind == FaultKind::Disconnect || kind == FaultKind::RateLimit;
}

std::string known_faults() {
  std::string names;
  for (const FaultKind kind : kEveryFault) {
    if (!names.empty()) names += ", ";
    names += label(kind);
  }
  return names;
}

/// Three ways in which a frame arrives broken.
std::string spoilt(const std::string& text, std::uint64_t turn) {
  switch (turn % 3) {
    case 0:
      return text.substr(0, text.size() * 2 / 3);
    case 1: {
      std::string torn = text;
      if (const std::size_t colon = torn.find(':', torn.size() / 2); colon != std::string::npos) torn[colon] = ';';
      return torn;
    }
    default:
      return "}{ this is not a frame";
  }
}

}  // namespace

std::string_view label(FaultKind kind) {
  switch (kind) {
    case FaultKind::Disconnect:
      return "disconnect";
    case FaultKind::Silence:
      return "silence";
    case FaultKind::Gap:
      return "gap";
    case FaultKind::Duplicate:
      return "duplicate";
    case FaultKind::Reorder:
      return "reorder";
    case FaultKind::Slow:
      return "slow";
    case FaultKind::Malformed:
      return "malformed";
    case FaultKind::Maintenance:
      return "maintenance";
    case FaultKind::Liquidation:
      return "liquidation";
    case FaultKind::AutoDeleveraging:
      return "adl";
    case FaultKind::Lock:
      return "lock";
    case FaultKind::MarketLock:
      return "market_lock";
    case FaultKind::TokenExpiry:
      return "token_expiry";
    case FaultKind::RefusedChannel:
      return "refused_channel";
    case FaultKind::RateLimit:
      return "rate_limit";
    case FaultKind::Upgrade:
      return "upgrade";
  }
  return "";
}

std::optional<nanoseconds> parse_duration(std::string_view text) {
  double count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || !(count >= 0) || !(count < 1e6)) return std::nullopt;
  const std::string_view unit{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
  double scale = 0;
  if (unit == "ms") scale = 1e6;
  if (unit == "s") scale = 1e9;
  if (unit == "m") scale = 60e9;
  if (unit == "h") scale = 3600e9;
  if (scale == 0) return std::nullopt;
  return nanoseconds{static_cast<std::int64_t>(count * scale)};
}

Result<Fault, std::string> parse_fault(std::string_view text) {
  const std::string shown{text};
  const std::string_view name = text.substr(0, text.find_first_of("@:*=/"));
  const auto kind =
      std::find_if(kEveryFault.begin(), kEveryFault.end(), [&](FaultKind candidate) { return label(candidate) == name; });
  if (kind == kEveryFault.end())
    return "fault '" + shown + "': no fault is called '" + std::string{name} + "'; there are " + known_faults();
  Fault fault;
  fault.kind = *kind;
  text.remove_prefix(name.size());
  while (!text.empty()) {
    const char mark = text.front();
    text.remove_prefix(1);
    // A target may hold any letter: it is always the last part.
    const std::string_view part = mark == '/' ? text : text.substr(0, text.find_first_of("@:*=/"));
    text.remove_prefix(part.size());
    if (mark == '/') {
      fault.target = part;
      continue;
    }
    if (mark == '*') {
      const auto [rest, error] = std::from_chars(part.data(), part.data() + part.size(), fault.count);
      if (error != std::errc{} || rest != part.data() + part.size() || fault.count == 0)
        return "fault '" + shown + "': count '" + std::string{part} + "' must be a whole number above 0";
      continue;
    }
    const auto duration = parse_duration(part);
    if (!duration)
      return "fault '" + shown + "': '" + std::string{part} + "' must be a duration with its unit, such as 500ms, 20s or 2m";
    if (mark == '@') fault.after = *duration;
    if (mark == ':') fault.duration = *duration;
    if (mark == '=') fault.delay = *duration;
  }
  return fault;
}

Result<std::vector<Fault>, std::string> parse_faults(std::string_view text) {
  std::vector<Fault> faults;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    auto fault = parse_fault(one);
    if (!fault) return fault.error();
    faults.push_back(std::move(fault).value());
  }
  return faults;
}

void FaultInjector::add(Fault fault, MonoTime now) {
  const std::size_t left = fault.count;
  const MonoTime begins = now + fault.after;
  running_.push_back({.fault = std::move(fault), .begins = begins, .left = left});
}

void FaultInjector::clear() {
  // Faults that have begun still tell their end once, so that what they announced is taken back.
  std::erase_if(running_, [](const Running& running) { return !running.begun || running.ended; });
  for (Running& running : running_) {
    running.fault.duration = nanoseconds{0};
    running.left = 0;
  }
  for (Held& held : late_) held.due = MonoTime::min();
}

bool FaultInjector::on(const Running& running, MonoTime now) {
  if (now < running.begins) return false;
  if (counts_frames(running.fault.kind)) return running.left > 0;
  if (running.fault.duration) return now < running.begins + *running.fault.duration;
  return !is_instant(running.fault.kind);
}

bool FaultInjector::active(FaultKind kind, MonoTime now, std::string_view target) const {
  return std::any_of(running_.begin(), running_.end(), [&](const Running& running) {
    return running.fault.kind == kind && on(running, now) &&
           (running.fault.target.empty() || target.find(running.fault.target) != std::string_view::npos);
  });
}

std::vector<FaultInjector::Turn> FaultInjector::turns(MonoTime now) {
  std::vector<Turn> turns;
  for (Running& running : running_) {
    if (!running.begun && now >= running.begins) {
      running.begun = true;
      turns.push_back({running.fault.kind, true, running.fault.target});
    }
    if (running.begun && !running.ended && !on(running, now)) {
      running.ended = true;
      if (!is_instant(running.fault.kind)) turns.push_back({running.fault.kind, false, running.fault.target});
    }
  }
  std::erase_if(running_, [](const Running& running) { return running.ended; });
  return turns;
}

FaultInjector::Running* FaultInjector::taking(FaultKind kind, MonoTime now, const Outgoing& frame) {
  for (Running& running : running_)
    if (running.fault.kind == kind && on(running, now) &&
        (running.fault.target.empty() || frame.channel.find(running.fault.target) != std::string::npos))
      return &running;
  return nullptr;
}

void FaultInjector::deliver(Outgoing frame, MonoTime now, std::vector<Outgoing>& out) {
  // Once one frame of a client waits, all later ones wait behind it: lateness never reorders.
  const bool waiting = std::any_of(late_.begin(), late_.end(), [&](const Held& held) { return held.frame.client == frame.client; });
  const Running* slow = taking(FaultKind::Slow, now, frame);
  if (slow == nullptr && !waiting) {
    out.push_back(std::move(frame));
    return;
  }
  if (slow != nullptr) ++touched_;
  MonoTime due = slow != nullptr ? now + slow->fault.delay : now;
  for (const Held& held : late_)
    if (held.frame.client == frame.client) due = std::max(due, held.due);
  late_.push_back({std::move(frame), due});
}

void FaultInjector::pass(std::vector<Outgoing>& in, MonoTime now, std::vector<Outgoing>& out) {
  while (!late_.empty() && late_.front().due <= now) {
    out.push_back(std::move(late_.front().frame));
    late_.pop_front();
  }
  if (running_.empty() && swapped_.empty() && late_.empty()) {
    std::move(in.begin(), in.end(), std::back_inserter(out));
    in.clear();
    return;
  }
  for (Outgoing& frame : in) {
    if (!is_market(frame.kind)) {
      deliver(std::move(frame), now, out);
      continue;
    }
    if (taking(FaultKind::Silence, now, frame) != nullptr) {
      ++touched_;
      continue;
    }
    if (frame.kind == FrameClass::BookChange) {
      if (Running* gap = taking(FaultKind::Gap, now, frame)) {
        --gap->left;
        ++touched_;
        continue;
      }
      const auto earlier = std::find_if(swapped_.begin(), swapped_.end(), [&](const Outgoing& held) {
        return held.client == frame.client && held.channel == frame.channel;
      });
      if (earlier != swapped_.end()) {
        Outgoing late = std::move(*earlier);
        swapped_.erase(earlier);
        deliver(std::move(frame), now, out);
        deliver(std::move(late), now, out);
        continue;
      }
      if (Running* reorder = taking(FaultKind::Reorder, now, frame)) {
        --reorder->left;
        ++touched_;
        swapped_.push_back(std::move(frame));
        continue;
      }
    }
    if (Running* malformed = taking(FaultKind::Malformed, now, frame)) {
      --malformed->left;
      frame.text = spoilt(frame.text, touched_++);
    } else if (Running* duplicate = taking(FaultKind::Duplicate, now, frame)) {
      --duplicate->left;
      ++touched_;
      deliver(frame, now, out);
    }
    deliver(std::move(frame), now, out);
  }
  in.clear();
}

void FaultInjector::forget(ClientId client) {
  std::erase_if(late_, [&](const Held& held) { return held.frame.client == client; });
  std::erase_if(swapped_, [&](const Outgoing& frame) { return frame.client == client; });
}

std::vector<std::string> FaultInjector::descriptions(MonoTime now) const {
  std::vector<std::string> descriptions;
  for (const Running& running : running_) {
    std::string text{label(running.fault.kind)};
    text += now < running.begins ? " scheduled" : " on";
    if (counts_frames(running.fault.kind)) text += ", " + std::to_string(running.left) + " left";
    if (!running.fault.target.empty()) text += ", " + running.fault.target;
    descriptions.push_back(std::move(text));
  }
  return descriptions;
}

}  // namespace hedgewatch::simulator
