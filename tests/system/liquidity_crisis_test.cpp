// A liquidity crisis in the simulated market, with the daemon live against it: spreads twentyfold, a fiftieth of the depth, the
// perpetual torn from the index and moving by itself, a fall with rising vols, and at last the feed down. What a risk manager
// expects of each figure is stated beside it. Figures that learn over half an hour or more (evaporation, breakdown against a
// reference) have their crisis in core/engine/liquidity_crisis and core/hedge/effectiveness_series.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {
namespace {

constexpr double kCallsShort = 50;  ///< coins
constexpr double kSoftLimit = 1.5;

simulator::SyntheticContentConfig quiet_account() {
  simulator::SyntheticContentConfig config = small_market();
  // The account does what the test orders, and nothing else.
  config.account.straddle_usd = 0;
  config.account.option_fills_per_minute = 0;
  config.account.hedge_band_ratio = 1e6;
  return config;
}

/// The call at the money, with at least a fortnight to go.
const simulator::MarketInstrument& call_to_sell(const simulator::SyntheticMarket& market) {
  const simulator::MarketInstrument* best = nullptr;
  for (const simulator::MarketInstrument& one : market.instruments()) {
    if (!is_option(one) || one.right != OptionRight::Call || one.expiry - market.now() < std::chrono::hours{24 * 14}) continue;
    if (best == nullptr ||
        std::pair{one.expiry, std::abs(one.greeks.delta - 0.5)} < std::pair{best->expiry, std::abs(best->greeks.delta - 0.5)})
      best = &one;
  }
  REQUIRE(best != nullptr);
  return *best;
}

class Desk {
 public:
  Desk() : Desk{std::make_unique<simulator::SyntheticContent>(quiet_account())} {}

  /// Buys or sells the perpetual for the account, in dollars.
  void trade(bool buy, double dollars) {
    std::ostringstream body;
    body << R"({"instrument_name":"BTC-PERPETUAL","direction":")" << (buy ? "buy" : "sell") << R"(","amount":)"
         << std::llround(dollars / 10) * 10 << "}";
    control("trade", body.str());
  }
  void control(const std::string& what, const std::string& body) {
    HttpsRequest request{
        .method = HttpsMethod::Post, .host = "localhost", .port = exchange_.server().port(), .target = "/control/" + what};
    request.body = body;
    // While connections are refused this one is, too.
    REQUIRE(eventually([&] {
      const auto answer = https_request(&tls_, request);
      return answer.ok() && answer.value().status == 200;
    }));
  }
  /// Nothing when it is not shown: unknown, or stale.
  [[nodiscard]] std::optional<double> find(const std::string& key) { return daemon_.scrape().value(key); }
  [[nodiscard]] Exposition scrape() { return daemon_.scrape(); }
  /// Waits until the condition holds of the figure.
  template <class Condition>
  void wait_for(const std::string& key, Condition condition) {
    CAPTURE(key);
    std::optional<double> last;
    const bool came = eventually([&] {
      last = find(key);
      return last && condition(*last);
    });
    CAPTURE(last.value_or(std::nan("")));
    REQUIRE(came);
  }
  [[nodiscard]] double delta_of_call() const { return call_delta_; }

 private:
  explicit Desk(std::unique_ptr<simulator::SyntheticContent> content)
      : call_{call_to_sell(content->market()).name},
        call_delta_{call_to_sell(content->market()).greeks.delta},
        exchange_{std::move(content)},
        tls_{exchange_.server().ca_file()},
        daemon_{folder_.write("hedgewatch.toml", config())} {
    daemon_.start();
    REQUIRE(daemon_.becomes_ready());
  }

  [[nodiscard]] std::string config() {
    std::ostringstream text;
    text << venue_config(exchange_, "books = [\"deribit:BTC-PERPETUAL\"]\n")
         << account_config(folder_.write("secret", kClientSecret))
         << "\n[[book]]\nname = \"calls\"\nrules = [{ accounts = [\"main\"] }]\n\n[[book.positions]]\ninstrument = \"deribit:"
         << call_ << "\"\nsize = -" << kCallsShort
         << "\n\n[[hedge]]\nname = \"calls\"\nbook = \"calls\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\n"
            "view = \"black_scholes\"\ntarget_ratio = 1\nsoft_delta_limit_coins = "
         << kSoftLimit
         << "\nhard_delta_limit_coins = 4\nflatten_within_bps = 25\n"
            "band = { kind = \"whalley_wilmott\", half_width_coins = 1, risk_aversion_per_usd = 0.00002, cost_ratio = 0.0005 }\n"
            "\n[hedge.effectiveness]\ndesignated_at = \"2020-01-01T00:00:00Z\"\npnl_currency = \"usd\"\n"
            "basis_leg = \"deribit:BTC-PERPETUAL\"\nreference_price = \"index\"\nbasis_annualisation = \"simple\"\n"
            "beta_source = \"same_underlying\"\nsmile_rule = \"sticky_strike\"\nroll_rule = \"keep_history\"\noffset_floor = 1\n"
            "bar = \"1s\"\nwindows = [\"40s\"]\nminimum_pairs = 10\nhalf_life = \"5s\"\n"
            "\n[[hedge.advice]]\ninstrument = \"deribit:BTC-PERPETUAL\"\nmax_trade_size = 5000000\nfee_ratio = 0.0005\n";
    return text.str();
  }

  std::string call_;
  double call_delta_ = 0;
  TemporaryFolder folder_;
  Exchange exchange_;
  TlsContext tls_;
  Daemon daemon_;
};

std::string of_hedge(const std::string& figure, const std::string& before = "", const std::string& after = "") {
  return "hedgewatch_" + figure + "{" + before + "hedge=\"calls\"" + after + "}";
}
std::string flatten(const std::string& figure, const std::string& demand) {
  return of_hedge(figure, "demand=\"" + demand + "\",", ",venue=\"all\"");
}
std::string basis(const std::string& figure) { return of_hedge(figure, "", ",tenor=\"perpetual\",venue=\"deribit\""); }
std::string effectiveness(const std::string& figure, const std::string& basis, const std::string& estimator = "rolling",
                          const std::string& window = "40s") {
  return of_hedge("hedge_" + figure, "basis=\"" + basis + "\",estimator=\"" + estimator + "\",", ",window=\"" + window + "\"");
}
std::string depth(const std::string& side) { return of_hedge("depth_usd", "", ",side=\"" + side + "\",venue=\"all\""); }
std::string cost(const std::string& kind) { return of_hedge("hedge_cost_usd", "", ",kind=\"" + kind + "\""); }

/// The figures at one moment, of which one that is not shown fails the test.
class Moment {
 public:
  explicit Moment(Exposition scrape) : scrape_{std::move(scrape)} {}
  [[nodiscard]] double operator()(const std::string& key) const {
    const auto value = scrape_.value(key);
    CAPTURE(key);
    REQUIRE(value.has_value());
    return *value;
  }
  [[nodiscard]] bool shows(const std::string& key) const { return scrape_.value(key).has_value(); }

 private:
  Exposition scrape_;
};

}  // namespace

TEST_SUITE("system/liquidity_crisis") {
  TEST_CASE("in a crisis each figure of a live hedge moves as a risk manager expects") {
    Desk desk;
    // The calm: hedged flat in delta, in a few orders that the book can take, and watched until the windows know the usual.
    desk.wait_for(of_hedge("hedge_item_delta_coins"), [](double coins) { return coins < 0; });
    for (int i = 0; i < 40; ++i) {
      const auto net = desk.find(of_hedge("hedge_net_delta_coins"));
      if (net && std::abs(*net) < 0.3) break;
      if (net) desk.trade(*net < 0, std::min(200'000.0, std::abs(*net) * 61'000));
      std::this_thread::sleep_for(std::chrono::milliseconds{400});
    }
    desk.wait_for(effectiveness("pairs", "price"), [](double pairs) { return pairs >= 36; });
    const Moment calm{desk.scrape()};
    REQUIRE(std::abs(calm(of_hedge("hedge_net_delta_coins"))) < kSoftLimit);
    CHECK(calm(flatten("flatten_fillable_ratio", "now")) == 1);
    CHECK(calm(basis("basis_outlier")) == 0);
    CHECK(calm("hedgewatch_regime{regime=\"dislocated\",underlying=\"BTC\"}") == 0);
    CHECK(calm(of_hedge("outside_band")) == 0);
    // One-second bars of two prices on their own clocks: good, not perfect.
    CHECK(calm(effectiveness("correlation_ratio", "price")) > 0.8);
    CHECK(calm(effectiveness("variance_reduction_ratio", "price")) > 0.5);

    // It breaks: spread x 20, depth / 50, the perpetual 5 % under the index and wandering by itself, a fall of 6 % in steps, vols
    // up.
    desk.control("stress", R"({"index_name":"btc_usd","spread_multiple":20,"depth_divisor":50,"basis_ratio":-0.05,)"
                           R"("basis_noise_ratio":0.012})");
    for (int i = 0; i < 4; ++i) {
      desk.control("index", R"({"index_name":"btc_usd","move_ratio":-0.015})");
      desk.control("vol", R"({"index_name":"btc_usd","move_ratio":0.15})");
      std::this_thread::sleep_for(std::chrono::milliseconds{1'300});
    }
    std::this_thread::sleep_for(std::chrono::seconds{7});
    desk.wait_for("hedgewatch_regime{regime=\"dislocated\",underlying=\"BTC\"}", [](double on) { return on == 1; });
    desk.wait_for(basis("basis_outlier"), [](double) { return true; });
    const Moment crisis{desk.scrape()};
    const auto rises = [&](const std::string& key, double least_factor) {
      CAPTURE(key);
      const double before = calm(key);
      const double after = crisis(key);
      CAPTURE(before);
      CAPTURE(after);
      CHECK(after > least_factor * before);
    };
    const auto falls = [&](const std::string& key, double most_factor) {
      CAPTURE(key);
      const double before = calm(key);
      const double after = crisis(key);
      CAPTURE(before);
      CAPTURE(after);
      CHECK(after < most_factor * before);
    };

    // Neutrality and ratio. A short call loses delta as the price falls: the long perpetual is too much, past the hard limit.
    CHECK(crisis(of_hedge("hedge_net_delta_coins")) > 4);
    rises(of_hedge("hedge_limit_usage_ratio", "greek=\"delta\","), 2);
    rises(of_hedge("hedge_ratio"), 1.2);
    CHECK(crisis(of_hedge("hedge_over_ratio")) > 0.2);
    CHECK(crisis(of_hedge("hedge_under_ratio")) == 0);
    CHECK(crisis(of_hedge("hedge_wrong_way")) == 0);
    falls(of_hedge("hedge_neutrality_ratio", "greek=\"delta\","), 0.95);

    // Liquidity. The market is twenty times as wide and has a fiftieth of its depth: getting out is dear, or cannot be costed at
    // all.
    rises(of_hedge("hedge_spread_ratio", "", ",venue=\"all\""), 10);
    falls(depth("bid"), 0.1);
    falls(depth("ask"), 0.1);
    falls(flatten("flatten_fillable_ratio", "now"), 0.5);
    CHECK(crisis(flatten("flatten_fillable_ratio", "after_hour")) <= crisis(flatten("flatten_fillable_ratio", "now")));
    if (crisis.shows(flatten("flatten_slippage_ratio", "now")) && calm.shows(flatten("flatten_slippage_ratio", "now")))
      rises(flatten("flatten_slippage_ratio", "now"), 5);
    else
      CHECK(crisis(flatten("flatten_filled_ratio", "now")) < 1);

    // Basis and carry. The leg is torn from the index: far under zero, an outlier of its window, and as a long perpetual under the
    // index is paid for staying, a carry that tells of the dislocation and not of a bargain.
    CHECK(crisis(basis("basis_ratio")) < -0.005);
    CHECK(crisis(basis("basis_usd")) < -300);
    CHECK(crisis(basis("basis_zscore")) < calm(basis("basis_zscore")));
    rises(basis("basis_volatility_ratio"), 3);
    CHECK(crisis(basis("funding_rate_8h_ratio")) < -0.005);
    CHECK(crisis(basis("carry_usd_per_day")) > calm(basis("carry_usd_per_day")) + 1'000);

    // Effectiveness. The relation breaks: two prices that hardly move together, a hedge that adds risk, an error of a new size. The
    // profit of the book says the same of total and of delta, and the fast estimators say it as loudly.
    falls(effectiveness("correlation_ratio", "price"), 0.9);
    falls(effectiveness("correlation_ratio", "price", "ewma", "5s"), 0.9);
    CHECK(crisis(effectiveness("r_squared", "price")) < 0.8 * calm(effectiveness("r_squared", "price")));
    CHECK(crisis(effectiveness("variance_reduction_ratio", "price")) <
          calm(effectiveness("variance_reduction_ratio", "price")) - 0.2);
    rises(effectiveness("tracking_error_ratio", "price"), 5);
    rises(effectiveness("tracking_error_ratio", "pnl_total"), 3);
    CHECK(crisis(effectiveness("variance_reduction_ratio", "pnl_total")) <
          calm(effectiveness("variance_reduction_ratio", "pnl_total")) - 0.1);
    CHECK(crisis(effectiveness("correlation_ratio", "pnl_total")) < calm(effectiveness("correlation_ratio", "pnl_total")));
    CHECK(crisis(effectiveness("variance_reduction_ratio", "pnl_delta")) <
          calm(effectiveness("variance_reduction_ratio", "pnl_delta")) - 0.1);
    rises(effectiveness("tracking_error_ratio", "pnl_delta"), 3);
    // Nobody's bars were lost: that would be another fault.
    CHECK(crisis(effectiveness("pairs", "price")) >= 36);

    // Rebalancing. Far outside of the band, nothing left to wait for; nearly all of the drift is gamma, and depth is what stops us.
    CHECK(crisis(of_hedge("outside_band")) == 1);
    CHECK(crisis(of_hedge("expected_seconds_to_band")) == 0);
    const auto drift = [&](const std::string& cause) { return crisis(of_hedge("delta_drift_coins", "cause=\"" + cause + "\",")); };
    CHECK(drift("gamma") > 2);
    CHECK(drift("gamma") > std::abs(drift("charm")));
    CHECK(drift("gamma") > std::abs(drift("vanna")));
    CHECK(crisis(of_hedge("constraint_binding", "", ",kind=\"depth\"")) == 1);
    CHECK(crisis(of_hedge("constraint_binding", "", ",kind=\"lot\"")) == 0);

    // Regime. Dislocated; the limits shrink to a quarter, the fast volatility has left the slow one behind, vols are priced higher.
    CHECK(crisis("hedgewatch_regime_limit_multiplier_ratio{underlying=\"BTC\"}") == 0.25);
    rises("hedgewatch_underlying_realized_vol_ratio{underlying=\"BTC\"}", 3);
    CHECK(crisis("hedgewatch_vol_ratio{underlying=\"BTC\"}") > 1.2);
    rises("hedgewatch_underlying_implied_vol_ratio{underlying=\"BTC\"}", 1.3);
    rises(of_hedge("hedge_hour_sigma_ratio"), 1.3);
    CHECK(crisis("hedgewatch_variance_premium{underlying=\"BTC\"}") < calm("hedgewatch_variance_premium{underlying=\"BTC\"}"));

    // Advice. It sells, as far as the depth goes and no further, and it is no worse than doing nothing.
    const double advised = crisis(of_hedge("advice_trade_size", "", ",instrument=\"BTC-PERPETUAL\",venue=\"deribit\""));
    CHECK(advised < 0);
    CHECK(-advised < 0.8 * crisis(of_hedge("hedge_net_delta_usd")));
    CHECK(crisis(of_hedge("advice_objective_after")) <= crisis(of_hedge("advice_objective_before")));
    rises(of_hedge("advice_objective_before"), 2);

    // Cost. A sale in this market pays the wide spread, fees as ever, and the way from the signal to the fill.
    const double traded = 20'000;
    desk.trade(false, traded);
    desk.wait_for(cost("fees"), [&](double fees) { return fees > calm(cost("fees")); });
    const Moment after{desk.scrape()};
    const auto paid = [&](const std::string& kind) { return after(cost(kind)) - crisis(cost(kind)); };
    const double spread = crisis(of_hedge("hedge_spread_ratio", "", ",venue=\"all\""));
    // The spread of the moment of the fill, which trembles between a few times and many times the usual one.
    const double usual = traded * calm(of_hedge("hedge_spread_ratio", "", ",venue=\"all\"")) / 2;
    CHECK(paid("half_spread") > 1.5 * usual);
    CHECK(paid("fees") > 0);
    // The signal was the band's edge, on the way down. In a leg that wanders by a per cent a second what the price has done since,
    // dear or lucky, is of another size than what a fill costs in the calm.
    CHECK(std::abs(paid("delay")) > 4 * usual);

    // The feed goes as well. Nothing of the hedge is shown as if it were known, the feed's own figure says why.
    desk.control("faults", R"({"fault":"disconnect","duration":"5s"})");
    CHECK(eventually([&] { return !desk.find(of_hedge("hedge_net_delta_coins")).has_value(); }));
    CHECK(eventually([&] {
      const Moment dark{desk.scrape()};
      return !dark.shows(depth("bid")) && !dark.shows(flatten("flatten_fillable_ratio", "now")) &&
             !dark.shows(of_hedge("hedge_ratio")) && !dark.shows(of_hedge("outside_band")) &&
             !dark.shows(effectiveness("correlation_ratio", "price")) && dark.shows("hedgewatch_feeds_down{venue=\"deribit\"}");
    }));
    CHECK(desk.find("hedgewatch_feeds_down{venue=\"deribit\"}").value_or(0) >= 1);

    // And when it is over, the figures come back by themselves.
    desk.control("stress", R"({"index_name":"btc_usd"})");
    desk.wait_for(depth("bid"), [&](double dollars) { return dollars > 5 * crisis(depth("bid")); });
    desk.wait_for(of_hedge("hedge_spread_ratio", "", ",venue=\"all\""), [&](double ratio) { return ratio < spread / 5; });
    desk.wait_for(basis("basis_ratio"), [](double ratio) { return std::abs(ratio) < 0.003; });
    desk.wait_for(of_hedge("hedge_net_delta_coins"), [](double coins) { return coins > kSoftLimit; });
    desk.wait_for("hedgewatch_feeds_down{venue=\"deribit\"}", [](double down) { return down == 0; });
  }
}

}  // namespace hedgewatch::testing
