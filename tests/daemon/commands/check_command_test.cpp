#include "daemon/commands/check_command.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "daemon/commands/command.hpp"
#include "shared_files.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

using namespace hedgewatch;

namespace {

struct Answer {
  int status = 0;
  std::string out;
  std::string messages;
};

Answer check(const std::string& file) {
  std::ostringstream out;
  std::ostringstream messages;
  const int status = check_config_file(file, out, messages);
  return {status, out.str(), messages.str()};
}

}  // namespace

TEST_SUITE("daemon/commands/check_command") {
  TEST_CASE("a good file is summed up in one line and succeeds") {
    const std::string file = (testing::source_directory() / "deploy/hedgewatch.toml").string();
    const Answer answer = check(file);
    CHECK(answer.status == kExitSuccess);
    CHECK(answer.out == file + ": 1 venue, 1 account, 1 book, 1 hedge; no faults\n");
    CHECK(answer.messages.empty());
  }

  TEST_CASE("faults are data, and the status says so") {
    const std::string file = (testing::source_directory() / "tests/data/config/hedge_limits_swapped.toml").string();
    const Answer answer = check(file);
    CHECK(answer.status == kExitFault);
    CHECK(answer.out == file + ":30:26: hedge[0].hard_delta_limit_coins: is 1.5, must be above soft_delta_limit_coins (2)\n");
    CHECK(answer.messages.empty());
  }

  TEST_CASE("a listener's certificate that cannot be read, does not match its key or has expired is told with its file") {
    const testing::TemporaryFolder folder;
    const testing::TestAuthority authority;
    const std::string certificate = (folder.path() / "own.pem").string();
    const std::string key = (folder.path() / "own.key").string();
    std::string text = testing::read_text(testing::source_directory() / "deploy/hedgewatch.toml");
    const std::string table = "\n[http]\n";
    text.insert(text.find(table) + table.size(),
                "tls_certificate_file = \"" + certificate + "\"\ntls_key_file = \"" + key + "\"\n");
    const std::string file = folder.write("hedgewatch.toml", text);
    const testing::Certificate old = authority.issue({.valid_from_days = -3, .valid_to_days = -1});
    static_cast<void>(folder.write("own.key", old.key_pem));
    const Answer absent = check(file);
    CHECK(absent.status == kExitFault);
    CHECK(absent.out ==
          file + ": [http]: tls_certificate_file \"" + certificate + "\": cannot be read: No such file or directory\n");
    static_cast<void>(folder.write("own.pem", authority.issue().chain_pem));
    const Answer other = check(file);
    CHECK(other.status == kExitFault);
    CHECK(other.out ==
          file + ": [http]: tls_key_file \"" + key + "\": does not match the certificate in \"" + certificate + "\"\n");
    static_cast<void>(folder.write("own.pem", old.chain_pem));
    const Answer expired = check(file);
    CHECK(expired.status == kExitSuccess);
    CHECK(expired.messages.starts_with("warning: [http]: tls_certificate_file \"" + certificate + "\": has expired on 2"));
    const testing::Certificate early = authority.issue({.valid_from_days = 2, .valid_to_days = 90});
    static_cast<void>(folder.write("own.pem", early.chain_pem));
    static_cast<void>(folder.write("own.key", early.key_pem));
    const Answer not_yet = check(file);
    CHECK(not_yet.status == kExitSuccess);
    CHECK(not_yet.messages.starts_with("warning: [http]: tls_certificate_file \"" + certificate + "\": is not valid before 2"));
  }

  TEST_CASE("a file that cannot be read is a message, not data") {
    const Answer absent = check("/nonexistent/x.toml");
    CHECK(absent.status == kExitFault);
    CHECK(absent.out.empty());
    CHECK(absent.messages == "/nonexistent/x.toml: cannot be read: No such file or directory\n");
    CHECK(check("/").messages == "/: cannot be read: it is no regular file\n");
    CHECK(check("/dev/zero").messages == "/dev/zero: cannot be read: it is no regular file\n");
  }
}
