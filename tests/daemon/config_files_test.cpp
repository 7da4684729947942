#include "daemon/config_files.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/parser.hpp"

using namespace hedgewatch;

namespace {

/// A folder of its own with a configuration that names a positions file in it.
class Folder {
 public:
  Folder() : path_{std::filesystem::temp_directory_path() / ("hedgewatch_config_files_" + std::to_string(::getpid()))} {
    std::filesystem::create_directories(path_);
    write("main.toml",
          "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
          "[positions]\nfile = \"" +
              file("positions.toml") + "\"\n[[book]]\nname = \"cold\"\n");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{file(name)} << text; }

 private:
  std::filesystem::path path_;
};

constexpr const char* kPosition =
    "[[position]]\nbook = \"cold\"\ninstrument = \"deribit:BTC_USDC\"\nsize = 3\nas_of = \"2026-11-25T08:00:00Z\"\n";

}  // namespace

TEST_SUITE("daemon/config_files") {
  TEST_CASE("the path of a webhook is not in the text that is kept, and all else of the text is") {
    const std::string head =
        "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
        "[alertmanager]\nurls = [\"https://hooks.example/team\"]\n";
    const std::string text = head + "[webhook]\nurl = \"https://hooks.example:8443/services/hush\"\n";
    const auto parsed = parse_config(text, "x");
    REQUIRE(parsed.ok());
    const std::string kept = without_secret_path(text, parsed.value());
    CHECK(kept == head + "[webhook]\nurl = \"https://hooks.example:8443/...\"\n");
    CHECK(parse_config(kept, "x").ok());
    const auto without = parse_config(head, "x");
    REQUIRE(without.ok());
    CHECK(without_secret_path(head, without.value()) == head);
  }

  TEST_CASE("a configuration comes with the positions of its file, in one text that reads back") {
    const Folder folder;
    folder.write("positions.toml", kPosition);
    const auto loaded = load_config(folder.file("main.toml"));
    REQUIRE(loaded.ok());
    REQUIRE(loaded.value().config.books[0].positions.size() == 1);
    CHECK(loaded.value().config.books[0].positions[0].size == 3);
    const auto again = parse_config(loaded.value().text, "journal");
    REQUIRE(again.ok());
    CHECK(again.value().books[0].positions.size() == 1);
  }

  TEST_CASE("a fault in the positions file is told with its own file, line and column") {
    const Folder folder;
    folder.write("positions.toml", std::string{"# by hand\n"} + kPosition + "sze = 4\n");
    const auto loaded = load_config(folder.file("main.toml"));
    REQUIRE_FALSE(loaded.ok());
    REQUIRE(loaded.error().lines.size() == 1);
    CHECK(loaded.error().lines.front() ==
          folder.file("positions.toml") + ":7:1: position[0].sze: is an unknown key, must be \"size\" or left out");
  }

  TEST_CASE("a positions file that is not there keeps the configuration from being loaded") {
    const Folder folder;
    const auto loaded = load_config(folder.file("main.toml"));
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().unreadable == folder.file("positions.toml") + ": cannot be read: No such file or directory");
  }
}
