#include "feeds/deribit/decoder_work.hpp"

#include <algorithm>
#include <cstddef>

namespace hedgewatch::deribit {

struct Decoder::Work::BookShape {
  bool with_action = false;
  bool without_action = false;
};

bool Decoder::Work::level(Side side, BookShape& shape) {
  std::size_t place = 0;
  bool acts = false;
  bool removes = false;
  Exact price;
  Exact size;
  const std::string_view list = side == Side::Buy ? "bids" : "asks";
  const bool complete = array(list, [&] {
    if (place == 0 && !acts && in.peek() == '"') {
      std::string_view action;
      if (!in.string(action)) return fail_reading(list);
      removes = action == "delete";
      if (!removes && action != "new" && action != "change") return fail(DecodeFault::UnknownWord, list);
      shape.with_action = acts = true;
      return true;
    }
    switch (place++) {
      case 0:
        return exact(list, price);
      case 1:
        return exact(list, size);
      default:
        return skip();
    }
  });
  if (!complete) return false;
  if (place < 2 || !price.given || !size.given) return fail(DecodeFault::MissingField, list);
  // Unlike a quote, a level that is left out would make the book wrong until the next snapshot.
  if (price.refused || size.refused) return fail(DecodeFault::BadNumber, list);
  if (price.raw <= 0 || size.raw < 0) return fail(DecodeFault::BadValue, list);
  return push(BookLevel{Price::from_raw(price.raw), removes ? Size{} : Size::from_raw(size.raw), side});
}

bool Decoder::Work::levels(Side side, BookShape& shape) {
  return array(side == Side::Buy ? "bids" : "asks", [&] {
    const bool action_before = shape.with_action;
    shape.with_action = false;
    if (!level(side, shape)) return false;
    if (!shape.with_action) shape.without_action = true;
    shape.with_action = shape.with_action || action_before;
    return true;
  });
}

bool Decoder::Work::book() {
  std::string_view name;
  std::string_view type;
  std::optional<std::uint64_t> change_id;
  std::optional<std::uint64_t> previous;
  BookShape shape;
  bool has_bids = false;
  bool has_asks = false;
  const std::size_t first = out.size();
  // The levels may come before the name and time that belong to them: these are filled in at the end.
  if (!push(BookBegin{})) return false;
  if (!object("data", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("instrument_name"):
            if (key.is("instrument_name")) return text("instrument_name", name);
            break;
          case k("timestamp"):
            if (key.is("timestamp")) return time("timestamp", header.exchange_time);
            break;
          case k("type"):
            return text("type", type);
          case k("change_id"):
            if (key.is("change_id")) return identity("change_id", change_id);
            break;
          case k("prev_change_id"):
            if (key.is("prev_change_id")) return identity("prev_change_id", previous);
            break;
          case k("bids"):
            has_bids = true;
            return levels(Side::Buy, shape);
          case k("asks"):
            has_asks = true;
            return levels(Side::Sell, shape);
          default:
            break;
        }
        return skip();
      }))
    return false;
  const std::size_t behind = out.size();
  if (!single(name)) {
    if (!error) out.truncate(first);
    return false;
  }
  if (!timed()) return false;
  if (!has_bids) return fail(DecodeFault::MissingField, "bids");
  if (!has_asks) return fail(DecodeFault::MissingField, "asks");
  if (!change_id) return fail(DecodeFault::MissingField, "change_id");
  if (type.empty()) {
    detail.book = BookForm::Grouped;
    if (shape.with_action) return fail(DecodeFault::MissingField, "type");
  } else {
    if (type != "snapshot" && type != "change") return fail(DecodeFault::UnknownWord, "type");
    if (shape.without_action) return fail(DecodeFault::WrongType, "bids");
    detail.book = type == "snapshot" ? BookForm::Snapshot : BookForm::Change;
    if (detail.book == BookForm::Change && !previous) return fail(DecodeFault::MissingField, "prev_change_id");
  }
  detail.change_id = *change_id;
  detail.previous_change_id = previous.value_or(0);
  if (!push(BookEnd{*change_id})) return false;
  const auto events = out.events();
  events[first].body = BookBegin{detail.book != BookForm::Change};
  for (std::size_t at = first; at < events.size(); ++at) events[at].header = header;
  // An instrument listed from its name alone must come before the book that speaks of it.
  if (behind + 1 != events.size())
    std::rotate(events.begin() + static_cast<std::ptrdiff_t>(first), events.begin() + static_cast<std::ptrdiff_t>(behind),
                events.begin() + static_cast<std::ptrdiff_t>(events.size() - 1));
  return true;
}

}  // namespace hedgewatch::deribit
