#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "feeds/decoding.hpp"

namespace hedgewatch {

/// A count with one writer, readable from any thread.
class FeedCount {
 public:
  void add(std::uint64_t amount = 1) { value_.store(get() + amount, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one connection has seen since the process started. Its session writes, anybody reads.
struct FeedStatistics {
  FeedCount messages;                                         ///< frames, whatever they held
  FeedCount bytes;                                            ///< of frames
  FeedCount events;                                           ///< handed on
  FeedCount ignored;                                          ///< understood and of no use here
  std::array<FeedCount, kDecodeFaults.size()> decode_errors;  ///< by DecodeFault
  FeedCount refused_fields;    ///< numbers that the exact types cannot hold: their event was left out
  FeedCount unknown_rows;      ///< rows of a list about instruments that were not listed
  FeedCount gaps;              ///< sequence breaks
  FeedCount resyncs;           ///< books or accounts asked for again
  FeedCount late_frames;       ///< of channels already given up, dropped
  FeedCount refused_channels;  ///< asked for and silently not granted
  FeedCount error_replies;
  FeedCount rate_limits;  ///< times the venue said that we ask too much
  FeedCount connections;  ///< times the socket was opened
  FeedCount conflated;    ///< market data replaced by newer before the engine took it; counted by the queue's owner
  /// Receive time of the newest market data, MonoTime nanoseconds; 0 before the first.
  std::atomic<std::int64_t> last_market_data{0};
  /// Round trip half-way estimate of venue time minus our calendar time, nanoseconds; kNoClockSkew before the first.
  std::atomic<std::int64_t> clock_skew{kNoClockSkew};

  static constexpr std::int64_t kNoClockSkew = INT64_MIN;
};

}  // namespace hedgewatch
