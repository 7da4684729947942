#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/exposition/gunzip.hpp"
#include "daemon/exposition/http_server.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/journal_files.hpp"
#include "feeds/simulator/binance_exchange.hpp"
#include "feeds/simulator/bybit_exchange.hpp"
#include "feeds/simulator/okx_exchange.hpp"
#include "shared_files.hpp"
#include "system/daemon_fixture.hpp"
#include "system/program_fixture.hpp"

// The shipped program runs with a secret in every place that takes one, and everything that it shows or keeps is searched for them.

namespace hedgewatch::testing {
namespace {

constexpr std::string_view kVenueSecret = "planted-venue-secret-5f1c";
constexpr std::string_view kSentSecret = "planted-sent-secret-77ab";
constexpr std::string_view kPassphrase = "planted-passphrase-91d0";
constexpr std::string_view kToken = "planted-bearer-token-c3e2";
constexpr std::string_view kHookPath = "planted-path-of-a-webhook-08fd";
constexpr std::string_view kPassword = "planted-password-64b7";
/// The password as it is sent: desk:planted-password-64b7.
constexpr std::string_view kPasswordSent = "ZGVzazpwbGFudGVkLXBhc3N3b3JkLTY0Yjc=";
constexpr std::array kPlanted{kVenueSecret, kSentSecret, kPassphrase, kToken, kHookPath, kPassword, kPasswordSent};

/// Something that the program shows or keeps, with its whole content.
struct Place {
  std::string name;
  std::string content;
};

/// `NAME holds SECRET`, one line each; empty when no place holds any.
std::string leaks(const std::vector<Place>& places) {
  std::string found;
  for (const Place& place : places)
    for (const std::string_view secret : kPlanted)
      if (place.content.find(secret) != std::string::npos) found.append(place.name).append(" holds ").append(secret).append("\n");
  return found;
}

/// What a receiver of alerts was sent.
class Receiver {
 public:
  Receiver() : server_{options()} {
    server_.start([this](const HttpRequest& request) {
      const std::scoped_lock lock{mutex_};
      paths_ += std::string{request.path} + '\n';
      authorizations_ += std::string{request.authorization} + '\n';
      const bool known = request.authorization == "Bearer " + std::string{kToken} ||
                         request.authorization == "Basic " + std::string{kPasswordSent};
      HttpResponse answer;
      answer.status = known && !refuses_ ? 200 : 401;
      accepted_ += answer.status == 200 ? 1 : 0;
      return answer;
    });
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  [[nodiscard]] std::string paths() { return locked(paths_); }
  [[nodiscard]] std::string authorizations() { return locked(authorizations_); }
  [[nodiscard]] int accepted() {
    const std::scoped_lock lock{mutex_};
    return accepted_;
  }
  void refuse(bool all) {
    const std::scoped_lock lock{mutex_};
    refuses_ = all;
  }

 private:
  static HttpServerOptions options() {
    HttpServerOptions result;
    result.port = 0;
    result.max_body_bytes = 1 << 20;
    return result;
  }
  std::string locked(const std::string& text) {
    const std::scoped_lock lock{mutex_};
    return text;
  }

  std::mutex mutex_;
  std::string paths_;
  std::string authorizations_;
  int accepted_ = 0;
  bool refuses_ = false;
  HttpServer server_;
};

/// A simulated exchange of any protocol, on a port of its own.
class AnyExchange {
 public:
  explicit AnyExchange(std::unique_ptr<simulator::SimulatedExchange> exchange) : server_{{.clock = mono_now}, std::move(exchange)} {
    server_.start();
  }
  /// `[[venue]]` of this exchange.
  [[nodiscard]] std::string venue(std::string_view kind, std::string_view more = {}) {
    const std::string address = "localhost:" + std::to_string(server_.port());
    std::string text = "\n[[venue]]\nkind = \"" + std::string{kind} + "\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n";
    text += "endpoint = \"wss://" + address + "\"\nrest_endpoint = \"https://" + address + "\"\n";
    return text + "ca_file = \"" + server_.ca_file().string() + "\"\n" + std::string{more};
  }

 private:
  simulator::SimulatedExchangeServer server_;
};

std::vector<simulator::ApiKey> keys() {
  return {{std::string{kClientId}, std::string{kVenueSecret}, false, std::string{kPassphrase}}};
}

template <class Protocol, class Options>
std::unique_ptr<simulator::SimulatedExchange> exchange() {
  Options options;
  options.market = small_market().market;
  options.keys = keys();
  return std::make_unique<Protocol>(std::move(options));
}

std::string account(std::string_view name, std::string_view venue, const std::string& secret, std::string_view more = {}) {
  return "\n[[account]]\nname = \"" + std::string{name} + "\"\nvenue = \"" + std::string{venue} + "\"\nclient_id = \"" +
         std::string{kClientId} + "\"\nsecret_file = \"" + secret + "\"\n" + std::string{more};
}

/// Every file below the folder but those that hold what was planted, raw; journals also unpacked.
void add_files(std::vector<Place>& places, const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = read_text(entry.path());
    if (parse_segment_name(entry.path())) {
      std::string unpacked;
      BlockWalker walker{bytes};
      while (const auto step = walker.next())
        if (step->block) unpacked += step->block->payload;
      places.push_back({entry.path().string() + ", unpacked", std::move(unpacked)});
    }
    places.push_back({entry.path().string(), std::move(bytes)});
  }
}

}  // namespace

TEST_SUITE("system/secrets") {
  TEST_CASE("a search finds what was planted, as it is and as it is sent") {
    CHECK(leaks({{"a log", "all is well"}}).empty());
    CHECK(leaks({{"a log", "cannot sign in with " + std::string{kVenueSecret} + '\n'}}) ==
          "a log holds " + std::string{kVenueSecret} + '\n');
    CHECK(leaks({{"a log", "Authorization: Basic " + std::string{kPasswordSent}}}).starts_with("a log holds "));
  }

  TEST_CASE("no secret of any venue or receiver is in a log, figure, answer, journal, state file, core, environment or argument") {
    simulator::DeribitExchangeConfig deribit;
    deribit.keys = {{std::string{kClientId}, std::string{kVenueSecret}, false}, {"sends", std::string{kSentSecret}, false}};
    simulator::SimulatedExchangeOptions options;
    options.clock = mono_now;
    simulator::SimulatedExchangeServer deribit_server{
        std::move(options), std::make_unique<simulator::DeribitExchange>(
                                std::move(deribit), std::make_unique<simulator::SyntheticContent>(small_market()))};
    deribit_server.start();
    AnyExchange okx{exchange<simulator::OkxExchange, simulator::OkxExchangeConfig>()};
    AnyExchange bybit{exchange<simulator::BybitExchange, simulator::BybitExchangeConfig>()};
    AnyExchange binance{exchange<simulator::BinanceExchange, simulator::BinanceExchangeConfig>()};
    Receiver alertmanager;
    Receiver hook;

    const TemporaryFolder secrets;
    const TemporaryFolder kept;
    const std::string venue_secret = secrets.write("venue", kVenueSecret);
    const std::string journal = kept.write("unused", "") + ".journal.d";
    const std::string state = kept.write("state", "");
    std::string text = "[daemon]\nlog_level = \"debug\"\n\n[http]\nlisten = \"127.0.0.1:0\"\n\n[journal]\ndirectory = \"" +
                       journal + "\"\nsegment_mebibytes = 1\n";
    text += "\n[[venue]]\nkind = \"deribit\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\nwatch = [\"deribit:BTC-PERPETUAL\"]\n";
    text += "endpoint = \"" + deribit_server.websocket_url() + "\"\nca_file = \"" + deribit_server.ca_file().string() + "\"\n";
    text += okx.venue("okx", "watch = [\"okx:BTC-USD-SWAP\"]\n");
    text += bybit.venue("bybit", "products = [\"linear\"]\nwatch = [\"bybit:BTCUSDT\"]\n");
    text += binance.venue("binance", "products = [\"usd_margined\"]\nwatch = [\"binance:BTCUSDT\"]\n");
    text += account("signs", "deribit", venue_secret);
    std::string sends = account("sends", "deribit", secrets.write("sent", kSentSecret), "auth = \"client_credentials\"\n");
    sends.replace(sends.find(kClientId), kClientId.size(), "sends");
    text += sends;
    text += account("okx", "okx", venue_secret, "passphrase_file = \"" + secrets.write("passphrase", kPassphrase) + "\"\n");
    text += account("bybit", "bybit", venue_secret);
    text += account("binance", "binance", venue_secret, "product = \"usd_margined\"\n");
    text += "\n[[book]]\nname = \"all\"\nrules = [{ accounts = [\"signs\", \"okx\", \"bybit\", \"binance\"] }]\n";
    text += "\n[alertmanager]\nurls = [\"" + alertmanager.url() + "\"]\nresend_interval = \"1s\"\nstate_file = \"" + state +
            "\"\nbasic_auth_user = \"desk\"\nbasic_auth_file = \"" + secrets.write("password", kPassword) + "\"\n";
    text += "\n[webhook]\nurl = \"" + hook.url() + '/' + std::string{kHookPath} + "\"\ntoken_file = \"" +
            secrets.write("token", kToken) + "\"\n";
    text +=
        "\n[[alert]]\nname = \"IndexDrill\"\nfigure = \"hedgewatch_index_price_usd\"\nabove = 1\nseverity = \"page\"\n"
        "summary = \"a drill\"\n";
    // The configuration holds the webhook's path and lies with the secrets; what is kept of it must not.
    const std::string config = secrets.write("hedgewatch.toml", text);

    Program program{config, kept.write("log", "")};
    const std::uint16_t port = program.port();
    const bool ready = eventually([&] { return http_request(port, "GET", "/-/ready").status == 200; });
    CAPTURE(program.log());
    const std::string missing = ready ? std::string{} : http_request(port, "GET", "/-/ready").body;
    CAPTURE(missing);
    REQUIRE(ready);

    // Each receiver got its own, and takes nothing else.
    CHECK(eventually([&] { return alertmanager.accepted() > 0 && hook.accepted() > 0; }));
    CHECK(alertmanager.authorizations().find("Basic " + std::string{kPasswordSent}) != std::string::npos);
    CHECK(alertmanager.authorizations().find(kToken) == std::string::npos);
    CHECK(hook.authorizations().find("Bearer " + std::string{kToken}) != std::string::npos);
    CHECK(hook.authorizations().find(kPasswordSent) == std::string::npos);
    CHECK(hook.paths().find(kHookPath) != std::string::npos);

    // What goes wrong is told too: receivers that refuse, a reload with faults, and one without.
    alertmanager.refuse(true);
    CHECK(eventually([&] { return program.log().find("cannot be told to " + alertmanager.url()) != std::string::npos; }));
    static_cast<void>(secrets.write("hedgewatch.toml", text + "colour = 1\n"));
    program.signal(SIGHUP);
    CHECK(eventually([&] { return program.log().find("refused, the configuration in force stays") != std::string::npos; }));
    static_cast<void>(
        secrets.write("hedgewatch.toml",
                      text + "\n[[book]]\nname = \"more\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = 10 }]\n"));
    program.signal(SIGHUP);
    CHECK(eventually([&] { return program.log().find("reload: done") != std::string::npos; }));

    std::vector<Place> places;
    for (const char* path : {"/metrics", "/-/healthy", "/-/ready", "/-/reload", "/nothing"})
      for (const char* verb : {"GET", "POST"}) {
        const HttpAnswer answer = http_request(port, verb, path, "Content-Length: 0\r\n");
        places.push_back({std::string{verb} + ' ' + path, answer.head + answer.body});
      }
    const HttpAnswer packed =
        http_request(port, "GET", "/metrics", "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n");
    places.push_back({"OpenMetrics", gunzip(packed.body)});
    CHECK(places.back().content.find("hedgewatch_alert_receiver") != std::string::npos);
    for (const char* file : {"environ", "cmdline", "status", "maps"}) places.push_back({file, program.proc(file)});
    CHECK(program.proc("cmdline").find("hedgewatch.toml") != std::string::npos);

    // A death that would leave a core leaves none.
    const int status = program.end(SIGABRT);
    CHECK(WIFSIGNALED(status));
    CHECK_FALSE(WCOREDUMP(status));
    add_files(places, std::filesystem::path{journal}.parent_path());
    bool saw_configuration = false;
    for (const Place& place : places)
      saw_configuration =
          saw_configuration || (place.name.ends_with(", unpacked") && place.content.find("[webhook]") != std::string::npos);
    CHECK(saw_configuration);
    CHECK(leaks(places) == "");
  }
}

}  // namespace hedgewatch::testing
