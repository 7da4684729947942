#include "daemon/commands/run_command.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/application.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/core_dumps.hpp"
#include "daemon/log.hpp"
#include "daemon/notify.hpp"

namespace hedgewatch {

namespace {

namespace asio = boost::asio;

/// The main thread while the daemon runs: signals, the service manager, and a look at readiness every second.
class Supervisor {
 public:
  Supervisor(Application& application, Log& log) : application_{application}, log_{log} {
    if (const auto limit = ServiceManager::watchdog()) watchdog_interval_ = *limit / kPingsPerWatchdog;
  }

  void run() {
    manager_.ready(application_.status());
    await_signal();
    keep_house();
    if (watchdog_interval_.count() > 0) feed_watchdog();
    context_.run();
  }

 private:
  static constexpr int kPingsPerWatchdog = 4;
  static constexpr std::chrono::milliseconds kHouseInterval{500};

  void await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        manager_.reloading();
        static_cast<void>(application_.reload());
        manager_.ready(application_.status());
        await_signal();
        return;
      }
      log_.info("hedgewatch", "stops", signal == SIGINT ? "interrupted" : "asked to");
      manager_.stopping();
      house_timer_.cancel();
      watchdog_timer_.cancel();
    });
  }

  void keep_house() {
    house_timer_.expires_after(kHouseInterval);
    house_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      application_.tick();
      manager_.status(application_.status());
      keep_house();
    });
  }

  /// Only an engine that moves is alive: a timer of our own would say so of a daemon that shows nothing new.
  void feed_watchdog() {
    const std::uint64_t progress = application_.progress();
    if (std::exchange(last_progress_, progress) != progress) manager_.alive();
    watchdog_timer_.expires_after(watchdog_interval_);
    watchdog_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) feed_watchdog();
    });
  }

  Application& application_;
  Log& log_;
  ServiceManager manager_;
  asio::io_context context_{1};
  asio::signal_set signals_{context_, SIGINT, SIGTERM, SIGHUP};
  asio::steady_timer house_timer_{context_};
  asio::steady_timer watchdog_timer_{context_};
  std::chrono::microseconds watchdog_interval_{0};
  std::uint64_t last_progress_ = 0;
};

}  // namespace

int run_daemon(const std::string& config_file) {
  // A peer that goes while we write to it is an error of that write, not of the process.
  std::signal(SIGPIPE, SIG_IGN);
  Log log{Log::standard_error(LogLevel::Info)};
  if (!forbid_core_dumps()) log.warning("hedgewatch", "core dumps stay possible: the system refuses to forbid them");
  Application application{{.config_file = config_file, .observer = {}}, log};
  const std::vector<std::string> faults = application.start();
  for (const std::string& fault : faults) log.error("hedgewatch", fault);
  if (!faults.empty()) return kExitFault;
  Supervisor{application, log}.run();
  application.stop();
  return kExitSuccess;
}

void add_run_command(CLI::App& app, int& status) {
  CLI::App* run = app.add_subcommand("run", "Run the daemon: feeds in, figures out on /metrics");
  run->footer(R"(Connects to the configured exchanges, prices the books and serves until it is told to stop.

On the address of [http] listen (default 127.0.0.1:9464):
  /metrics     every figure, Prometheus text or OpenMetrics; a figure that is not known has no series,
               hedgewatch_figure_state says why
  /-/healthy   200 while the engine moves
  /-/ready     200 when every feed is live and every account reconciled, else 503 and what is missing
On the Unix socket of [http] control_socket the same, and what changes something:
  /-/reload        POST: reads the configuration again
  /-/acknowledge   POST: takes a raised alert on
  /-/override      POST: sets another limit for a time

Signals:
  SIGHUP            reads the configuration again; with a fault in it, the old one stays in force and
                    hedgewatch_config_last_reload_successful is 0
  SIGINT, SIGTERM   stops

Messages go to standard error, with the journal's priorities under systemd. Under Type=notify the daemon says
when it is ready, reloads and stops, and feeds the watchdog with the engine's progress.

Exit status: 0 stopped as asked, 1 the configuration or the start failed, 2 wrong usage.

Example:
  hedgewatch check --config /etc/hedgewatch/hedgewatch.toml && hedgewatch run --config /etc/hedgewatch/hedgewatch.toml)");
  auto file = std::make_shared<std::string>();
  run->add_option("-c,--config", *file, "The configuration file (TOML)")->required()->type_name("FILE");
  run->callback([file, &status] { status = run_daemon(*file); });
}

}  // namespace hedgewatch
