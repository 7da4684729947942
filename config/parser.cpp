#include "config/parser.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "config/shown.hpp"
#include "config/table_reader.hpp"
#include "config/text_screen.hpp"
#include "config/value_forms.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

/// Shares are written as decimals; three times a third must not be called more than the whole.
constexpr double kShareTolerance = 1e-9;
constexpr std::size_t kMostAccounts = 64;
constexpr double kMostTargetRatio = 10;

/// The names that one kind of table defines. While a definition itself is faulty, nobody is told that a name does not exist:
/// one mistake, one fault.
class Names {
 public:
  struct Known {
    std::size_t index = 0;
    std::size_t line = 0;
  };

  bool complete = true;

  [[nodiscard]] const Known* find(std::string_view name) const {
    const auto found = known_.find(name);
    return found != known_.end() ? &found->second : nullptr;
  }
  void add(std::string name, std::size_t line) { known_.emplace(std::move(name), Known{known_.size(), line}); }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

  /// Some of them, for a fault.
  [[nodiscard]] std::string choices() const {
    constexpr std::size_t kMostListed = 12;
    std::vector<std::string_view> names;
    for (const auto& [name, known] : known_)
      if (names.size() < kMostListed) names.emplace_back(name);
    return one_of(names) + (known_.size() > kMostListed ? " and more" : "");
  }

 private:
  std::map<std::string, Known, std::less<>> known_;
};

std::string plural(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

/// Reads the document from the top. Every read_* leaves what it could not read at its default, with a fault in the list.
class Reader {
 public:
  Reader(const toml::table& document, FaultList& faults) : top_{document, "", faults} {}

  Config read() {
    Config config;
    if (auto table = top_.table("daemon")) config.daemon = read_daemon(*table);
    if (auto table = top_.table("http")) config.http = read_http(*table);
    std::size_t venue_tables = 0;
    const bool venues_readable = for_each("venue", venues_, [&](TableReader& table) {
      ++venue_tables;
      read_venue(table, config);
    });
    if (venues_readable && venue_tables == 0) {
      venues_.complete = false;
      top_.missing("venue", "at least one [[venue]] table");
    }
    for_each("account", accounts_, [&](TableReader& table) { read_account(table, config); });
    for_each("book", books_, [&](TableReader& table) { read_book(table, config); });
    for_each("hedge", hedges_, [&](TableReader& table) { read_hedge(table, config); });
    for (const Awaited& pattern : patterns_) check_venue_configured(pattern);
    top_.finish({
        {"alert", "is not supported by this version, must be left out (alert on the published figures with Prometheus rules)"},
        {"alertmanager", "is not supported by this version, must be left out (Prometheus sends alerts to Alertmanager)"},
        {"journal", "is not supported by this version, must be left out"},
        {"scenario", "is not supported by this version, must be left out"},
        {"venues", "is an unknown key, must be \"venue\": write [[venue]] before each"},
        {"accounts", "is an unknown key, must be \"account\": write [[account]] before each"},
        {"books", "is an unknown key, must be \"book\": write [[book]] before each"},
        {"hedges", "is an unknown key, must be \"hedge\": write [[hedge]] before each"},
    });
    return config;
  }

 private:
  struct Awaited {
    InstrumentPattern pattern;
    Found<std::string> found;
  };

  static std::vector<TableReader> tables_of(TableReader& table, std::string_view key) {
    std::vector<TableReader> tables;
    (void)table.tables(key, tables);
    return tables;
  }

  /// Reads every [[key]] table. False when some are none: then the names they would have defined stay open.
  template <class Read>
  bool for_each(std::string_view key, Names& names, Read read) {
    std::vector<TableReader> tables;
    const bool readable = top_.tables(key, tables);
    if (!readable) names.complete = false;
    for (TableReader& table : tables) read(table);
    return readable;
  }

  // ---- values -------------------------------------------------------------------------------------------------------------------

  template <class T>
  struct Choice {
    std::string_view name;
    T value;
  };

  template <class T, std::size_t N>
  static std::string choices_of(const std::array<Choice<T>, N>& choices) {
    std::array<std::string_view, N> names;
    std::ranges::transform(choices, names.begin(), &Choice<T>::name);
    return one_of(names);
  }

  template <class T, std::size_t N>
  std::optional<T> chosen(const std::optional<Found<std::string>>& found, const std::array<Choice<T>, N>& choices) {
    if (!found) return std::nullopt;
    for (const Choice<T>& choice : choices)
      if (choice.name == found->value) return choice.value;
    top_.fault(*found, "is " + shown(found->value) + ", must be " + choices_of(choices));
    return std::nullopt;
  }

  template <class T, std::size_t N>
  void read_choice(TableReader& table, std::string_view key, const std::array<Choice<T>, N>& choices, T& into) {
    if (const auto value = chosen(table.text(key, choices_of(choices)), choices)) into = *value;
  }

  /// Reads an integer within bounds; the default stays when it is absent or wrong.
  template <class T>
  void read_count(TableReader& table, std::string_view key, std::int64_t least, std::int64_t most, T& into) {
    const std::string must_be = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
    const auto found = table.integer(key, must_be);
    if (!found) return;
    if (found->value >= least && found->value <= most)
      into = static_cast<T>(found->value);
    else
      table.fault(*found, "is " + std::to_string(found->value) + ", must be " + must_be);
  }

  std::optional<Found<std::string>> read_duration(TableReader& table, std::string_view key, std::chrono::nanoseconds least,
                                                  std::chrono::nanoseconds most, std::chrono::nanoseconds& into) {
    const std::string must_be = "a duration from \"" + duration_text(least) + "\" to \"" + duration_text(most) + '"';
    auto found = table.text(key, must_be);
    if (!found) return std::nullopt;
    const auto duration = parse_duration(found->value);
    if (duration && *duration >= least && *duration <= most) {
      into = *duration;
      return found;
    }
    table.fault(*found, "is " + shown(found->value) + ", must be " + must_be);
    return std::nullopt;
  }

  std::optional<Found<double>> positive(TableReader& table, std::optional<Found<double>> found, std::string_view must_be) {
    if (!found || found->value > 0) return found;
    table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{must_be});
    return std::nullopt;
  }

  std::string read_absolute_path(TableReader& table, std::string_view key) {
    constexpr std::string_view kMustBe = "a path from the root such as \"/etc/hedgewatch/file\"";
    auto found = table.text(key, kMustBe);
    if (!found) return {};
    if (found->value.starts_with('/') && found->value.find('\0') == std::string::npos) return std::move(found->value);
    // Not repeated: a secret could have been put in its file's place.
    table.fault(*found, "is no absolute path, must be " + std::string{kMustBe});
    return {};
  }

  /// The table's `name`, well-formed and used once; nothing after a fault.
  std::optional<Found<std::string>> read_name(TableReader& table, Names& names) {
    auto found = table.required_text("name", kNameForm);
    if (found && !is_name(found->value)) {
      table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kNameForm});
      found.reset();
    }
    if (!found) {
      names.complete = false;
      return std::nullopt;
    }
    if (const auto* other = names.find(found->value)) {
      table.fault(*found, "is " + shown(found->value) + ", must be a name that is not taken (line " + std::to_string(other->line) +
                              " has it)");
      return std::nullopt;
    }
    names.add(found->value, found->at.line);
    return found;
  }

  /// The index of a name that another table must define.
  std::optional<std::size_t> resolve(const Found<std::string>& found, const Names& names, std::string_view table) {
    if (const auto* known = names.find(found.value)) return known->index;
    if (!names.complete) return std::nullopt;
    const std::string header = "[[" + std::string{table} + "]]";
    top_.fault(found, "is " + shown(found.value) + ", must be the name of a configured " + header +
                          (names.size() == 0 ? ", and there is none" : ": " + names.choices()));
    return std::nullopt;
  }

  std::optional<InstrumentPattern> as_pattern(const Found<std::string>& found, bool exact) {
    const std::string_view form = exact ? kInstrumentForm : kPatternForm;
    auto pattern = parse_instrument_pattern(found.value);
    if (!pattern || (exact && !pattern->is_exact())) {
      top_.fault(found, "is " + shown(found.value) + ", must be " + std::string{form});
      return std::nullopt;
    }
    patterns_.push_back({*pattern, found});
    return pattern;
  }

  std::vector<InstrumentPattern> as_patterns(const std::vector<Found<std::string>>& texts, bool exact = false) {
    std::vector<InstrumentPattern> patterns;
    std::set<std::string_view> seen;
    for (const auto& found : texts) {
      auto pattern = as_pattern(found, exact);
      if (!pattern) continue;
      if (!seen.insert(found.value).second)
        repeated(found);
      else
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
  }

  std::vector<std::string> as_asset_codes(const std::vector<Found<std::string>>& texts) {
    std::vector<std::string> codes;
    std::set<std::string_view> seen;
    for (const auto& found : texts) {
      if (!is_asset_code(found.value))
        top_.fault(found, "is " + shown(found.value) + ", must be " + std::string{kAssetCodeForm});
      else if (!seen.insert(found.value).second)
        repeated(found);
      else
        codes.push_back(found.value);
    }
    return codes;
  }

  void repeated(const Found<std::string>& found) { top_.fault(found, "is " + shown(found.value) + " again, must be listed once"); }

  void check_venue_configured(const Awaited& awaited) {
    if (!venues_.complete || venues_.find(label(awaited.pattern.venue)) != nullptr) return;
    top_.fault(awaited.found, "is " + shown(awaited.found.value) + ", must be on a configured venue: " + venues_.choices());
  }

  // ---- tables -------------------------------------------------------------------------------------------------------------------

  DaemonConfig read_daemon(TableReader& table) {
    static constexpr std::array<Choice<WaitMode>, 3> kWaits{
        {{"busy_poll", WaitMode::BusyPoll}, {"adaptive", WaitMode::Adaptive}, {"blocking", WaitMode::Blocking}}};
    static constexpr std::array<Choice<LogLevel>, 4> kLevels{
        {{"debug", LogLevel::Debug}, {"info", LogLevel::Info}, {"warning", LogLevel::Warning}, {"error", LogLevel::Error}}};
    DaemonConfig daemon;
    read_choice(table, "wait", kWaits, daemon.wait);
    read_count(table, "engine_cpu", 0, 1023, daemon.engine_cpu);
    read_count(table, "queue_capacity", 40'000, 500'000, daemon.queue_capacity);
    read_choice(table, "log_level", kLevels, daemon.log_level);
    table.finish();
    return daemon;
  }

  HttpConfig read_http(TableReader& table) {
    HttpConfig http;
    constexpr std::string_view kListenForm = "an IP address and a port from 0 to 65535 such as \"127.0.0.1:9464\"";
    if (const auto found = table.text("listen", kListenForm)) {
      const auto address = parse_listen_address(found->value);
      if (!address) {
        table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kListenForm});
      } else if (!address->loopback) {
        table.fault(*found,
                    "is " + shown(found->value) +
                        ", must be on loopback (127.0.0.1 or [::1]): positions are served without a password, so a proxy that "
                        "asks for one has to stand between them and a network");
      } else {
        http.host = address->host;
        http.port = address->port;
      }
    }
    read_count(table, "max_connections", 1, 4'096, http.max_connections);
    read_count(table, "max_request_bytes", 1'024, 1'048'576, http.max_request_bytes);
    read_duration(table, "request_timeout", 100ms, 60s, http.request_timeout);
    table.finish();
    return http;
  }

  void read_venue(TableReader& table, Config& config) {
    VenueConfig venue;
    constexpr std::string_view kKindForm = "\"deribit\"";
    const auto kind = table.required_text("kind", kKindForm);
    bool kind_is_good = false;
    if (!kind || kind->value != label(Venue::Deribit)) {
      venues_.complete = false;
      if (kind)
        table.fault(*kind, "is " + shown(kind->value) + ", must be " + std::string{kKindForm} + ", the only kind of this version");
    } else if (const auto* other = venues_.find(kind->value)) {
      table.fault(*kind, "is " + shown(kind->value) + " again, must be the only [[venue]] of its kind (line " +
                             std::to_string(other->line) + " has one)");
    } else {
      kind_is_good = true;
      venues_.add(kind->value, kind->at.line);
    }

    read_endpoint(table, venue);
    venue.currencies = as_asset_codes(table.required_texts("currencies", kAssetCodeForm));
    venue.watch = as_patterns(table.texts("watch", kPatternForm));
    venue.books = as_patterns(table.texts("books", kInstrumentForm), true);
    read_duration(table, "market_data_max_age", 1s, 24h, venue.market_data_max_age);
    read_duration(table, "account_max_age", 1s, 24h, venue.account_max_age);

    const auto heartbeat = read_duration(table, "heartbeat_interval", 10s, 10min, venue.heartbeat_interval);
    if (heartbeat && venue.heartbeat_interval % 1s != 0ns)
      table.fault(*heartbeat, "is " + shown(heartbeat->value) + ", must be a whole number of seconds");
    const auto silence = read_duration(table, "silence_limit", 1s, 1h, venue.silence_limit);
    if (!(venue.silence_limit > venue.heartbeat_interval)) {
      const Found<std::string>& culprit = silence ? *silence : *heartbeat;
      table.fault(culprit, silence ? "is " + shown(culprit.value) + ", must be longer than heartbeat_interval (" +
                                         duration_text(venue.heartbeat_interval) + ")"
                                   : "is " + shown(culprit.value) + ", must be shorter than silence_limit (" +
                                         duration_text(venue.silence_limit) + ")");
    }
    table.finish();
    if (kind_is_good) config.venues.push_back(std::move(venue));
  }

  void read_endpoint(TableReader& table, VenueConfig& venue) {
    constexpr std::string_view kEndpointForm = "wss://HOST[:PORT]/PATH such as \"wss://www.deribit.com/ws/api/v2\"";
    const auto endpoint = table.required_text("endpoint", kEndpointForm);
    std::optional<HostKind> host;
    if (endpoint) {
      auto parsed = parse_endpoint(endpoint->value);
      if (parsed.ok()) {
        venue.endpoint = std::move(parsed).value();
        host = host_kind(Venue::Deribit, venue.endpoint.host);
      } else {
        // The text is not repeated: an address may carry a password.
        table.fault(*endpoint, "is " + std::string{parsed.error()} + ", must be " + std::string{kEndpointForm});
      }
    }

    static constexpr std::array<Choice<bool>, 2> kNetworks{{{"production", true}, {"testnet", false}}};
    const auto network = table.required_text("network", choices_of(kNetworks));
    if (const auto production = chosen(network, kNetworks)) {
      venue.production = *production;
      if (host && host != HostKind::Other && *production != (host == HostKind::Production))
        table.fault(*network, "is " + shown(network->value) + ", must be " + (*production ? "\"testnet\"" : "\"production\"") +
                                  " for " + shown(venue.endpoint.host));
    }

    if (host == HostKind::Production) {
      const auto ca_file = table.text("ca_file", "left out");
      if (ca_file)
        table.fault(*ca_file, "is " + shown(ca_file->value) + ", must be left out for the production host " +
                                  shown(venue.endpoint.host) + ": a private authority could stand in for the exchange");
    } else {
      venue.ca_file = read_absolute_path(table, "ca_file");
    }
  }

  void read_account(TableReader& table, Config& config) {
    static constexpr std::array<Choice<AuthMethod>, 2> kMethods{
        {{"client_signature", AuthMethod::ClientSignature}, {"client_credentials", AuthMethod::ClientCredentials}}};
    AccountConfig account;
    const auto name = read_name(table, accounts_);
    if (const auto venue = table.required_text("venue", "the kind of a configured [[venue]]")) {
      if (venues_.find(venue->value) != nullptr)
        account.venue = *venue_from_label(venue->value);
      else if (venues_.complete)
        table.fault(*venue, "is " + shown(venue->value) + ", must be the kind of a configured [[venue]]: " + venues_.choices());
    }

    constexpr std::string_view kClientIdForm = "the API key's client id, 1 to 64 letters, digits, '-', '_' or '.'";
    if (auto client_id = table.required_text("client_id", kClientIdForm)) {
      if (is_credential_name(client_id->value))
        account.client_id = std::move(client_id->value);
      else
        table.fault(*client_id, "is " + shown(client_id->value) + ", must be " + std::string{kClientIdForm});
    }
    read_secret_source(table, account);
    read_choice(table, "auth", kMethods, account.auth);
    if (const auto allow = table.boolean("allow_trading_scope", "true or false")) account.allow_trading_scope = allow->value;
    table.finish();

    if (accounts_.size() == kMostAccounts + 1)
      table.fault(table.at(), table.path(),
                  "is account " + std::to_string(kMostAccounts + 1) + ", must be at most " + std::to_string(kMostAccounts));
    if (name) {
      account.name = name->value;
      config.accounts.push_back(std::move(account));
    }
  }

  void read_secret_source(TableReader& table, AccountConfig& account) {
    constexpr std::string_view kCredentialForm = "the name of a systemd credential: 1 to 64 letters, digits, '-', '_' or '.'";
    const bool both = table.has("secret_credential") && table.has("secret_file");
    auto credential = table.text("secret_credential", kCredentialForm);
    if (credential && !is_credential_name(credential->value)) {
      // Not repeated: it may be the secret itself.
      table.fault(*credential, "is no credential's name, must be " + std::string{kCredentialForm});
      credential.reset();
    }
    if (credential) account.secret_credential = credential->value;
    account.secret_file = read_absolute_path(table, "secret_file");
    const bool inline_secret = table.has("secret") || table.has("client_secret");
    if (both && credential)
      table.fault(*credential, "is given beside secret_file, must be the only one of the two");
    else if (!table.has("secret_credential") && !table.has("secret_file") && !inline_secret)
      table.missing("secret_credential", std::string{kCredentialForm} + " (or secret_file given)");
  }

  void read_book(TableReader& table, Config& config) {
    BookSetup book;
    const auto name = read_name(table, books_);
    for (TableReader& rule : tables_of(table, "rules")) book.rules.push_back(read_rule(rule));
    for (TableReader& line : tables_of(table, "positions"))
      if (auto position = read_position(line)) book.positions.push_back(std::move(*position));
    for (TableReader& share : tables_of(table, "equity")) read_equity(share, book);
    if (!table.has("rules") && !table.has("positions"))
      table.missing("rules", "given, or positions, or both: a book holds something");
    table.finish();
    if (name) {
      book.name = name->value;
      config.books.push_back(std::move(book));
    }
  }

  BookRule read_rule(TableReader& table) {
    BookRule rule;
    for (const auto& found : table.texts("accounts", "the name of a configured [[account]]")) {
      const auto index = resolve(found, accounts_, "account");
      if (!index) continue;
      const AccountId account{static_cast<std::uint16_t>(*index)};
      if (std::ranges::find(rule.accounts, account) != rule.accounts.end())
        repeated(found);
      else
        rule.accounts.push_back(account);
    }
    rule.underlyings = as_asset_codes(table.texts("underlyings", kAssetCodeForm));
    rule.instruments = as_patterns(table.texts("instruments", kPatternForm));
    if (!table.has("accounts") && !table.has("underlyings") && !table.has("instruments"))
      table.fault(table.at(), table.path(), "is empty, must name accounts, underlyings or instruments");
    table.finish();
    return rule;
  }

  std::optional<ExplicitPosition> read_position(TableReader& table) {
    constexpr std::string_view kSizeForm = "a number other than 0, negative for a short position";
    constexpr std::string_view kPriceForm = "a price above 0 in the contract's own unit";
    ExplicitPosition position;
    const auto instrument = table.required_text("instrument", kInstrumentForm);
    auto pattern = instrument ? as_pattern(*instrument, true) : std::nullopt;
    const auto size = table.required_number("size", kSizeForm);
    if (size && size->value == 0) table.fault(*size, "is 0, must be " + std::string{kSizeForm});
    const auto entry = positive(table, table.number("entry_price", kPriceForm), kPriceForm);
    table.finish();
    if (!pattern || !size) return std::nullopt;
    position.instrument = std::move(*pattern);
    position.size = size->value;
    if (entry) position.entry_price = entry->value;
    return position;
  }

  void read_equity(TableReader& table, BookSetup& book) {
    constexpr std::string_view kShareForm = "a share above 0, at most 1";
    const auto account = table.required_text("account", "the name of a configured [[account]]");
    auto share = table.required_number("share", kShareForm);
    table.finish();
    if (share && !(share->value > 0 && share->value <= 1)) {
      table.fault(*share, "is " + shown(share->value) + ", must be " + std::string{kShareForm});
      share.reset();
    }
    const auto index = account ? resolve(*account, accounts_, "account") : std::nullopt;
    if (!index || !share) return;
    const AccountId id{static_cast<std::uint16_t>(*index)};
    if (std::ranges::find(book.equity, id, &BookSetup::EquityShare::account) != book.equity.end()) {
      repeated(*account);
      return;
    }
    double& given = equity_given_[*index];
    if (given + share->value > 1 + kShareTolerance) {
      table.fault(*share, "is " + shown(share->value) + ", must be at most " + shown(std::max(0.0, 1 - given)) +
                              ": the books' shares of " + shown(account->value) + " may sum to 1");
      return;
    }
    given += share->value;
    book.equity.push_back({id, share->value});
  }

  void read_hedge(TableReader& table, Config& config) {
    static constexpr std::array<Choice<DeltaView>, 2> kViews{
        {{label(DeltaView::BlackScholes), DeltaView::BlackScholes}, {label(DeltaView::NetTransaction), DeltaView::NetTransaction}}};
    constexpr std::string_view kLimitForm = "a number of coins above 0";
    constexpr std::string_view kRatioForm = "a number above 0, at most 10 (1 is fully hedged)";
    HedgeSetup hedge;
    const auto name = read_name(table, hedges_);

    if (auto book = table.required_text("book", "the name of a configured [[book]]"); book && resolve(*book, books_, "book"))
      hedge.book = std::move(book->value);
    if (auto underlying = table.required_text("underlying", kAssetCodeForm)) {
      if (is_asset_code(underlying->value))
        hedge.underlying = std::move(underlying->value);
      else
        table.fault(*underlying, "is " + shown(underlying->value) + ", must be " + std::string{kAssetCodeForm});
    }
    const auto legs = table.required_texts("legs", kPatternForm);
    hedge.legs = as_patterns(legs);
    if (!hedge.underlying.empty()) check_legs(legs, hedge.underlying);

    if (const auto view = chosen(table.required_text("view", choices_of(kViews)), kViews)) hedge.view = *view;
    auto ratio = table.required_number("target_ratio", kRatioForm);
    if (ratio && !(ratio->value > 0 && ratio->value <= kMostTargetRatio))
      table.fault(*ratio, "is " + shown(ratio->value) + ", must be " + std::string{kRatioForm});
    if (ratio) hedge.target_ratio = ratio->value;

    const auto soft = positive(table, table.required_number("soft_delta_limit_coins", kLimitForm), kLimitForm);
    const auto hard = positive(table, table.required_number("hard_delta_limit_coins", kLimitForm), kLimitForm);
    if (soft) hedge.soft_delta_limit_coins = soft->value;
    if (hard) hedge.hard_delta_limit_coins = hard->value;
    if (soft && hard && !(hard->value > soft->value))
      table.fault(*hard, "is " + shown(hard->value) + ", must be above soft_delta_limit_coins (" + shown(soft->value) + ")");

    constexpr std::string_view kGammaForm = "a number above 0: coins of delta for a move of one percent";
    constexpr std::string_view kVegaForm = "a number above 0: dollars for one volatility point";
    if (const auto limit = positive(table, table.number("gamma_limit_coins_per_percent", kGammaForm), kGammaForm))
      hedge.gamma_limit_coins_per_percent = limit->value;
    if (const auto limit = positive(table, table.number("vega_limit_usd_per_vol_point", kVegaForm), kVegaForm))
      hedge.vega_limit_usd_per_vol_point = limit->value;
    table.finish();
    if (name) {
      hedge.name = name->value;
      config.hedges.push_back(std::move(hedge));
    }
  }

  /// A leg on another underlying would silently hedge nothing: delta is summed per underlying.
  void check_legs(const std::vector<Found<std::string>>& legs, const std::string& underlying) {
    for (const auto& found : legs) {
      const auto pattern = parse_instrument_pattern(found.value);
      if (!pattern) continue;
      const std::string_view asset = leading_asset(pattern->symbol);
      if (!asset.empty() && asset != underlying)
        top_.fault(found, "is " + shown(found.value) + ", must be an instrument of the hedge's underlying " + shown(underlying));
    }
  }

  TableReader top_;
  Names venues_;
  Names accounts_;
  Names books_;
  Names hedges_;
  std::vector<Awaited> patterns_;
  std::map<std::size_t, double> equity_given_;
};

}  // namespace

Result<Config, std::vector<ConfigFault>> parse_config(std::string_view text, std::string_view file_name) {
  FaultList faults{file_name};
  if (const auto refused = screen(text)) {
    faults.add(refused->at, "", std::string{refused->message});
    return faults.take();
  }
  try {
    const toml::table document = toml::parse(text);
    Config config = Reader{document, faults}.read();
    if (faults.empty()) return config;
  } catch (const toml::parse_error& error) {
    std::string what{error.description()};
    std::ranges::replace_if(
        what, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    const toml::source_position at = error.source().begin;
    faults.add({std::max<std::size_t>(at.line, 1), std::max<std::size_t>(at.column, 1)}, "",
               "is no TOML (" + what + "), must be TOML 1.0");
  }
  return faults.take();
}

std::string summary(const Config& config) {
  return plural(config.venues.size(), "venue") + ", " + plural(config.accounts.size(), "account") + ", " +
         plural(config.books.size(), "book") + ", " + plural(config.hedges.size(), "hedge");
}

}  // namespace hedgewatch
