#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/engine/engine.hpp"
#include "core/market/event.hpp"
#include "core/types/units.hpp"

namespace hedgewatch::testing {

inline constexpr MonoTime kStart = from_nanoseconds<MonoTime>(1'000'000'000'000);
inline constexpr VenueTime kVenueStart = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);
inline constexpr ConnectionId kPublic{0};
inline constexpr ConnectionId kPrivate{1};
inline constexpr AccountId kMain{0};
inline constexpr AccountId kSecond{1};

/// An engine with its inputs within reach: the venue's clock and ours run together, ids are given in order of listing.
class EngineDriver {
 public:
  /// One venue, two connections (market and account), two accounts; both connections live unless asked otherwise.
  static EngineSetup setup();
  explicit EngineDriver(EngineSetup configuration = setup(), bool live = true);

  Engine& engine() { return engine_; }
  [[nodiscard]] MonoTime now() const { return now_; }
  [[nodiscard]] VenueTime venue_now() const { return kVenueStart + (now_ - kStart); }
  [[nodiscard]] VenueTime in_days(double days) const {
    return kVenueStart + std::chrono::nanoseconds{static_cast<std::int64_t>(days * 86'400e9)};
  }

  InstrumentId list(const Contract& contract);
  InstrumentId list_option(std::string_view name, OptionRight right, double strike, double days,
                           PayoffStyle style = PayoffStyle::Inverse, std::string_view base = "BTC");
  InstrumentId list_perpetual(std::string_view name, std::string_view base = "BTC");
  InstrumentId list_linear(std::string_view name, std::string_view base = "BTC");
  [[nodiscard]] InstrumentId id(std::string_view name) const { return ids_.at(std::string{name}); }

  void apply(const EventBody& body, InstrumentId instrument = kNoInstrument, AccountId account = kNoAccount,
             ConnectionId connection = kPublic);
  void mark(std::string_view name, const Mark& mark) { apply(mark, id(name)); }
  void index(double price, std::string_view base = "BTC", std::string_view quote = "USD");
  void status(ConnectionId connection, FeedPhase phase);
  void position(std::string_view name, double size, std::optional<double> entry = std::nullopt, AccountId account = kMain);
  void begin_snapshot(AccountId account = kMain) { apply(PositionSnapshotBegin{}, kNoInstrument, account, kPrivate); }
  void end_snapshot(AccountId account = kMain) { apply(PositionSnapshotEnd{}, kNoInstrument, account, kPrivate); }
  void equity(double equity, std::string_view asset = "BTC", AccountId account = kMain);
  void summary(const AccountSummary& summary, AccountId account = kMain) { apply(summary, kNoInstrument, account, kPrivate); }

  /// Time passes, without an event.
  void advance(std::chrono::nanoseconds duration) { now_ += duration; }
  void cycle() { engine_.end_cycle(now_); }

  /// The row must be there.
  [[nodiscard]] FigureValue figure(Figure figure, std::initializer_list<std::string_view> labels) const;
  [[nodiscard]] bool has(Figure figure, std::initializer_list<std::string_view> labels) const;
  /// The value, which must be Ok.
  [[nodiscard]] double value(Figure figure, std::initializer_list<std::string_view> labels) const;
  /// "unknown/missing_vol", "ok/none" and so on.
  [[nodiscard]] std::string state(Figure figure, std::initializer_list<std::string_view> labels) const;

 private:
  Engine engine_;
  MonoTime now_ = kStart;
  std::map<std::string, InstrumentId> ids_;
  std::uint32_t next_id_ = 0;
};

/// A book of lines stated by hand.
BookSetup book_of(std::string_view name, std::initializer_list<ExplicitPosition> positions);
ExplicitPosition line(std::string_view instrument, double size, std::optional<double> entry = std::nullopt);
InstrumentPattern deribit(std::string_view symbol);
Size size_of(double value);

}  // namespace hedgewatch::testing
