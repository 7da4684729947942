#include "daemon/journal/event_codec.hpp"

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace hedgewatch {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

// ---- the two directions of one list of fields

class Writer {
 public:
  explicit Writer(std::string& out) : out_{&out} {}

  template <class Number>
    requires std::is_arithmetic_v<Number>
  bool operator()(Number& number) {
    if constexpr (std::same_as<Number, bool>) {
      out_->push_back(number ? '\1' : '\0');
    } else {
      const auto bytes = std::bit_cast<std::array<char, sizeof(Number)>>(number);
      out_->append(bytes.data(), bytes.size());
    }
    return true;
  }
  template <class Word>
  bool word(Word& value, Word) {
    static_assert(sizeof(Word) == 1);
    out_->push_back(static_cast<char>(value));
    return true;
  }
  template <std::size_t N>
  bool operator()(InlineText<N>& text) {
    out_->push_back(static_cast<char>(text.view().size()));
    out_->append(text.view());
    return true;
  }

 private:
  std::string* out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}
  [[nodiscard]] std::string_view rest() const { return bytes_; }

  template <class Number>
    requires std::is_arithmetic_v<Number>
  bool operator()(Number& number) {
    if constexpr (std::same_as<Number, bool>) {
      std::uint8_t byte = 0;
      if (!(*this)(byte) || byte > 1) return false;
      number = byte == 1;
    } else {
      std::array<char, sizeof(Number)> raw{};
      if (bytes_.size() < raw.size()) return false;
      bytes_.copy(raw.data(), raw.size());
      bytes_.remove_prefix(raw.size());
      number = std::bit_cast<Number>(raw);
    }
    return true;
  }
  template <class Word>
  bool word(Word& value, Word last) {
    std::uint8_t byte = 0;
    if (!(*this)(byte) || byte > static_cast<std::uint8_t>(last)) return false;
    value = static_cast<Word>(byte);
    return true;
  }
  template <std::size_t N>
  bool operator()(InlineText<N>& text) {
    std::uint8_t size = 0;
    if (!(*this)(size) || bytes_.size() < size) return false;
    const auto read = InlineText<N>::from(bytes_.substr(0, size));
    if (!read) return false;
    text = *read;
    bytes_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view bytes_;
};

template <class Archive, class Tag>
bool field(Archive& archive, Nano<Tag>& value) {
  std::int64_t raw = value.raw();
  if (!archive(raw)) return false;
  value = Nano<Tag>::from_raw(raw);
  return true;
}

template <class Archive, class Clock>
bool field(Archive& archive, std::chrono::time_point<Clock, std::chrono::nanoseconds>& time) {
  std::int64_t count = nanoseconds_of(time);
  if (!archive(count)) return false;
  time = from_nanoseconds<std::chrono::time_point<Clock, std::chrono::nanoseconds>>(count);
  return true;
}

/// Ids are counts: any value is one.
template <class Archive, class Id>
  requires std::is_enum_v<Id>
bool id_field(Archive& archive, Id& id) {
  auto number = static_cast<std::underlying_type_t<Id>>(id);
  if (!archive(number)) return false;
  id = Id{number};
  return true;
}

template <class Archive, class Tag>
bool field(Archive& archive, std::optional<Nano<Tag>>& value) {
  bool present = value.has_value();
  if (!archive(present)) return false;
  if (!present) {
    value.reset();
    return true;
  }
  Nano<Tag> number = value.value_or(Nano<Tag>{});
  if (!field(archive, number)) return false;
  value = number;
  return true;
}

// ---- what each kind holds

template <class A>
bool fields(A& a, Quote& q) {
  return field(a, q.bid) && field(a, q.ask) && field(a, q.bid_size) && field(a, q.ask_size);
}
template <class A>
bool fields(A& a, Mark& m) {
  return a(m.price) && a(m.vol) && a(m.forward) && a(m.index) && a(m.rate);
}
template <class A>
bool fields(A& a, VenueGreeks& g) {
  return a(g.delta) && a(g.gamma) && a(g.vega) && a(g.theta) && a(g.rho);
}
template <class A>
bool fields(A& a, Funding& f) {
  return a(f.current_rate_8h) && a(f.average_rate_8h);
}
template <class A>
bool fields(A& a, Trade& t) {
  return field(a, t.price) && field(a, t.size) && a(t.sequence) && a.word(t.aggressor, Side::Sell);
}
template <class A>
bool fields(A& a, BookBegin& b) {
  return a(b.snapshot);
}
template <class A>
bool fields(A& a, BookLevel& l) {
  return field(a, l.price) && field(a, l.size) && a.word(l.side, Side::Sell);
}
template <class A>
bool fields(A& a, BookEnd& b) {
  return a(b.sequence);
}
template <class A>
bool fields(A&, BookInvalidated&) {
  return true;
}
template <class A>
bool fields(A& a, IndexPrice& i) {
  return a(i.base) && a(i.quote) && a(i.price);
}
template <class A>
bool fields(A& a, InstrumentListed& l) {
  Contract& c = l.contract;
  return a(c.name) && a(c.base) && a(c.quote) && a(c.settlement) && field(a, c.expiry) && a(c.strike) && a(c.contract_size) &&
         a(c.lot) && a.word(c.kind, ContractKind::Option) && a.word(c.right, OptionRight::Put) &&
         a.word(c.style, PayoffStyle::Inverse) && a.word(c.size_unit, SizeUnit::Quote);
}
template <class A>
bool fields(A& a, InstrumentStateChanged& s) {
  return a.word(s.phase, InstrumentPhase::Expired);
}
template <class A>
bool fields(A& a, InstrumentDelivered& d) {
  return a(d.price);
}
template <class A>
bool fields(A& a, DeleveragingRank& r) {
  return a(r.place_ratio);
}
template <class A>
bool fields(A& a, Transfer& t) {
  return a(t.asset) && a(t.amount);
}
template <class A>
bool fields(A& a, PositionReport& p) {
  return field(a, p.size) && a(p.average_entry) && a(p.venue_delta_coins) && a(p.realized_pnl) && a(p.unrealized_pnl) &&
         a(p.maintenance_margin);
}
template <class A>
bool fields(A&, PositionSnapshotBegin&) {
  return true;
}
template <class A>
bool fields(A&, PositionSnapshotEnd&) {
  return true;
}
template <class A>
bool fields(A& a, Fill& f) {
  return field(a, f.price) && field(a, f.size) && a(f.fee) && a(f.fee_asset) && a(f.sequence) && a.word(f.side, Side::Sell) &&
         a(f.liquidation);
}
template <class A>
bool fields(A& a, AccountSummary& s) {
  return a(s.asset) && a(s.equity) && a(s.balance) && a(s.margin_balance) && a(s.initial_margin) && a(s.maintenance_margin) &&
         a(s.cross_collateral);
}
template <class A>
bool fields(A& a, AccountGreeks& g) {
  return a(g.asset) && a(g.delta_total) && a(g.options_delta) && a(g.options_gamma) && a(g.options_vega) && a(g.options_theta);
}
template <class A>
bool fields(A& a, ForcedEvent& f) {
  return a.word(f.kind, ForcedEventKind::Other) && a(f.active);
}
template <class A>
bool fields(A& a, FeedStatus& s) {
  return a.word(s.phase, FeedPhase::Down) && a.word(s.reason, FeedDownReason::Lagging);
}
template <class A>
bool fields(A& a, PlatformState& p) {
  return a(p.locked) && a(p.maintenance);
}
template <class A>
bool fields(A& a, AlertAcknowledged& k) {
  return a(k.rule) && a(k.row);
}
template <class A>
bool fields(A& a, WorkingOrder& o) {
  return a(o.order) && field(a, o.remaining) && a.word(o.side, Side::Sell);
}
template <class A>
bool fields(A&, WorkingOrdersBegin&) {
  return true;
}
template <class A>
bool fields(A&, WorkingOrdersEnd&) {
  return true;
}
template <class A>
bool fields(A& a, LimitOverridden& o) {
  return a(o.rule) && a(o.row) && a(o.level) && a(o.lasts_ns);
}
template <class A>
bool fields(A&, TimerTick&) {
  return true;
}
template <class A>
bool fields(A&, EndOfCycle&) {
  return true;
}

template <class A>
bool fields(A& a, EventHeader& h) {
  return field(a, h.exchange_time) && field(a, h.received) && id_field(a, h.instrument) && id_field(a, h.account) &&
         id_field(a, h.connection) && a.word(h.venue, kVenues.back());
}

// ---- kinds and their numbers

/// Number i belongs to the i-th type. Journals keep these numbers: only append.
template <class... Bodies>
struct Kinds {
  static constexpr std::size_t kCount = sizeof...(Bodies);

  template <class Body>
  static constexpr std::uint8_t number() {
    static_assert((std::same_as<Body, Bodies> || ...), "give the new kind of event its number: append it to JournalKinds");
    std::uint8_t found = 0;
    std::uint8_t next = 0;
    ((std::same_as<Body, Bodies> ? found = next++ : next++), ...);
    return found;
  }

  static bool read(std::uint8_t number, Reader& reader, EventBody& body) {
    std::uint8_t next = 0;
    bool done = false;
    ((next++ == number ? void(done = read_as<Bodies>(reader, body)) : void()), ...);
    return done;
  }

 private:
  template <class Body>
  static bool read_as(Reader& reader, EventBody& body) {
    Body value{};
    if (!fields(reader, value)) return false;
    body = value;
    return true;
  }
};

using JournalKinds =
    Kinds<Quote, Mark, VenueGreeks, Funding, Trade, BookBegin, BookLevel, BookEnd, BookInvalidated, IndexPrice, InstrumentListed,
          InstrumentStateChanged, PositionReport, PositionSnapshotBegin, PositionSnapshotEnd, Fill, AccountSummary, AccountGreeks,
          ForcedEvent, FeedStatus, PlatformState, TimerTick, EndOfCycle, InstrumentDelivered, Transfer, AlertAcknowledged,
          WorkingOrder, WorkingOrdersBegin, WorkingOrdersEnd, LimitOverridden, DeleveragingRank>;

}  // namespace

void encode_event(std::string& out, const Event& event) {
  Writer writer{out};
  EventHeader header = event.header;
  std::visit(
      [&](auto body) {
        std::uint8_t number = JournalKinds::number<decltype(body)>();
        writer(number);
        fields(writer, header);
        fields(writer, body);
      },
      event.body);
}

std::optional<Event> decode_event(std::string_view& bytes) {
  Reader reader{bytes};
  std::uint8_t number = 0;
  Event event;
  if (!reader(number) || number >= JournalKinds::kCount || !fields(reader, event.header) ||
      !JournalKinds::read(number, reader, event.body))
    return std::nullopt;
  bytes = reader.rest();
  return event;
}

}  // namespace hedgewatch
