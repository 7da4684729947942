#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgewatch {

enum class NoticeSeverity : std::uint8_t { Info, Warning, Error };

/// Something an operator wants to read. `text` is a literal without values, so that equal things can be counted; the values are in
/// `detail`.
struct SessionNotice {
  NoticeSeverity severity = NoticeSeverity::Info;
  std::string_view text;
  std::string detail;
};

/// Notices since the owner last took them, bounded: what does not fit is counted.
class SessionNotices {
 public:
  static constexpr std::size_t kCapacity = 128;

  void add(NoticeSeverity severity, std::string_view text, std::string detail = {}) {
    if (waiting_.size() < kCapacity)
      waiting_.push_back({severity, text, std::move(detail)});
    else
      ++lost_;
  }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::vector<SessionNotice> take() { return std::exchange(waiting_, {}); }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  std::vector<SessionNotice> waiting_;
  std::uint64_t lost_ = 0;
};

}  // namespace hedgewatch
