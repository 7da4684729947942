#include "daemon/commands/simulate_command.hpp"

#include <pthread.h>
#include <csignal>

#include <CLI/CLI.hpp>

#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

#include "daemon/commands/command.hpp"
#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/server.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {
namespace {

/// `2026-03-02T07:58:00Z` or integer milliseconds since the epoch.
std::optional<VenueTime> parse_start_time(const std::string& text) {
  std::int64_t milliseconds = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error == std::errc{} && rest == text.data() + text.size()) return venue_time_from_milliseconds(milliseconds);
  std::tm fields{};
  std::istringstream in{text};
  in >> std::get_time(&fields, "%Y-%m-%dT%H:%M:%SZ");
  if (in.fail() || in.peek() != std::char_traits<char>::eof()) return std::nullopt;
  return venue_time_from_milliseconds(static_cast<std::int64_t>(timegm(&fields)) * 1'000);
}

std::optional<std::string> read_secret(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return std::nullopt;
  std::string secret{std::istreambuf_iterator<char>{in}, {}};
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return secret;
}

constexpr const char* kFooter =
    R"(Serves an exchange on loopback that speaks a venue's protocol: a TLS websocket, HTTPS, and drills on demand.
Without --frames it shows a market made from --seed: spot index, perpetual with funding, dated futures, an option chain
with a smile, order books, trades, and a private account that is short straddles and hedges with the perpetual.
With --frames it replays a recording and answers with the recording's time; what old recordings lack it supplies.

The first line on standard output is a JSON object with the addresses:
  {"websocket":"wss://localhost:PORT/ws/api/v2","https":"https://localhost:PORT/api/v2",
   "control":"https://localhost:PORT/control","ca_file":"/tmp/..."}
Verify the server with ca_file. It stops on SIGINT or SIGTERM. The passphrase that OKX wants is 'simulated'.

Replies say "testnet":true: a simulated venue is never production.

Faults, by --faults or over the control address: KIND[@START][:DURATION][*COUNT][=DELAY][/TARGET], comma-separated.
  disconnect@10s:5s       cut every connection after 10 s, refuse new ones for 5 s
  silence@20s:5s          market data stops, heartbeats go on
  gap@15s*3/BTC-PERPETUAL lose three book changes of channels that contain BTC-PERPETUAL
  duplicate, reorder      send frames twice; a book change after the next one
  slow@10s:5s=300ms       every frame comes 300 ms late
  malformed*4             cut and rubbish frames
  maintenance@30s:10s     the venue says so, and answers requests with its error for it
  upgrade@10s:30s         a notice that connections will be closed; who has not left by its end is cut (not Deribit)
  lock, market_lock, liquidation, adl, token_expiry, rate_limit, refused_channel/TEXT

Examples:
  hedgewatch simulate --port 8443 --seed 7
  hedgewatch simulate --frames session.jsonl.zst --speed max
  curl --cacert CA https://localhost:8443/api/v2/public/get_time
  curl --cacert CA -d '{"fault":"gap","count":1,"target":"BTC-PERPETUAL"}' https://localhost:8443/control/faults
  curl --cacert CA -X DELETE https://localhost:8443/control/faults
  curl --cacert CA -d '{"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":1000}' https://localhost:8443/control/trade
  curl --cacert CA -d '{"index_name":"btc_usd","move_ratio":-0.05}' https://localhost:8443/control/index
  curl --cacert CA -d '{"index_name":"usdc_usd","move_ratio":-0.03}' https://localhost:8443/control/index
  curl --cacert CA -d '{"index_name":"btc_usd","spread_multiple":20,"depth_divisor":50,"basis_ratio":-0.02,
    "basis_noise_ratio":0.002}' https://localhost:8443/control/stress    (without numbers: the stress ends)

Exit status: 0 stopped by a signal, 1 a fault in the input (file, port), 2 wrong usage.)";

}  // namespace

VenueTime market_start(const SimulateOptions& options, WallTime wall) {
  return options.start_time.value_or(from_nanoseconds<VenueTime>(nanoseconds_of(wall) / 1'000'000 * 1'000'000));
}

Simulation make_simulated_exchange(const SimulateOptions& options, MonoTime now, WallTime wall) {
  auto faults = simulator::parse_faults(options.faults);
  if (!faults) return faults.error();
  std::string secret = "simulated";
  if (!options.client_secret_file.empty()) {
    auto read = read_secret(options.client_secret_file);
    if (!read || read->empty()) return "cannot read a secret from " + options.client_secret_file.string();
    secret = std::move(*read);
  }
  if (options.venue != "deribit" && !options.frames.empty()) return std::string{"a recording can only be served as deribit"};
  Simulation exchange = options.venue == "binance" ? make_binance_simulation(options, std::move(secret), wall)
                        : options.venue == "okx"   ? make_okx_simulation(options, std::move(secret), wall)
                        : options.venue == "bybit" ? make_bybit_simulation(options, std::move(secret), wall)
                                                   : make_deribit_simulation(options, std::move(secret), wall);
  if (!exchange) return exchange;
  for (const simulator::Fault& fault : faults.value()) exchange.value()->faults().add(fault, now);
  return exchange;
}

int simulate(const SimulateOptions& options, std::ostream& out, std::ostream& err, const std::function<void()>& wait) {
  auto exchange = make_simulated_exchange(options, mono_now(), wall_now());
  if (!exchange) {
    err << "simulate: " << exchange.error() << '\n';
    return kExitFault;
  }
  err << "simulate: " << exchange.value()->description() << std::endl;
  try {
    simulator::SimulatedExchangeServer server{{.port = options.port, .ca_file = options.ca_out, .clock = mono_now},
                                              std::move(exchange).value()};
    server.start();
    out << simulator::JsonObject{}
               .text("websocket", server.websocket_url())
               .text("https", server.https_url())
               .text("control", server.control_url())
               .text("ca_file", server.ca_file().string())
               .str()
        << std::endl;
    wait();
  } catch (const std::exception& error) {
    err << "simulate: " << error.what() << '\n';
    return kExitFault;
  }
  return kExitSuccess;
}

void add_simulate_command(CLI::App& app, int& status) {
  struct Given {
    SimulateOptions options;
    std::string start_time;
    std::string speed = "1";
    std::int64_t token_lifetime_seconds = 900;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* command = app.add_subcommand("simulate", "Serve a simulated exchange on loopback, from a seed or a recording");
  command->footer(kFooter);
  SimulateOptions& options = given->options;
  command->add_option("--venue", options.venue, "protocol to speak")
      ->check(CLI::IsMember({"deribit", "binance", "okx", "bybit"}))
      ->capture_default_str();
  command->add_option("--port", options.port, "TCP port on 127.0.0.1; 0 takes a free one")->capture_default_str();
  command->add_option("--seed", options.seed, "the same seed shows the same market")->capture_default_str();
  command->add_option("--start-time", given->start_time,
                      "where the seeded market's clock starts: 2026-03-02T07:58:00Z or ms since the epoch; default now");
  command->add_option("--frames", options.frames, "a recording to serve instead (.jsonl, .jsonl.zst)")->check(CLI::ExistingFile);
  command->add_option("--speed", given->speed, "of the recording: a factor such as 1 or 20, or max")->capture_default_str();
  command->add_option("--faults", options.faults, "what goes wrong, and when (below)");
  command->add_option("--ca-out", options.ca_out, "file for the certificate to trust; default in the temporary directory")
      ->type_name("FILE");
  command->add_option("--client-id", options.client_id, "of the API key that may log in")->capture_default_str();
  command
      ->add_option("--client-secret-file", options.client_secret_file, "file with its secret; without it the secret is 'simulated'")
      ->check(CLI::ExistingFile);
  command->add_flag("--trading-key", options.trading_key, "the key may trade: a monitor must refuse it");
  command->add_option("--token-lifetime", given->token_lifetime_seconds, "seconds until an access token ends")
      ->check(CLI::Range(1, 31'536'000))
      ->capture_default_str();
  command->add_option("--strikes", options.strikes_per_side, "strikes listed on each side of the money in each expiry")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  command->add_option("--jumps-per-day", options.jumps_per_day, "how often the index jumps, by a per cent or so")
      ->check(CLI::Range(0.0, 100'000.0))
      ->capture_default_str();
  command->callback([given, &status] {
    if (!given->start_time.empty()) {
      given->options.start_time = parse_start_time(given->start_time);
      if (!given->options.start_time)
        throw CLI::ValidationError("--start-time",
                                   "is '" + given->start_time + "', must be 2026-03-02T07:58:00Z or milliseconds since the epoch");
    }
    if (given->speed == "max") {
      given->options.speed.reset();
    } else {
      double factor = 0;
      const auto [rest, error] = std::from_chars(given->speed.data(), given->speed.data() + given->speed.size(), factor);
      if (error != std::errc{} || rest != given->speed.data() + given->speed.size() || !(factor > 0) || !(factor <= 1e6))
        throw CLI::ValidationError("--speed", "is '" + given->speed + "', must be a factor above 0 or max");
      given->options.speed = factor;
    }
    given->options.token_lifetime = std::chrono::seconds{given->token_lifetime_seconds};
    // Blocked before the server's thread starts, so that only sigwait sees them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    status = simulate(given->options, std::cout, std::cerr, [&signals] {
      int received = 0;
      sigwait(&signals, &received);
    });
  });
}

}  // namespace hedgewatch
