#include "daemon/journal/journal_digest.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace hedgewatch {

namespace {

/// Parts of a mark come over different channels: what the newer one leaves out stays.
Mark merged(const Mark& older, const Mark& newer) {
  const auto pick = [](double fresh, double known) { return is_present(fresh) ? fresh : known; };
  return {.price = pick(newer.price, older.price),
          .vol = pick(newer.vol, older.vol),
          .forward = pick(newer.forward, older.forward),
          .index = pick(newer.index, older.index),
          .rate = pick(newer.rate, older.rate)};
}

}  // namespace

void JournalDigest::note(const Event& event) {
  const EventHeader& header = event.header;
  const auto instrument_key = std::pair{header.instrument, header.connection};
  std::visit(
      [&](const auto& body) {
        using Body = std::remove_cvref_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, InstrumentListed>) {
          contracts_[header.instrument] = event;
        } else if constexpr (std::is_same_v<Body, InstrumentStateChanged>) {
          phases_[header.instrument] = event;
        } else if constexpr (std::is_same_v<Body, FeedStatus>) {
          feeds_[header.connection] = event;
        } else if constexpr (std::is_same_v<Body, PlatformState>) {
          platforms_[header.venue] = event;
        } else if constexpr (std::is_same_v<Body, IndexPrice>) {
          indices_[{header.venue, body.base, body.quote}] = event;
        } else if constexpr (std::is_same_v<Body, Mark>) {
          Event& known = marks_[instrument_key];
          const Mark* older = std::get_if<Mark>(&known.body);
          const Mark mark = older == nullptr ? body : merged(*older, body);
          known = {header, mark};
        } else if constexpr (std::is_same_v<Body, Quote>) {
          quotes_[header.instrument] = event;
        } else if constexpr (std::is_same_v<Body, Funding>) {
          fundings_[header.instrument] = event;
        } else if constexpr (std::is_same_v<Body, AccountSummary>) {
          summaries_[{header.account, body.asset}] = event;
        } else if constexpr (std::is_same_v<Body, AccountGreeks>) {
          greeks_[{header.account, body.asset}] = event;
        } else if constexpr (std::is_same_v<Body, PositionReport>) {
          AccountPositions& account = positions_[header.account];
          if (body.size.raw() == 0)
            account.open.erase(header.instrument);
          else
            account.open[header.instrument] = event;
          if (account.in_snapshot) account.named.push_back(header.instrument);
        } else if constexpr (std::is_same_v<Body, PositionSnapshotBegin>) {
          AccountPositions& account = positions_[header.account];
          account.in_snapshot = true;
          account.named.clear();
        } else if constexpr (std::is_same_v<Body, PositionSnapshotEnd>) {
          AccountPositions& account = positions_[header.account];
          if (account.in_snapshot)
            std::erase_if(account.open, [&](const auto& open) {
              return std::find(account.named.begin(), account.named.end(), open.first) == account.named.end();
            });
          account.in_snapshot = false;
          account.complete = true;
          account.snapshot = header;
        }
      },
      event.body);
}

void JournalDigest::restate(const std::function<void(const Event&)>& take) const {
  const auto take_all = [&take](const auto& events) {
    for (const auto& [key, event] : events) take(event);
  };
  take_all(contracts_);
  take_all(phases_);
  take_all(feeds_);
  take_all(platforms_);
  take_all(indices_);
  take_all(marks_);
  take_all(quotes_);
  take_all(fundings_);
  for (const auto& [id, account] : positions_) {
    if (!account.complete) {
      take_all(account.open);
      continue;
    }
    take({account.snapshot, PositionSnapshotBegin{}});
    take_all(account.open);
    take({account.snapshot, PositionSnapshotEnd{}});
  }
  take_all(summaries_);
  take_all(greeks_);
}

}  // namespace hedgewatch
