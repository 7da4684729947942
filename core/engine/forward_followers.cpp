#include "core/engine/forward_followers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace hedgewatch {

namespace {

/// Lane groups that are priced and turned into unit risks while their columns are in the first-level cache.
constexpr std::uint32_t kBlock = 8;

/// A whole group at a time, which the compiler makes vectors of.
void set_forward(std::span<double> lanes, std::size_t groups, double forward) {
  for (std::size_t group = 0; group < groups; ++group) {
    double* const first = lanes.data() + group * kLaneGroup;
    for (std::size_t i = 0; i < kLaneGroup; ++i) first[i] = forward;
  }
}

}  // namespace

void ForwardFollowers::set(Lanes& lanes, std::uint32_t lane, bool on) {
  const auto bit = static_cast<std::uint16_t>(1U << lane % kLaneGroup);
  std::uint16_t& word = lanes[lane / kLaneGroup];
  word = static_cast<std::uint16_t>(on ? word | bit : word & ~bit);
}

void ForwardFollowers::lay_out() {
  const Desk& desk = at_.desk;
  expiries_.assign(desk.expiry_members.size(), {});
  expiry_of_group_.clear();
  place_of_lane_.clear();
  unit_of_place_.assign(desk.tracked.size(), kNoPlace);
  for (std::uint32_t e = 0; e < expiries_.size(); ++e) {
    Expiry& expiry = expiries_[e];
    expiry.first_group = static_cast<std::uint32_t>(place_of_lane_.size() / kLaneGroup);
    std::vector<std::uint32_t> members = desk.expiry_members[e];
    // Holdings stand in the order of their books: what is held nowhere comes last.
    std::stable_sort(members.begin(), members.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto first_of = [&](std::uint32_t place) {
        const auto& holdings = desk.tracked[place].holdings;
        return holdings.empty() ? kNoPlace : holdings.front();
      };
      return first_of(a) < first_of(b);
    });
    for (const std::uint32_t place : members) {
      unit_of_place_[place] = static_cast<std::uint32_t>(place_of_lane_.size());
      place_of_lane_.push_back(place);
    }
    place_of_lane_.resize(padded_lanes(place_of_lane_.size()), kNoPlace);
    expiry.group_count = static_cast<std::uint32_t>(place_of_lane_.size() / kLaneGroup) - expiry.first_group;
    expiry_of_group_.resize(place_of_lane_.size() / kLaneGroup, e);
  }
  lanes_ = static_cast<std::uint32_t>(place_of_lane_.size());
  std::uint32_t next = lanes_;
  for (std::uint32_t& unit : unit_of_place_)
    if (unit == kNoPlace) unit = next++;
  columns_ = UnitColumns{lanes_};
  others_.assign(next - lanes_, {});
  markets_.assign(lanes_, {});
  coin_ = LaneColumns{1, lanes_, 0};
  for (Lanes* lanes : {&leaning_, &following_, &waiting_, &unpublished_}) lanes->assign(lanes_ / kLaneGroup, 0);
  batch_ = OptionBatch{lanes_};
  greeks_ = GreekColumns{GreekSet::Usual, kBlock * kLaneGroup};
  const Black76Input ordinary{.forward = 1, .strike = 1, .to_expiry = YearFraction::from_years(1), .vol = Vol::from_fraction(1)};
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) batch_.set(lane, ordinary);
  for (std::uint32_t place = 0; place < unit_of_place_.size(); ++place) {
    const TrackedInstrument& tracked = desk.tracked[place];
    const std::uint32_t unit = unit_of_place_[place];
    set_unit(unit, tracked.last_valuation.unit);
    if (unit >= lanes_) continue;
    coin_.data(0)[unit] = at_.registry.contract(tracked.slot).style == PayoffStyle::Inverse ? 1 : 0;
    set(leaning_, unit, at_.market.at(tracked.slot).leans_on_expiry || tracked.last_valuation.leans_on_fallback());
  }
}

void ForwardFollowers::note_market(std::uint32_t place, const OptionMarket& priced_from) {
  if (unit_of_place_[place] < lanes_) markets_[unit_of_place_[place]] = priced_from;
}

void ForwardFollowers::valued(std::uint32_t place) {
  const TrackedInstrument& tracked = at_.desk.tracked[place];
  const InstrumentValuation& valuation = tracked.last_valuation;
  const std::uint32_t lane = unit_of_place_[place];
  set_unit(lane, valuation.unit);
  if (lane >= lanes_) return;
  set(waiting_, lane, false);
  set(unpublished_, lane, false);
  const bool on_expiry = at_.market.at(tracked.slot).leans_on_expiry;
  set(leaning_, lane, on_expiry || valuation.leans_on_fallback());
  // A slope of the smile is another one at another forward.
  const bool follows = on_expiry && valuation.greeks.ok() && !valuation.expired && valuation.vol_source == VolSource::VenueMark &&
                       valuation.forward_source == ForwardSource::VenueMark && !valuation.smile.ok();
  set(following_, lane, follows);
  if (!follows) return;
  batch_.set(lane, pricing_input(at_.registry.contract(tracked.slot), markets_[lane]));
  Expiry& expiry = expiries_[expiry_of_group_[lane / kLaneGroup]];
  expiry.forward = valuation.forward_price;
  expiry.quality = valuation.forward;
}

void ForwardFollowers::follow(const Moved& moved, TouchedSet& touched_instruments) {
  const auto e = static_cast<std::size_t>(moved.expiry);
  if (e >= expiries_.size()) return;
  Expiry& expiry = expiries_[e];
  // A position's size is looked at again with its instrument: once its quality may have changed, one by one.
  const bool in_columns = moved.quality.ok() && expiry.sizes_version == moved.sizes_version;
  expiry.sizes_version = moved.sizes_version;
  if (in_columns) {
    expiry.forward = moved.forward;
    expiry.quality = moved.quality;
    expiry.index = moved.index;
    expiry.made = moved.now;
  }
  const std::uint32_t end = expiry.first_group + expiry.group_count;
  for (std::uint32_t group = expiry.first_group; group < end;) {
    if (leaning_[group] == 0) {
      ++group;
      continue;
    }
    std::uint32_t last = group;
    while (in_columns && last < end && last < group + kBlock && following_[last] != 0) ++last;
    const std::size_t lane = group * kLaneGroup;
    const std::size_t count = (last - group) * kLaneGroup;
    std::array<std::uint16_t, kBlock> with_price{};
    if (count != 0) {
      set_forward(batch_.forwards().subspan(lane), count / kLaneGroup, moved.forward);
      price_apart(batch_, lane, count, greeks_);
      const auto wanted = std::span{following_}.subspan(group, last - group);
      unit_risks(greeks_, moved.forward, coin_, wanted, columns_, lane, std::span{with_price}.first(wanted.size()));
    }
    const std::uint32_t first = group;
    for (const std::uint32_t block_end = std::max(last, group + 1); group < block_end; ++group) {
      std::uint32_t one_by_one = leaning_[group];
      if (group < last) {
        const std::uint32_t priced = following_[group] & with_price[group - first];
        waiting_[group] = static_cast<std::uint16_t>(waiting_[group] | priced);
        unpublished_[group] = static_cast<std::uint16_t>(unpublished_[group] | priced);
        one_by_one &= ~priced;
      }
      for (; one_by_one != 0; one_by_one &= one_by_one - 1)
        touched_instruments.insert(place_of_lane_[group * kLaneGroup + static_cast<std::uint32_t>(std::countr_zero(one_by_one))]);
    }
  }
}

void ForwardFollowers::settle_lane(std::uint32_t lane) {
  set(waiting_, lane, false);
  const Expiry& expiry = expiries_[expiry_of_group_[lane / kLaneGroup]];
  const std::uint32_t place = place_of_lane_[lane];
  TrackedInstrument& tracked = at_.desk.tracked[place];
  InstrumentValuation& valuation = tracked.last_valuation;
  valuation.forward = expiry.quality;
  valuation.forward_price = expiry.forward;
  valuation.delta = valuation.greeks = worst(valuation.pricing_vol, expiry.quality);
  valuation.unit = columns_.at(lane);
  valuation.vanna = valuation.unit.vanna_coins_per_vol_point;
  valuation.volga = valuation.unit.volga_usd_per_vol_point_squared;
  valuation.charm = valuation.unit.charm_coins_per_day;
  at_.rows.defer_instrument(place, expiry.made);
  const Contract& contract = at_.registry.contract(tracked.slot);
  for (const std::uint32_t holding : tracked.holdings) {
    const SizedPosition& position = at_.portfolio.holdings()[holding].position;
    set_position_risk(contract, valuation, position, at_.risks[holding]);
    at_.desk.position_rows[holding].publish_size({at_.table, expiry.made}, position);
    at_.rows.defer_risk(holding, expiry.made);
    at_.rows.defer_dollars_unless_newer(holding, expiry.index, expiry.made);
  }
}

void ForwardFollowers::publish(std::uint32_t lane) {
  set(unpublished_, lane, false);
  const Expiry& expiry = expiries_[expiry_of_group_[lane / kLaneGroup]];
  TrackedInstrument& tracked = at_.desk.tracked[place_of_lane_[lane]];
  OptionMarket market = markets_[lane];
  market.forward = expiry.forward;
  const Venue venue = at_.registry.venue(tracked.slot);
  if (venue == Venue::Okx) market.spot = expiry.index.quality.ok() ? expiry.index.value : 0;
  publishing_.add(at_.registry.contract(tracked.slot), venue, market, tracked.last_valuation);
}

const InstrumentValuation& ForwardFollowers::published_valuation(std::uint32_t place) {
  settle(place);
  const std::uint32_t lane = unit_of_place_[place];
  if (lane < lanes_ && has(unpublished_, lane)) {
    publish(lane);
    publishing_.price();
  }
  return at_.desk.tracked[place].last_valuation;
}

void ForwardFollowers::settle_all() {
  for (std::uint32_t group = 0; group < unpublished_.size(); ++group)
    for (std::uint32_t left = waiting_[group] | unpublished_[group]; left != 0; left &= left - 1) {
      const auto lane = static_cast<std::uint32_t>(group * kLaneGroup) + static_cast<std::uint32_t>(std::countr_zero(left));
      if (has(waiting_, lane)) settle_lane(lane);
      if (publishing_.full()) publishing_.price();
      if (has(unpublished_, lane)) publish(lane);
    }
  publishing_.price();
}

}  // namespace hedgewatch
